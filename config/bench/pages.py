"""How long does a person wait for the list of records, and for one record's page, when many are stored?"""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from audit.models import Posting, SyncRecord
from config.bench.figures import Figure, Sizes, figure
from config.bench.filling import fill
from config.bench.flow import prepare
from config.bench.stage import scene

AIM = ("aim, seconds", 0.3)


def measure(sizes: Sizes) -> Iterator[Figure]:
    """Seconds until the page is there whole, asked in this process by an administrator."""
    with scene("pages") as one:
        prepare(one, 50)
        model = Posting.objects.filter(flow=one.flow).first()
        if model is None:
            raise RuntimeError("Nothing was posted that could be copied.")
        fill(model, 1, sizes.listed)
        browser = Client(SERVER_NAME="127.0.0.1")
        browser.force_login(
            get_user_model().objects.create_superuser("bench"), "django.contrib.auth.backends.ModelBackend"
        )
        records = reverse("admin:audit_syncrecord_changelist")
        record = SyncRecord.objects.filter(postings=model).values_list("id", flat=True).get()
        pages = {
            "list of records": records,
            "list of records, posted ones": f"{records}?state__exact=posted",
            "list of records, in the middle": f"{records}?p={sizes.listed // 200}",
            "page of a record": reverse("admin:audit_syncrecord_change", args=[record]),
            "list of documents": reverse("admin:audit_posting_changelist"),
        }
        for name, address in pages.items():
            yield figure(f"{name}, {sizes.listed:,} stored", _times(browser, address, sizes), "s", at_most=AIM)


def _times(browser: Client, address: str, sizes: Sizes) -> list[float]:
    times = []
    for number in range(sizes.repeats + 1):
        began = time.perf_counter()
        answer = browser.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}.")
        if number:  # the first compiles the templates
            times.append(time.perf_counter() - began)
    return times
