"""What becomes of work when a data entity is missing, or the mapped user may not see it?"""

from __future__ import annotations

from itertools import chain

import pytest

from connectors.base import OutcomeState
from connectors.dynamics365_fo.rights import BILLS, EVERY, PAYMENTS, needs
from connectors.dynamics365_fo.screens import SCREENS
from connectors.errors import ConfigurationError, OutcomeUnknownError, TransportError
from tests.cases.fault_transport import NetworkFault
from tests.cases.ledger_cases import codes
from tests.connectors.dynamics365_fo.drafts import sent
from tests.connectors.dynamics365_fo.world import DynamicsWorld

OF_SOME = [
    "VendInvoiceJourBiEntities",
    "VendorInvoiceHeaders",
    "VendTransBiEntities",
    "VendInvoiceJournalHeaders",
    "VendInvoiceJournalLines",
    "VendorPaymentJournalHeaders",
    "VendorsV3",
]
WAYS = ["missing", "hidden"]


def take_away(world: DynamicsWorld, way: str, *names: str) -> None:
    if way == "missing":
        world.simulator.switches.missing_sets.extend(names)
    else:
        world.do("set_user", hidden=list(names))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", OF_SOME)
def test_card_spend_goes_on_without_what_only_other_flows_need(world: DynamicsWorld, name: str, way: str) -> None:
    take_away(world, way, name)
    document = world.entry()
    assert world.open().preflight("usmf", [document]) == [[]]
    outgoing, outcome = sent(world, document)
    assert outcome.state is OutcomeState.POSTED
    listed = [one.stamp for page in world.open().list_stamped("usmf", None) for one in page]
    assert outgoing.stamp in listed


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("name", "work"),
    [
        ("LedgerJournalLines", EVERY),
        ("MainAccounts", EVERY),
        ("ExchangeRates", EVERY),
        ("VendInvoiceJournalHeaders", BILLS),
        ("VendInvoiceJournalLines", BILLS),
        ("VendTransBiEntities", PAYMENTS),
    ],
)
def test_the_checklist_names_what_is_not_shown_with_its_screen_and_its_flows(
    world: DynamicsWorld, name: str, work: str, way: str
) -> None:
    assert "data entities" in {one.name for one in world.open().verify() if one.state == "ok"}
    take_away(world, way, name)
    [row] = [one for one in world.open().verify() if one.name == f"data entity {name}" and "usmf" in one.message]
    assert row.state == ("failed" if work == EVERY else "warning")
    assert name in row.message
    assert work in row.message
    assert SCREENS[name] in row.message
    assert "Security configuration" in row.cure


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("journal", "VendInvoiceJournalHeaders"),
        ("journal", "VendTransBiEntities"),
        ("pending", "VendorInvoiceHeaders"),
        ("pending", "VendInvoiceJourBiEntities"),
    ],
)
def test_a_bill_is_held_by_name_where_its_entity_misses_and_the_entry_beside_it_goes(
    pattern: str, name: str, way: str
) -> None:
    world = DynamicsWorld(invoice_pattern=pattern)
    bill, entry = world.outgoing(world.bill()), world.outgoing(world.entry())
    take_away(world, way, name)
    [[finding], []] = world.open().preflight("usmf", [bill.document, entry.document])
    assert (finding.code, finding.value) == ("missing_entity", name)
    assert SCREENS[name] in finding.message
    posted = world.open().post("usmf", [entry])
    assert posted[0].state is OutcomeState.POSTED


def test_without_any_set_of_vendors_only_what_names_one_is_held(world: DynamicsWorld) -> None:
    bill = world.bill()
    world.do("set_user", hidden=["VendorsV3", "VendorsV2"])
    [[finding], []] = world.open().preflight("usmf", [bill, world.entry()])
    assert (finding.code, finding.value) == ("missing_entity", "VendorsV3")


def test_a_right_that_is_given_back_is_seen_by_the_next_run(world: DynamicsWorld) -> None:
    bill = world.bill()
    world.do("set_user", hidden=["VendTransBiEntities"])
    assert codes_of(world, bill) == ["missing_entity"]
    world.do("set_user", hidden=[])
    assert codes_of(world, bill) == []


def codes_of(world: DynamicsWorld, document: object) -> list[str]:
    return [one.code for one in world.open().preflight("usmf", [document])[0]]  # type: ignore[list-item]


def test_every_set_that_is_needed_has_a_screen() -> None:
    for pattern in ("journal", "pending"):
        for need in needs(pattern, makes_vendors=True):
            for row in need.rows:
                assert row.entity_set in SCREENS


@pytest.mark.parametrize(("way", "said"), [("hidden", "lacks a right"), ("missing", "no such data entity")])
@pytest.mark.parametrize("name", ["Ledgers", "LedgerJournalHeaders", "FinancialDimensionValues"])
def test_an_error_names_the_entity_and_its_screen(world: DynamicsWorld, name: str, way: str, said: str) -> None:
    take_away(world, way, name)
    ledger = world.open()
    with pytest.raises(ConfigurationError, match=said) as error:
        list(chain(ledger.list_stamped("usmf", None), ledger.reference("cost_centre", "usmf")))
    assert name in error.value.message
    assert SCREENS[name] in error.value.message


def test_a_write_that_is_forbidden_names_the_entity(world: DynamicsWorld) -> None:
    outgoing = world.outgoing(world.entry())
    world.do("set_user", read_only=["LedgerJournalLines"])
    with pytest.raises(ConfigurationError, match="LedgerJournalLines"):
        world.open().post("usmf", [outgoing])
    assert world.count(outgoing) == 0


def test_a_gateways_refusal_is_not_taken_for_a_right(world: DynamicsWorld) -> None:
    page = b"<html><body>Blocked by policy</body></html>"
    world.faults.faults.append(NetworkFault("status", "data", times=9, status=403, body=page))
    with pytest.raises(TransportError, match="gateway or firewall"):
        world.open().facts("usmf", frozenset())


def test_a_gateways_refusal_of_a_write_leaves_it_open_what_was_done(world: DynamicsWorld) -> None:
    outgoing = world.outgoing(world.entry())
    world.faults.faults.append(NetworkFault("commit_then_page", "WRITE", status=403, body=b"<html></html>"))
    outcome = world.open().post("usmf", [outgoing])[0]
    assert outcome.state is OutcomeState.UNCERTAIN
    assert isinstance(outcome.error, OutcomeUnknownError)
    assert "gateway or firewall" in outcome.error.message
    found = world.open().find("usmf", [outgoing])[0]
    assert (found.state, codes(found)) == (OutcomeState.POSTED, set())
