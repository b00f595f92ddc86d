"""What becomes of a bill that is changed after it was posted, where a supplier's number is taken but once?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from audit.models import PostingState, Problem, RecordState, SyncRecord
from audit.sync.replay import replay
from connectors.brex.simulator import BrexSimulator
from mappings.setup import setups_forget
from tests.audit.scene import bill, money
from tests.flows.dynamics_stage import dynamics_stage
from tests.flows.zoho import FLOW, zoho_world

pytestmark = pytest.mark.django_db(transaction=True)
REVERSING = {"change_after_posting": "reverse_and_repost"}


def change(brex: BrexSimulator, record: dict[str, Any], amount: Decimal) -> None:
    """Somebody corrects a bill's amount in Brex."""
    coded = [{**line, "amount": money(amount)} for line in record["line_items"]]
    brex.control("change_record", {"id": record["id"], "changes": {"amount": money(amount), "line_items": coded}})


def test_zoho_takes_the_next_revision() -> None:
    with zoho_world("again", flows=[{**FLOW, "policies": FLOW["policies"] | REVERSING}]) as made:
        record = bill(made, "99.00")
        made.run()
        change(made.brex, record, Decimal("98.00"))
        made.run()
        bills = {row["bill_number"]: Decimal(str(row["total"])) for row in made.held("bills")}
        assert bills == {"INV-expense_bill_1": Decimal(99), "INV-expense_bill_1-R2": Decimal(98)}
        [credit] = made.held("vendor_credits")
        assert (credit["vendor_credit_number"], Decimal(str(credit["total"]))) == ("INV-expense_bill_1", Decimal(99))
        assert not Problem.objects.filter(state="open").exists()


def test_dynamics_posts_the_next_revision() -> None:
    setups_forget()
    with dynamics_stage(records=20, streams=("vendors", "accounting_records"), **REVERSING) as made:
        for _ in range(3):
            made.sync()
            made.posts()
        made.sync()
        ours = made.postings(state=PostingState.POSTED, document_type="vendor_bill", currency="USD", amount__gt=1)
        first = ours.filter(record__kind="bill").order_by("id").first()
        assert first is not None
        record = made.brex.store.records.get(first.record.external_id)
        assert record is not None
        change(made.brex, record, record["amount"]["amount"] - 1)
        for _ in range(3):
            made.sync()
            made.posts()
        made.sync()
        states = made.postings(record=first.record, document_type="vendor_bill").order_by("id")
        assert list(states.values_list("state", "revision", "reverses")) == [
            ("reversed", 1, None), ("posted", 1, first.pk), ("posted", 2, None),
        ]  # fmt: skip
        rows = made.fo.store.table("VendTransBiEntities").rows.values()
        number = record["invoice_number"]
        told = sorted((row["Invoice"], row["AmountCur"]) for row in rows if row["Invoice"].startswith(number))
        amount = Decimal(first.amount)
        assert told == [(number, -amount), (number, amount), (f"{number}-R2", 1 - amount)]


def test_a_bill_stays_while_its_payment_cannot_be_undone() -> None:
    """A card purchase that is a bill and its payment: they are taken back one after the other, or not at all."""
    policies = FLOW["policies"] | REVERSING | {"card_expense": "bill_and_payment"}
    with zoho_world("again", flows=[{**FLOW, "policies": policies}]) as made:
        supplier = made.brex.control("add_vendor", {"company_name": "Bay Stationery"})
        record = made.purchase("25.50", vendor={"id": supplier["id"], "name": "Bay Stationery"})
        made.run()
        [bought] = made.held("bills")
        assert bought["status"] == "paid"
        change(made.brex, record, Decimal("30.00"))
        fault = made.zoho.fail("status", "/vendorpayments/[0-9]+", method="PUT|POST", status=400, times=99)
        made.run()
        assert fault.times < 99
        [bought] = made.held("bills")
        assert (made.held("vendor_credits"), bought["status"]) == ([], "paid")
        [row] = SyncRecord.objects.filter(kind="card_purchase")
        assert row.state == RecordState.FAILED
        made.zoho.faults.clear()
        replay([row.pk], by="ana", reason="Zoho takes it again.")
        made.run()
        totals = sorted(Decimal(str(one["total"])) for one in made.held("bills"))
        assert totals == [Decimal("25.50"), Decimal("30.00")]
        [credit] = made.held("vendor_credits")
        assert Decimal(str(credit["total"])) == Decimal("25.50")
        row.refresh_from_db()
        assert row.state == RecordState.POSTED
