"""Do the ledger's accounts, cost centres and vendors reach Brex, once, and converge?"""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import ReferenceItem
from connectors.brex.auth import BrexSettings
from connectors.brex.errors import ConflictError
from connectors.brex.push import request_key, to_ascii, vendor_create
from connectors.brex.simulator import BrexSimulator, Switches
from connectors.errors import OutcomeUnknownError, RejectedError
from tests.connectors.brex.desk import account, client, paths, source


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.http.time.sleep", lambda seconds: None)


def item(code: str, name: str, *, kind: str = "account", id: str = "", is_active: bool = True) -> ReferenceItem:
    return ReferenceItem(kind, id or f"id-{code}", code=code, name=name, is_active=is_active)


ACCOUNTS = [item("6100", "Equipment"), item("6200", "Travel"), item("1410", "Input VAT")]


def values(simulator: BrexSimulator, remote_id: str = "gl_account") -> dict[str, tuple[str, bool]]:
    desk = client(simulator)
    (field,) = [row for page in desk.fields() for row in page if row["remote_id"] == remote_id]
    rows = [row for page in desk.field_values(field["brex_id"]) for row in page]
    assert len(rows) == len({row["remote_id"] for row in rows})
    return {row["remote_id"]: (row["value"], row["is_disabled"]) for row in rows}


def test_accounts_become_values_of_our_own_field() -> None:
    simulator = account()
    counts = source(simulator).push("account", ACCOUNTS)
    assert dict(counts) == {"created": 3, "changed": 0, "disabled": 0, "unchanged": 0}
    assert values(simulator) == {
        "6100": ("6100 Equipment", False),
        "6200": ("6200 Travel", False),
        "1410": ("1410 Input VAT", False),
    }
    assert len(list(simulator.store.integrations)) == 1


def test_pushing_again_changes_nothing_and_writes_nothing() -> None:
    simulator = account()
    source(simulator).push("account", ACCOUNTS)
    before = len(paths(simulator))
    counts = source(simulator).push("account", ACCOUNTS)
    assert dict(counts) == {"created": 0, "changed": 0, "disabled": 0, "unchanged": 3}
    assert {method for method, _ in paths(simulator)[before:]} == {"GET"}


def test_a_renamed_an_archived_and_a_vanished_account_follow() -> None:
    simulator = account()
    source(simulator).push("account", ACCOUNTS)
    changed = [item("6100", "Hardware"), item("6200", "Travel", is_active=False), item("6300", "Rent")]
    counts = source(simulator).push("account", changed)
    assert dict(counts) == {"created": 1, "changed": 1, "disabled": 2, "unchanged": 0}
    assert values(simulator) == {
        "6100": ("6100 Hardware", False),
        "6200": ("6200 Travel", True),
        "1410": ("1410 Input VAT", True),
        "6300": ("6300 Rent", False),
    }
    assert dict(source(simulator).push("account", ACCOUNTS)) == {
        "created": 0, "changed": 3, "disabled": 1, "unchanged": 0,
    }  # fmt: skip


def test_two_cost_centres_of_one_code_go_by_the_ledgers_id() -> None:
    simulator = account()
    centres = [
        item("R&D", "Research", kind="cost_centre", id="1"),
        item("R&D", "Development", kind="cost_centre", id="2"),
        item("", "Sales", kind="cost_centre", id="3"),
    ]
    source(simulator).push("cost_centre", centres)
    assert values(simulator, "cost_center") == {
        "1": ("R&D Research", False),
        "2": ("R&D Development", False),
        "3": ("Sales", False),
    }


def test_more_than_a_thousand_values_go_in_batches() -> None:
    simulator = account()
    many = [item(str(number), f"Account {number}") for number in range(2300)]
    assert source(simulator).push("account", many)["created"] == 2300
    assert len([one for one in paths(simulator) if one[0] == "POST" and one[1].endswith("/values")]) == 3
    assert source(simulator).push("account", many)["unchanged"] == 2300


def test_names_that_brex_refuses_are_sent_in_plain_letters_and_stay_equal() -> None:
    simulator = account()
    accounts = [item("6100", "Büromaterial für Łódź")]
    source(simulator).push("account", accounts)
    assert values(simulator) == {"6100": ("6100 Buromaterial fur Lodz", False)}
    assert source(simulator).push("account", accounts)["unchanged"] == 1
    simulator.switches.ascii_only = False
    assert source(simulator).push("account", [item("6100", "Möbel")])["changed"] == 1


@pytest.mark.parametrize(
    "path", ["/v3/accounting/integration$", "/v1/fields$", "/values$"], ids=["integration", "field", "values"]
)
def test_a_lost_answer_doubles_nothing(path: str) -> None:
    simulator = account()
    simulator.fail("commit_then_drop", path, method="POST")
    source(simulator).push("account", ACCOUNTS)
    assert set(values(simulator)) == {"6100", "6200", "1410"}
    assert len(list(simulator.store.integrations)) == 1


@pytest.mark.parametrize("names", ["id", "integration_id"])
def test_the_integration_is_read_under_either_name(names: str) -> None:
    simulator = account(switches=Switches(integration_id_names=names))
    assert source(simulator).push("account", ACCOUNTS)["created"] == 3


@pytest.mark.parametrize(
    ("vendor", "account_id", "says"),
    [("ERP_A", "theirs", "disconnect it there first"), ("ML_CONNECTOR", "other-books", "another set of books")],
)
def test_another_integration_in_the_way_is_explained(vendor: str, account_id: str, says: str) -> None:
    simulator = account()
    settings = BrexSettings(integration_vendor="ML_CONNECTOR", integration_account_id="books")
    client(simulator).integration(vendor, account_id)
    with pytest.raises(ConflictError, match=says):
        source(simulator, settings=settings).push("account", ACCOUNTS)


def test_without_an_integration_vendor_the_connection_lives_on() -> None:
    with pytest.raises(RejectedError, match="vendor identifier"):
        source(account(), settings=BrexSettings.model_validate({})).push("account", ACCOUNTS)


# --- vendors


def vendor(name: str, id: str = "41", **facts: str) -> ReferenceItem:
    return ReferenceItem("vendor", id, name=name, facts=facts)


def names(simulator: BrexSimulator) -> list[str]:
    return [str(one["company_name"]) for one in simulator.store.vendors]


def test_vendors_that_brex_lacks_are_created_once() -> None:
    simulator = account()
    simulator.control("add_vendor", {"company_name": "Rackshop SAS"})
    wanted = [vendor("RACKSHOP  sas", "1"), vendor("Harbor Ltd", "2", email="ap@harbor.test")]
    assert source(simulator).push("vendor", wanted)["created"] == 1
    assert source(simulator).push("vendor", wanted)["created"] == 0
    assert names(simulator) == ["Rackshop SAS", "Harbor Ltd"]


def test_a_name_with_accents_is_created_in_plain_letters_and_found_again() -> None:
    simulator = account()
    wanted = [vendor("Müller & Söhne")]
    assert source(simulator).push("vendor", wanted)["created"] == 1
    assert names(simulator) == ["Muller & Sohne"]
    assert source(simulator).push("vendor", wanted)["created"] == 0


def test_a_vendor_whose_creation_was_not_answered_is_created_once() -> None:
    simulator = account()
    simulator.fail("commit_then_drop", "/v1/vendors$", method="POST", times=3)
    with pytest.raises(OutcomeUnknownError):
        vendor_create(client(simulator), "cuacc_9", vendor("Harbor Ltd"))
    made = vendor_create(client(simulator), "cuacc_9", vendor("Harbor Ltd"))
    assert names(simulator) == ["Harbor Ltd"]
    assert made["id"] == next(iter(simulator.store.vendors))["id"]


@pytest.mark.parametrize("switches", [{"idempotent_duplicate": "conflict"}, {"idempotency_retention_seconds": 0}])
def test_however_brex_answers_a_repeated_key_there_is_one_vendor(switches: dict[str, Any]) -> None:
    simulator = account(switches=Switches(**switches))
    first = vendor_create(client(simulator), "cuacc_9", vendor("Harbor Ltd"))
    again = vendor_create(client(simulator), "cuacc_9", vendor("Harbor Ltd"))
    assert first["id"] == again["id"]
    assert names(simulator) == ["Harbor Ltd"]


def test_keys_are_pinned() -> None:
    assert request_key("cuacc_9", "vendor", "41", "Harbor Ltd") == "057d6fa3-ef8e-5b2e-b255-14c5a8659aaa"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Plain", "Plain"),
        ("Müller & Söhne", "Muller & Sohne"),
        ("Straße", "Strasse"),
        ("Łódź", "Lodz"),
        ("Søren \u2013 Café\u2019s", "Soren - Cafe's"),
        ("日本", "??"),
        ("", ""),
    ],
)
def test_plain_letters(text: str, plain: str) -> None:
    assert to_ascii(text) == plain
