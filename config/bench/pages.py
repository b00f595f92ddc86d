"""How long does a person wait for the list of records, and for one record's page, when many are stored?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

from django.contrib.auth import get_user_model
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from audit.models import Posting, SyncRecord
from config.bench.database import costs
from config.bench.figures import Figure, Sizes, figure
from config.bench.filling import fill
from config.bench.flow import prepare
from config.bench.stage import Scene, scene
from webhooks.services import endpoint_create

AIM = ("aim, seconds", 0.3)


def measure(sizes: Sizes) -> Iterator[Figure]:
    """What it takes until the page is there whole, asked in this process by an administrator: of processors, which is
    how long he waits where nothing else runs, and by the clock."""
    with scene("pages") as one:
        prepare(one, 50)
        model = Posting.objects.filter(flow=one.flow).first()
        if model is None:
            raise RuntimeError("Nothing was posted that could be copied.")
        fill(model, 1, sizes.listed)
        _deliver(one, sizes.listed)
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
            "search for a number in the ledger": f"{records}?q=MISC/{sizes.listed // 2}",
            "page of a record": reverse("admin:audit_syncrecord_change", args=[record]),
            "list of documents": reverse("admin:audit_posting_changelist"),
            "list of webhook deliveries": reverse("admin:webhooks_webhookdelivery_changelist"),
        }
        for name, address in pages.items():
            clock: list[float] = []
            taken = costs(partial(_ask, browser, address, clock), sizes.runs, sizes.repeats)
            yield figure(f"{name}, {sizes.listed:,} stored", taken, "s of processors", at_most=AIM)
            yield figure(f"{name}, by the clock", clock[1:], "s")  # the first compiles the templates


def _deliver(one: Scene, number: int) -> None:
    endpoint = endpoint_create(connection=one.flow.source, by="bench")
    with database.cursor() as cursor:
        cursor.execute(
            "INSERT INTO webhooks_webhookdelivery (tenant_id, endpoint_id, message_id, headers, body, body_size,"
            " verdict, refusal, received_at, repeats, state, attempts, error, events) "
            "SELECT %s, %s, 'msg_' || n, '{}', '{}', 2, 'verified', '', now(), 0, 'done', 1, '', '' "
            "FROM generate_series(1, %s) n",
            [endpoint.tenant_id, endpoint.pk, number],
        )
        cursor.execute("ANALYZE webhooks_webhookdelivery")


def _ask(browser: Client, address: str, clock: list[float]) -> None:
    began = time.perf_counter()
    answer = browser.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}.")
    clock.append(time.perf_counter() - began)
