"""Which promises must every ledger keep? One document whatever happens, nothing silent, one outcome each."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import LookupBlindError, Outcome, OutcomeState, Outgoing, ReceiptFile
from connectors.documents import Dimension, Document, Line, Partner
from connectors.errors import (
    AuthenticationError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    UnsupportedError,
)
from connectors.records import Side
from tests.cases.ledger_world import DAY, LedgerWorld

KINDS = ("entry", "bill", "credit", "payment", "vendor", "settling entry", "payment reversal")
UNCLEAR = ("commit_then_drop", "commit_then_page", "truncated", "drop")


def codes(outcome: Outcome) -> set[str]:
    return {one.code for one in outcome.differences}


def refuses_files(world: LedgerWorld) -> bool:
    """Whether this ledger has no place for files, and says so instead of dropping them."""
    if world.takes_files:
        return False
    paper = ReceiptFile("receipt.pdf", "application/pdf", b"%PDF-1.4 paper")
    with pytest.raises(UnsupportedError):
        world.open().attach_many(world.company, {"1": [paper]})
    return True


def cost_on(world: LedgerWorld, account_id: str, **parts: Any) -> Document:
    """An entry with another cost account."""
    account = replace(world.expense, id=account_id, code="")
    lines = (
        Line(account, Side.DEBIT, Decimal("25.50"), Decimal("25.50")),
        Line(world.card, Side.CREDIT, Decimal("25.50"), Decimal("25.50")),
    )
    return world.entry(lines=lines, **parts)


class LedgerCases:
    """Subclass it with a fixture `world`."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_document_posted_twice_is_one_document(self, world: LedgerWorld, kind: str) -> None:
        outgoing = world.of_kind(kind)
        first = world.open().post(world.company, [outgoing])[0]
        again = world.open().post(world.company, [outgoing])[0]
        assert (first.state, first.error, first.differences) == (OutcomeState.POSTED, None, ())
        assert again == first
        assert world.count(outgoing) == 1

    @pytest.mark.parametrize("fault", UNCLEAR)
    @pytest.mark.parametrize("kind", KINDS)
    def test_an_unclear_end_of_any_write_leaves_one_document(self, world: LedgerWorld, kind: str, fault: str) -> None:
        measured = world.of_kind(kind)
        world.faults.writes.clear()
        expected = world.open().post(world.company, [measured])[0]
        books = world.books(measured)
        writes = len(world.faults.writes)
        assert expected.state is OutcomeState.POSTED
        assert writes
        for number in range(writes):
            outgoing = world.of_kind(kind)
            arranged = world.faults.fail_write(number, fault)
            outcome = world.open().post(world.company, [outgoing])[0]
            assert arranged.times == 0, "the fault must have been met"
            assert outcome.state in (OutcomeState.UNCERTAIN, OutcomeState.CREATED, OutcomeState.POSTED)
            final = world.delivered(outgoing)
            assert (final.state, final.differences) == (OutcomeState.POSTED, ()), f"write {number}"
            assert world.count(outgoing) == 1
            assert world.books(outgoing) == books

    def test_a_batch_whose_answer_is_lost_is_settled_by_one_look(self, world: LedgerWorld) -> None:
        batch = [world.outgoing(world.entry(f"{number}.10")) for number in range(1, 6)]
        world.faults.fail_write(0, "commit_then_drop")
        lost = world.open().post(world.company, batch)
        others = OutcomeState.UNCERTAIN if world.has_batches else OutcomeState.POSTED
        assert {one.state for one in lost} == {OutcomeState.UNCERTAIN, others}
        final = [world.delivered(one) for one in batch]
        assert {one.state for one in final} == {OutcomeState.POSTED}
        assert [world.count(one) for one in batch] == [1] * 5

    def test_nothing_is_sent_when_the_vendor_says_later(self, world: LedgerWorld) -> None:
        outgoing = world.outgoing(world.entry())
        ledger = world.open()
        ledger.facts(world.company, frozenset())
        ledger.preflight(world.company, [outgoing.document])
        world.faults.fail("status", "WRITE", times=9, status=429, headers={"Retry-After": "120"}, body=b"")
        with pytest.raises(RateLimitedError) as caught:
            ledger.post(world.company, [outgoing])
        world.faults.faults.clear()
        assert caught.value.retry_after == timedelta(seconds=120)
        assert world.count(outgoing) == 0

    def test_a_refused_credential_blocks_and_leaves_nothing(self, world: LedgerWorld) -> None:
        outgoing = world.outgoing(world.entry())
        with pytest.raises(AuthenticationError):
            world.open_with_wrong_key().post(world.company, [outgoing])
        assert world.count(outgoing) == 0

    def test_find_tells_absent_from_posted_in_order(self, world: LedgerWorld) -> None:
        there, posted = world.posted(world.entry())
        missing = world.outgoing(world.entry())
        answers = world.open().find(world.company, [missing, there])
        assert [one.state for one in answers] == [OutcomeState.ABSENT, OutcomeState.POSTED]
        assert answers[1] == posted
        assert posted.number
        assert posted.link.startswith("http")

    def test_a_look_up_that_does_not_show_what_is_there_proves_nothing(self, world: LedgerWorld) -> None:
        there, _ = world.posted(world.entry())
        missing = world.outgoing(world.entry())
        ledger = world.open()
        assert ledger.find(world.company, [missing], known=there.stamp)[0].state is OutcomeState.ABSENT
        with pytest.raises(LookupBlindError):
            ledger.find(world.company, [missing], known=ledger.stamp(world.key("never-sent")))

    def test_a_twin_typed_by_somebody_is_found(self, world: LedgerWorld) -> None:
        outgoing, posted = world.posted(world.entry())
        world.plant_twin(outgoing)
        found = world.open().find(world.company, [outgoing])[0]
        assert found.state is OutcomeState.TWICE
        assert posted.ledger_id in found.duplicates
        assert len(found.duplicates) == 2

    def test_a_cancelled_document_is_not_posted_again(self, world: LedgerWorld) -> None:
        outgoing, posted = world.posted(world.cancellable())
        if not world.cancels:
            with pytest.raises(RejectedError):
                world.cancel(posted)
            assert world.open().find(world.company, [outgoing]) == [posted]
            return
        world.cancel(posted)
        assert world.open().find(world.company, [outgoing])[0].state is OutcomeState.CANCELLED
        assert world.open().post(world.company, [outgoing])[0].state is OutcomeState.CANCELLED
        assert world.count(outgoing) == 1

    def test_an_edited_document_is_found_altered(self, world: LedgerWorld) -> None:
        outgoing = world.edited()
        for answer in (
            world.open().find(world.company, [outgoing])[0],
            world.open().post(world.company, [outgoing])[0],
        ):
            assert answer.state is OutcomeState.POSTED
            assert codes(answer) == {"document_altered"}

    def test_a_closed_period_is_seen_before_and_a_moved_date_after(self, world: LedgerWorld) -> None:
        outgoing = world.outgoing(world.entry(day=world.closable - timedelta(days=11)))
        with world.locked(world.closable):
            ledger = world.open()
            assert ledger.facts(world.company, frozenset()).closed_through["journal_entry"] == world.closable
            findings = ledger.preflight(world.company, [outgoing.document, world.entry()])
            assert [{one.code for one in some} for some in findings] == [{"closed_period"}, set()]
            outcome = ledger.post(world.company, [outgoing])[0]
        if outcome.state is OutcomeState.POSTED:
            assert codes(outcome) == {"date_moved"}
        else:
            assert outcome.state is OutcomeState.REJECTED
            assert outcome.error.cure == "closed_period"  # type: ignore[union-attr]

    def test_the_lock_day_is_closed_and_the_next_day_is_open(self, world: LedgerWorld) -> None:
        with world.locked(world.closable):
            days = [world.entry(day=world.closable + timedelta(days=after)) for after in (0, 1)]
            findings = world.open().preflight(world.company, days)
        assert [{one.code for one in some} for some in findings] == [{"closed_period"}, set()]

    def test_an_archived_account_is_seen_before_and_refused_after(self, world: LedgerWorld) -> None:
        with world.archived_account() as account:
            ledger = world.open()
            outgoing = world.outgoing(cost_on(world, account))
            assert {one.code for one in ledger.preflight(world.company, [outgoing.document])[0]} == {"inactive_account"}
            outcome = ledger.post(world.company, [outgoing])[0]
        assert outcome.state is OutcomeState.REJECTED
        assert outcome.error.cure == "inactive_account"  # type: ignore[union-attr]
        assert world.count(outgoing) == 0, "a refused document leaves nothing, not even a draft"

    @pytest.mark.parametrize(
        ("what", "code"),
        [("account", "unknown_account"), ("partner", "unknown_partner"), ("dimension", "unknown_dimension")],
    )
    def test_what_does_not_exist_is_seen_before_sending(self, world: LedgerWorld, what: str, code: str) -> None:
        cost, card = world.entry().lines
        nowhere = "99999999"
        changed = {
            "account": replace(cost, account=replace(cost.account, id=nowhere)),
            "partner": replace(cost, partner=Partner(nowhere, "Nobody")),
            "dimension": replace(cost, dimensions=(Dimension("1", nowhere),)),
        }[what]
        document = world.entry(lines=(changed, card))
        assert {one.code for one in world.open().preflight(world.company, [document])[0]} == {code}

    def test_a_currency_without_rate_is_seen_before_sending(self, world: LedgerWorld) -> None:
        documents = [world.entry(currency=code) for code in world.without_rate]
        findings = world.open().preflight(world.company, documents)
        assert [{one.code for one in some} for some in findings] == [{"no_rate"}, {"inactive_currency"}]

    def test_the_same_bill_number_is_held(self, world: LedgerWorld) -> None:
        bill, _ = world.posted(world.bill())
        number = bill.document.number  # type: ignore[union-attr]
        same = world.bill(number=number.lower().replace("-", " / "))
        credit = world.bill(number=number, is_credit=True)
        other = world.bill()
        twin = world.bill(number=other.number)
        findings = world.open().preflight(world.company, [same, credit, other, twin])
        expected: list[set[str]] = [{"duplicate_reference"}, set(), set(), {"duplicate_reference"}]
        assert [{one.code for one in some} for some in findings] == expected

    def test_one_bad_document_fails_alone(self, world: LedgerWorld) -> None:
        good = [world.outgoing(world.entry(f"{number}.00")) for number in range(1, 8)]
        bad = world.outgoing(cost_on(world, "99999999"))
        batch = [*good[:3], bad, *good[3:]]
        ledger = world.open()
        final: dict[str, Outcome] = {}
        queue = [batch]
        while queue:
            part = queue.pop()
            answers = ledger.post(world.company, part)
            assert [one.key for one in answers] == [one.key for one in part]
            if {one.state for one in answers} == {OutcomeState.SPLIT}:
                assert all(world.count(one) == 0 for one in part)
                queue += [part[: len(part) // 2], part[len(part) // 2 :]]
                continue
            final.update({one.key: one for one in answers})
        assert final[bad.key].state is OutcomeState.REJECTED
        assert final[bad.key].error.cure == "unknown_account"  # type: ignore[union-attr]
        assert {final[one.key].state for one in good} == {OutcomeState.POSTED}
        assert [world.count(one) for one in batch] == [1, 1, 1, 0, 1, 1, 1, 1]

    def test_one_refused_at_posting_is_removed_and_the_others_are_booked(self, world: LedgerWorld) -> None:
        with world.archived_account() as account:
            good = [world.outgoing(world.entry(f"{number}.00")) for number in range(1, 6)]
            bad = world.outgoing(cost_on(world, account))
            answers = world.open().post(world.company, [*good[:2], bad, *good[2:]])
        states = [one.state for one in answers]
        assert states == [OutcomeState.POSTED] * 2 + [OutcomeState.REJECTED] + [OutcomeState.POSTED] * 3
        assert world.count(bad) == 0

    def test_a_batch_of_which_some_is_there_already_is_completed(self, world: LedgerWorld) -> None:
        batch = [world.outgoing(world.entry(f"{number}.00")) for number in range(1, 5)]
        world.open().post(world.company, batch[1:3])
        answers = world.open().post(world.company, batch)
        assert {one.state for one in answers} == {OutcomeState.POSTED}
        assert [world.count(one) for one in batch] == [1] * 4

    def test_our_documents_are_listed_by_pages(self, world: LedgerWorld) -> None:
        started = datetime.now(UTC) - timedelta(minutes=1)
        bill, posted_bill = world.posted(world.bill())
        entry, posted_entry = world.posted(world.entry())
        payment, posted_payment = world.posted(world.payment("121.00", bill.key))
        ledger = world.open()
        listed = {one.stamp: one for page in ledger.list_stamped(world.company, started) for one in page}
        for outgoing, outcome in ((bill, posted_bill), (entry, posted_entry), (payment, posted_payment)):
            sighting = listed[outgoing.stamp]
            assert (sighting.ledger_id, sighting.state) == (outcome.ledger_id, "posted")
            assert sighting.type == outgoing.document.type
            assert sighting.total == outgoing.document.total  # type: ignore[union-attr]
            assert sighting.posting_date == outgoing.document.posting_date  # type: ignore[union-attr]
        again = Counter(one.stamp for page in ledger.list_stamped(world.company, None) for one in page)
        assert [again[one.stamp] for one in (bill, entry, payment)] == [1, 1, 1]

    def test_a_payment_settles_its_bill_and_its_return_opens_it_again(self, world: LedgerWorld) -> None:
        bill, _ = world.posted(world.bill())
        assert world.open_items(bill, world.payable) == Decimal("-121.00")
        payment, _ = world.posted(world.payment("121.00", bill.key))
        assert world.open_items(bill, world.payable) == 0
        back, _ = world.posted(world.returned(payment.key, "121.00"))
        owed = [world.open_items(bill, world.payable), world.open_items(back, world.payable)]
        assert owed == ([Decimal("-121.00"), 0] if world.reopens else [0, Decimal("-121.00")])
        assert world.count(payment) == 1

    def test_a_part_payment_leaves_the_rest_open(self, world: LedgerWorld) -> None:
        bill, _ = world.posted(world.bill())
        world.posted(world.payment("21.00", bill.key))
        assert world.open_items(bill, world.payable) == Decimal("-100.00")

    def test_a_payment_of_an_unknown_bill_is_not_posted(self, world: LedgerWorld) -> None:
        outgoing = world.outgoing(world.payment("21.00", world.key("nobody")))
        outcome = world.open().post(world.company, [outgoing])[0]
        assert outcome.state is OutcomeState.CREATED
        assert codes(outcome) == {"not_reconciled"}

    def test_what_a_foreign_payment_came_to_is_told(self, world: LedgerWorld) -> None:
        currency, rate = world.foreign
        value = Decimal("100.00")
        line = Line(world.expense, Side.DEBIT, value, Decimal("123.45"))
        bill, told = world.posted(world.bill(lines=(line,), currency=currency))
        payment, paid = world.posted(world.payment("100.00", bill.key, currency=currency))
        assert (told.company_amount, paid.company_amount) == (None, value * rate)
        assert world.open().find(world.company, [payment])[0].company_amount == value * rate
        assert world.open_items(bill, world.payable) == 0

    def test_bills_born_in_the_ledger_are_found_by_their_number(self, world: LedgerWorld) -> None:
        word = world.word
        typed = world.type_bill(f"RS {word}/1", "121.00")
        credit = world.type_bill(f"rs-{word}-2", "50.00", is_credit=True)
        draft = world.type_bill(f"RS.{word}.3", "7.00", is_posted=False)
        world.type_bill(f"RS {word}/11", "1.00")
        ours = world.bill(number=f"RS {word} 4")
        world.posted(ours)
        asked = [f"RS-{word}-1", f"RS{word}2".upper(), f"rs {word} 3", ours.number, f"RS-{word}-5", "", "--"]
        ledger = world.open()
        ledger.facts(world.company, frozenset())
        world.faults.calls.clear()
        found = {one.ledger_id: one for one in ledger.bills(world.company, asked)}
        assert set(found) == {typed, credit, draft}
        first = found[typed]
        assert (first.number, first.partner.id, first.payable.id) == (
            f"RS {word}/1",
            world.vendor.id,
            world.payable.id,
        )
        assert first.partner.name.startswith("Vendor")
        money = [(str(one.total.amount), str(one.open_amount.amount)) for one in (first, found[credit], found[draft])]
        assert money == [("121.00", "121.00"), ("-50.00", "-50.00"), ("7.00", "7.00")]
        assert first.total.currency == world.company_currency
        assert [found[one].is_draft for one in (typed, credit, draft)] == [False, False, True]
        assert not any(one.is_cancelled for one in found.values())

    def test_a_bill_is_reversed_and_posted_anew_under_its_suppliers_number(self, world: LedgerWorld) -> None:
        bill = world.bill()
        first, _ = world.posted(bill)
        mirror = replace(bill, is_credit=True, lines=tuple(line.swapped() for line in bill.lines), reverses=first.key)
        back = world.open().post(world.company, [world.outgoing(mirror, f"{first.key}:r")])[0]
        assert back.state is OutcomeState.POSTED, back
        second, _ = world.posted(replace(bill, apart="R2"), f"{first.key}:2")
        assert [world.count(one) for one in (first, second)] == [1, 1]
        assert world.open_items(second, world.payable) == Decimal("-121.00")

    def test_long_numbers_that_differ_at_their_ends_are_two_bills(self, world: LedgerWorld) -> None:
        long = f"FACTURE-2026-{world.word}-000000000000"
        [first, second] = [world.posted(world.bill(number=f"{long}{end}"))[0] for end in "78"]
        assert [world.count(one) for one in (first, second)] == [1, 1]

    def test_asking_for_a_hundred_numbers_that_are_not_there_is_one_look(self, world: LedgerWorld) -> None:
        ledger = world.open()
        ledger.facts(world.company, frozenset())
        world.faults.calls.clear()
        assert ledger.bills(world.company, [f"{world.word}-{number}" for number in range(100)]) == []
        assert len(world.faults.calls) == world.calls_for_bills
        assert ledger.bills(world.company, []) == []
        assert len(world.faults.calls) == world.calls_for_bills

    def test_a_bill_born_in_the_ledger_is_paid_by_its_id_and_then_has_nothing_open(self, world: LedgerWorld) -> None:
        typed = world.type_bill(f"T-{world.word}", "121.00")
        world.posted(world.payment("100.00", f"ledger:{typed}"))
        [part] = world.open().bills(world.company, [f"T{world.word}"])
        assert part.open_amount.amount == Decimal("21.00")
        world.posted(world.payment("21.00", f"ledger:{typed}"))
        [paid] = world.open().bills(world.company, [f"T{world.word}"])
        assert (paid.total.amount, paid.open_amount.amount) == (Decimal("121.00"), Decimal(0))

    def test_a_payout_settles_the_claim_it_names(self, world: LedgerWorld) -> None:
        claim, _ = world.posted(world.claim())
        payout, _ = world.posted(world.payout(claim.key))
        assert world.open_items(claim, world.employees) == 0
        assert world.open_items(payout, world.employees) == 0

    def test_a_receipt_is_attached_once(self, world: LedgerWorld) -> None:
        if refuses_files(world):
            return
        _, posted = world.posted(world.entry())
        files = [ReceiptFile("receipt.pdf", "application/pdf", b"%PDF-1.4 paper")]
        more = [*files, ReceiptFile("receipt.pdf", "application/pdf", b"%PDF-1.4 another")]
        ledger = world.open()
        added = [ledger.attach_many(world.company, {posted.ledger_id: some}) for some in (files, files, more, more)]
        assert [one[posted.ledger_id] for one in added] == [1, 0, 1, 0]

    def test_receipts_of_many_documents_cost_few_calls(self, world: LedgerWorld) -> None:
        if refuses_files(world):
            return
        bill, billed = world.posted(world.bill())
        _, paid = world.posted(world.payment("121.00", bill.key))
        entries = [world.posted(world.entry())[1].ledger_id for _ in range(3)]
        paper = ReceiptFile("receipt.pdf", "application/pdf", b"%PDF-1.4 paper")
        documents = [*entries, billed.ledger_id, *([paid.ledger_id] if world.payments_take_files else [])]
        files = {one: [paper] for one in documents}
        files[entries[0]] = [paper, paper, ReceiptFile("note.png", "image/png", b"\x89PNG two")]
        ledger = world.open()
        ledger.facts(world.company, frozenset())
        world.faults.calls.clear()
        assert ledger.attach_many(world.company, files) == {**dict.fromkeys(files, 1), entries[0]: 2}
        assert len(world.faults.calls) == world.calls_to_attach(len(files), len(files) + 1), world.faults.calls
        assert set(ledger.attach_many(world.company, files).values()) == {0}
        assert ledger.attach_many(world.company, {}) == {}

    def test_attaching_whose_answer_is_lost_attaches_once(self, world: LedgerWorld) -> None:
        if refuses_files(world):
            return
        _, posted = world.posted(world.entry())
        files = {posted.ledger_id: [ReceiptFile("receipt.pdf", "application/pdf", b"%PDF-1.4 paper")]}
        world.faults.writes.clear()
        world.faults.fail_write(0, "commit_then_drop")
        with pytest.raises(OutcomeUnknownError):
            world.open().attach_many(world.company, files)
        assert world.open().attach_many(world.company, files) == {posted.ledger_id: 0}

    def test_receipts_for_a_document_that_is_gone_are_refused(self, world: LedgerWorld) -> None:
        if refuses_files(world):
            return
        _, posted = world.posted(world.entry())
        paper = [ReceiptFile("receipt.pdf", "application/pdf", b"%PDF-1.4 paper")]
        with pytest.raises(RejectedError):
            world.open().attach_many(world.company, {posted.ledger_id: paper, "99999999": paper})
        assert world.open().attach_many(world.company, {posted.ledger_id: paper}) == {posted.ledger_id: 1}

    def test_a_batch_costs_a_handful_of_calls(self, world: LedgerWorld) -> None:
        ledger = world.open()
        warm = [world.outgoing(world.entry())]
        ledger.preflight(world.company, [one.document for one in warm])
        ledger.post(world.company, warm)
        batch = [world.outgoing(world.entry(f"{number}.00", day=DAY)) for number in range(1, ledger.batch_size + 1)]
        world.faults.calls.clear()
        ledger.preflight(world.company, [one.document for one in batch])
        checked = len(world.faults.calls)
        answers = ledger.post(world.company, batch)
        assert {one.state for one in answers} == {OutcomeState.POSTED}
        assert checked <= 1, world.faults.calls
        assert len(world.faults.calls) - checked <= 4 + world.calls_per_document * len(batch), world.faults.calls

    def test_stamps_are_pure_and_never_shared(self, world: LedgerWorld) -> None:
        ledger = world.open()
        keys = ["brex:accr_1", "brex:accr_1:r", "brex:accr 1", "brex:accr_1#1", "brex:" + "x" * 300, "brex:Ünï", ""]
        stamps = [ledger.stamp(f"{key}{end}") for key in keys for end in ("", "_1", "_2", ":pay")]
        assert len(set(stamps)) == len(stamps)
        assert stamps == [world.open().stamp(f"{key}{end}") for key in keys for end in ("", "_1", "_2", ":pay")]


class EnforcedKeyCases:
    """What a ledger with `enforces_key` keeps besides."""

    def test_two_workers_at_once_leave_one_document(self, world: LedgerWorld) -> None:
        assert world.open().enforces_key
        batch = [world.outgoing(world.entry(f"{number}.00")) for number in range(1, 11)]
        _two_workers(world, batch)
        final = [world.delivered(one) for one in batch]
        assert {one.state for one in final} == {OutcomeState.POSTED}
        assert [world.count(one) for one in batch] == [1] * 10


class SearchedKeyCases:
    """What a ledger without: the engine lets one worker at a time post to it."""

    def test_what_two_workers_post_at_once_is_there_twice_and_is_told(self, world: LedgerWorld) -> None:
        """Each is sure to be the first; what a second does after the first is told above."""
        assert not world.open().enforces_key
        batch = [replace(world.outgoing(world.entry(f"{number}.00")), is_first=True) for number in range(1, 7)]
        _two_workers(world, batch)
        final = [world.delivered(one) for one in batch]
        assert [(one.state, len(set(one.duplicates))) for one in final] == [(OutcomeState.TWICE, 2)] * 6
        assert [world.count(one) for one in batch] == [2] * 6


def _two_workers(world: LedgerWorld, batch: Sequence[Outgoing]) -> None:
    """Both post the whole batch at the same time."""
    barrier = threading.Barrier(2)

    def work() -> None:
        ledger = world.open()
        barrier.wait()
        ledger.post(world.company, batch)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
