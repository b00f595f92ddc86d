"""How few calls does a batch cost beside its documents? An organisation has a hundred a minute, and some by the day."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.base import OutcomeState
from connectors.documents import JournalEntry, Partner
from connectors.zoho_books import books
from connectors.zoho_books.books import ALONE
from connectors.zoho_books.simulator import ZohoBooksSimulator
from tests.connectors.zoho_books.world import ZohoWorld

MANY = 40


def calls(world: ZohoWorld, part: str) -> list[str]:
    return [one for one in world.faults.calls if part in one]


def with_vendors(world: ZohoWorld, count: int) -> list[JournalEntry]:
    """Entries of as many vendors."""
    found = []
    for number in range(count):
        body = {"contact_name": f"Vendor {number}", "contact_type": "vendor"}
        made = world.act("POST", "/contacts", body)["contact"]
        cost, card = world.entry().lines
        found.append(world.entry(lines=(replace(cost, partner=Partner(made["contact_id"])), card)))
    return found


def test_many_vendors_are_read_by_their_list(world: ZohoWorld) -> None:
    documents = with_vendors(world, MANY)
    ledger = world.open()
    world.faults.calls.clear()
    assert ledger.preflight(world.company, documents) == [[]] * MANY
    assert len(calls(world, "/contacts/")) == ALONE
    assert len(calls(world, "/contacts?")) == 1
    world.faults.calls.clear()
    assert ledger.preflight(world.company, documents) == [[]] * MANY
    assert calls(world, "/contacts") == []


def test_where_the_list_is_long_more_are_read_alone_before_it_is_read_again(
    world: ZohoWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "PAGE", 1)  # as if each vendor were a page
    documents = with_vendors(world, MANY)
    ledger = world.open()
    list(ledger.reference("vendor", world.company))
    monkeypatch.setattr("connectors.zoho_books.kept.CONTACTS_FRESH", -1.0)
    monkeypatch.setattr(books, "CONTACTS_FRESH", -1.0)
    world.faults.calls.clear()
    assert ledger.preflight(world.company, documents) == [[]] * MANY
    assert len(calls(world, "/contacts/")) == MANY
    assert calls(world, "/contacts?") == []


def test_vendors_that_were_listed_are_not_read_again(world: ZohoWorld) -> None:
    documents = with_vendors(world, 3)
    ledger = world.open()
    list(ledger.reference("vendor", world.company))
    world.faults.calls.clear()
    assert ledger.preflight(world.company, documents) == [[]] * 3
    assert calls(world, "/contacts") == []


def test_a_contact_that_is_no_vendor_is_read_alone(world: ZohoWorld, simulator: ZohoBooksSimulator) -> None:
    customer = next(row for row in simulator.organisation.contacts if row["contact_type"] == "customer")
    ledger = world.open()
    list(ledger.reference("vendor", world.company))
    cost, card = world.entry().lines
    entry = world.entry(lines=(replace(cost, partner=Partner(customer["contact_id"])), card))
    assert ledger.preflight(world.company, [entry]) == [[]]


def test_one_question_tells_the_organisation_and_its_year(world: ZohoWorld) -> None:
    ledger = world.open()
    world.faults.calls.clear()
    list(ledger.reference("company", world.company))
    ledger.facts(world.company, frozenset())
    assert len(calls(world, "/organizations")) == 1


def test_refusals_of_one_moment_ask_the_books_once(world: ZohoWorld, simulator: ZohoBooksSimulator) -> None:
    """The account is made inactive behind our back: each entry of a batch is refused, and the first look says why of
    all of them."""
    with world.archived_account() as account:
        ledger = world.open()
        world.act("POST", f"/chartofaccounts/{account}/active")
        cost, card = world.entry().lines
        moved = replace(cost, account=replace(cost.account, id=account))
        batch = [replace(world.outgoing(world.entry(lines=(moved, card))), is_first=True) for _ in range(5)]
        assert ledger.preflight(world.company, [one.document for one in batch]) == [[]] * 5
        world.act("POST", f"/chartofaccounts/{account}/inactive")
        world.faults.calls.clear()
        answers = ledger.post(world.company, batch)
    assert {one.state for one in answers} == {OutcomeState.REJECTED}
    assert {one.error.cure for one in answers if one.error} == {"inactive_account"}
    assert len(calls(world, "/chartofaccounts")) == 1
    assert len(world.faults.calls) <= 5 + 8
