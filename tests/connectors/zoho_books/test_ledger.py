"""Does the Zoho Books ledger keep its promises against the simulated Zoho?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connectors.base import OutcomeState
from connectors.documents import NewVendor, VendorBill
from connectors.zoho_books.simulator import ZohoBooksSimulator
from tests.cases.ledger_cases import UNCLEAR, LedgerCases, SearchedKeyCases
from tests.connectors.zoho_books.conftest import SimulatedWorld
from tests.connectors.zoho_books.world import ZohoWorld
from tests.connectors.zoho_books.zoho_cases import ZohoCases, option


class ExpenseWorld(SimulatedWorld):
    card_purchases_as = "expense"


class TestCardPurchasesAsExpenses(LedgerCases, SearchedKeyCases):
    """The same promises where card purchases are expenses."""

    @pytest.fixture
    def world(self, simulator: ZohoBooksSimulator) -> ZohoWorld:
        return ExpenseWorld(simulator)

    @pytest.mark.parametrize("fault", UNCLEAR)
    def test_an_unclear_end_of_an_expense_leaves_one(self, world: ZohoWorld, fault: str) -> None:
        """As above for entries, and surely of an expense."""
        self.test_an_unclear_end_of_any_write_leaves_one_document(world, "entry", fault)
        assert {one.partition("?")[0] for one in world.faults.writes} == {"/books/v3/expenses"}

    def test_a_purchase_is_an_expense_and_what_cannot_be_one_is_a_journal(self, world: ZohoWorld) -> None:
        purchase = world.entry()
        ids = [
            world.posted(document)[1].ledger_id
            for document in (
                purchase,
                world.claim(),
                replace(purchase, lines=tuple(one.swapped() for one in purchase.lines)),
            )
        ]
        assert [one.startswith("expense:") for one in ids] == [True, False, False]

    def test_a_split_purchase_of_a_vendor_keeps_its_lines_and_tags(self, world: ZohoWorld) -> None:
        cost, card = world.entry().lines
        apollo = option(world, "Cost centre", "Apollo")
        parts = (
            replace(cost, amount=Decimal("20.00"), company_amount=Decimal("20.00"), partner=world.vendor),
            replace(cost, amount=Decimal("5.50"), company_amount=Decimal("5.50"), dimensions=(apollo,)),
        )
        outgoing, _ = world.posted(world.entry(lines=(*parts, card)))
        assert world.books(outgoing) == {world.expense.id: Decimal("25.50"), world.card.id: Decimal("-25.50")}

    def test_a_purchase_that_was_a_journal_is_found_after_the_setting_changed(self, world: ZohoWorld) -> None:
        world.settings = world.settings.model_copy(update={"card_purchases_as": "journal"})
        outgoing, posted = world.posted(world.entry())
        world.settings = world.settings.model_copy(update={"card_purchases_as": "expense"})
        assert world.open().post(world.company, [outgoing])[0].ledger_id == posted.ledger_id
        assert world.count(outgoing) == 1


class KeyedWorld(SimulatedWorld):
    key_field = "cf_brex_id"


class TestZohoWithAKeyField:
    """A custom field that refuses duplicates makes Zoho enforce the key where it can: not for journals."""

    @pytest.fixture
    def world(self, simulator: ZohoBooksSimulator) -> ZohoWorld:
        return KeyedWorld(simulator)

    @pytest.mark.parametrize("kind", ["bill", "payment", "vendor", "expense"])
    def test_a_second_one_is_refused_by_zoho_and_the_first_is_found(self, world: ZohoWorld, kind: str) -> None:
        """As two workers would send it, each sure that nobody did before; a bill under another number besides."""
        if kind == "expense":
            world.settings = world.settings.model_copy(update={"card_purchases_as": "expense"})
        outgoing = replace(world.of_kind("entry" if kind == "expense" else kind), is_first=True)
        first = world.open().post(world.company, [outgoing])[0]
        assert (first.state, first.differences) == (OutcomeState.POSTED, ())
        document = outgoing.document
        if isinstance(document, NewVendor):
            world.act("PUT", f"/contacts/{first.ledger_id}", {"contact_name": f"Renamed {world.word}"})
        if isinstance(document, VendorBill):
            outgoing = replace(outgoing, document=replace(document, number=f"{document.number}/b"))
        again = world.open().post(world.company, [outgoing])[0]
        assert (again.state, again.ledger_id) == (OutcomeState.POSTED, first.ledger_id)
        path = {"bill": "/bills", "payment": "/vendorpayments", "vendor": "/contacts", "expense": "/expenses"}[kind]
        assert sum(one.startswith(f"/books/v3{path}?") for one in world.faults.writes) == 2

    def test_its_absence_is_said(self, world: ZohoWorld) -> None:
        world.settings = world.settings.model_copy(update={"key_field": "cf_nobody"})
        assert [one.name for one in world.open().verify() if one.state == "failed"] == ["Key field"]

    @pytest.mark.parametrize(("purchases", "failed"), [("journal", []), ("expense", ["Key field"])])
    def test_expenses_want_it_where_there_are_some(
        self, world: ZohoWorld, simulator: ZohoBooksSimulator, purchases: str, failed: list[str]
    ) -> None:
        world.settings = world.settings.model_copy(update={"card_purchases_as": purchases})
        [field] = [one for one in simulator.organisation.custom_fields if one["entity"] == "expense"]
        simulator.organisation.custom_fields.remove(field["customfield_id"])
        assert [one.name for one in world.open().verify() if one.state == "failed"] == failed

    def test_a_refusal_that_the_field_is_not_to_blame_for_stays_one(self, world: ZohoWorld) -> None:
        world.settings = world.settings.model_copy(update={"card_purchases_as": "expense"})
        outgoing = replace(world.outgoing(world.entry()), is_first=True)
        with world.locked(date(2026, 10, 12)):
            outcome = world.open().post(world.company, [outgoing])[0]
        assert outcome.state is OutcomeState.REJECTED
        assert outcome.error.cure == "closed_period"  # type: ignore[union-attr]


class TestSimulatedZoho(LedgerCases, SearchedKeyCases, ZohoCases):
    """The organisation as the simulated company has it."""
