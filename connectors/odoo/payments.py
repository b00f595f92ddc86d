"""How are bills paid? A payment with an external id, posted, reconciled; a repeated `load` is never trusted here.

`load` on a payment is not what it is on an entry (all observed on Odoo 19.0): it changes a posted payment without a
word and not its entry, and on a draft it takes the outstanding account away unless the payment method names one;
such a payment posts without any entry. So what exists is looked up first, a draft is deleted and made anew, and the
account is checked before posting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.base import Finding, Outcome, OutcomeState, Outgoing
from connectors.documents import Payment
from connectors.errors import (
    BlockedError,
    ConnectorError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from connectors.odoo.client import checked
from connectors.odoo.desk import PAYMENT_PREFIX, STAMP_LOST, Desk, failed, refused, rejected, twice
from connectors.odoo.errors import refusal
from connectors.odoo.loading import payments_table
from connectors.odoo.schema import MethodLine, PaymentRow
from connectors.odoo.settling import Settler

Pair = tuple[Outgoing, int]


def method_line(lines: Sequence[MethodLine], payment: Payment) -> MethodLine | None:
    """The payment method of the journal that books to the payment's money account; else one that names no account,
    where Odoo takes the company's outstanding account."""
    direction = "inbound" if payment.is_refund else "outbound"
    mine = [line for line in lines if str(line.journal_id) == payment.journal and line.payment_type == direction]
    exact = (line for line in mine if str(line.payment_account_id) == payment.money.id)
    return next(exact, None) or next((line for line in mine if line.payment_account_id is None), None)


class PaymentPoster:
    """Payments of one company, one outcome each; raises only before anything was sent."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def post(self, batch: Sequence[Outgoing]) -> dict[str, Outcome]:
        """Make what is missing, complete what is half done."""
        outcomes: dict[str, Outcome] = {}
        found = self.desk.lookup.payments(one.stamp for one in batch)
        live: list[Pair] = []
        fresh: list[Outgoing] = []
        for one in batch:
            hit = found[one.stamp]
            row = hit.document
            if hit.is_twice:
                outcomes[one.key] = twice(one, hit, PAYMENT_PREFIX)
            elif not isinstance(row, PaymentRow):
                fresh.append(one)
            elif row.state != "draft" and (row.move_id or row.state in ("canceled", "rejected")):
                live.append((one, row.id))
            elif self._cleared(one, row, outcomes):
                fresh.append(one)
        live += self._posted(self._loaded(fresh, outcomes), outcomes)
        self._finish(live, outcomes)
        return outcomes

    def _cleared(self, one: Outgoing, row: PaymentRow, outcomes: dict[str, Outcome]) -> bool:
        """Delete a draft, or a payment that Odoo confirmed without an entry, so that it can be made as it should."""
        try:
            if row.state != "draft":
                self._call("action_draft", [row.id])
        except ConnectorError as error:
            outcomes[one.key] = failed(one, OutcomeState.UNCERTAIN, error, f"{PAYMENT_PREFIX}{row.id}")
            return False
        outcome = self.desk.remove_draft("account.payment", row.id, one, refused("replaced"))
        if outcome.state is not OutcomeState.REJECTED:
            outcomes[one.key] = outcome
        return outcome.state is OutcomeState.REJECTED

    def _loaded(self, batch: list[Outgoing], outcomes: dict[str, Outcome]) -> list[Pair]:
        """Drafts with the right account; for the others the outcome is set."""
        lines = self.desk.books.method_lines() if batch else []
        ready: list[tuple[Outgoing, Payment]] = []
        methods: dict[str, int] = {}
        for one in batch:
            payment = checked(one.document, Payment)
            if line := method_line(lines, payment):
                methods[one.key] = line.id
                ready.append((one, payment))
            else:
                outcomes[one.key] = rejected(one, _no_method(payment))
        if not ready:
            return []
        fields, data = payments_table(ready, self.desk.currency_ids(), methods)
        everybody = [one for one, _ in ready]
        try:
            answer = self.desk.client.load("account.payment", fields, data, company=self.desk.company)
            if len(answer.ids) != len(ready):
                raise refusal(answer.text)
            pairs = list(zip(everybody, answer.ids, strict=True))
        except (OutcomeUnknownError, RetryableError, BlockedError) as error:
            if isinstance(error, BlockedError) and not outcomes:
                raise
            is_unknown = isinstance(error, OutcomeUnknownError)
            state = OutcomeState.UNCERTAIN if is_unknown else OutcomeState.NOT_SENT
            outcomes.update((one.key, failed(one, state, error)) for one in everybody)
            return []
        except ConnectorError as error:
            state = OutcomeState.SPLIT if len(everybody) > 1 else OutcomeState.REJECTED
            outcomes.update((one.key, failed(one, state, error)) for one in everybody)
            return []
        return self._checked(pairs, outcomes)

    def _checked(self, pairs: list[Pair], outcomes: dict[str, Outcome]) -> list[Pair]:
        try:
            rows = self.desk.lookup.payments_by_id([payment_id for _, payment_id in pairs])
        except ConnectorError as error:
            self._unclear(pairs, error, outcomes)
            return []
        right: list[Pair] = []
        for one, payment_id in pairs:
            payment, row = checked(one.document, Payment), rows.get(payment_id)
            if row is None:
                gone = RetryableError(f"The payment {payment_id} was deleted in Odoo meanwhile.", provider="Odoo")
                outcomes[one.key] = failed(one, OutcomeState.UNCERTAIN, gone)
            elif row.state != "draft" or str(row.outstanding_account_id) == payment.money.id:
                right.append((one, payment_id))
            else:
                outcomes[one.key] = self.desk.remove_draft("account.payment", payment_id, one, _no_method(payment))
        return right

    def _posted(self, pairs: list[Pair], outcomes: dict[str, Outcome]) -> list[Pair]:
        """All in one call; refused, they are halved until the refused one stands alone and is deleted."""
        if not pairs:
            return []
        try:
            self._call("action_post", [payment_id for _, payment_id in pairs])
        except RejectedError as error:
            if len(pairs) == 1:
                one, payment_id = pairs[0]
                outcomes[one.key] = self.desk.remove_draft("account.payment", payment_id, one, error)
                return []
            middle = len(pairs) // 2
            return [*self._posted(pairs[:middle], outcomes), *self._posted(pairs[middle:], outcomes)]
        except ConnectorError as error:
            self._unclear(pairs, error, outcomes)
            return []
        return pairs

    def _finish(self, pairs: list[Pair], outcomes: dict[str, Outcome]) -> None:
        if not pairs:
            return
        try:
            outcomes.update(complete_payments(self.desk, pairs))
        except ConnectorError as error:
            self._unclear(pairs, error, outcomes)

    def _unclear(self, pairs: list[Pair], error: ConnectorError, outcomes: dict[str, Outcome]) -> None:
        for one, payment_id in pairs:
            outcomes[one.key] = failed(one, OutcomeState.UNCERTAIN, error, f"{PAYMENT_PREFIX}{payment_id}")

    def _call(self, method: str, ids: list[int]) -> None:
        self.desk.client.call("account.payment", method, company=self.desk.company, ids=ids, writes=True)


def complete_payments(desk: Desk, pairs: Sequence[Pair]) -> dict[str, Outcome]:
    """Reconcile payments that are in the books with what they settle, read them back and compare."""
    rows = desk.lookup.payments_by_id([payment_id for _, payment_id in pairs])
    booked = [
        (one, move_id)
        for one, payment_id in pairs
        if (row := rows.get(payment_id)) and (move_id := row.move_id) and row.state not in ("canceled", "rejected")
    ]
    moves = desk.lookup.moves_by_id([move_id for _, move_id in booked])
    open_ones = [(one, move_id) for one, move_id in booked if move_id in moves and moves[move_id].state == "posted"]
    try:
        findings = Settler(desk).settle(open_ones)
    except (RejectedError, OutcomeUnknownError) as error:  # what is reconciled all the same is read back below
        trouble = (Finding("not_reconciled", error.message, ""),)
        findings = {one.key: trouble for one, _ in open_ones}
    lines = desk.lookup.lines(moves)
    outcomes = {}
    for one, payment_id in pairs:
        payment = rows.get(payment_id)
        if payment is None:
            outcomes[one.key] = Outcome(one.key, OutcomeState.ABSENT)
            continue
        move = moves.get(payment.move_id or 0)
        outcome = desk.payment_outcome(one, payment, move, lines.get(payment.move_id or 0, []))
        if outcome.state is not OutcomeState.POSTED:
            outcome = replace(outcome, differences=(*outcome.differences, *findings.get(one.key, ())))
        outcomes[one.key] = outcome
    return outcomes


def find_payments(desk: Desk, batch: Sequence[Outgoing], seen: set[str], known: str = "") -> dict[str, Outcome]:
    """Payments by their stamps in every state. One in the books that is not reconciled yet is completed."""
    found = desk.lookup.payments([*(one.stamp for one in batch), *([known] if known else [])])
    seen.update(stamp for stamp, hit in found.items() if hit.document)
    outcomes: dict[str, Outcome] = {}
    pairs: list[Pair] = []
    for one in batch:
        hit = found[one.stamp]
        row = hit.document
        if hit.is_twice:
            outcomes[one.key] = twice(one, hit, PAYMENT_PREFIX)
        elif isinstance(row, PaymentRow):
            pairs.append((one, row.id))
        else:
            outcomes[one.key] = Outcome(one.key, OutcomeState.ABSENT)
    if pairs:
        outcomes.update(complete_payments(desk, pairs))
    for one, _ in pairs:
        if found[one.stamp].mine is None:
            outcome = outcomes[one.key]
            outcomes[one.key] = replace(outcome, differences=(*outcome.differences, STAMP_LOST))
    return outcomes


def _no_method(payment: Payment) -> RejectedError:
    account = payment.money.code or payment.money.id
    return refused(
        f"No payment method of the journal books to account {account}: set it as outstanding account of a "
        "payment method of that journal.",
        "payment_account",
    )
