"""What becomes of a document when one call of its posting goes wrong in Odoo's own ways?"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import OutcomeState
from connectors.errors import ConfigurationError
from connectors.odoo import posting
from connectors.odoo.simulator import OdooSimulator
from tests.cases.ledger_cases import cost_on
from tests.connectors.odoo.world import OdooWorld

POSTED, REJECTED, UNCERTAIN, NOT_SENT = (
    OutcomeState.POSTED,
    OutcomeState.REJECTED,
    OutcomeState.UNCERTAIN,
    OutcomeState.NOT_SENT,
)
SERIALIZATION = "could not serialize access due to concurrent update\n"
RIGHTS = "You are not allowed to create 'Journal Entry' (account.move) records."


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "PAUSE", 0)


def answer(world: OdooWorld, path: str, value: Any, status: int = 200, times: int = 1) -> None:
    """The next calls of a path are answered so, and not executed."""
    body = json.dumps(value).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    world.faults.fail("status", path, times=times, status=status, body=body, headers=headers)


def loaded(message: str) -> dict[str, Any]:
    return {"ids": False, "messages": [{"type": "error", "message": message, "record": 0}], "nextrow": 0}


def error(name: str, message: str) -> dict[str, Any]:
    return {"name": name, "message": message, "arguments": [message], "context": {}, "debug": "Traceback"}


@pytest.mark.parametrize(("times", "state"), [(1, POSTED), (2, POSTED), (3, NOT_SENT)])
def test_a_lost_race_is_tried_again_a_little(world: OdooWorld, times: int, state: OutcomeState) -> None:
    outgoing = world.outgoing(world.entry())
    answer(world, "account.move/load", loaded(SERIALIZATION), times=times)
    assert world.open().post("1", [outgoing])[0].state is state
    assert world.count(outgoing) == (1 if state is POSTED else 0)


def test_a_missing_right_blocks_the_connection_and_not_the_document(world: OdooWorld) -> None:
    answer(world, "account.move/load", loaded(RIGHTS))
    with pytest.raises(ConfigurationError):
        world.open().post("1", [world.outgoing(world.entry())])


def test_what_earlier_groups_of_a_batch_did_is_told_though_the_next_is_blocked(world: OdooWorld) -> None:
    bill, entry = world.outgoing(world.bill()), world.outgoing(world.entry())
    ledger = world.open()
    world.faults.fail("status", "account.move/load", skip=1, status=429, headers={"Retry-After": "60"}, body=b"")
    answers = ledger.post("1", [entry, bill])
    assert [one.state for one in answers] == [NOT_SENT, POSTED]


SILENT = [
    ("account.move/action_post", error("psycopg2.errors.SerializationFailure", SERIALIZATION), 500),
    ("account.move/action_post", error("werkzeug.exceptions.Unauthorized", "Invalid apikey"), 401),
    ("account.move.line/search_read", error("builtins.ValueError", "Invalid field 'nope'"), 500),
]


@pytest.mark.parametrize(("path", "value", "status"), SILENT)
def test_what_is_not_known_after_the_draft_was_made_is_uncertain_and_then_settled(
    world: OdooWorld,
    path: str,
    value: dict[str, Any],
    status: int,
) -> None:
    outgoing = world.outgoing(world.entry())
    answer(world, path, value, status)
    outcome = world.open().post("1", [outgoing])[0]
    assert outcome.state is UNCERTAIN
    assert outcome.ledger_id, "what is known of it is told"
    assert world.delivered(outgoing).state is POSTED
    assert world.count(outgoing) == 1


def test_a_refused_draft_that_cannot_be_deleted_is_not_called_rejected(world: OdooWorld) -> None:
    outgoing = world.outgoing(world.entry())
    answer(world, "account.move/action_post", error("odoo.exceptions.UserError", "No."), 422)
    answer(world, "account.move/unlink", error("odoo.exceptions.UserError", "You cannot delete it."), 422)
    assert world.open().post("1", [outgoing])[0].state is UNCERTAIN
    assert world.count(outgoing) == 1


def test_a_refused_draft_that_is_deleted_is_rejected_with_odoos_words(world: OdooWorld) -> None:
    outgoing = world.outgoing(world.entry())
    answer(world, "account.move/action_post", error("odoo.exceptions.UserError", "Not on a Friday."), 422)
    outcome = world.open().post("1", [outgoing])[0]
    assert outcome.state is REJECTED
    assert "Not on a Friday." in outcome.error.message  # type: ignore[union-attr]
    assert world.count(outgoing) == 0


def test_one_refusal_among_many_costs_few_calls(world: OdooWorld, simulator: OdooSimulator) -> None:
    with world.archived_account() as account:
        batch = [world.outgoing(world.entry(f"{number}.00")) for number in range(1, 64)]
        bad = world.outgoing(cost_on(world, account))
        batch.insert(40, bad)
        world.faults.calls.clear()
        outcomes = world.open().post("1", batch)
    assert [one.key for one in outcomes if one.state is REJECTED] == [bad.key]
    assert [one.state for one in outcomes].count(POSTED) == 63
    assert len(world.faults.calls) < 40


def test_a_payment_that_lost_its_account_between_load_and_posting_is_made_anew(world: OdooWorld) -> None:
    bill, _ = world.posted(world.bill())
    outgoing = world.outgoing(world.payment("121.00", bill.key))
    world.faults.fail("drop", "account.payment/action_post")
    assert world.open().post("1", [outgoing])[0].state is UNCERTAIN
    first = world.read("account.payment", [["memo", "=", outgoing.stamp]], "state")
    final = world.open().find("1", [outgoing])[0]
    assert (final.state, final.differences) == (POSTED, ())
    assert world.count(outgoing) == 1
    assert final.ledger_id != f"payment:{first[0]['id']}", "a second load of the draft would take its account away"


def test_a_cancelled_payment_stays_cancelled(world: OdooWorld) -> None:
    bill, _ = world.posted(world.bill())
    outgoing, posted = world.posted(world.payment("121.00", bill.key))
    ids = [int(posted.ledger_id.removeprefix("payment:"))]
    world.act("account.payment", "action_draft", ids=ids)
    world.act("account.payment", "action_cancel", ids=ids)
    for outcome in (world.open().find("1", [outgoing])[0], world.open().post("1", [outgoing])[0]):
        assert outcome.state is OutcomeState.CANCELLED
    assert world.count(outgoing) == 1


def test_a_payment_goes_through_the_account_of_its_method(world: OdooWorld) -> None:
    lines = world.read("account.payment.method.line", [["journal_id", "=", int(world.payment_journal)]], "name")
    values = {"payment_account_id": int(world.card.id)}
    world.act("account.payment.method.line", "write", ids=[row["id"] for row in lines], vals=values)
    bill, _ = world.posted(world.bill())
    paid, _ = world.posted(world.payment("121.00", bill.key, money=world.card))
    assert world.books(paid) == {world.card.id: Decimal("-121.00"), world.payable.id: Decimal("121.00")}
