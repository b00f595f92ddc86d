"""Every call that writes may be done and its answer lost: the vendors hold each document, link and file once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from audit.models import LaneKind, Posting, Problem, RecordState
from tests.audit.scene import bill, bill_payment, flow, posting_states, read, scene, states, tell, time_passes, work
from tests.flows.world import World

pytestmark = pytest.mark.django_db(transaction=True)

FLOW = flow(attach_receipts=True, vendor="create")
WRITES = {
    "the vendor is loaded": r"res\.partner/load",
    "entries or bills are loaded": r"account\.move/load",
    "entries or bills are posted": r"account\.move/action_post",
    "the payment is loaded": r"account\.payment/load",
    "the payment is posted": r"account\.payment/action_post",
    "the payment is reconciled": r"account\.move\.line/reconcile",
    "the receipt is attached": r"ir\.attachment/create",
}


@pytest.fixture
def made() -> Iterator[World]:
    """A purchase with a receipt; a bill of a vendor that the ledger lacks; the payment of that bill."""
    with scene("lost", flows=[FLOW]) as one:
        receipt = one.brex.control("add_receipt", {})
        one.purchase("10.50", receipts=[{"id": receipt, "download_uris": []}])
        bill(one, "99.00")
        bill_payment(one, "99.00")
        yield one


def run(made: World) -> None:
    """Everything that workers do until nothing is left, with time passing between."""
    for _ in range(4):
        time_passes()
        read(made)
        work(made, "Odoo", LaneKind.POST)
        work(made, "Odoo", LaneKind.TELL)
        tell(made)


def assert_all_once(made: World) -> None:
    moves = made.moves()
    seen = Counter((one["move_type"], one["state"], one["amount_total"]) for one in moves)
    assert seen == {
        ("entry", "posted", Decimal("10.50")): 1,
        ("in_invoice", "posted", Decimal("99.00")): 1,
        ("entry", "posted", Decimal("99.00")): 1,  # the payment's own
    }
    [invoice] = made.moves(move_type="in_invoice")
    assert (invoice["payment_state"], invoice["amount_residual"]) == ("paid", 0)
    tables: dict[str, Any] = made.odoo.store.tables
    assert [one["name"] for one in tables["res.partner"].values()].count("Bay Stationery") == 1
    assert [one["state"] for one in tables["account.payment"].values()] in (["paid"], ["in_process"])
    assert len(tables["ir.attachment"]) == 1
    assert states(made) == {RecordState.POSTED: 4}, "two entries, a bill, and the vendor that was created for it"
    assert posting_states(made) == {"posted": 4}
    assert {record["review_status"] for record in made.brex.store.records} == {"EXPORTED"}
    assert not Problem.objects.filter(state="open").exists()


def test_without_faults_each_write_is_one_call(made: World) -> None:
    """What the faults below meet: without it they would prove nothing."""
    run(made)
    assert_all_once(made)
    called = Counter(call.path.removeprefix("/json/2/") for call in made.odoo.calls)
    for what, path in WRITES.items():
        assert called[path.replace("\\", "")], what
    assert all(posting.attempts == 1 for posting in Posting.objects.all())
    told = [call for call in made.brex.calls if call.path.endswith("/export-results")]
    assert len(told) <= 3


@pytest.mark.parametrize("path", WRITES.values(), ids=WRITES.keys())
def test_the_answer_of_a_write_is_lost(made: World, path: str) -> None:
    fault = made.odoo.fail("commit_then_drop", path)
    run(made)
    assert fault.times == 0, "the fault met no call"
    assert_all_once(made)


@pytest.mark.parametrize(
    ("path", "kind", "parts"),
    [
        (r"account\.move/load", "commit_then_status", {"status": 502, "body": "<html>Bad Gateway</html>"}),
        (r"account\.move/load", "truncated", {}),
        (r"account\.move/load", "html", {"status": 200}),
        (r"account\.move/load", "drop", {}),
        (r"account\.move/action_post", "drop", {}),
        (r"account\.payment/load", "drop", {}),
    ],
)
def test_the_answer_of_a_write_is_not_what_it_should_be(
    made: World, path: str, kind: str, parts: dict[str, Any]
) -> None:
    fault = made.odoo.fail(kind, path, **parts)
    run(made)
    assert fault.times == 0
    assert_all_once(made)


def test_every_other_call_fails_for_a_while(made: World) -> None:
    """Three answers in a row are lost on each write, and reads are dropped beside them."""
    for path in WRITES.values():
        made.odoo.fail("commit_then_drop", path, times=3)
    made.odoo.fail("status", r"search_read", times=5, skip=2, status=502)
    for _ in range(8):
        run(made)
    assert_all_once(made)


@pytest.mark.parametrize("kind", ["commit_then_drop", "commit_then_status", "truncated", "drop", "status", "html"])
def test_telling_the_source_is_repeated_only_after_a_look(made: World, kind: str) -> None:
    fault = made.brex.fail(kind, r"export-results", status=503)
    run(made)
    assert fault.times == 0
    assert_all_once(made)
    versions = [record["version"] for record in made.brex.store.records]
    assert max(versions) == 2, "told once: a second export would have made another version"


@pytest.mark.parametrize("kind", ["drop", "html", "truncated", "status"])
def test_a_page_that_did_not_come_is_read_again(made: World, kind: str) -> None:
    made.brex.fail(kind, r"/v3/accounting/records", times=6, status=502)
    run(made)
    run(made)
    assert_all_once(made)
