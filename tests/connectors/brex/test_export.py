"""Is Brex told once, whatever happens on the way?"""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import ExportResult
from connectors.brex.simulator import BrexSimulator, Switches
from connectors.brex.streams import ACCOUNTING_RECORDS
from connectors.errors import AuthenticationError, ConnectorError, RateLimitedError, TransportError
from tests.connectors.brex.desk import account, add_record, paths, source

EXPORT = "export-results"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.http.time.sleep", lambda seconds: None)


def booked(*ids: str) -> list[ExportResult]:
    return [ExportResult(one, f"BRX/{number}", f"https://ledger.test/{number}") for number, one in enumerate(ids)]


def tell(simulator: BrexSimulator, results: list[ExportResult]) -> dict[str, str]:
    return {one.external_id: one.state for one in source(simulator).tell(ACCOUNTING_RECORDS, results)}


def status(simulator: BrexSimulator, record_id: str) -> Any:
    found = simulator.store.records.get(record_id)
    assert found
    return found["review_status"]


def posts(simulator: BrexSimulator) -> int:
    return len([one for one in paths(simulator) if one[0] == "POST"])


def test_a_booked_record_is_exported_with_its_reference_and_link() -> None:
    simulator = account()
    one = add_record(simulator)
    assert tell(simulator, booked(one)) == {one: "told"}
    (result,) = simulator.state()["export_results"]
    assert status(simulator, one) == "EXPORTED"
    assert "BRX/0" in str(result)
    assert "https://ledger.test/0" in str(result)


def test_a_failure_is_reported_only_where_one_is_given() -> None:
    simulator = account()
    good, bad = add_record(simulator), add_record(simulator)
    outcomes = tell(simulator, [*booked(good), ExportResult(bad, failure="GL account 6100 is archived")])
    assert outcomes == {good: "told", bad: "told"}
    assert (status(simulator, good), status(simulator, bad)) == ("EXPORTED", "REVIEW")
    assert tell(simulator, [ExportResult(bad, failure="GL account 6100 is archived")]) == {bad: "already"}


def test_at_most_a_hundred_go_in_one_call() -> None:
    simulator = account()
    ids = [add_record(simulator) for _ in range(205)]
    assert set(tell(simulator, booked(*ids)).values()) == {"told"}
    assert posts(simulator) == 3


def test_offenders_are_taken_out_and_the_rest_is_told() -> None:
    simulator = account()
    good, also_good, reviewed, exported = (add_record(simulator) for _ in range(4))
    simulator.control("move_record", {"id": reviewed, "review_status": "REVIEW"})
    simulator.control("move_record", {"id": exported, "review_status": "EXPORTED"})
    outcomes = tell(simulator, booked(good, reviewed, "accr_nowhere", exported, also_good))
    assert outcomes == {
        good: "told",
        also_good: "told",
        reviewed: "refused",
        exported: "already",
        "accr_nowhere": "gone",
    }
    assert list(outcomes) == [good, reviewed, "accr_nowhere", exported, also_good]


def test_one_record_twice_is_told_once() -> None:
    simulator = account()
    one = add_record(simulator)
    assert tell(simulator, [*booked(one), *booked(one)]) == {one: "told"}
    assert posts(simulator) == 1


@pytest.mark.parametrize(
    ("kind", "parts", "expected", "held"),
    [
        ("commit_then_drop", {}, "told", "EXPORTED"),
        ("commit_then_status", {"status": 502, "body": "<html>"}, "told", "EXPORTED"),
        ("truncated", {}, "told", "EXPORTED"),
        ("html", {"status": 200}, "later", "READY_FOR_EXPORT"),
        ("drop", {}, "later", "READY_FOR_EXPORT"),
        ("status", {"status": 500}, "later", "READY_FOR_EXPORT"),
    ],
)
def test_after_an_unclear_answer_the_record_itself_is_asked(
    kind: str, parts: dict[str, Any], expected: str, held: str
) -> None:
    simulator = account()
    one = add_record(simulator)
    simulator.fail(kind, EXPORT, **parts)
    assert tell(simulator, booked(one)) == {one: expected}
    assert status(simulator, one) == held
    assert posts(simulator) == 1
    assert tell(simulator, booked(one))[one] in ("told", "already")
    assert status(simulator, one) == "EXPORTED"


def test_when_even_the_record_cannot_be_asked_it_is_uncertain() -> None:
    simulator = account()
    one = add_record(simulator)
    simulator.fail("commit_then_drop", EXPORT)
    simulator.fail("drop", "/v3/accounting/records$", times=10)
    assert tell(simulator, booked(one)) == {one: "uncertain"}


@pytest.mark.parametrize(
    ("arrange", "error"),
    [
        (lambda simulator: simulator.control("revoke_token", {}), AuthenticationError),
        (lambda simulator: simulator.fail("status", EXPORT, status=429), RateLimitedError),
    ],
)
def test_when_nothing_was_told_the_reason_is_raised(arrange: Any, error: type[ConnectorError]) -> None:
    simulator = account()
    one = add_record(simulator)
    arrange(simulator)
    with pytest.raises(error):
        tell(simulator, booked(one))
    assert status(simulator, one) == "READY_FOR_EXPORT"


def test_what_was_told_before_the_limit_is_not_forgotten() -> None:
    simulator = account()
    ids = [add_record(simulator) for _ in range(150)]
    simulator.fail("status", EXPORT, status=429, skip=1)
    outcomes = tell(simulator, booked(*ids))
    assert [outcomes[one] for one in ids] == ["told"] * 100 + ["later"] * 50


def test_a_refusal_that_names_nobody_is_narrowed_down() -> None:
    simulator = account()
    ids = [add_record(simulator) for _ in range(4)]
    body = '{"error_code": "INVALID_REQUEST", "message": "One of them is odd"}'
    for skip in (0, 0, 0):
        simulator.fail("status", EXPORT, status=400, body=body, skip=skip)
    outcomes = tell(simulator, booked(*ids))
    assert sorted(outcomes.values()) == ["refused", "told", "told", "told"]


def test_without_the_right_to_tell_the_records_say_so() -> None:
    simulator = account()
    one = add_record(simulator)
    token = simulator.control("add_token", {"scopes": ["accounting.record.read"]})
    from connectors.brex.auth import BrexCredentials

    desk = source(simulator, credentials=BrexCredentials(user_token=token))
    (outcome,) = desk.tell(ACCOUNTING_RECORDS, booked(one))
    assert outcome.state == "refused"
    assert "scopes" in outcome.reason


def test_an_absent_brex_is_an_absent_brex() -> None:
    simulator = account(switches=Switches())
    simulator.fail("status", "/v3/", status=503, times=50)
    one = add_record(simulator)
    outcomes = tell(simulator, booked(one))
    assert outcomes == {one: "uncertain"}
    with pytest.raises(TransportError):
        list(source(simulator).fetch(ACCOUNTING_RECORDS, [one]))
