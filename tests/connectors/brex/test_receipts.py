"""Do a record's files come out of Brex, named, over links that run out?"""

from __future__ import annotations

import pytest

from connectors.base import ReceiptFile, Window
from connectors.brex import receipts
from connectors.brex.simulator import BrexSimulator
from connectors.brex.source import BrexSource
from connectors.brex.streams import ACCOUNTING_RECORDS, CARD_TRANSACTIONS, CASH_TRANSACTIONS, EXPENSES, PAYMENT_PART
from connectors.errors import PayloadError, RejectedError
from tests.connectors.brex.desk import NOW, company, source


@pytest.fixture
def simulator() -> BrexSimulator:
    return company()


def files_of(desk: BrexSource, stream: str, external_id: str) -> list[ReceiptFile]:
    """The files of one record alone."""
    found = list(desk.receipts_many(stream, [external_id]))
    assert {one for one, _ in found} <= {external_id}
    return [file for _, file in found]


def with_receipt(simulator: BrexSimulator, stream: str) -> str:
    """The id of a record of the stream whose expense has a receipt."""
    for page in source(simulator).read(stream, Window(None, NOW)):
        for item in page:
            holder = item.payload["item"] if stream == EXPENSES else item.payload["lookups"].get("expense") or {}
            if holder.get("receipts") and not item.external_id.endswith(PAYMENT_PART):
                return item.external_id
    raise AssertionError("no record has a receipt")


@pytest.mark.parametrize("stream", [ACCOUNTING_RECORDS, CARD_TRANSACTIONS, EXPENSES])
def test_a_receipt_is_a_named_file(simulator: BrexSimulator, stream: str) -> None:
    files = files_of(source(simulator), stream, with_receipt(simulator, stream))
    assert files
    assert all(file.content.startswith(b"%PDF") for file in files)
    assert {file.media_type for file in files} == {"application/pdf"}
    assert all(file.name.startswith("receipt_") and file.name.endswith(".pdf") for file in files)


def test_links_are_asked_for_afresh_each_time(simulator: BrexSimulator) -> None:
    record = with_receipt(simulator, ACCOUNTING_RECORDS)
    first = [file.name for file in files_of(source(simulator), ACCOUNTING_RECORDS, record)]
    simulator.clock.advance(hours=2)
    assert [file.name for file in files_of(source(simulator), ACCOUNTING_RECORDS, record)] == first


def test_a_link_that_ran_out_is_renewed_once(simulator: BrexSimulator) -> None:
    record = with_receipt(simulator, ACCOUNTING_RECORDS)
    simulator.fail("status", "/files/", status=403, body="<Error><Code>AccessDenied</Code></Error>")
    assert files_of(source(simulator), ACCOUNTING_RECORDS, record)
    simulator.fail("status", "/files/", status=404, body="NoSuchKey", times=5)
    with pytest.raises(RejectedError):
        files_of(source(simulator), ACCOUNTING_RECORDS, record)


def test_no_credential_goes_to_the_host_of_the_files(simulator: BrexSimulator) -> None:
    simulator.control("set", {"requests_per_minute": None})
    seen: list[str] = []
    real = simulator.files.download

    def download(request: object, receipt_id: str) -> object:
        seen.append(str(getattr(request, "headers", {}).get("Authorization", "")))
        return real(request, receipt_id)  # type: ignore[arg-type]

    simulator.files.download = download  # type: ignore[method-assign, assignment]
    simulator._map = type(simulator._map)(list(simulator.rules()), strict_slashes=False)
    assert files_of(source(simulator), EXPENSES, with_receipt(simulator, EXPENSES))
    assert seen == [""] * len(seen)
    assert seen


def test_a_file_that_is_too_large_is_refused(simulator: BrexSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "LARGEST", 100)
    with pytest.raises(PayloadError, match="at most"):
        files_of(source(simulator), EXPENSES, with_receipt(simulator, EXPENSES))


@pytest.mark.parametrize(
    ("content", "ending", "media_type"),
    [
        (b"%PDF-1.7 x", ".pdf", "application/pdf"),
        (b"\xff\xd8\xff\xe0 x", ".jpg", "image/jpeg"),
        (b"\x89PNG\r\n x", ".png", "image/png"),
        (b"plain", ".txt", "text/plain"),
    ],
)
def test_the_name_follows_the_content(simulator: BrexSimulator, content: bytes, ending: str, media_type: str) -> None:
    expense = with_receipt(simulator, EXPENSES)
    for held in simulator.store.receipts.values():
        held["_bytes"] = content
    if ending == ".txt":
        simulator.fail("status", "/files/", status=200, body="plain")
        (first, *_) = files_of(source(simulator), EXPENSES, expense)
        assert first.content == b"plain"
        return
    (first, *_) = files_of(source(simulator), EXPENSES, expense)
    assert (first.name[-4:], first.media_type, first.content) == (ending, media_type, content)


def test_records_without_files_have_none(simulator: BrexSimulator) -> None:
    desk = source(simulator)
    assert files_of(desk, ACCOUNTING_RECORDS, "accr_nowhere") == []
    assert files_of(desk, EXPENSES, "expense_nowhere") == []
    assert files_of(desk, CARD_TRANSACTIONS, "pste_nowhere") == []
    assert files_of(desk, CASH_TRANSACTIONS, "pacte_nowhere") == []
    assert files_of(desk, EXPENSES, f"{with_receipt(simulator, EXPENSES)}{PAYMENT_PART}") == []
    assert list(desk.receipts_many(ACCOUNTING_RECORDS, [])) == []


def test_files_of_many_records_cost_one_call_and_the_downloads(simulator: BrexSimulator) -> None:
    own = [one for one in simulator.store.records if one.get("receipts")][:40]
    desk = source(simulator)
    before = len(simulator.calls)
    found = list(desk.receipts_many(ACCOUNTING_RECORDS, [one["id"] for one in own]))
    assert {one for one, _ in found} == {one["id"] for one in own}
    paths = [call.path for call in list(simulator.calls)[before:]]
    lists = [path for path in paths if not path.startswith("/files/")]
    assert lists == ["/v3/accounting/records"]
    assert len(paths) - len(lists) == len(found) >= len(own)
