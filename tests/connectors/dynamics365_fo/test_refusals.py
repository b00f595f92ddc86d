"""Are odd refusals understood: other languages, number sequences, loads, and what may not be kept of an exchange?"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from requests.structures import CaseInsensitiveDict

from connectors.answers import ApiResponse
from connectors.base import OutcomeState
from connectors.documents import Partner
from connectors.dynamics365_fo.throttling import Gentle
from connectors.redaction import Redactor
from tests.connectors.dynamics365_fo.drafts import sent
from tests.connectors.dynamics365_fo.world import NOW, DynamicsWorld


@pytest.mark.parametrize("language", ["en-us", "de"])
def test_an_update_conflict_is_tried_again_in_whatever_language(world: DynamicsWorld, language: str) -> None:
    world.do("set", line_conflict_rate=1.0, language=language)
    outgoing, outcome = sent(world, world.entry())
    assert outcome.state is OutcomeState.NOT_SENT
    world.do("set", line_conflict_rate=0.0)
    assert world.open().post("usmf", [outgoing])[0].state is OutcomeState.POSTED


@pytest.mark.parametrize("language", ["en-us", "de"])
def test_a_manual_sequence_of_vendors_is_named_with_its_cure(world: DynamicsWorld, language: str) -> None:
    world.do("set", language=language)
    world.do("set_number_sequence", code="VendorAccounts", manual=True)
    _, outcome = sent(world, world.new_vendor())
    assert outcome.state is OutcomeState.REJECTED
    assert outcome.error.cure == "vendor_number_sequence"  # type: ignore[union-attr]
    assert "Accounts payable parameters" in str(outcome.error)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("The number sequence Acco_18 has been exceeded.", "Organization administration"),
        ("Number sequence Ledg_17 has no numbers left for vouchers.", "Organization administration"),
        (
            "The number sequence JournalBatchNumber does not allow 7.; Warning: validateField failed on 'X.Number'.",
            "our journal batch number",
        ),
    ],
)
def test_a_number_sequence_is_named_as_what_it_is(world: DynamicsWorld, text: str, named: str) -> None:
    said = f"AxODataWriteException Write failed for table row of type 'X'. Infolog: Warning: {text}"
    answer = ApiResponse(400, CaseInsensitiveDict(), said, said.encode(), True)
    error = world.open().client.http.error(answer)
    assert named in error.message
    assert ("our journal batch number" in error.message) == (named == "our journal batch number")


def test_bills_in_a_currency_that_a_company_made_up_are_left_out(world: DynamicsWorld) -> None:
    world.do("create", set="Currencies", values={"CurrencyCode": "RMB", "Name": "Renminbi"})
    world.do("set_rate", source="RMB", target="USD", day="2026-01-01", rate="14")
    values = {"dataAreaId": "usmf", "JournalName": "APInvoice", "Description": "Typed"}
    batch = world.do("create", set="VendInvoiceJournalHeaders", values=values)["JournalBatchNumber"]
    line = {
        "dataAreaId": "usmf", "JournalBatchNumber": batch, "LineNumber": Decimal(1), "Date": "2026-10-12T12:00:00Z",
        "AccountType": "Vend", "AccountDisplayValue": world.vendor.id, "Credit": Decimal("9.00"), "Currency": "RMB",
        "Invoice": "RM-1", "OffsetAccountType": "Ledger", "OffsetAccountDisplayValue": "600000---",
    }  # fmt: skip
    world.do("create", set="VendInvoiceJournalLines", values=line)
    typed = world.type_bill("RM-1", "5.00", is_posted=False)
    assert [one.ledger_id for one in world.open().bills("usmf", ["RM-1"])] == [typed]
    [[finding]] = world.open().preflight("usmf", [world.bill(number="RM-1", partner=Partner(world.vendor.id))])
    assert finding.code == "duplicate_reference"


@pytest.mark.parametrize("name", ["Tax1099FederalTaxId", "OrganizationNumber", "TaxExemptNumber"])
def test_tax_numbers_of_people_are_not_kept(world: DynamicsWorld, name: str) -> None:
    body = f'{{"VendorAccountNumber":"V1","{name}":"123-45-6789","Name":"Ana"}}'
    kept = Redactor(world.credentials).body(body)
    assert "123-45-6789" not in kept
    assert "Ana" in kept


class Counted:
    """A limiter that notes what calls cost."""

    def __init__(self) -> None:
        self.costs: list[int] = []
        self.waits: list[int] = []

    def acquire(self, cost: int = 1, *, call: str = "") -> None:
        self.costs.append(cost)

    def closed(self, retry_after: timedelta) -> None:
        self.waits.append(int(retry_after.total_seconds()))


def throttled(headers: dict[str, str]) -> ApiResponse:
    return ApiResponse(429, CaseInsensitiveDict(headers), "", b"", False)


def test_refusals_for_load_without_a_time_are_waited_for_longer_and_longer_at_half_the_pace() -> None:
    clock, inner = [NOW], Counted()
    waits = []
    for _ in range(6):  # each run opens the connection anew
        pace = Gentle(inner, "one.example", lambda: clock[0])
        pace.acquire()
        waits.append(int(pace.wait(throttled({}), clock[0]).total_seconds()))
        pace.closed(timedelta(seconds=waits[-1]))
        clock[0] += timedelta(seconds=waits[-1])
    assert waits == inner.waits == [30, 60, 120, 240, 480, 480]
    assert inner.costs == [1, 2, 2, 2, 2, 2]
    clock[0] += timedelta(minutes=16)
    pace.acquire()
    assert inner.costs[-1] == 1
    assert pace.wait(throttled({}), clock[0]) == timedelta(seconds=30)
    assert Gentle(inner, "another.example", lambda: NOW).wait(throttled({}), NOW) == timedelta(seconds=30)


def test_a_time_that_is_told_makes_none_longer() -> None:
    inner = Counted()
    pace = Gentle(inner, "told.example", lambda: NOW)
    for _ in range(3):
        pace.wait(throttled({"Retry-After": "5"}), NOW)
        pace.closed(timedelta(seconds=5))
    assert pace.wait(throttled({}), NOW) == timedelta(seconds=30)


def test_rates_are_read_of_the_days_that_are_wanted(world: DynamicsWorld) -> None:
    """A table of every day for years is not read anew each minute."""
    ledger = world.open()
    ledger.facts("usmf", frozenset())
    rows: list[str] = []
    read = ledger.client._read

    def counted(row: type, answer: ApiResponse) -> tuple[list[object], str | None]:
        found, link = read(row, answer)
        rows.extend(row.__name__ for _ in found)
        return found, link

    first = date(2025, 1, 2)
    for at in range(200):
        world.do("set_rate", source="EUR", target="USD", day=str(first + timedelta(days=at)), rate="110")
    for row in list(world.simulator.store.table("ExchangeRates").rows.values()):
        if (row["FromCurrency"], row["StartDate"][:4]) == ("EUR", "2025"):
            world.simulator.store.update("ExchangeRates", row, {"EndDate": row["StartDate"]})
    ledger.client._read = counted  # type: ignore[method-assign, assignment]
    day = date(2025, 3, 5)
    assert ledger.facts("usmf", frozenset({("EUR", day)})).rates["EUR", day] == Decimal("1.1")
    assert 60 <= len([one for one in rows if one == "RateRow"]) <= 66
    world.faults.calls.clear()
    later = day + timedelta(days=20)
    assert ledger.facts("usmf", frozenset({("EUR", later)})).rates["EUR", later] == Decimal("1.1")
    assert world.faults.calls == []
