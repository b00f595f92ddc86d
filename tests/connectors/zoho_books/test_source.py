"""Are Zoho's vendors read, changed ones first, and its lists offered while the day has calls to spare?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import Window
from connectors.errors import PayloadError, RateLimitedError, UnsupportedError
from connectors.records import VendorRecord
from connectors.zoho_books.ledger import ZohoLedger
from connectors.zoho_books.simulator import Switches, ZohoBooksSimulator
from connectors.zoho_books.source import STREAMS, ZohoSource, parse
from tests.connectors.zoho_books.world import ZohoWorld

SOON = timedelta(seconds=30)


class Told:
    def __init__(self, left: int) -> None:
        self._left = left

    def noted(self, left: int, allowed: int, seconds: int) -> None: ...

    def counted(self, allowed: int, seconds: int) -> None: ...

    def left(self) -> tuple[int, int] | None:
        return self._left, 5_000


def source_of(world: ZohoWorld, **parts: Any) -> ZohoSource:
    return ZohoSource(world._context(world.credentials, world.faults, **parts))


def read(world: ZohoWorld, since: datetime | None) -> list[str]:
    window = Window(since, datetime.now(UTC) + SOON)
    return [item.external_id for page in source_of(world).read("vendors", window) for item in page]


def test_vendors_are_read_once_and_customers_are_not(world: ZohoWorld, simulator: ZohoBooksSimulator) -> None:
    simulator.control("switch", {"contact_type_leaks": True})
    ids = read(world, None)
    expected = {row["contact_id"] for row in simulator.organisation.contacts if row["contact_type"] == "vendor"}
    assert len(ids) == len(set(ids))
    assert set(ids) == expected


def test_only_what_changed_since_is_read_again(world: ZohoWorld, simulator: ZohoBooksSimulator) -> None:
    old = read(world, None)
    simulator.clock.advance(hours=2)
    made = world.act("POST", "/contacts", {"contact_name": "Atelier", "contact_type": "vendor"})["contact"]
    world.act("PUT", f"/contacts/{old[-1]}", {"notes": "called"})
    world.open().identity()  # with a new token, as the old one has ended
    world.faults.calls.clear()
    assert set(read(world, datetime.now(UTC) + timedelta(hours=1))) == {made["contact_id"], old[-1]}
    assert len([one for one in world.faults.calls if "/contacts" in one]) == 1


def test_a_vendor_is_the_same_from_the_list_and_by_its_id(world: ZohoWorld) -> None:
    body = {"contact_name": "Atelier", "contact_type": "vendor"}
    body |= {"contact_persons": [{"email": "ap@atelier.test", "is_primary_contact": True}]}  # type: ignore[dict-item]
    made = world.act("POST", "/contacts", body)["contact"]["contact_id"]
    window = Window(None, datetime.now(UTC) + SOON)
    listed = {item.external_id: item for page in source_of(world).read("vendors", window) for item in page}
    [fetched] = source_of(world).fetch("vendors", [made, "999", "nobody"])
    assert fetched == listed[made]
    record = parse("vendors", fetched.payload)
    assert isinstance(record, VendorRecord)
    assert (record.name, record.email, record.is_active) == ("Atelier", "ap@atelier.test", True)


@pytest.mark.parametrize("payload", [{}, {"item": {}}, {"item": []}])
def test_what_is_no_contact_is_kept_and_not_guessed_at(payload: dict[str, Any]) -> None:
    with pytest.raises(PayloadError):
        parse("vendors", payload)


def test_the_last_calls_of_a_day_are_for_posting(world: ZohoWorld) -> None:
    outgoing = world.outgoing(world.entry())
    context = world._context(world.credentials, world.faults, budget=Told(999))
    with pytest.raises(RateLimitedError, match="kept for posting"):
        list(ZohoSource(context).read("vendors", Window(None, datetime.now(UTC))))
    ledger = ZohoLedger(context)
    with pytest.raises(RateLimitedError, match="kept for posting"):
        list(ledger.reference("vendor", world.company))
    assert ledger.post(world.company, [outgoing])[0].ledger_id
    assert list(ZohoLedger(world._context(world.credentials, world.faults, budget=Told(1_000))).reference("tax"))


def test_lists_are_offered_to_sources_and_no_other_stream_is_read(world: ZohoWorld) -> None:
    assert [key for key, spec in STREAMS.items() if spec.reading == "listed"] == ["accounts", "cost_centres"]
    with pytest.raises(UnsupportedError):
        list(source_of(world).read("accounts", Window(None, datetime.now(UTC))))


def test_the_test_of_a_connection_names_what_is_missing_and_writes_nothing() -> None:
    from tests.connectors.zoho_books.conftest import SimulatedWorld  # the fixture's simulator has no limits

    simulator = ZohoBooksSimulator(switches=Switches(requests_per_minute=None))
    world = SimulatedWorld(simulator)
    checks = world.open().verify()
    assert {one.state for one in checks} == {"ok"}, checks
    [offered] = [one.offers["organization_id"] for one in checks if one.offers]
    assert offered == [("927000001", "Cascade Robotics Inc"), ("927000002", "Cascade Robotics GmbH")]
    several = SimulatedWorld(simulator)
    several.settings = several.settings.model_copy(update={"organization_id": ""})
    *_, found, failed_one = several.open().verify()
    assert (found.offers, failed_one.state) == ({"organization_id": offered}, "failed")
    simulator.control("deny", {"scope": "bills.READ"})
    simulator.control("set_organisation", {"name": "Renamed"})
    failed = [one for one in world.open().verify() if one.state == "failed"]
    assert [one.name for one in failed] == ["Bills"]
    assert failed[0].cure
    assert world.faults.writes == []
