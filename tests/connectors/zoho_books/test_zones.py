"""Does a time zone that nobody knows hold up anything?"""

from __future__ import annotations

import pytest

from connectors.zoho_books.simulator import ZohoBooksSimulator
from connectors.zoho_books.zones import zone_named
from tests.connectors.zoho_books.world import ZohoWorld

NAMES = [
    ("Europe/Berlin", "Europe/Berlin"),
    (" America/New_York ", "America/New_York"),
    ("PST", ""),
    ("", ""),
    ("America", ""),
    ("../../etc/passwd", ""),
    ("/etc/passwd", ""),
    ("(GMT -8:00) Pacific", ""),
]


@pytest.mark.parametrize(("told", "expected"), NAMES)
def test_only_a_zone_that_the_world_knows_is_handed_on(
    simulator: ZohoBooksSimulator, world: ZohoWorld, told: str, expected: str
) -> None:
    zone = zone_named(told)
    assert (zone.key if zone else "") == expected
    if not told:
        return
    simulator.control("switch", {"time_zone_told": told})
    [company] = world.open().reference("company", world.company)
    assert company.facts["time_zone"] == expected
    found = [(one.state, told.strip() in one.message) for one in world.open().verify() if one.name == "Time zone"]
    assert found == ([] if expected else [("warning", True)])
