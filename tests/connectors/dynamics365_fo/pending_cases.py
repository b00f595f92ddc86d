"""How do bills wait as pending vendor invoices, which a person posts?"""

from __future__ import annotations

import pytest

from connectors.base import OutcomeState
from tests.cases.ledger_cases import UNCLEAR, codes
from tests.connectors.dynamics365_fo.drafts import MEALS, credit, debit, sent
from tests.connectors.dynamics365_fo.world import DynamicsWorld


class PendingCases:
    """Bills as pending vendor invoices, which a person posts."""

    def test_a_bill_waits_and_is_known_again_when_it_is_posted(self, world: DynamicsWorld) -> None:
        lines = (debit(MEALS, "110.00", "CostCenter=APO"), credit(MEALS, "10.00", "CostCenter=APO"))
        outgoing, created = sent(world, world.bill(lines=(*lines, debit(world.tax, "21.00"))))
        assert (created.state, created.differences) == (OutcomeState.CREATED, ())
        again = world.open().post("usmf", [outgoing])[0]
        assert (again.state, again.ledger_id) == (created.state, created.ledger_id)
        [header] = world.rows("VendorInvoiceHeaders", DocumentNumber=outgoing.stamp)
        assert header["HeaderReference"] == created.number
        listed = {one.stamp: one for page in world.open().list_stamped("usmf", None) for one in page}
        assert (listed[outgoing.stamp].state, str(listed[outgoing.stamp].total)) == ("draft", "121.00 USD")
        told = world.do("post_invoices", references=[created.number])
        assert [one["posted"] for one in told] == [True], told
        booked = world.open().find("usmf", [outgoing])[0]
        assert (booked.state, booked.differences, booked.ledger_id) == (OutcomeState.POSTED, (), created.ledger_id)
        listed = {one.stamp: one for page in world.open().list_stamped("usmf", None) for one in page}
        assert listed[outgoing.stamp].state == "posted"

    @pytest.mark.parametrize("fault", UNCLEAR)
    @pytest.mark.parametrize("write", [0, 1])
    def test_a_lost_answer_leaves_one_invoice_with_all_its_lines(
        self, world: DynamicsWorld, write: int, fault: str
    ) -> None:
        world.posted(world.new_vendor())
        outgoing = world.outgoing(world.bill())
        world.faults.fail_write(write, fault)
        world.open().post("usmf", [outgoing])
        final = world.delivered(outgoing)
        assert (final.state, final.differences) == (OutcomeState.CREATED, ())
        [header] = world.rows("VendorInvoiceHeaders", DocumentNumber=outgoing.stamp)
        assert len(world.rows("VendorInvoiceLines", HeaderReference=header["HeaderReference"])) == 2

    def test_a_long_text_is_cut_to_what_an_invoice_takes(self, world: DynamicsWorld) -> None:
        outgoing, created = sent(world, world.bill(text="Messe " * 20))
        assert created.state is OutcomeState.CREATED, created.error
        [header] = world.rows("VendorInvoiceHeaders", DocumentNumber=outgoing.stamp)
        assert len(header["InvoiceDescription"]) <= 50

    def test_a_reference_that_the_server_replaces_is_followed(self, world: DynamicsWorld) -> None:
        world.do("set", header_reference="replace")
        outgoing, created = sent(world, world.bill())
        assert (created.state, created.differences) == (OutcomeState.CREATED, ())
        assert created.number != outgoing.stamp

    def test_a_credit_has_negative_amounts(self, world: DynamicsWorld) -> None:
        outgoing, created = sent(world, world.bill(is_credit=True))
        assert (created.state, created.differences) == (OutcomeState.CREATED, ())
        world.do("post_invoices", references=[created.number])
        assert world.open().find("usmf", [outgoing])[0].state is OutcomeState.POSTED

    def test_a_refused_line_leaves_no_header(self, world: DynamicsWorld) -> None:
        ledger, bill = world.open(), world.bill()
        assert ledger.preflight("usmf", [bill]) == [[]]
        world.do("suspend_account", account="600000")
        outgoing = world.outgoing(bill)
        assert ledger.post("usmf", [outgoing])[0].state is OutcomeState.REJECTED
        assert world.rows("VendorInvoiceHeaders", DocumentNumber=outgoing.stamp) == []

    def test_an_invoice_that_a_person_changes_is_seen(self, world: DynamicsWorld) -> None:
        outgoing, created = sent(world, world.bill())
        key = ["usmf", created.number]
        world.do("edit", set="VendorInvoiceHeaders", key=key, changes={"InvoiceNumber": "OTHER"})
        assert codes(world.open().find("usmf", [outgoing])[0]) == {"document_altered"}

    def test_the_same_number_again_is_held_and_no_journal_name_is_asked_for(self, world: DynamicsWorld) -> None:
        outgoing, _ = sent(world, world.bill())
        number = outgoing.document.number  # type: ignore[union-attr]
        found = world.open().preflight("usmf", [world.bill(number=number), world.bill(journal="Nope")])
        assert [{one.code for one in some} for some in found] == [{"duplicate_reference"}, set()]

    def test_the_number_of_an_invoice_in_the_books_is_told_with_its_transaction(self, world: DynamicsWorld) -> None:
        outgoing, created = sent(world, world.bill())
        world.do("post_invoices", references=[created.number])
        [row] = world.rows("VendTransBiEntities", DocumentNum=outgoing.stamp)
        [[found]] = world.open().preflight("usmf", [world.bill(number=outgoing.document.number)])  # type: ignore[union-attr]
        assert found.value == f"transaction:{row['SourceKey']}"
        assert found.message.startswith(f"{found.value} already has the number")
