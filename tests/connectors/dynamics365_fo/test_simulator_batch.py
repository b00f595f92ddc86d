"""Does the simulated `$batch` behave as F&O's: changesets all or nothing, other parts alone, and 200 around it all?"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from email.message import Message
from email.parser import BytesParser
from typing import Any

import pytest
import requests

from tests.connectors.dynamics365_fo.simulated import HOST, Environment, batch, changeset, infolog, line_body, operation

HEADERS = "/data/LedgerJournalHeaders?cross-company=true"
LINES = "/data/LedgerJournalLines?cross-company=true"


@pytest.fixture
def fo() -> Environment:
    return Environment()


class Part:
    """One part of a batch's answer."""

    def __init__(self, message: Message) -> None:
        payload = message.get_payload(decode=True)
        assert isinstance(payload, bytes)
        head, _, body = payload.replace(b"\r\n", b"\n").partition(b"\n\n")
        first, *rest = head.decode().split("\n")
        self.status = int(first.split(" ")[1])
        self.headers = dict(line.split(": ", 1) for line in rest)
        self.content_id = message["Content-ID"] or ""
        self.body: Any = json.loads(body, parse_float=Decimal) if body.strip().startswith(b"{") else body.decode()

    @property
    def words(self) -> str:
        return str(self.body["error"]["innererror"]["message"])


def parts(answer: requests.Response) -> list[Part | list[Part]]:
    """The parts of an answer in order; those of a changeset as a list."""
    assert answer.status_code == 200, answer.text
    whole = BytesParser().parsebytes(
        f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode() + answer.content
    )
    found: list[Part | list[Part]] = []
    for one in whole.get_payload():
        assert isinstance(one, Message)
        found.append([Part(inner) for inner in one.get_payload()] if one.is_multipart() else Part(one))  # type: ignore[arg-type]
    return found


def journal(number: str, lines: int = 2, first: int = 1, **broken: Any) -> list[str]:
    """A header with lines; `broken` fields go into the last line."""
    header = {"dataAreaId": "usmf", "JournalBatchNumber": number, "JournalName": "GenJrn"}
    found = [operation(first, "POST", HEADERS, header)]
    for line in range(1, lines + 1):
        extra = broken if line == lines else {}
        found.append(operation(first + line, "POST", LINES, line_body(header, LineNumber=line, **extra)))
    return found


def test_a_changeset_creates_header_and_lines_together(fo: Environment) -> None:
    answer = fo.batch(batch(changeset(*journal("BX1"))))
    assert re.fullmatch(r"multipart/mixed; boundary=batchresponse_[0-9a-f-]+", answer.headers["Content-Type"])
    (made,) = parts(answer)
    assert isinstance(made, list)
    assert [(one.status, one.content_id) for one in made] == [(201, "1"), (201, "2"), (201, "3")]
    assert (
        made[0].headers["Location"] == f"{HOST}/data/LedgerJournalHeaders(dataAreaId='usmf',JournalBatchNumber='BX1')"
    )
    assert made[2].headers["ETag"] == made[2].body["@odata.etag"]
    assert fo.get("LedgerJournalHeaders(dataAreaId='usmf',JournalBatchNumber='BX1')")["JournalTotalDebit"] == 85


@pytest.mark.parametrize(("setting", "content_id"), [("first", "1"), ("right", "3"), ("none", "")])
def test_a_changeset_that_fails_leaves_nothing_and_answers_with_one_part(
    fo: Environment, setting: str, content_id: str
) -> None:
    fo.switches.failed_content_id = setting
    (made,) = parts(fo.batch(batch(changeset(*journal("BX1", CurrencyCode="XXX")))))
    assert isinstance(made, list)
    assert [(one.status, one.content_id) for one in made] == [(400, content_id)]
    assert "'XXX' in field 'Currency'" in made[0].words
    assert (fo.get("LedgerJournalHeaders/$count"), fo.get("LedgerJournalLines/$count")) == (0, 0)


def test_changesets_are_independent_of_each_other(fo: Environment) -> None:
    body = batch(
        changeset(*journal("BX1"), boundary="a"),
        changeset(*journal("BX2", CurrencyCode="XXX"), boundary="b"),
        changeset(*journal("BX3"), boundary="c"),
    )
    statuses = [[one.status for one in some] for some in parts(fo.batch(body)) if isinstance(some, list)]
    assert statuses == [[201, 201, 201], [400], [201, 201, 201]]
    found = [one["JournalBatchNumber"] for one in fo.rows("LedgerJournalHeaders")]
    assert found == ["BX1", "BX3"]


def test_a_second_changeset_with_the_same_number_is_a_duplicate(fo: Environment) -> None:
    fo.batch(batch(changeset(*journal("BX1"))))
    (again,) = parts(fo.batch(batch(changeset(*journal("BX1")))))
    assert isinstance(again, list)
    assert [one.status for one in again] == [400]
    assert "The record already exists" in again[0].words
    assert fo.get("LedgerJournalLines/$count") == 2


def test_parts_outside_changesets_succeed_and_fail_alone(fo: Environment) -> None:
    header = {"dataAreaId": "usmf", "JournalName": "GenJrn"}
    body = batch(
        operation(1, "POST", HEADERS, header),
        operation(2, "POST", HEADERS, {**header, "JournalName": "None"}),
        operation(3, "GET", f"{HOST}/data/LedgerJournalHeaders?$select=JournalBatchNumber&cross-company=true"),
        operation(4, "GET", "/data/Foo"),
    )
    found = [one for one in parts(fo.batch(body)) if isinstance(one, Part)]
    assert [(one.status, one.content_id) for one in found] == [(201, "1"), (400, "2"), (200, "3"), (404, "4")]
    assert [one["JournalBatchNumber"] for one in found[2].body["value"]] == ["00452"]


def test_bare_line_ends_and_a_missing_closing_line_are_forgiven(fo: Environment) -> None:
    header = {"dataAreaId": "usmf", "JournalBatchNumber": "BX1", "JournalName": "GenJrn"}
    inner = changeset(operation(1, "POST", HEADERS, header, line_end="\n"), line_end="\n", closed=False)
    assert fo.batch(batch(inner, line_end="\n")).status_code == 200
    assert fo.get("LedgerJournalHeaders/$count") == 1


def test_a_reference_to_an_earlier_part_leads_nowhere(fo: Environment) -> None:
    header = {"dataAreaId": "usmf", "JournalBatchNumber": "BX1", "JournalName": "GenJrn"}
    inner = changeset(operation(1, "POST", HEADERS, header), operation(2, "PATCH", "$1", {"Description": "x"}))
    (made,) = parts(fo.batch(batch(inner)))
    assert isinstance(made, list)
    assert [one.status for one in made] == [400]
    assert fo.get("LedgerJournalHeaders/$count") == 0


def test_a_read_has_no_place_in_a_changeset(fo: Environment) -> None:
    (made,) = parts(fo.batch(batch(changeset(operation(1, "GET", "/data/Companies")))))
    assert isinstance(made, list)
    assert made[0].status == 400


def test_too_many_operations_are_refused_as_a_whole(fo: Environment) -> None:
    fo.switches.batch_operations = 5
    answer = fo.batch(batch(changeset(*journal("BX1", lines=5))))
    assert answer.status_code == 400
    assert "at most 5000" in infolog(answer)
    assert fo.get("LedgerJournalHeaders/$count") == 0


def test_a_part_may_be_throttled_inside_a_batch_that_is_well(fo: Environment) -> None:
    fo.switches.throttle_parts = 1
    body = batch(operation(1, "GET", "/data/Companies"), operation(2, "GET", "/data/Companies"))
    first, second = parts(fo.batch(body))
    assert isinstance(first, Part)
    assert isinstance(second, Part)
    assert (first.status, first.headers["Retry-After"], second.status) == (429, "30", 200)
    assert "high resource utilization" in first.words


@pytest.mark.parametrize("kind", ["application/json", "multipart/mixed", ""])
def test_what_is_no_batch_is_refused(fo: Environment, kind: str) -> None:
    assert fo.call("POST", "/data/$batch", "{}", Content_Type=kind).status_code == 400


def test_lines_of_one_header_in_one_batch_do_not_conflict_with_each_other(fo: Environment) -> None:
    (made,) = parts(fo.batch(batch(changeset(*journal("BX1", lines=40)))))
    assert isinstance(made, list)
    assert {one.status for one in made} == {201}


def test_a_failed_changeset_undoes_changes_and_deletions_too(fo: Environment) -> None:
    header = fo.header()
    fo.line(header)
    fo.line(header, LineNumber=2)
    key = "(dataAreaId='usmf',JournalBatchNumber='00452',LineNumber={})?cross-company=true"
    inner = changeset(
        operation(1, "PATCH", "/data/LedgerJournalLines" + key.format(1), {"DebitAmount": 99}),
        operation(2, "DELETE", "/data/LedgerJournalLines" + key.format(2)),
        operation(3, "POST", LINES, line_body(header, CurrencyCode="XXX", LineNumber=3)),
    )
    fo.batch(batch(inner))
    assert [one["DebitAmount"] for one in fo.rows("LedgerJournalLines")] == [Decimal("42.5"), Decimal("42.5")]
    assert fo.get("LedgerJournalHeaders(dataAreaId='usmf',JournalBatchNumber='00452')")["JournalTotalDebit"] == 85
