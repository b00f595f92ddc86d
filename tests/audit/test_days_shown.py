"""Are the days in lists those of the books that a record goes to, not those of the tenant's own clock?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import Posting, SyncRecord
from mappings.models import ReferenceValue
from tests.audit.scene import post, read, scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("zone", "shift"), [("Asia/Tokyo", 0), ("America/Los_Angeles", -1), ("", -1)])
def test_a_record_shows_the_day_of_its_companys_clock(zone: str, shift: int) -> None:
    """02:00 at Greenwich is still the day before in New York, where the tenant is."""
    day = timezone.now().date() - timedelta(days=5)
    with scene("days") as made:
        company = ReferenceValue.objects.get(kind="company", external_id="1")
        company.facts = {**company.facts, "time_zone": zone}
        company.save(update_fields=["facts"])
        made.purchase("10.00", posted_at=f"{day}T02:00:00Z")
        read(made)
        row = SyncRecord.objects.get()
        assert row.document_on == day + timedelta(days=shift)
        assert row.posting_on == day, "what the source wrote as a day stays one"
        post(made)
        frozen = Posting.objects.get().document
        assert frozen["document_date"] == str(row.document_on)
