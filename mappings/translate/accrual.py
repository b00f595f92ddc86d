"""How does spending that is still held at month end reach the month? An accrual that a person asked for (G19)."""

from __future__ import annotations

from datetime import date, timedelta

from connectors.documents import Account, JournalEntry, Role
from connectors.records import Finality, Side, SpendRecord
from mappings.translate import build
from mappings.translate.context import Decision, Draft, Known, PostedDocument, Setup, Skip
from mappings.translate.reversal import assemble_reversal
from mappings.translate.sheet import Part, Sheet


def accrue(record: SpendRecord, setup: Setup, known: Known, *, account: Account, on: date) -> Decision:
    """The accrual on the last day of a month: the account that a person chose against ACCR, purpose `acc`.

    Only settled or approved spending of that month or before is accrued; the flow's policy must allow it."""
    sheet = Sheet(record, setup, known, rules=["G19"])
    if not setup.policies.month_end_accrual:
        return Skip("The flow does not accrue at month end.", ("G19",))
    if record.finality is not Finality.FINAL or record.amount is None or record.amount.amount <= 0:
        return Skip("Not settled or approved.", ("G19",))
    own = sheet.own_day()
    if own is not None and own > on:
        return Skip(f"Dated {own}, after {on}.", ("G19",))
    cost = Part(account, Side.DEBIT, sheet.total, because=("chosen for the accrual",))
    owed = sheet.part(sheet.role(Role.ACCR, sheet.currency), Side.CREDIT)
    return sheet.answer([("acc", build.entry(sheet, [cost], owed, on=on))])


def accrual_reversed(posted: PostedDocument) -> tuple[Draft, ...]:
    """The mirror of a posted accrual, on the next day."""
    if not isinstance(posted.document, JournalEntry) or not _is_accrual(posted.document):
        raise ValueError(f"{posted.key} is no accrual.")
    on = posted.document.posting_date + timedelta(days=1)
    return assemble_reversal((posted,), on=on, reason="month-end accrual")


def _is_accrual(entry: JournalEntry) -> bool:
    return any(line.account.role is Role.ACCR for line in entry.lines)
