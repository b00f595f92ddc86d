"""How much does a listing or a search for numbers read of a company that has booked for years?"""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import unquote

import pytest

from connectors.base import Stamped
from connectors.documents import Partner
from connectors.dynamics365_fo import listing
from connectors.dynamics365_fo.stamps import WORDS, stamp_of
from connectors.registry import CONNECTORS
from tests.connectors.dynamics365_fo.drafts import sent
from tests.connectors.dynamics365_fo.world import DynamicsWorld


def listed(world: DynamicsWorld) -> list[Stamped]:
    return [one for page in world.open().list_stamped("usmf", None) for one in page]


def years_of_invoices(world: DynamicsWorld, count: int, description: str = "Typed") -> None:
    """Journals of forty lines, as people have them who enter a day's bills in one."""
    world.job.is_on = False
    for number in range(count):
        values = {"dataAreaId": "usmf", "JournalName": "APInvoice", "Description": f"{description} {number}"}
        batch = world.do("create", set="VendInvoiceJournalHeaders", values=values)["JournalBatchNumber"]
        for at in range(1, 41):
            line = {
                "dataAreaId": "usmf", "JournalBatchNumber": batch, "LineNumber": Decimal(at),
                "Date": "2026-10-12T12:00:00Z", "AccountType": "Vend", "AccountDisplayValue": world.vendor.id,
                "Credit": Decimal("9.00"), "Currency": "USD", "Invoice": f"RM-{number}-{at}",
                "OffsetAccountType": "Ledger", "OffsetAccountDisplayValue": "612000---",
            }  # fmt: skip
            world.do("create", set="VendInvoiceJournalLines", values=line)


@pytest.mark.parametrize("description", ["Typed", "brex-typed by Ana"])
def test_a_listing_asks_for_ours_alone(world: DynamicsWorld, description: str) -> None:
    bill, entry = sent(world, world.bill())[0], sent(world, world.entry())[0]
    years_of_invoices(world, 12, description)
    ledger = world.open()
    if description == "Typed":
        ledger.client.http.max_bytes = 60_000  # the others' lines are more than that
    found = {one.stamp for page in ledger.list_stamped("usmf", None) for one in page}
    assert {bill.stamp, entry.stamp} <= found
    assert not any(one.startswith("brex-typed") for one in found)


def test_a_listing_of_many_pages_shows_each_document_once(
    world: DynamicsWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 3)
    world.job.is_on = False
    sends = [world.outgoing(world.entry(f"{number}.00")) for number in range(1, 9)]
    world.open().post("usmf", sends)
    world.faults.calls.clear()
    assert sorted(one.stamp for one in listed(world) if one.type == "journal_entry") == sorted(
        one.stamp for one in sends
    )
    pages = [unquote(one) for one in world.faults.calls if "/LedgerJournalHeaders?" in one and "$top=3" in one]
    assert [one.partition("$skip=")[2] for one in pages] == ["", "3", "6"]


def test_every_vendor_has_a_word_that_is_asked_for() -> None:
    for key in CONNECTORS:
        assert stamp_of(f"{key}:1").partition("-")[0] in WORDS[:-1]
    assert stamp_of("somebody_new:1").startswith(f"{WORDS[-1]}-")


def test_a_bill_journals_mark_in_another_case_is_listed(world: DynamicsWorld) -> None:
    outgoing, created = sent(world, world.bill())
    key = ["usmf", created.number]
    row = world.simulator.store.find("VendInvoiceJournalHeaders", *key)
    world.simulator.store.update("VendInvoiceJournalHeaders", row, {"Description": outgoing.stamp.upper()})
    assert outgoing.stamp in {one.stamp for one in listed(world)}


def test_what_is_not_shown_is_told_as_not_listed(world: DynamicsWorld) -> None:
    assert world.open().unlisted("usmf") == frozenset()
    world.do("set_user", hidden=["VendInvoiceJournalHeaders", "VendorPaymentJournalLines"])
    assert world.open().unlisted("usmf") == {"vendor_bill", "payment"}


def test_the_search_for_a_bills_number_stays_with_its_vendor(world: DynamicsWorld) -> None:
    years_of_invoices(world, 1)
    other = world.outgoing(world.new_vendor())
    number = world.open().post("usmf", [other])[0].ledger_id
    world.type_bill("7", "5.00")
    ledger = world.open()
    answers = []
    many = ledger.client.many

    def counted(queries: list[object]) -> list[list[object]]:
        rows = many(queries)  # type: ignore[arg-type]
        answers.extend(row for some in rows for row in some if type(row).__name__ == "VendorTransactionRow")
        return rows

    ledger.client.many = counted  # type: ignore[method-assign, assignment]
    assert ledger.preflight("usmf", [world.bill(number="7", partner=Partner(number))]) == [[]]
    assert answers == []
    [[finding]] = ledger.preflight("usmf", [world.bill(number="# 7")])
    assert finding.code == "duplicate_reference"
    assert {row.account_num for row in answers} == {world.vendor.id}


def test_a_short_number_of_any_vendor_is_looked_for_as_it_is(world: DynamicsWorld) -> None:
    exact, _ = world.type_bill("7", "5.00"), world.type_bill("1-7-0", "6.00")
    assert [one.ledger_id for one in world.open().bills("usmf", ["7"])] == [exact]
    long = world.type_bill("INV 17-0.4", "6.00")
    assert [one.ledger_id for one in world.open().bills("usmf", ["inv1704"])] == [long]
