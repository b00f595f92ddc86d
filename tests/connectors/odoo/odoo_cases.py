"""What is peculiar to Odoo, and must hold in the simulated and in the real one alike?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.base import OutcomeState, Window
from connectors.documents import Account, Dimension, Line, Partner, Role
from connectors.errors import AuthenticationError, ConfigurationError
from connectors.odoo.source import OdooSource, parse
from connectors.records import Side, VendorRecord
from tests.cases.ledger_cases import KINDS, UNCLEAR, cost_on
from tests.connectors.odoo.world import OdooWorld


@contextmanager
def card_journal(world: OdooWorld) -> Iterator[str]:
    """A journal whose payments are booked to the card account, as a company that pays bills by card needs it."""
    made = world.act(
        "account.journal",
        "create",
        vals_list=[{"name": "Card payments", "code": world.word[:5].upper(), "type": "bank"}],
    )
    lines = world.read("account.payment.method.line", [["journal_id", "=", made[0]]], "name")
    world.act(
        "account.payment.method.line",
        "write",
        ids=[row["id"] for row in lines],
        vals={"payment_account_id": int(world.card.id)},
    )
    yield str(made[0])


class OdooCases:
    """Subclass it with a fixture `world`, beside the shared suite."""

    def test_cost_centres_of_two_plans_share_a_line(self, world: OdooWorld) -> None:
        cost, card = world.entry().lines
        lines = (replace(cost, dimensions=(Dimension("2", "3"), Dimension("1", "1"))), card)
        outgoing, _ = world.posted(world.entry(lines=lines))
        domain = [["move_line_id.move_id", "in", world.move_ids(outgoing)]]
        assert [row["amount"] for row in world.read("account.analytic.line", domain, "amount")] == [Decimal("-25.5")]

    def test_two_cost_centres_of_one_plan_are_refused(self, world: OdooWorld) -> None:
        cost, card = world.entry().lines
        document = world.entry(lines=(replace(cost, dimensions=(Dimension("1", "1"), Dimension("1", "2"))), card))
        assert {one.code for one in world.open().preflight("1", [document])[0]} == {"two_dimensions"}

    def test_our_company_amounts_are_kept_on_entries(self, world: OdooWorld) -> None:
        value, dollars = Decimal("80.00"), Decimal("98.76")
        lines = (Line(world.expense, Side.DEBIT, value, dollars), Line(world.card, Side.CREDIT, value, dollars))
        outgoing, _ = world.posted(world.entry(lines=lines, currency="EUR"))
        assert world.books(outgoing) == {world.expense.id: dollars, world.card.id: -dollars}

    def test_a_bill_may_have_negative_parts_and_keeps_its_dates(self, world: OdooWorld) -> None:
        lines = (
            Line(world.expense, Side.DEBIT, Decimal("110.00"), Decimal("110.00"), dimensions=(Dimension("1", "1"),)),
            Line(world.expense, Side.CREDIT, Decimal("10.00"), Decimal("10.00")),
        )
        outgoing, outcome = world.posted(world.bill(lines=lines))
        assert world.books(outgoing) == {world.expense.id: Decimal(100), world.payable.id: Decimal(-100)}
        fields = ("date", "invoice_date", "invoice_date_due", "ref", "invoice_origin")
        row = world.read("account.move", [["id", "=", int(outcome.ledger_id)]], *fields)[0]
        number = outgoing.document.number  # type: ignore[union-attr]
        assert [row[name] for name in fields] == ["2026-10-12", "2026-10-10", "2026-11-30", number, outgoing.stamp]

    def test_the_partners_payment_term_does_not_move_the_due_date(self, world: OdooWorld) -> None:
        ids = [int(world.vendor.id)]
        world.act("res.partner", "write", ids=ids, vals={"property_supplier_payment_term_id": 4})
        try:
            world.posted(world.bill())
        finally:
            world.act("res.partner", "write", ids=ids, vals={"property_supplier_payment_term_id": False})

    def test_an_exchange_difference_of_ours_closes_both_items(self, world: OdooWorld) -> None:
        value, before, after = Decimal("80.00"), Decimal("100.00"), Decimal("98.00")
        claim = (
            Line(world.expense, Side.DEBIT, value, before),
            Line(world.employees, Side.CREDIT, value, before, partner=world.vendor),
        )
        first, _ = world.posted(world.entry(lines=claim, currency="EUR"))
        payout = (
            Line(world.employees, Side.DEBIT, value, before, partner=world.vendor),
            Line(world.money, Side.CREDIT, value, after),
            Line(world.exchange, Side.CREDIT, Decimal("0.00"), Decimal("2.00")),
        )
        second, _ = world.posted(world.entry(lines=payout, currency="EUR", settles=(first.key,)))
        assert world.open_items(first, world.employees) == 0
        assert world.open_items(second, world.employees) == 0
        assert world.books(second)[world.exchange.id] == Decimal("-2.00")

    def test_a_credit_is_paid_back_by_an_inbound_payment(self, world: OdooWorld) -> None:
        credit, _ = world.posted(world.bill(is_credit=True))
        receipts = Account(Role.TRANSIT, "48", "101403")
        back, _ = world.posted(world.payment("121.00", credit.key, is_refund=True, money=receipts))
        assert world.open_items(credit, world.payable) == 0
        assert world.books(back) == {"48": Decimal("121.00"), world.payable.id: Decimal("-121.00")}

    def test_a_payment_that_would_go_through_another_account_is_refused_and_removed(self, world: OdooWorld) -> None:
        bill, _ = world.posted(world.bill())
        outgoing = world.outgoing(world.payment("121.00", bill.key, money=world.card))
        outcome = world.open().post("1", [outgoing])[0]
        assert outcome.state is OutcomeState.REJECTED
        assert outcome.error.cure == "payment_account"  # type: ignore[union-attr]
        assert world.count(outgoing) == 0

    def test_a_bill_of_a_partner_with_another_payable_account_is_held(self, world: OdooWorld) -> None:
        values = {"property_account_payable_id": 22}
        world.act("res.partner", "write", ids=[int(world.vendor.id)], vals=values)
        assert {one.code for one in world.open().preflight("1", [world.bill()])[0]} == {"payable_account"}

    def test_a_draft_that_was_left_and_touched_is_restored_and_posted(self, world: OdooWorld) -> None:
        outgoing = world.outgoing(world.entry())
        world.faults.fail("drop", "/action_post")
        lost = world.open().post("1", [outgoing])[0]
        assert lost.state is OutcomeState.UNCERTAIN
        draft = world.move_ids(outgoing)
        line = world.read("account.move.line", [["move_id", "in", draft]], "name")[0]
        world.act("account.move.line", "write", ids=[line["id"]], vals={"account_id": 36})
        final = world.open().find("1", [outgoing])[0]
        assert (final.state, final.differences, final.ledger_id) == (OutcomeState.POSTED, (), str(draft[0]))

    def test_a_contact_of_a_company_is_billed_and_paid_as_that_company(self, world: OdooWorld) -> None:
        contact = world.act(
            "res.partner",
            "create",
            vals_list=[{"name": f"Contact {world.word}", "parent_id": int(world.vendor.id)}],
        )[0]
        bill, _ = world.posted(world.bill(partner=Partner(str(contact))))
        world.posted(world.payment("121.00", bill.key, partner=Partner(str(contact))))
        assert world.open_items(bill, world.payable) == 0

    def test_a_credit_that_mirrors_a_bill_closes_it(self, world: OdooWorld) -> None:
        bill, _ = world.posted(world.bill())
        credit, _ = world.posted(world.bill(is_credit=True, reverses=bill.key))
        assert world.open_items(bill, world.payable) == 0
        assert world.open_items(credit, world.payable) == 0

    def test_odoos_own_reversal_is_no_twin(self, world: OdooWorld) -> None:
        outgoing, posted = world.posted(world.entry())
        context = {"active_model": "account.move", "active_ids": [int(posted.ledger_id)]}
        values = {"date": "2026-10-20", "reason": "wrong", "journal_id": int(world.journal)}
        wizard = world.act("account.move.reversal", "create", vals_list=[values], context=context)
        world.act("account.move.reversal", "reverse_moves", ids=wizard)
        assert world.open().find("1", [outgoing])[0].state is OutcomeState.POSTED
        pages = world.open().list_stamped("1", datetime.now(UTC) - timedelta(minutes=1))
        listed = [one for page in pages for one in page if one.stamp == outgoing.stamp]
        assert [one.state for one in listed] == ["reversed"]

    def test_purchase_locks_close_bills_only(self, world: OdooWorld) -> None:
        world.act("res.company", "write", ids=[1], vals={"purchase_lock_date": "2026-01-31"})
        try:
            ledger = world.open()
            assert ledger.facts("1", frozenset()).closed_through == {
                "vendor_bill": date(2026, 1, 31),
                "vendor_bill:taxed": date(2026, 1, 31),
            }
            day = date(2026, 1, 20)
            findings = ledger.preflight("1", [world.entry(day=day), world.bill(posting_date=day)])
        finally:
            world.act("res.company", "write", ids=[1], vals={"purchase_lock_date": False})
        assert [{one.code for one in some} for some in findings] == [set(), {"closed_period"}]

    def test_rates_are_told_from_the_day_they_begin(self, world: OdooWorld) -> None:
        days = [("EUR", date(2026, 1, 1)), ("EUR", date(2025, 12, 31)), ("GBP", date(2026, 10, 1))]
        facts = world.open().facts("1", frozenset(days))
        assert [facts.rates[day] for day in days] == [Decimal("1.25"), None, None]
        assert (facts.company_currency, facts.decimals["EUR"], facts.fiscal_year_end) == ("USD", 2, (12, 31))
        assert {"USD", "EUR", "GBP"} <= facts.active_currencies

    def test_a_created_vendor_is_offered_and_read_as_a_record(self, world: OdooWorld) -> None:
        since = datetime.now(UTC) - timedelta(seconds=5)
        made = world.new_vendor(name=f"Müller & Söhne {world.word}", email="a@example.com", tax_id="98-7654321")
        _, outcome = world.posted(made)
        offered = {one.external_id: one for one in world.open().reference("vendor", "1")}
        assert offered[outcome.ledger_id].name == made.name
        source = OdooSource(world.open().client.context)
        window = Window(since, datetime.now(UTC) + timedelta(seconds=5))
        items = {item.external_id: item for page in source.read("vendors", window) for item in page}
        record = parse("vendors", items[outcome.ledger_id].payload)
        assert isinstance(record, VendorRecord)
        assert (record.name, record.email, record.tax_id, record.is_active) == (
            made.name,
            made.email,
            made.tax_id,
            True,
        )
        assert source.fetch("vendors", [outcome.ledger_id]) == [items[outcome.ledger_id]]

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("account", ("600000", "Expenses", "expense")),
            ("journal", ("BILL", "Purchases", "purchase")),
            ("cost_centre", ("APO", "Project Apollo", "1")),
            ("dimension_kind", ("", "Departments", "")),
            ("tax", ("", "15%", "purchase")),
            ("currency", ("EUR", "EUR", "")),
            ("company", ("", "Acme EU BV", "")),
        ],
    )
    def test_what_may_be_chosen_is_listed(self, world: OdooWorld, kind: str, expected: tuple[str, str, str]) -> None:
        assert expected in [(one.code, one.name, one.group) for one in world.open().reference(kind, "1")]

    def test_our_company_total_is_kept_on_bills(self, world: OdooWorld) -> None:
        lines = (
            Line(world.expense, Side.DEBIT, Decimal("100.00"), Decimal("123.45")),
            Line(world.tax, Side.DEBIT, Decimal("33.33"), Decimal("41.15")),
        )
        outgoing, _ = world.posted(world.bill(lines=lines, currency="EUR"))
        assert world.books(outgoing)[world.payable.id] == Decimal("-164.60")

    def test_a_bill_is_paid_by_card_through_the_journal_that_books_to_the_card(self, world: OdooWorld) -> None:
        with card_journal(world) as journal:
            bill, _ = world.posted(world.bill())
            payment = world.payment("121.00", bill.key, journal=journal, money=world.card)
            assert world.open().preflight("1", [payment]) == [[]]
            paid, _ = world.posted(payment)
        assert world.books(paid) == {world.card.id: Decimal("-121.00"), world.payable.id: Decimal("121.00")}
        assert world.open_items(bill, world.payable) == 0

    def test_the_checklist_is_clean_and_writes_nothing(self, world: OdooWorld) -> None:
        world.faults.writes.clear()
        checks = world.open().verify()
        assert {one.state for one in checks} == {"ok"}, checks
        assert {"server", "key", "company", "rights", "lock dates", "decimals"} <= {one.name for one in checks}
        assert world.faults.writes == []


class ProtocolCases:
    """What must hold over each protocol; subclass it with a fixture `world`."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_document_posted_twice_is_one_document(self, world: OdooWorld, kind: str) -> None:
        outgoing = world.of_kind(kind)
        first = world.open().post("1", [outgoing])[0]
        assert (first.state, first.error, first.differences) == (OutcomeState.POSTED, None, ())
        assert world.open().post("1", [outgoing])[0] == first
        assert world.open().find("1", [outgoing])[0] == first
        assert world.count(outgoing) == 1

    @pytest.mark.parametrize("fault", UNCLEAR)
    def test_a_lost_answer_leaves_one_document(self, world: OdooWorld, fault: str) -> None:
        for number in range(2):
            outgoing = world.of_kind("entry")
            world.faults.fail_write(number, fault)
            assert world.open().post("1", [outgoing])[0].state is OutcomeState.UNCERTAIN
            final = world.delivered(outgoing)
            assert (final.state, final.differences) == (OutcomeState.POSTED, ())
            assert world.count(outgoing) == 1

    def test_refusals_say_what_would_cure_them(self, world: OdooWorld) -> None:
        with world.archived_account() as account:
            outgoing = world.outgoing(cost_on(world, account))
            outcome = world.open().post("1", [outgoing])[0]
        assert outcome.state is OutcomeState.REJECTED
        assert outcome.error.cure == "inactive_account"  # type: ignore[union-attr]
        unknown = world.outgoing(cost_on(world, "99999999"))
        assert world.open().post("1", [unknown])[0].error.cure == "unknown_account"  # type: ignore[union-attr]
        assert [world.count(one) for one in (outgoing, unknown)] == [0, 0]

    def test_a_wrong_key_blocks(self, world: OdooWorld) -> None:
        with pytest.raises(AuthenticationError):
            world.open_with_wrong_key().facts("1", frozenset())

    def test_another_database_blocks(self, world: OdooWorld) -> None:
        world.credentials = world.credentials.model_copy(update={"database": "nowhere"})
        with pytest.raises((ConfigurationError, AuthenticationError)):
            world.open().facts("1", frozenset())

    def test_the_checklist_is_clean(self, world: OdooWorld) -> None:
        assert {one.state for one in world.open().verify()} == {"ok"}
