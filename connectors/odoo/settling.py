"""Which open items does a document close? Payable and other open lines are reconciled, and reversals with originals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.base import Finding, Outcome, OutcomeState, Outgoing
from connectors.documents import JournalEntry, Payment, VendorBill
from connectors.errors import ConnectorError, OutcomeUnknownError, RejectedError
from connectors.odoo.desk import PAYMENT_PREFIX, Desk
from connectors.odoo.schema import Move, MoveLine, PaymentRow
from connectors.odoo.stamps import stamp_of

IN_LEDGER = "ledger:"  # prefix of a document that was born in Odoo


@dataclass(frozen=True, slots=True)
class Task:
    """One document in the books and the moves whose open lines it closes."""

    outgoing: Outgoing
    move_id: int
    targets: tuple[int, ...]
    reverses_payment: bool = False
    missing: tuple[str, ...] = ()


class Settler:
    """Reconciles, and reads back what is left open. Safe to repeat: only open lines are touched."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def settle(self, moves: Sequence[tuple[Outgoing, int]]) -> dict[str, tuple[Finding, ...]]:
        """Findings by key: nothing when all that was to be closed is closed. Raises ConnectorErrors when a call
        failed; whatever was reconciled before stays so."""
        tasks = self._tasks([one for one in moves if settled_keys(one[0])])
        if not tasks:
            return {}
        lines = self._lines(tasks)
        for task in sorted(tasks, key=lambda one: not one.reverses_payment):
            if self._reconcile(task, lines):  # what a payment had closed is open again, for those that come after it
                lines = self._lines(tasks)
        lines = self._lines(tasks)
        return {task.outgoing.key: tuple(self._left(task, lines)) for task in tasks}

    def _tasks(self, moves: Sequence[tuple[Outgoing, int]]) -> list[Task]:
        wanted = {key for outgoing, _ in moves for key in settled_keys(outgoing)}
        stamps = {key: stamp_of(key) for key in wanted if not key.startswith(IN_LEDGER)}
        by_key: dict[str, tuple[int, bool]] = {
            key: (int(key.removeprefix(IN_LEDGER)), False) for key in wanted if key.startswith(IN_LEDGER)
        }
        if stamps:
            found = self.desk.lookup.moves(stamps.values())
            for key, stamp in stamps.items():
                row = found[stamp].document
                if isinstance(row, Move) and row.state == "posted":
                    by_key[key] = (row.id, False)
        if rest := {key: stamp for key, stamp in stamps.items() if key not in by_key}:
            found = self.desk.lookup.payments(rest.values())
            for key, stamp in rest.items():
                payment = found[stamp].document
                if isinstance(payment, PaymentRow) and payment.move_id:
                    by_key[key] = (payment.move_id, True)
        tasks = []
        for outgoing, move_id in moves:
            keys = settled_keys(outgoing)
            document = outgoing.document
            reverses = document.reverses if isinstance(document, JournalEntry | VendorBill) else ""
            tasks.append(
                Task(
                    outgoing,
                    move_id,
                    tuple(by_key[key][0] for key in keys if key in by_key),
                    bool(reverses) and reverses in by_key and by_key[reverses][1],
                    tuple(key for key in keys if key not in by_key),
                )
            )
        return tasks

    def _lines(self, tasks: Sequence[Task]) -> dict[int, list[MoveLine]]:
        lines = self.desk.lookup.lines({one for task in tasks for one in (task.move_id, *task.targets)})
        accounts = self.desk.books.accounts(
            {line.account_id for some in lines.values() for line in some if line.account_id}
        )
        return {
            move_id: [line for line in some if line.account_id in accounts and accounts[line.account_id].reconcile]
            for move_id, some in lines.items()
        }

    def _reconcile(self, task: Task, lines: Mapping[int, list[MoveLine]]) -> bool:
        """Answers whether it also opened lines of other documents."""
        has_opened = False
        for account in dict.fromkeys(line.account_id for line in self._own(task, lines)):
            own = [line for line in self._own(task, lines) if line.account_id == account and not line.reconciled]
            theirs = [line for one in task.targets for line in lines.get(one, []) if line.account_id == account]
            if not own or not theirs:
                continue
            if task.reverses_payment and (taken := [line.id for line in theirs if line.reconciled]):
                # The bill comes back open; the payment itself is never cancelled, or its entry would vanish.
                self._call("remove_move_reconcile", taken)
                opposite, has_opened = theirs, True
            else:
                opposite = [line for line in theirs if not line.reconciled]
            sign = sum(line.balance or line.amount_currency for line in own)
            opposite = [line for line in opposite if (line.balance or line.amount_currency) * sign < 0]
            if opposite:
                self._call("reconcile", [line.id for line in (*own, *opposite)])
        return has_opened

    def _call(self, method: str, ids: list[int]) -> None:
        try:
            self.desk.client.call("account.move.line", method, company=self.desk.company, ids=ids, writes=True)
        except RejectedError as error:
            if "already reconciled" not in error.message:
                raise

    def _left(self, task: Task, lines: Mapping[int, list[MoveLine]]) -> list[Finding]:
        findings = [
            Finding("not_reconciled", f"{key} is not in Odoo's books, so it is not settled by this document.", key)
            for key in task.missing
        ]
        accounts = {line.account_id for one in task.targets for line in lines.get(one, [])}
        for line in self._own(task, lines):
            if line.account_id in accounts and not line.reconciled:
                findings.append(
                    Finding("not_reconciled", f"{abs(line.amount_residual)} stays open.", str(line.account_id))
                )
        return findings

    def _own(self, task: Task, lines: Mapping[int, list[MoveLine]]) -> list[MoveLine]:
        """A payment or bill closes its payable line only; a money line waits for the bank's statement."""
        document = task.outgoing.document
        mine = lines.get(task.move_id, [])
        if isinstance(document, Payment | VendorBill):
            return [line for line in mine if line.account_id == int(document.payable.id)]
        return list(mine)


def settled_keys(outgoing: Outgoing) -> tuple[str, ...]:
    document = outgoing.document
    if isinstance(document, Payment):
        return document.settles
    if isinstance(document, JournalEntry):
        return (*document.settles, *([document.reverses] if document.reverses else []))
    if isinstance(document, VendorBill):
        return (document.reverses,) if document.reverses else ()
    return ()


def settle_moves(desk: Desk, batch: Sequence[Outgoing], outcomes: dict[str, Outcome]) -> None:
    """Complete the entries and bills among outcomes that are in the books. One that cannot be completed now is
    reported as created only, so that the next look-up completes it."""
    moves = [
        (one, int(outcomes[one.key].ledger_id))
        for one in batch
        if isinstance(one.document, JournalEntry | VendorBill)
        and settled_keys(one)
        and outcomes[one.key].state is OutcomeState.POSTED
        and not outcomes[one.key].ledger_id.startswith(PAYMENT_PREFIX)
    ]
    try:
        try:
            findings = Settler(desk).settle(moves)
        except OutcomeUnknownError:
            findings = Settler(desk).settle(moves)  # only what is still open is tried again
    except ConnectorError as error:
        for outgoing, _ in moves:
            before = outcomes[outgoing.key]
            if isinstance(error, RejectedError):
                trouble = Finding("not_reconciled", error.message, "")
                outcomes[outgoing.key] = replace(before, differences=(*before.differences, trouble))
            else:
                outcomes[outgoing.key] = replace(before, state=OutcomeState.CREATED, error=error)
        return
    for key, found in findings.items():
        outcomes[key] = replace(outcomes[key], differences=(*outcomes[key].differences, *found))
