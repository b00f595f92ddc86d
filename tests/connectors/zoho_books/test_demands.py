"""Is what an organisation demands of every document there before anything is sent: location, custom fields, tags?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.base import Finding, OutcomeState
from connectors.documents import Document, NewVendor
from connectors.zoho_books.simulator import ZohoBooksSimulator
from connectors.zoho_books.simulator.store import Item
from tests.connectors.zoho_books.conftest import SimulatedWorld
from tests.connectors.zoho_books.zoho_cases import option

KINDS = ("entry", "bill", "credit", "payment")
TABLES = {"entry": "journals", "bill": "bills", "credit": "vendor_credits", "payment": "payments"}


@pytest.fixture
def world(simulator: ZohoBooksSimulator) -> SimulatedWorld:
    """An organisation whose list of locations tells all of each, which is more than is published."""
    simulator.control("switch", {"locations_tell_all": True})
    return SimulatedWorld(simulator)


def choose(world: SimulatedWorld, **settings: Any) -> None:
    world.settings = world.settings.model_copy(update=settings)


def made(world: SimulatedWorld, kind: str) -> Document:
    if kind == "payment":
        bill, _ = world.posted(world.bill())
        return world.payment("121.00", bill.key)
    return {
        "entry": lambda: world.entry(),
        "bill": lambda: world.bill(),
        "credit": lambda: world.bill(is_credit=True),
    }[kind]()


def findings(world: SimulatedWorld, document: Document) -> list[Finding]:
    return world.open().preflight(world.company, [document])[0]


def stored(world: SimulatedWorld, kind: str, ledger_id: str) -> Item:
    found = world.simulator.organisation.tables()[TABLES[kind]].get(ledger_id.rpartition(":")[2])
    assert found is not None
    return found


# --- locations


@pytest.mark.parametrize("kind", KINDS)
def test_documents_go_to_the_primary_location(simulator: ZohoBooksSimulator, world: SimulatedWorld, kind: str) -> None:
    simulator.control("add_location", {"name": "Berlin"})
    primary = simulator.control("add_location", {"name": "Head Office", "is_primary": True})
    document = made(world, kind)
    assert findings(world, document) == []
    _, outcome = world.posted(document)
    assert stored(world, kind, outcome.ledger_id)["location_id"] == primary


@pytest.mark.parametrize("kind", KINDS)
def test_documents_go_to_the_location_that_is_set(
    simulator: ZohoBooksSimulator, world: SimulatedWorld, kind: str
) -> None:
    berlin = simulator.control("add_location", {"name": "Berlin"})
    simulator.control("add_location", {"name": "Head Office", "is_primary": True})
    choose(world, location_id=berlin)
    _, outcome = world.posted(made(world, kind))
    assert stored(world, kind, outcome.ledger_id)["location_id"] == berlin


def test_an_expense_goes_there_too(simulator: ZohoBooksSimulator, world: SimulatedWorld) -> None:
    berlin = simulator.control("add_location", {"name": "Berlin"})
    choose(world, card_purchases_as="expense")
    _, outcome = world.posted(world.entry())
    assert outcome.ledger_id.startswith("expense:")
    [row] = simulator.organisation.expenses
    assert row["location_id"] == berlin, "the only one there is"


def test_the_published_list_does_not_tell_the_primary_so_one_is_set(
    simulator: ZohoBooksSimulator, world: SimulatedWorld
) -> None:
    only = simulator.control("add_location", {"name": "Head Office", "is_primary": True})
    simulator.control("switch", {"locations_tell_all": False})
    assert findings(world, world.entry()) == []
    simulator.control("add_location", {"name": "Berlin"})
    assert [one.code for one in findings(world, world.entry())] == ["missing_location"]
    choose(world, location_id=only)
    assert findings(world, world.entry()) == []
    world.posted(world.entry())


PLACES: list[tuple[str, list[Item], str, str, str]] = [
    ("none is primary", [{"name": "Berlin"}, {"name": "Lyon"}], "", "missing_location", "connection's page"),
    (
        "all are for lines",
        [{"name": "Bin 7", "type": "line_item_only"}],
        "",
        "missing_location",
        "Settings > Locations",
    ),
    ("set is an unknown one", [{"name": "Berlin"}], "77", "unknown_location", "no location 77"),
    ("set is an inactive one", [{"name": "Berlin", "status": "inactive"}], "own", "inactive_location", "is inactive"),
    ("set is one for lines", [{"name": "B", "type": "line_item_only"}], "own", "inactive_location", "lines alone"),
    ("set where there are none", [], "77", "unknown_location", "empty the field Location"),
]


@pytest.mark.parametrize(
    ("places", "chosen", "code", "words"), [row[1:] for row in PLACES], ids=[one[0] for one in PLACES]
)
def test_a_location_that_cannot_be_holds_the_document_and_says_where_to_mend_it(
    simulator: ZohoBooksSimulator, world: SimulatedWorld, places: list[Item], chosen: str, code: str, words: str
) -> None:
    ids = [simulator.control("add_location", place) for place in places]
    choose(world, location_id=ids[0] if chosen == "own" else chosen)
    [finding] = findings(world, world.entry())
    assert finding.code == code
    assert words in finding.message
    failed = [one for one in world.open().verify() if one.state == "failed"]
    assert [one.name for one in failed] == ["Location"]
    assert finding.message in failed[0].message


def test_the_test_of_the_connection_offers_the_locations(simulator: ZohoBooksSimulator, world: SimulatedWorld) -> None:
    berlin = simulator.control("add_location", {"name": "Berlin", "is_primary": True})
    simulator.control("add_location", {"name": "Closed", "status": "inactive"})
    [check] = [one for one in world.open().verify() if one.name == "Location"]
    assert (check.state, check.message) == ("ok", "Documents go to Berlin.")
    assert check.offers == {"location_id": [(berlin, "Berlin")]}


@pytest.mark.parametrize("is_chosen", [True, False])
def test_a_location_that_was_set_and_that_zoho_drops_is_told(
    simulator: ZohoBooksSimulator, world: SimulatedWorld, is_chosen: bool
) -> None:
    """As Zoho drops what it does not take, without a word; the only place there is may be its way to have none."""
    berlin = simulator.control("add_location", {"name": "Berlin", "is_primary": True})
    choose(world, location_id=berlin if is_chosen else "")
    ledger, outgoing = world.open(), world.outgoing(world.entry())
    ledger.preflight(world.company, [outgoing.document])
    simulator.organisation.locations_enabled = False
    outcome = ledger.post(world.company, [outgoing])[0]
    assert outcome.state is OutcomeState.POSTED
    told = [("document_altered", "location")] if is_chosen else []
    assert [(one.code, one.value) for one in outcome.differences] == told


def test_a_document_that_was_moved_to_another_location_is_still_ours(
    simulator: ZohoBooksSimulator, world: SimulatedWorld
) -> None:
    simulator.control("add_location", {"name": "Berlin", "is_primary": True})
    outgoing, outcome = world.posted(world.entry())
    lyon = simulator.control("add_location", {"name": "Lyon"})
    world.act("PUT", f"/journals/{outcome.ledger_id}", {"location_id": lyon})
    assert world.open().find(world.company, [outgoing])[0].differences == ()


# --- custom fields

ENTITIES = {
    "entry": ("journal", "Manual Journals"),
    "bill": ("bill", "Bills"),
    "credit": ("vendor_credit", "Vendor Credits"),
    "payment": ("vendorpayment", "Payments Made"),
    "vendor": ("contact", "Customers and Vendors"),
}


@pytest.mark.parametrize("kind", ENTITIES)
def test_a_mandatory_field_that_nothing_fills_holds_the_document(
    simulator: ZohoBooksSimulator, world: SimulatedWorld, kind: str
) -> None:
    entity, page = ENTITIES[kind]
    document = world.new_vendor() if kind == "vendor" else made(world, kind)
    assert findings(world, document) == []
    simulator.control("add_custom_field", {"entity": entity, "label": "Budget holder", "is_mandatory": True})
    [finding] = findings(world, document)
    assert (finding.code, finding.value) == ("mandatory_field", "cf_budget_holder")
    assert "Budget holder" in finding.message
    assert f"Settings > Preferences > {page}" in finding.message
    outcome = world.open().post(world.company, [world.outgoing(document)])[0]
    assert outcome.state is OutcomeState.REJECTED, "Zoho refuses it as well"
    assert outcome.error.cure == "mandatory_field"  # type: ignore[union-attr]
    [check] = [one for one in world.open().verify() if one.name == "Mandatory fields"]
    assert (check.state, "Budget holder" in check.message) == ("warning", True)


def test_a_mandatory_field_of_expenses_does_not_hold_journals(
    simulator: ZohoBooksSimulator, world: SimulatedWorld
) -> None:
    simulator.control("add_custom_field", {"entity": "expense", "label": "Budget holder", "is_mandatory": True})
    assert findings(world, world.entry()) == []
    choose(world, card_purchases_as="expense")
    assert [one.code for one in findings(world, world.entry())] == ["mandatory_field"]


def test_a_mandatory_field_with_a_default_holds_nothing(simulator: ZohoBooksSimulator, world: SimulatedWorld) -> None:
    body = {"entity": "journal", "label": "Budget holder", "is_mandatory": True, "default_value": "Nobody"}
    simulator.control("add_custom_field", body)
    assert findings(world, world.entry()) == []
    world.posted(world.entry())


def test_the_key_field_may_be_mandatory(simulator: ZohoBooksSimulator, world: SimulatedWorld) -> None:
    for entity in ("bill", "contact", "vendorpayment"):
        body = {"entity": entity, "label": "Key", "is_mandatory": True, "is_unique": True}
        simulator.control("add_custom_field", body)
    choose(world, key_field="cf_key")
    for document in (world.new_vendor(), world.bill(), made(world, "payment")):
        assert findings(world, document) == []
        world.posted(document)


# --- reporting tags


def with_region(world: SimulatedWorld, document: Any) -> Any:
    tag = option(world, "Region", "EMEA")
    lines = tuple(replace(one, dimensions=(*one.dimensions, tag)) for one in document.lines)
    return replace(document, lines=lines)


@pytest.mark.parametrize("kind", ["entry", "bill", "credit"])
def test_a_mandatory_tag_that_zoho_tells_the_modules_of_is_asked_for_ahead(
    simulator: ZohoBooksSimulator, world: SimulatedWorld, kind: str
) -> None:
    simulator.control("switch", {"tags_tell_modules": True})
    assert findings(world, made(world, kind)) == [], "it is mandatory for sales alone"
    simulator.control("set_tag", {"name": "Region", "groups": ["Purchases", "Journal"]})
    [finding] = findings(world, made(world, kind))
    assert finding.code == "missing_dimension"
    assert "reporting tag Region on every line" in finding.message
    assert "Settings > Reporting Tags" in finding.message
    assert findings(world, with_region(world, made(world, kind))) == []
    world.posted(with_region(world, made(world, kind)))


def test_an_expense_carries_tags_on_its_costs_alone(simulator: ZohoBooksSimulator, world: SimulatedWorld) -> None:
    simulator.control("switch", {"tags_tell_modules": True})
    simulator.control("set_tag", {"name": "Region", "groups": ["Purchases"]})
    choose(world, card_purchases_as="expense")
    cost, card = world.entry().lines
    assert [one.code for one in findings(world, world.entry())] == ["missing_dimension"]
    tagged = world.entry(lines=(replace(cost, dimensions=(option(world, "Region", "EMEA"),)), card))
    assert findings(world, tagged) == []
    world.posted(tagged)


def test_a_tag_of_whole_documents_cannot_be_given_and_that_is_said(
    simulator: ZohoBooksSimulator, world: SimulatedWorld
) -> None:
    simulator.control("switch", {"tags_tell_modules": True})
    simulator.control("set_tag", {"name": "Campaign", "is_mandatory": True})
    [finding] = findings(world, world.entry())
    assert "Have it set on line items" in finding.message


def test_a_mandatory_tag_is_learnt_where_zoho_tells_no_modules(
    simulator: ZohoBooksSimulator, world: SimulatedWorld
) -> None:
    """Its list of tags may say that one is mandatory, and not for what: one that is for sales must hold nothing."""
    assert findings(world, world.entry()) == []
    simulator.control("set_tag", {"name": "Region", "groups": ["Journal"]})
    ledger = world.open()
    assert ledger.preflight(world.company, [world.entry()]) == [[]]
    outcome = ledger.post(world.company, [world.outgoing(world.entry())])[0]
    assert outcome.state is OutcomeState.REJECTED
    assert outcome.error.cure == "missing_dimension"  # type: ignore[union-attr]
    assert "Region" in outcome.error.message  # type: ignore[union-attr]
    assert [one.code for one in ledger.preflight(world.company, [world.entry()])[0]] == ["missing_dimension"]
    assert ledger.preflight(world.company, [world.bill()]) == [[]], "the module of purchases did not say so"


def test_a_refusal_for_something_else_blames_no_tag(simulator: ZohoBooksSimulator, world: SimulatedWorld) -> None:
    ledger = world.open()
    simulator.control("refuse", {"path": "/journals", "code": 990_020, "message": "The reference is too long"})
    outcome = ledger.post(world.company, [replace(world.outgoing(world.entry()), is_first=True)])[0]
    assert (outcome.state, outcome.error.cure) == (OutcomeState.REJECTED, "")  # type: ignore[union-attr]
    assert ledger.preflight(world.company, [world.entry()]) == [[]]


def test_a_mandatory_tag_is_warned_of_where_it_concerns_us(
    simulator: ZohoBooksSimulator, world: SimulatedWorld
) -> None:
    def told() -> tuple[str, str]:
        check = next(one for one in world.open().verify() if one.name == "Reporting tags")
        return check.state, check.message

    assert told()[0] == "ok"
    assert "does not tell for which modules Region is mandatory" in told()[1]
    simulator.control("switch", {"tags_tell_modules": True})
    assert told()[0] == "ok"
    assert "does not tell" not in told()[1]
    simulator.control("set_tag", {"name": "Region", "groups": ["Journal"]})
    assert told()[0] == "warning"


def test_a_vendor_needs_neither_location_nor_tag(simulator: ZohoBooksSimulator, world: SimulatedWorld) -> None:
    simulator.control("add_location", {"name": "Berlin"})
    simulator.control("add_location", {"name": "Lyon"})
    vendor = world.new_vendor()
    assert isinstance(vendor, NewVendor)
    assert findings(world, vendor) == []
