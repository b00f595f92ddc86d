"""What becomes of a posted document when its record changes, or is withdrawn, at the source? Rules G17 and B34."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent, Posting, PostingState, Problem, RecordState, RecordVersion, SyncRecord
from audit.sync.replay import record_choose, replay
from tests.audit.scene import (
    RULE,
    flow,
    post,
    posting_states,
    read,
    read_all,
    row,
    scene,
    states,
    tell,
    time_passes,
    writes,
)
from tests.audit.scene import change as source_change
from tests.flows.world import World

pytestmark = pytest.mark.django_db(transaction=True)

REVERSING = {"flows": [flow(change_after_posting="reverse_and_repost")]}


@pytest.fixture
def made() -> Iterator[World]:
    with scene("changes") as one:
        yield one


@pytest.fixture
def reversing() -> Iterator[World]:
    with scene("changes", **REVERSING) as one:
        yield one


def posted(made: World, amount: str = "25.50") -> dict[str, Any]:
    record = made.purchase(amount)
    read(made)
    post(made)
    assert states(made) == {RecordState.POSTED: 1}
    return record


def change(made: World, record: dict[str, Any], amount: str) -> None:
    """An edit in Brex, and we have read it."""
    source_change(made, record, amount)
    time_passes()
    read_all(made)


def net(made: World) -> Decimal:
    """What the expense account of the ledger shows, signed."""
    return sum(
        (line["balance"] for move in made.moves(state="posted") for line in move["lines"] if line["balance"] and
         line["account_id"] == expense_account(made)),
        Decimal(0),
    )  # fmt: skip


def expense_account(made: World) -> int:
    accounts = made.odoo.store.tables["account.account"].values()
    return min(one["id"] for one in accounts if "600000" in str(one["code_store"]))


# --- a new payload after posting --------------------------------------------------------------------------------


def test_a_changed_amount_holds_the_record_and_touches_no_book(made: World) -> None:
    record = posted(made)
    change(made, record, "30.00")
    loads = writes(made, "/load")
    post(made)
    held = row(made, record["id"])
    assert (held.state, held.version) == (RecordState.HELD, 2)
    assert [hold.problem.code for hold in held.holds.filter(released_at=None)] == ["changed_after_posting"]
    assert "25.5" in held.reason or "MISC" in held.reason
    assert net(made) == Decimal("25.50")
    assert writes(made, "/load") == loads
    assert posting_states(made) == {"posted": 1}


def test_a_change_that_comes_back_is_posted_as_it_stands(made: World) -> None:
    record = posted(made)
    change(made, record, "30.00")
    post(made)
    change(made, record, "25.50")
    post(made)
    back = row(made, record["id"])
    assert (back.state, back.version, back.reason) == (RecordState.POSTED, 3, "Posted as it stands.")
    assert not Problem.objects.filter(state="open").exists()
    assert posting_states(made) == {"posted": 1}
    assert len(made.moves()) == 1


def test_a_person_may_accept_a_change_and_the_books_stay(made: World) -> None:
    record = posted(made)
    change(made, record, "30.00")
    post(made)
    record_choose(row(made, record["id"]), {"changed_after_posting": "accept"}, by="ana", reason="Rounding.")
    post(made)
    assert states(made) == {RecordState.POSTED: 1}
    assert net(made) == Decimal("25.50")
    assert AuditEvent.objects.filter(kind="record.chosen", actor="ana", message="Rounding.").count() == 1


def test_a_person_may_have_a_change_reversed_and_posted_anew(made: World) -> None:
    record = posted(made)
    change(made, record, "30.00")
    post(made)
    record_choose(row(made, record["id"]), {"changed_after_posting": "reverse"}, by="ana", reason="Wrong before.")
    post(made)
    assert states(made) == {RecordState.POSTED: 1}
    assert net(made) == Decimal("30.00")
    assert len(made.moves(state="posted")) == 3


def test_reverse_and_repost_leaves_three_documents_under_three_keys(reversing: World) -> None:
    record = posted(reversing)
    change(reversing, record, "30.00")
    post(reversing)
    assert states(reversing) == {RecordState.POSTED: 1}
    assert net(reversing) == Decimal("30.00")
    base = f"brex:{record['id']}"
    found = {one.key: (one.state, one.amount) for one in Posting.objects.all()}
    assert found == {
        base: (PostingState.REVERSED, Decimal("25.50")),
        f"{base}:r": (PostingState.POSTED, Decimal("25.50")),
        f"{base}:2": (PostingState.POSTED, Decimal("30.00")),
    }
    assert Counter(move["invoice_origin"] for move in reversing.moves(state="posted")) == dict.fromkeys(found, 1)
    assert Posting.objects.get(key=f"{base}:r").reverses == Posting.objects.get(key=base)


def test_a_third_version_reverses_the_second_document_under_its_own_number(reversing: World) -> None:
    record = posted(reversing)
    for amount in ("30.00", "12.25"):
        change(reversing, record, amount)
        post(reversing)
    base = f"brex:{record['id']}"
    assert set(Posting.objects.values_list("key", flat=True)) == {
        base, f"{base}:r", f"{base}:2", f"{base}:2:r", f"{base}:3"
    }  # fmt: skip
    assert net(reversing) == Decimal("12.25")
    assert Counter(move["invoice_origin"] for move in reversing.moves()).most_common(1)[0][1] == 1


def test_a_change_of_words_only_changes_nothing_in_the_books(reversing: World) -> None:
    """The memo is in the payload, so it is a version; whether it is another document is the policy's to say."""
    record = posted(reversing)
    reversing.brex.control("change_record", {"id": record["id"], "changes": {"updated_at": "2026-01-01T00:00:00Z"}})
    time_passes()
    read_all(reversing)
    post(reversing)
    assert row(reversing, record["id"]).version == 1
    assert len(reversing.moves()) == 1


# --- a payload that comes while a document is on its way --------------------------------------------------------


def test_a_version_that_comes_while_a_posting_is_open_is_only_stored(reversing: World) -> None:
    record = reversing.purchase("25.50")
    read(reversing)
    reversing.odoo.fail("commit_then_drop", "account.move/load")
    post(reversing)
    assert posting_states(reversing) == {"uncertain": 1}
    frozen = Posting.objects.get().document
    change(reversing, record, "30.00")
    waiting = row(reversing, record["id"])
    assert (waiting.state, waiting.version) == (RecordState.POSTING, 2)
    assert RecordVersion.objects.filter(record=waiting).count() == 2
    post(reversing)  # settles the old document, sees that the version differs, decides anew
    time_passes()
    post(reversing)
    assert Posting.objects.order_by("id")[0].document == frozen
    assert states(reversing) == {RecordState.POSTED: 1}
    assert net(reversing) == Decimal("30.00")
    assert Counter(move["invoice_origin"] for move in reversing.moves()).most_common(1)[0][1] == 1


def test_an_open_document_goes_out_as_it_was_frozen_whatever_the_source_says_meanwhile(made: World) -> None:
    record = made.purchase("25.50")
    read(made)
    made.odoo.fail("drop", "account.move/load")
    post(made)
    change(made, record, "30.00")
    for _ in range(2):
        time_passes()
        post(made)
    assert [move["amount_total"] for move in made.moves()] == [Decimal("25.50")]
    assert row(made, record["id"]).state == RecordState.HELD, "the closing commit compared versions"


# --- withdrawn at the source ------------------------------------------------------------------------------------


def test_a_record_that_is_pulled_back_after_posting_is_held_or_waits_and_the_entry_stays(made: World) -> None:
    record = posted(made)
    made.brex.control("move_record", {"id": record["id"], "review_status": "REVIEW"})
    time_passes()
    read_all(made)
    post(made)
    assert net(made) == Decimal("25.50")
    assert len(made.moves()) == 1
    assert posting_states(made) == {"posted": 1}


def test_a_change_to_nought_is_reversed_when_a_person_says_so(made: World) -> None:
    record = posted(made)
    change(made, record, "0")
    post(made)
    standing = row(made, record["id"])
    if standing.state == RecordState.HELD:
        record_choose(standing, {"changed_after_posting": "reverse"}, by="ana", reason="Void.")
        post(made)
    assert net(made) == 0
    assert posting_states(made) == {"reversed": 1, "posted": 1}
    mirror = Posting.objects.get(state="posted")
    assert mirror.key == f"brex:{record['id']}:r"
    assert row(made, record["id"]).state == RecordState.SKIPPED


def test_an_expense_that_is_void_after_posting_is_taken_back_by_its_own_mirrored_document() -> None:
    """Rule B34, even where changes of a posted record are held: money that never moved must not stand in the books."""
    day = (timezone.now() - timedelta(days=5)).strftime("%Y-%m-%dT12:00:00Z")
    rule = {**RULE, "when": {"category": "OFFICE_SUPPLIES"}}
    with scene("void", flows=[{**flow(), "stream": "expenses"}], rules=[rule]) as made:
        expense = made.brex.control(
            "add_expense",
            {
                "expense": {
                    "expense_type": "CARD", "status": "APPROVED", "payment_status": "CLEARED", "memo": "Toner",
                    "category": "OFFICE_SUPPLIES", "purchased_at": day, "payment_posted_at": day,
                    "billing_amount": {"amount": 2550, "currency": "USD"},
                    "merchant": {"raw_descriptor": "STAPLES", "mcc": "5111", "country": "USA"},
                }
            },
        )  # fmt: skip
        read(made)
        post(made)
        assert states(made) == {RecordState.POSTED: 1}, row(made, expense["id"]).reason
        assert net(made) == Decimal("25.50")
        made.brex.control("change_expense", {"id": expense["id"], "changes": {"status": "VOID"}})
        with database.cursor() as cursor:
            cursor.execute("UPDATE audit_highwatermark SET due_at = now() WHERE stream = 'expenses'")
        read(made)
        post(made)
        assert net(made) == 0
        assert {one.key: one.state for one in Posting.objects.all()} == {
            f"brex:{expense['id']}": PostingState.REVERSED, f"brex:{expense['id']}:r": PostingState.POSTED
        }  # fmt: skip
        assert row(made, expense["id"]).state == RecordState.SKIPPED
        loads = writes(made, "/load")
        time_passes()
        read(made)
        post(made)
        assert writes(made, "/load") == loads


# --- repeats ----------------------------------------------------------------------------------------------------


def test_unchanged_items_write_nothing(made: World) -> None:
    for number in range(20):
        made.purchase(f"{10 + number}.00")
    read(made)
    post(made)
    tell(made)
    before = rows_written(made)
    time_passes()
    with CaptureQueriesContext(database) as queries:
        read_all(made)
    assert rows_written(made) == before
    written = [one["sql"] for one in queries if one["sql"].startswith(("INSERT", "UPDATE"))]
    assert not [sql for sql in written if 'audit_syncrecord"' in sql or "recordversion" in sql or "auditevent" in sql]
    assert set(SyncRecord.objects.values_list("version", flat=True)) == {1}, "that we told it is no version"


def rows_written(made: World) -> dict[str, int]:
    tables = (SyncRecord, RecordVersion, Posting, Problem, AuditEvent)
    return {table.__name__: table.objects.count() for table in tables} | {
        "newest change": hash(tuple(SyncRecord.objects.order_by("id").values_list("changed_at", "state")))
    }


def test_reading_costs_as_many_queries_for_many_items_as_for_few(made: World) -> None:
    counts = []
    for number in (3, 60):
        for _ in range(number):
            made.purchase("10.00")
        time_passes()
        with CaptureQueriesContext(database) as queries:
            read_all(made)
        counts.append(len(queries))
    assert counts[1] - counts[0] <= 6, counts


def test_posting_costs_as_many_queries_for_many_records_as_for_few(made: World) -> None:
    counts = []
    made.purchase("10.00")
    read(made)
    post(made)  # the first turn of all looks at more
    for number in (5, 80):
        for _ in range(number):
            made.purchase("10.00")
        time_passes()
        read_all(made)
        with CaptureQueriesContext(database) as queries:
            post(made)
        counts.append(len(queries))
    assert states(made) == {RecordState.POSTED: 86}
    assert counts[1] - counts[0] <= 6, counts


def test_replaying_what_is_posted_or_on_its_way_leaves_it_alone(made: World) -> None:
    record = posted(made)
    second = made.purchase("11.00")
    time_passes()
    read_all(made)
    made.odoo.fail("drop", "account.move/load")
    post(made)
    ids = [row(made, record["id"]).pk, row(made, second["id"]).pk]
    done = replay(ids, by="ana", reason="Just to see.")
    assert done.records == 0
    assert dict(done.left_alone) == {"posted": 1, "being posted": 1}
    assert states(made) == {RecordState.POSTED: 1, RecordState.POSTING: 1}
