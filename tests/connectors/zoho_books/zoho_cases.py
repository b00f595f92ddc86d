"""What is peculiar to Zoho, and must hold in the simulated and in a real organisation alike?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import OutcomeState, ReceiptFile
from connectors.documents import Account, Dimension, Line, Partner, Role
from connectors.errors import ConfigurationError, RejectedError, UnsupportedError
from connectors.records import Side
from connectors.zoho_books import books
from tests.cases.ledger_cases import UNCLEAR, LedgerCases, cost_on
from tests.connectors.zoho_books.world import ZohoWorld

PAPER = ReceiptFile("receipt.pdf", "application/pdf", b"%PDF-1.4 paper")


def lines_of(world: ZohoWorld, ledger_id: str) -> list[dict[str, Any]]:
    return list(world.read(f"/journals/{ledger_id}")["journal"]["line_items"])


def option(world: ZohoWorld, tag: str, name: str) -> Dimension:
    """An option of a reporting tag by its names."""
    kinds = {one.name: one.external_id for one in world.open().reference("dimension_kind", world.company)}
    found = [
        one
        for one in world.open().reference("cost_centre", world.company)
        if (one.group, one.name) == (kinds[tag], name)
    ]
    return Dimension(kinds[tag], found[0].external_id, name)


class ZohoCases:
    """Subclass it with a fixture `world`, beside the shared suite."""

    def test_a_journal_that_was_never_sent_costs_one_call(self, world: ZohoWorld) -> None:
        ledger = world.open()
        warm = world.entry()
        ledger.facts(world.company, frozenset())
        ledger.preflight(world.company, [warm])
        ledger.post(world.company, [replace(world.outgoing(warm), is_first=True)])
        documents = [world.entry(f"{number}.00") for number in range(1, ledger.batch_size + 1)]
        batch = [replace(world.outgoing(one), is_first=True) for one in documents]
        world.faults.calls.clear()
        ledger.facts(world.company, frozenset())
        ledger.preflight(world.company, documents)
        answers = ledger.post(world.company, batch)
        assert {(one.state, one.differences) for one in answers} == {(OutcomeState.POSTED, ())}
        assert len(world.faults.calls) == len(batch), world.faults.calls

    def test_a_journal_is_in_the_books_at_once_and_says_so(self, world: ZohoWorld) -> None:
        outgoing, posted = world.posted(world.entry())
        journal = world.read(f"/journals/{posted.ledger_id}")["journal"]
        assert (journal["status"], journal["reference_number"]) == ("published", outgoing.stamp)
        assert posted.number == journal["entry_number"]

    def test_cost_centres_are_tags_of_a_line(self, world: ZohoWorld) -> None:
        cost, card = world.entry().lines
        chosen = (option(world, "Cost centre", "Apollo"), option(world, "Department", "Finance"))
        entry = world.entry(lines=(replace(cost, dimensions=chosen), card))
        assert world.open().preflight(world.company, [entry]) == [[]]
        _, posted = world.posted(entry)
        [tagged] = [line for line in lines_of(world, posted.ledger_id) if line["account_id"] == world.expense.id]
        assert {(one["tag_id"], one["tag_option_id"]) for one in tagged["tags"] if one["tag_option_id"]} == {
            (one.kind, one.id) for one in chosen
        }

    def test_two_options_of_a_tag_and_inactive_ones_are_seen_before_sending(self, world: ZohoWorld) -> None:
        cost, card = world.entry().lines
        apollo, zeus = option(world, "Cost centre", "Apollo"), option(world, "Cost centre", "Zeus")
        old = option(world, "Cost centre", "Legacy programme")
        documents = [world.entry(lines=(replace(cost, dimensions=some), card)) for some in ((apollo, zeus), (old,))]
        findings = world.open().preflight(world.company, documents)
        assert [{one.code for one in some} for some in findings] == [{"two_dimensions"}, {"inactive_dimension"}]

    def test_an_option_below_an_option_is_a_cost_centre_too(self, world: ZohoWorld) -> None:
        cost, card = world.entry().lines
        deep = option(world, "Cost centre", "Sales DACH")
        world.posted(world.entry(lines=(replace(cost, dimensions=(deep,)), card)))

    def test_one_rate_gives_our_company_amounts(self, world: ZohoWorld) -> None:
        value, dollars = Decimal("80.00"), Decimal("98.76")
        lines = (Line(world.expense, Side.DEBIT, value, dollars), Line(world.card, Side.CREDIT, value, dollars))
        outgoing, _ = world.posted(world.entry(lines=lines, currency="EUR"))
        assert world.books(outgoing) == {world.expense.id: dollars, world.card.id: -dollars}

    def test_a_line_in_company_currency_alone_is_refused_before_anything_is_sent(self, world: ZohoWorld) -> None:
        value, before, after = Decimal("80.00"), Decimal("100.00"), Decimal("98.00")
        lines = (
            Line(world.employees, Side.DEBIT, value, before, partner=world.vendor),
            Line(world.money, Side.CREDIT, value, after),
            Line(world.exchange, Side.CREDIT, Decimal("0.00"), Decimal("2.00")),
        )
        entry = world.entry(lines=lines, currency="EUR")
        assert {one.code for one in world.open().preflight(world.company, [entry])[0]} == {"company_only_line"}
        outgoing = world.outgoing(entry)
        outcome = world.open().post(world.company, [outgoing])[0]
        assert outcome.state is OutcomeState.REJECTED
        assert isinstance(outcome.error, UnsupportedError)
        assert world.count(outgoing) == 0

    def test_a_bill_keeps_the_suppliers_number_and_its_own_dates(self, world: ZohoWorld) -> None:
        outgoing, posted = world.posted(world.bill())
        bill = world.read(f"/bills/{posted.ledger_id.removeprefix('bill:')}")["bill"]
        names = ("bill_number", "reference_number", "date", "due_date", "status")
        number = outgoing.document.number  # type: ignore[union-attr]
        assert [bill[name] for name in names] == [number, outgoing.stamp, "2026-10-12", "2026-11-30", "open"]
        assert bill["notes"].startswith("Dated 2026-10-10.")

    def test_a_bill_of_a_number_that_the_vendor_has_is_refused_for_that(self, world: ZohoWorld) -> None:
        taken = world.type_bill(f"N {world.word}", "5.00")
        assert taken
        outgoing = world.outgoing(world.bill(number=f"n {world.word} "))
        outcome = world.open().post(world.company, [outgoing])[0]
        assert outcome.state is OutcomeState.REJECTED
        assert outcome.error.cure == "duplicate_reference"  # type: ignore[union-attr]

    def test_a_bill_sent_twice_under_first_is_found_by_its_number(self, world: ZohoWorld) -> None:
        outgoing = replace(world.outgoing(world.bill()), is_first=True)
        first = world.open().post(world.company, [outgoing])[0]
        again = world.open().post(world.company, [outgoing])[0]
        assert again == first
        assert world.count(outgoing) == 1

    def test_a_credit_that_mirrors_a_bill_closes_it(self, world: ZohoWorld) -> None:
        bill, _ = world.posted(world.bill())
        credit, _ = world.posted(world.bill(is_credit=True, reverses=bill.key))
        assert world.open_items(bill, world.payable) == 0
        assert world.open_items(credit, world.payable) == 0

    def test_a_credit_is_paid_back(self, world: ZohoWorld) -> None:
        credit, _ = world.posted(world.bill(is_credit=True))
        outgoing = world.outgoing(world.payment("121.00", credit.key, is_refund=True))
        outcome = world.open().post(world.company, [outgoing])[0]
        assert (outcome.state, outcome.differences) == (OutcomeState.POSTED, ())
        assert world.open().post(world.company, [outgoing])[0] == outcome
        assert world.open_items(credit, world.payable) == 0

    @pytest.mark.parametrize("fault", UNCLEAR)
    @pytest.mark.parametrize("kind", ["credit that closes its bill", "money back on a credit"])
    def test_an_unclear_end_of_what_settles_a_credit_leaves_one_document(
        self, world: ZohoWorld, kind: str, fault: str
    ) -> None:
        LedgerCases().test_an_unclear_end_of_any_write_leaves_one_document(world, kind, fault)

    def test_a_part_of_a_payment_that_came_back_is_for_a_person(self, world: ZohoWorld) -> None:
        bill, _ = world.posted(world.bill())
        payment, _ = world.posted(world.payment("121.00", bill.key))
        outcome = world.open().post(world.company, [world.outgoing(world.returned(payment.key, "21.00"))])[0]
        assert outcome.state is OutcomeState.REJECTED
        assert isinstance(outcome.error, UnsupportedError)
        assert world.open_items(bill, world.payable) == 0

    def test_a_payment_before_its_bill_is_applied_when_it_is_looked_up_again(self, world: ZohoWorld) -> None:
        key = world.key("late")
        payment = world.outgoing(world.payment("121.00", key))
        assert world.open().post(world.company, [payment])[0].state is OutcomeState.CREATED
        bill, _ = world.posted(world.bill(), key)
        found = world.open().find(world.company, [payment])[0]
        assert (found.state, found.differences) == (OutcomeState.POSTED, ())
        assert world.open_items(bill, world.payable) == 0

    def test_what_settles_late_and_gets_no_answer_holds_up_nobody(self, world: ZohoWorld) -> None:
        key = world.key("late")
        payment = world.outgoing(world.payment("121.00", key))
        world.open().post(world.company, [payment])
        world.posted(world.bill(), key)
        entry, posted = world.posted(world.entry())
        world.faults.fail("commit_then_drop", "WRITE", times=9)
        answers = world.open().find(world.company, [payment, entry])
        world.faults.faults.clear()
        assert [one.state for one in answers] == [OutcomeState.UNCERTAIN, OutcomeState.POSTED]
        assert answers[1] == posted
        assert world.open().find(world.company, [payment])[0].state is OutcomeState.POSTED

    def test_a_vendor_that_is_there_by_name_is_not_made_again(self, world: ZohoWorld) -> None:
        name = f"Atelier {world.word}"
        made = world.act("POST", "/contacts", {"contact_name": name, "contact_type": "vendor"})["contact"]
        world.act("POST", "/contacts", {"contact_name": name, "contact_type": "customer"})
        _, posted = world.posted(world.new_vendor(name=f" {name.upper()} "))
        assert posted.ledger_id == made["contact_id"]

    def test_a_vendor_of_ours_is_found_under_another_name(self, world: ZohoWorld) -> None:
        outgoing, posted = world.posted(world.new_vendor(name=f"Typo {world.word}"))
        world.act("PUT", f"/contacts/{posted.ledger_id}", {"contact_name": f"Right {world.word}"})
        assert world.open().find(world.company, [outgoing])[0].ledger_id == posted.ledger_id
        assert world.open().post(world.company, [outgoing])[0].ledger_id == posted.ledger_id

    def test_two_vendors_of_one_name_are_for_a_person(self, world: ZohoWorld) -> None:
        name = f"Twin {world.word}"
        for _ in range(2):
            world.act("POST", "/contacts", {"contact_name": name, "contact_type": "vendor"})
        outcome = world.open().post(world.company, [world.outgoing(world.new_vendor(name=name))])[0]
        assert outcome.state is OutcomeState.REJECTED
        assert outcome.error.cure == "vendor_data"  # type: ignore[union-attr]

    def test_locks_of_purchases_close_bills_and_those_of_accountants_journals(self, world: ZohoWorld) -> None:
        body = {"transaction_lock_status": "enabled", "transaction_lock_module": "purchase", "reason": "Closed"}
        world.act("PUT", "/transactionlock", {**body, "transaction_lock_date": "2026-01-31"})
        try:
            day = date(2026, 1, 20)
            ledger = world.open()
            assert set(ledger.facts(world.company, frozenset()).closed_through) == {"vendor_bill", "payment"}
            findings = ledger.preflight(world.company, [world.entry(day=day), world.bill(posting_date=day)])
        finally:
            disabled = {**body, "transaction_lock_status": "disabled"}
            world.act("PUT", "/transactionlock", {**disabled, "transaction_lock_date": "2026-01-31"})
        assert [{one.code for one in some} for some in findings] == [set(), {"closed_period"}]

    def test_rates_are_told_from_the_day_they_begin(self, world: ZohoWorld) -> None:
        days = [("EUR", date(2026, 10, 12)), ("EUR", date(2000, 1, 1)), ("USD", date(2026, 1, 1))]
        facts = world.open().facts(world.company, frozenset(days))
        assert [facts.rates[day] for day in days] == [Decimal("1.25"), None, Decimal(1)]
        assert (facts.company_currency, facts.decimals["JPY"], facts.fiscal_year_end) == ("USD", 0, (12, 31))

    def test_a_control_account_needs_a_contact(self, world: ZohoWorld) -> None:
        lines = (
            Line(replace(world.payable, role=Role.EXP), Side.DEBIT, Decimal("1.00"), Decimal("1.00")),
            Line(world.card, Side.CREDIT, Decimal("1.00"), Decimal("1.00")),
        )
        assert {one.code for one in world.open().preflight(world.company, [world.entry(lines=lines)])[0]} == {
            "missing_partner"
        }

    def test_money_goes_through_accounts_of_money_alone(self, world: ZohoWorld) -> None:
        payment = world.payment("1.00", world.key(), money=Account(Role.TRANSIT, world.expense.id))
        assert {one.code for one in world.open().preflight(world.company, [payment])[0]} == {"payment_account"}

    def test_another_organisation_is_not_touched(self, world: ZohoWorld) -> None:
        with pytest.raises(ConfigurationError):
            world.open().post("927000009", [world.outgoing(world.entry())])

    def test_a_batch_stops_where_zoho_says_later_and_what_was_done_is_told(self, world: ZohoWorld) -> None:
        batch = [replace(world.outgoing(world.entry(f"{number}.00")), is_first=True) for number in range(1, 5)]
        world.faults.fail("status", "WRITE", skip=2, times=9, status=429, headers={"Retry-After": "60"}, body=b"")
        answers = world.open().post(world.company, batch)
        world.faults.faults.clear()
        posted, later = OutcomeState.POSTED, OutcomeState.NOT_SENT
        assert [one.state for one in answers] == [posted, posted, later, later]
        assert [world.count(one) for one in batch] == [1, 1, 0, 0]

    @pytest.mark.parametrize("kind", ["company", "account", "journal", "dimension_kind", "cost_centre", "project",
                                      "tax", "vendor", "employee", "currency"])  # fmt: skip
    def test_every_list_names_its_values_once(self, world: ZohoWorld, kind: str) -> None:
        items = list(world.open().reference(kind, world.company))
        assert items
        assert {one.kind for one in items} == {kind}
        assert len({one.external_id for one in items}) == len(items)
        assert all(one.name for one in items)

    def test_inactive_accounts_are_listed_as_such(self, world: ZohoWorld) -> None:
        with world.archived_account() as account:
            found = {one.external_id: one for one in world.open().reference("account", world.company)}
        assert found[account].is_active is False
        assert found[world.expense.id].is_active is True

    def test_payments_go_through_what_is_offered_as_journals(self, world: ZohoWorld) -> None:
        journals = {one.external_id: one for one in world.open().reference("journal", world.company)}
        assert {journals[one].group for one in ("journals", "bills")} == {"general", "purchase"}
        assert journals[world.money.id].facts["default_account"] == world.money.id

    def test_what_was_mended_meanwhile_holds_nobody(self, world: ZohoWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        with world.archived_account() as account:
            ledger, document = world.open(), cost_on(world, account)
            assert {one.code for one in ledger.preflight(world.company, [document])[0]} == {"inactive_account"}
            world.act("POST", f"/chartofaccounts/{account}/active")
            assert {one.code for one in ledger.preflight(world.company, [document])[0]} == {"inactive_account"}
            monkeypatch.setattr(books, "RENEW_AFTER", -1.0)
            assert ledger.preflight(world.company, [document]) == [[]]

    def test_a_long_key_and_its_sisters_are_told_apart(self, world: ZohoWorld) -> None:
        document = world.entry()
        batch = [world.outgoing(document, f"{world.key()}:{'x' * 80}:{number}") for number in range(3)]
        assert all(len(one.stamp) <= 50 for one in batch)
        world.open().post(world.company, batch)
        assert [world.count(one) for one in batch] == [1, 1, 1]

    def test_what_somebody_else_typed_is_not_listed_as_ours(self, world: ZohoWorld) -> None:
        typed = world.type_bill(f"T {world.word}", "3.00")
        listed = [one.ledger_id for page in world.open().list_stamped(world.company, None) for one in page]
        assert typed not in listed

    def test_a_returned_payment_is_listed_with_what_came_back(self, world: ZohoWorld) -> None:
        bill, _ = world.posted(world.bill())
        payment, _ = world.posted(world.payment("121.00", bill.key))
        back, returned = world.posted(world.returned(payment.key, "121.00"))
        listed = {one.stamp: one for page in world.open().list_stamped(world.company, None) for one in page}
        assert (listed[back.stamp].ledger_id, listed[back.stamp].state) == (returned.ledger_id, "posted")
        assert payment.stamp in listed

    def test_the_receipt_of_a_payment_goes_to_its_bill_once(self, world: ZohoWorld) -> None:
        bill, billed = world.posted(world.bill())
        _, paid = world.posted(world.payment("121.00", bill.key))
        receipts = {paid.ledger_id: [PAPER]}
        assert world.open().attach_many(world.company, receipts) == {paid.ledger_id: 1}
        assert world.open().attach_many(world.company, receipts) == {paid.ledger_id: 0}
        shown = world.read(f"/bills/{billed.ledger_id.removeprefix('bill:')}")["bill"]
        assert len(shown["documents"]) == 1

    @pytest.mark.parametrize("kind", ["credit", "money back on a credit", "returned payment", "payment that came back"])
    def test_receipts_that_zoho_has_no_place_for_stay_at_the_source(self, world: ZohoWorld, kind: str) -> None:
        """Said once for all of them; beside others nothing is attached before they are told apart."""
        bill, _ = world.posted(world.bill(is_credit="credit" in kind))
        if "credit" in kind:
            refund = world.payment("121.00", bill.key, is_refund=True)
            stuck = world.posted(refund)[1] if "money" in kind else world.open().find(world.company, [bill])[0]
        else:
            payment, paid = world.posted(world.payment("121.00", bill.key))
            _, back = world.posted(world.returned(payment.key, "121.00"))
            stuck = back if kind == "returned payment" else paid
        lost = {stuck.ledger_id: [PAPER]}
        with pytest.raises(UnsupportedError, match="stays at the source"):
            world.open().attach_many(world.company, lost)
        _, posted = world.posted(world.entry())
        with pytest.raises(RejectedError, match="stays at the source"):
            world.open().attach_many(world.company, {posted.ledger_id: [PAPER], **lost})
        assert world.open().attach_many(world.company, {posted.ledger_id: [PAPER]}) == {posted.ledger_id: 1}

    def test_the_partner_of_an_unknown_kind_of_id_is_unknown(self, world: ZohoWorld) -> None:
        cost, card = world.entry().lines
        entry = world.entry(lines=(replace(cost, partner=Partner("nobody")), card))
        assert {one.code for one in world.open().preflight(world.company, [entry])[0]} == {"unknown_partner"}
