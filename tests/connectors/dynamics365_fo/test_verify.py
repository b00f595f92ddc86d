"""Does the checklist find what is not as the flows need it, name the screen, and write nothing?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.base import Check
from connectors.dynamics365_fo.auth import credential_expiry
from tests.connectors.dynamics365_fo.world import NOW, DynamicsWorld


def checks(world: DynamicsWorld) -> dict[str, Check]:
    """The worst row of each name."""
    order = ["ok", "skipped", "warning", "failed"]
    found: dict[str, Check] = {}
    for one in world.open().verify():
        if one.name not in found or order.index(one.state) > order.index(found[one.name].state):
            found[one.name] = one
    return found


def test_a_good_set_up_is_told_and_nothing_is_written(world: DynamicsWorld) -> None:
    world.posted(world.entry())
    world.faults.writes.clear()
    before = world.simulator.state()["counts"]
    found = checks(world)
    assert world.faults.writes == []
    assert world.simulator.state()["counts"] == before
    assert [one for one in found.values() if one.state == "failed"] == []
    assert {"token", "application", "mapped user", "company", "dimension formats", "number sequence", "periods"} <= set(
        found
    )
    assert "usmf" in found["mapped user"].message
    assert "takes our batch numbers" in " ".join(one.message for one in world.open().verify())


def test_before_the_first_journal_the_number_sequence_is_a_matter_of_trust(world: DynamicsWorld) -> None:
    row = checks(world)["number sequence"]
    assert row.state == "warning"
    assert "Number sequences" in row.cure


@pytest.mark.parametrize(
    ("action", "arguments", "name", "screen"),
    [
        ("set_application", {"registered": False}, "application", "Microsoft Entra applications"),
        ("set_application", {"secret": "changed-0123456789"}, "token", "Certificates & secrets"),
        ("set_application", {"has_principal": False}, "application", "must be the environment's own address"),
        ("set_user", {"enabled": False}, "application", "Microsoft Entra applications"),
        ("set_user", {"hidden": ["Companies"]}, "application", "Security configuration"),
        ("set_dimension_format", {"ledger": []}, "dimension formats", "configuration for integrating applications"),
        ("set_dimension_format", {"default": []}, "dimension formats", "configuration for integrating applications"),
    ],
)
def test_what_is_missing_is_named_with_its_screen(
    world: DynamicsWorld, action: str, arguments: dict[str, Any], name: str, screen: str
) -> None:
    world.do(action, **arguments)
    row = checks(world)[name]
    assert row.state == "failed", row
    assert screen in row.cure


@pytest.mark.parametrize(
    ("kind", "name", "screen"),
    [
        ("Daily", "journal names for entries", "Journal names"),
        ("Payment", "journal names for payments", "Vendor disbursement under"),
        ("VendInvoice", "journal names for bills", "Journal names"),
    ],
)
def test_missing_journal_names_are_told(world: DynamicsWorld, kind: str, name: str, screen: str) -> None:
    for row in world.rows("JournalNames"):
        if row["Type"] == kind:
            world.do("remove", set="JournalNames", key=[row["dataAreaId"], row["Name"]])
    found = checks(world)[name]
    assert found.state in ("failed", "warning")
    assert screen in found.cure


@pytest.mark.parametrize(("days", "state"), [(400, "ok"), (20, "warning"), (0, "failed"), (None, "ok")])
def test_the_end_of_the_secret_is_told_long_before(world: DynamicsWorld, days: int | None, state: str) -> None:
    ends_on = None if days is None else NOW.date() + timedelta(days=days)
    world.credentials = world.credentials.model_copy(update={"secret_expires_on": ends_on})
    assert checks(world)["client secret"].state == state
    expiry = credential_expiry(world.context())
    assert (expiry.date() if expiry else None) == ends_on


def test_a_vendor_group_that_is_not_there_is_told(world: DynamicsWorld) -> None:
    world.settings = world.settings.model_copy(update={"vendor_group": "99"})
    assert checks(world)["vendor group"].state == "warning"


@pytest.mark.parametrize(
    ("hidden", "name"),
    [("VendorPaymentJournalHeaders", "journal names for payments"), ("BankAccounts", "bank accounts")],
)
def test_what_the_mapped_user_may_not_see_is_told(world: DynamicsWorld, hidden: str, name: str) -> None:
    assert checks(world)[name].state == "ok"
    world.settings = world.settings.model_copy(update={"bank_accounts": ""})
    world.do("set_user", hidden=[hidden])
    row = checks(world)[name]
    assert row.state == "warning"
    assert "Security configuration" in row.cure
