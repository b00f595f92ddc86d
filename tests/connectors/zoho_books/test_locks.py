"""Is a lock of transactions read as the organisation means it: by module, by user, with days that were opened again?"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from connectors.base import OutcomeState
from connectors.zoho_books.locks import closed_through, locks_read, reopened
from connectors.zoho_books.schema_setup import LockRow
from connectors.zoho_books.simulator import ZohoBooksSimulator
from tests.connectors.zoho_books.conftest import SimulatedWorld

JANUARY, TENTH, TWENTIETH = date(2026, 1, 31), date(2026, 1, 10), date(2026, 1, 20)
Row = dict[str, Any]


@pytest.fixture
def world(simulator: ZohoBooksSimulator) -> SimulatedWorld:
    return SimulatedWorld(simulator)


def own_user(simulator: ZohoBooksSimulator) -> str:
    return simulator.signed_in.ids[simulator.organisation.id]


def codes(world: SimulatedWorld, day: date) -> list[set[str]]:
    """What is found in an entry and in a bill of a day."""
    documents = [world.entry(day=day), world.bill(posting_date=day)]
    return [{one.code for one in some} for some in world.open().preflight(world.company, documents)]


def posts(world: SimulatedWorld, day: date) -> bool:
    return world.open().post(world.company, [world.outgoing(world.entry(day=day))])[0].state is OutcomeState.POSTED


CLOSED: set[str] = {"closed_period"}
OPEN: set[str] = set()
LOCKS: list[tuple[str, Row, list[set[str]]]] = [
    ("of all modules", {}, [CLOSED, CLOSED]),
    ("of journals", {"module": "accountant"}, [CLOSED, OPEN]),
    ("of purchases", {"module": "purchase"}, [OPEN, CLOSED]),
    ("of sales", {"module": "sales"}, [OPEN, OPEN]),
    ("of banking", {"module": "banking"}, [OPEN, OPEN]),
    ("that is off", {"status": "disabled"}, [OPEN, OPEN]),
    ("that also logs", {"status": "enabled_with_logging"}, [CLOSED, CLOSED]),
    ("opened again for the day", {"reopened": ("2026-01-08", "2026-01-10")}, [OPEN, OPEN]),
    ("opened again for other days", {"reopened": ("2026-01-11", "2026-01-20")}, [CLOSED, CLOSED]),
    ("through an earlier day", {"through": "2026-01-09"}, [OPEN, OPEN]),
    ("through the very day", {"through": "2026-01-10"}, [CLOSED, CLOSED]),
    ("with another user excepted", {"users": ("4600001000000000000",)}, [CLOSED, CLOSED]),
]


@pytest.mark.parametrize(("lock", "found"), [row[1:] for row in LOCKS], ids=[row[0] for row in LOCKS])
def test_a_lock_closes_what_zoho_closes(
    simulator: ZohoBooksSimulator, world: SimulatedWorld, lock: Row, found: list[set[str]]
) -> None:
    simulator.control("lock", {"through": "2026-01-31", **lock})
    assert codes(world, TENTH) == found
    assert posts(world, TENTH) is (found[0] == OPEN), "what is found ahead is what Zoho itself does"


def test_a_lock_does_not_bind_the_user_whom_it_excepts(simulator: ZohoBooksSimulator, world: SimulatedWorld) -> None:
    simulator.control("lock", {"through": "2026-01-31", "users": (own_user(simulator),)})
    assert codes(world, TENTH) == [OPEN, OPEN]
    assert world.open().facts(world.company, frozenset()).closed_through == {}
    assert posts(world, TENTH)
    simulator.control("lock", {"through": "2026-02-28", "module": "accountant"})
    assert codes(world, TENTH) == [CLOSED, OPEN], "the other lock excepts nobody"


def test_who_we_are_is_asked_only_where_a_lock_excepts_somebody(
    simulator: ZohoBooksSimulator, world: SimulatedWorld
) -> None:
    simulator.control("lock", {"through": "2026-01-31"})
    codes(world, TENTH)
    assert not [one for one in simulator.calls if one.path.endswith("/users/me")]


def test_excepted_accounts_are_not_relied_on_and_that_is_said(
    simulator: ZohoBooksSimulator, world: SimulatedWorld
) -> None:
    simulator.control("lock", {"through": "2026-01-31", "accounts": (world.expense.id, world.card.id)})
    [finding] = world.open().preflight(world.company, [world.entry(day=TENTH)])[0]
    assert "accounts are excepted" in finding.message


def test_facts_tell_the_days_that_were_opened_again(simulator: ZohoBooksSimulator, world: SimulatedWorld) -> None:
    simulator.control("lock", {"through": "2026-01-31", "reopened": ("2026-01-05", "2026-01-12")})
    facts = world.open().facts(world.company, frozenset())
    assert set(facts.closed_through.values()) == {JANUARY}
    assert facts.reopened["journal_entry"] == ((date(2026, 1, 5), date(2026, 1, 12)),)
    simulator.control("lock", {"through": "2026-01-10", "module": "purchase"})
    facts = world.open().facts(world.company, frozenset())
    assert set(facts.reopened) == {"journal_entry"}, "the lock of purchases keeps some of those days closed"
    simulator.control("lock", {"through": "2026-01-04", "module": "purchase"})
    assert set(world.open().facts(world.company, frozenset()).reopened) == {"journal_entry", "vendor_bill", "payment"}


def test_a_lock_that_comes_between_check_and_write_is_told_as_such(
    simulator: ZohoBooksSimulator, world: SimulatedWorld
) -> None:
    outgoing = world.outgoing(world.entry(day=TWENTIETH))
    ledger = world.open()
    assert ledger.preflight(world.company, [outgoing.document]) == [[]]
    simulator.control("lock", {"through": "2026-01-31", "module": "accountant"})
    outcome = ledger.post(world.company, [outgoing])[0]
    assert outcome.state is OutcomeState.REJECTED
    assert outcome.error.cure == "closed_period"  # type: ignore[union-attr]
    assert "closed through 2026-01-31" in outcome.error.message  # type: ignore[union-attr]


PERIOD = {"transaction_lock_status": "enabled", "accounting_period_id": "1", "start_date": "2026-01-01"}


@pytest.mark.parametrize(
    ("row", "through", "spans"),
    [
        ({**PERIOD, "end_date": "2026-01-31"}, JANUARY, {}),
        ({**PERIOD, "end_date": "2026-01-31", "partial_lock_number": 1}, JANUARY, {}),
        ({"lock_status": "locked", "transaction_lock_date": "2026-01-31"}, JANUARY, {}),
        ({"lock_status": "unlocked", "transaction_lock_date": "2026-01-31"}, None, {}),
        ({"lock_status": "locked", "start_date": "2026-01-01", "end_date": "2026-01-31"}, None, {}),
        (
            {"lock_status": "locked", "transaction_lock_date": "2026-01-31", "user_exceptions": [{"user_id": "7"}]},
            None,
            {},
        ),
        (
            {"lock_status": "locked", "transaction_lock_date": "2026-01-31", "user_exceptions": [{"name": "Dana"}]},
            JANUARY,
            {},
        ),
    ],
)
def test_what_the_published_fields_may_hold(row: Row, through: date | None, spans: Row) -> None:
    """The days of an accounting period are its own, and no partial unlock."""
    locks = locks_read([LockRow.model_validate(row)], "7")
    assert set(closed_through(locks).values()) == ({through} if through else set())
    assert reopened(locks) == spans
