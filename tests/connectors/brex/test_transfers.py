"""Is a vendor paid exactly once, whatever Brex answers?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.brex.simulator import BrexSimulator
from connectors.brex.transfers import TransferOrder, transfer_key, transfer_send, transfer_status
from connectors.errors import ConnectorError, OutcomeUnknownError, RateLimitedError, RejectedError, UnsupportedError
from connectors.money import Money
from tests.connectors.brex.desk import client, company

KEY = transfer_key("brex:accr_1001:pay")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.http.time.sleep", lambda seconds: None)


@pytest.fixture
def simulator() -> BrexSimulator:
    return company(records=60)


def order(simulator: BrexSimulator, **changes: Any) -> TransferOrder:
    instruments = [
        payment["details"]["payment_instrument_id"]
        for vendor in simulator.store.vendors
        for payment in vendor.get("payment_accounts") or ()
        if payment["details"]["type"] == "ACH"
    ]
    values: dict[str, Any] = {
        "key": KEY,
        "amount": Money(Decimal("1250.00"), "USD"),
        "payment_instrument_id": instruments[0],
        "cash_account_id": next(iter(simulator.store.cash_accounts))["id"],
        "description": "Bill 2026-0117",
        "external_memo": "INV 2026-0117",
        "ordered_on": date(2026, 3, 4),
        **changes,
    }
    return TransferOrder(**values)


def paid(simulator: BrexSimulator) -> int:
    return len([one for one in simulator.store.transfers if one["external_memo"] == "INV 2026-0117"])


def test_a_payment_goes_out_in_minor_units(simulator: BrexSimulator) -> None:
    sent = transfer_send(client(simulator), order(simulator))
    assert sent.amount
    assert (sent.amount.amount, sent.amount.currency, sent.payment_type) == (125000, "USD", "ACH")
    assert transfer_status(client(simulator), sent.id).status == "PROCESSING"


@pytest.mark.parametrize("duplicate", ["replay", "conflict"])
def test_sending_the_same_order_again_pays_once(simulator: BrexSimulator, duplicate: str) -> None:
    simulator.switches.idempotent_duplicate = duplicate
    first = transfer_send(client(simulator), order(simulator))
    again = transfer_send(client(simulator), order(simulator))
    assert first.id == again.id
    assert paid(simulator) == 1


@pytest.mark.parametrize("duplicate", ["replay", "conflict"])
@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("commit_then_drop", {}),
        ("commit_then_status", {"status": 500}),
        ("truncated", {}),
        ("drop", {}),
        ("status", {"status": 503}),
    ],
)
def test_an_unclear_answer_never_pays_twice(
    simulator: BrexSimulator, duplicate: str, kind: str, parts: dict[str, Any]
) -> None:
    simulator.switches.idempotent_duplicate = duplicate
    simulator.fail(kind, "/v1/transfers$", method="POST", **parts)
    wanted = order(simulator)
    try:
        transfer_send(client(simulator), wanted)
    except OutcomeUnknownError:
        transfer_send(client(simulator), wanted)
    assert paid(simulator) == 1


def test_a_conflict_over_nothing_that_is_listed_stays_unclear(simulator: BrexSimulator) -> None:
    body = '{"type": "CONFLICT", "message": "A request with this Idempotency-Key was already processed"}'
    simulator.fail("status", "/v1/transfers$", method="POST", status=409, body=body)
    with pytest.raises(OutcomeUnknownError, match="none like it"):
        transfer_send(client(simulator), order(simulator))


def test_an_older_transfer_that_looks_the_same_is_not_taken_for_ours(simulator: BrexSimulator) -> None:
    transfer_send(client(simulator), order(simulator))
    simulator.switches.idempotent_duplicate = "conflict"
    with pytest.raises(OutcomeUnknownError):
        transfer_send(client(simulator), order(simulator, ordered_on=date(2026, 3, 5)))


def test_a_refusal_is_a_refusal(simulator: BrexSimulator) -> None:
    with pytest.raises(RejectedError):
        transfer_send(client(simulator), order(simulator, payment_instrument_id="pdinstl_nowhere"))
    assert paid(simulator) == 0


def test_the_daily_limit_closes_for_a_while(simulator: BrexSimulator) -> None:
    simulator.switches.transfers_per_day = 0
    with pytest.raises(RateLimitedError):
        transfer_send(client(simulator), order(simulator))


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": Money(Decimal("10.00"), "EUR")},
        {"amount": Money(Decimal("0.00"), "USD")},
        {"amount": Money(Decimal("-5.00"), "USD")},
        {"external_memo": "x" * 91},
        {"external_memo": "x" * 41, "rail": "CHEQUE"},
        {"external_memo": ""},
        {"external_memo": "Rechnung Nr. 1 für März"},
        {"description": "für März"},
    ],
)
def test_what_brex_cannot_pay_never_leaves_the_house(simulator: BrexSimulator, changes: dict[str, Any]) -> None:
    before = simulator.call_count
    with pytest.raises(UnsupportedError):
        order(simulator, **changes)
    assert simulator.call_count == before


def test_the_key_of_a_payment_is_pinned() -> None:
    assert KEY == "5f1ec44c-799c-5d43-96dd-4e49cf3c6bfe"
    assert transfer_key("brex:accr_1001:pay:2") != KEY


def test_every_error_is_one_of_ours(simulator: BrexSimulator) -> None:
    simulator.fail("html", "/v1/transfers$", method="POST", status=200, times=5)
    with pytest.raises(ConnectorError):
        transfer_send(client(simulator), order(simulator))
