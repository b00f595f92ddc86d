"""Does card spend become a bill of the right vendor in Dynamics, paid, and is a person asked once about a merchant?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from audit.models import Posting, PostingState, Problem, SyncRecord
from mappings.services import vendor_accept
from mappings.vendors import PartnerIndex
from tests.flows.dynamics_stage import DynamicsStage, dynamics_stage

pytestmark = pytest.mark.django_db(transaction=True)
NEAR = "HETZNER ONLIN*X7K2"
ASKED = {"vendor": "match", "closed_period": "next_open_day"}
SHOP = ("AMZN Mktp DE*2K3XY", "AMZN Mktp DE*9QZ11")


def told_as(made: DynamicsStage, *descriptors: str) -> list[str]:
    """The ids of as many card expenses of the subsidiary, whose merchants the card network writes like this."""
    found = [
        one
        for one in made.brex.store.expenses
        if (one["expense_type"], one["payment_status"], one["status"]) == ("CARD", "CLEARED", "APPROVED")
        and (one.get("billing_amount") or {}).get("currency") == "EUR"
        and one.get("_merchant")
    ]
    wanted = found[: len(descriptors)]
    assert len(wanted) == len(descriptors)
    for one, descriptor in zip(wanted, descriptors, strict=True):
        one["_merchant"] = {**one["_merchant"], "raw_descriptor": descriptor}
    return [str(one["id"]) for one in wanted]


def bills(made: DynamicsStage, external_id: str) -> list[Posting]:
    return list(made.postings(record__external_id=external_id, document_type="vendor_bill"))


def record(made: DynamicsStage, external_id: str) -> SyncRecord:
    return SyncRecord.objects.get(tenant=made.tenant, external_id=external_id, stream="expenses")


def owed(made: DynamicsStage, posting: Posting) -> Decimal:
    """What is still open of a bill, counted in Dynamics."""
    [row] = [one for one in made.rows("VendTransBiEntities") if one["DocumentNum"] == posting.stamp]
    return Decimal(row["AmountCur"] - (row.get("SettleAmountCur") or 0))


def settled(made: DynamicsStage) -> None:
    for _ in range(3):
        made.posts()
        made.sync("expenses")


def test_a_merchant_is_matched_or_asked_about_once_and_paid_spend_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with dynamics_stage(records=80, streams=("expenses",), **ASKED) as made:
        near, *shop = told_as(made, NEAR, *SHOP)
        made.sync()
        [bill] = bills(made, near)
        hetzner = made.tenant.connections.get(name="Dynamics").reference_values.get(
            company="demf", kind="vendor", name="Hetzner Online GmbH"
        )
        assert bill.document["partner"]["id"] == hetzner.external_id
        assert any("% alike" in why for line in bill.document["lines"] for why in line["because"])
        assert {record(made, one).state for one in shop} == {"held"}
        [problem] = Problem.objects.filter(tenant=made.tenant, facts__value="AMZN Mktp DE")
        assert (problem.code, problem.state) == ("missing_vendor", "open")
        assert SyncRecord.objects.filter(holds__problem=problem).count() == 2
        answer = made.tenant.connections.get(name="Dynamics").reference_values.get(
            company="demf", kind="vendor", name="Stadtwerke Berlin"
        )
        vendor_accept(tenant=made.tenant, source_id="", name="AMZN Mktp DE", partner=answer, by=None, reason="theirs")

        def nearest(index: PartnerIndex, name: str) -> Any:
            assert name != "amzn mktp de", "a remembered answer is not matched again"
            return []

        monkeypatch.setattr(PartnerIndex, "nearest", nearest)
        made.sync()
        settled(made)
        for external_id in shop:
            [accepted] = bills(made, external_id)
            assert accepted.document["partner"]["id"] == answer.external_id
            assert any("because rule" in why for line in accepted.document["lines"] for why in line["because"])
        for external_id in (near, *shop):
            [posted] = bills(made, external_id)
            assert (posted.state, owed(made, posted)) == (PostingState.POSTED, 0)
            assert record(made, external_id).state == "posted"
            paid = made.postings(record__external_id=external_id, document_type="payment").get()
            assert (paid.state, paid.entry_id.partition(":")[0]) == (PostingState.POSTED, "payment-journal")


def test_a_payment_that_settles_nothing_says_so_until_somebody_settles_it() -> None:
    with dynamics_stage(records=80, streams=("expenses",), **ASKED) as made:
        [near] = told_as(made, NEAR)
        made.sync()
        made.posts()
        made.sync()
        waiting = made.postings(record__external_id=near, document_type="payment").get()
        assert waiting.state == PostingState.CREATED
        for row in made.rows("VendorPaymentJournalLines"):  # a person takes the mark away
            key = [row["dataAreaId"], row["JournalBatchNumber"], row["LineNumber"]]
            made.fo.control("edit", {"set": "VendorPaymentJournalLines", "key": key, "changes": {"MarkedInvoice": ""}})
        settled(made)
        waiting.refresh_from_db()
        assert waiting.state == PostingState.CREATED
        assert "Settle transactions" in waiting.error
        assert record(made, near).state == "posting"
        rows = {one["DocumentNum"] or one["JournalNum"]: one for one in made.rows("VendTransBiEntities")}
        [bill] = bills(made, near)
        for row in (rows[bill.stamp], rows[waiting.number]):
            key, changes = [row["dataAreaId"], row["SourceKey"]], {"SettleAmountCur": row["AmountCur"]}
            made.fo.control("edit", {"set": "VendTransBiEntities", "key": key, "changes": changes})
        made.sync()
        waiting.refresh_from_db()
        assert waiting.state == PostingState.POSTED
        assert record(made, near).state == "posted"
