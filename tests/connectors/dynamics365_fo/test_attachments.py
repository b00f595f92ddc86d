"""Where do receipts go? To pending invoices, once each; for everything else it is said that nothing takes them."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from connectors.base import ReceiptFile
from connectors.errors import RejectedError, UnsupportedError
from tests.connectors.dynamics365_fo.drafts import sent
from tests.connectors.dynamics365_fo.world import DynamicsWorld

PAPER = ReceiptFile("receipt.pdf", "application/pdf", b"%PDF-1.4 paper")
OTHER = ReceiptFile("note.png", "image/png", b"\x89PNG two")


@pytest.fixture
def world() -> DynamicsWorld:
    made = DynamicsWorld(invoice_pattern="pending")
    made.posted(made.new_vendor())
    return made


def papers(world: DynamicsWorld) -> list[dict[str, Any]]:
    return world.rows("VendorInvoiceDocumentAttachments")


def test_a_receipt_is_on_its_invoice_once(world: DynamicsWorld) -> None:
    _, waiting = sent(world, world.bill())
    ledger = world.open()
    assert ledger.attach_many("usmf", {waiting.ledger_id: [PAPER, PAPER]}) == {waiting.ledger_id: 1}
    assert world.open().attach_many("usmf", {waiting.ledger_id: [PAPER]}) == {waiting.ledger_id: 0}
    [row] = papers(world)
    assert (row["HeaderReference"], row["FileName"], row["FileType"]) == (waiting.number, "receipt.pdf", "pdf")
    assert base64.b64decode(row["FileContents"]) == PAPER.content


def test_many_cost_a_few_calls_and_a_lost_answer_adds_nothing(world: DynamicsWorld) -> None:
    waiting = [sent(world, world.bill())[1].ledger_id for _ in range(5)]
    ledger = world.open()
    ledger.facts("usmf", frozenset())
    world.faults.fail_write(0, "commit_then_drop")
    with pytest.raises(Exception, match="may or may not"):
        ledger.attach_many("usmf", {one: [PAPER] for one in waiting})
    world.faults.calls.clear()
    assert ledger.attach_many("usmf", {one: [PAPER] for one in waiting}) == dict.fromkeys(waiting, 0)
    assert len(world.faults.calls) <= 3
    assert len(papers(world)) == 5


def test_a_second_file_that_dynamics_does_not_take_is_named(world: DynamicsWorld) -> None:
    _, waiting = sent(world, world.bill())
    with pytest.raises(UnsupportedError, match=r"one file for this invoice: note\.png"):
        world.open().attach_many("usmf", {waiting.ledger_id: [PAPER, OTHER]})
    assert [row["FileName"] for row in papers(world)] == ["receipt.pdf"]


def test_what_takes_no_files_is_said_and_keeps_none_from_others(world: DynamicsWorld) -> None:
    _, waiting = sent(world, world.bill())
    _, entry = world.posted(world.entry())
    ledger = world.open()
    with pytest.raises(RejectedError, match="stays at the source"):
        ledger.attach_many("usmf", {waiting.ledger_id: [PAPER], entry.ledger_id: [PAPER]})
    assert papers(world) == []
    with pytest.raises(UnsupportedError, match="stays at the source"):
        ledger.attach_many("usmf", {entry.ledger_id: [PAPER]})
    assert world.do("post_invoices", references=[waiting.number])[0]["posted"]
    with pytest.raises(UnsupportedError, match="while they are pending"):
        ledger.attach_many("usmf", {waiting.ledger_id: [PAPER]})
    assert ledger.attach_many("usmf", {}) == {}
