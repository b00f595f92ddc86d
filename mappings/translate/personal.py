"""What if an expense is personal? Known before posting it is owed at once; found later it is moved (B29-B31)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from connectors.documents import JournalEntry, Role
from connectors.money import Money
from connectors.records import RecordLine, Side, SpendRecord
from mappings.policies import day_of
from mappings.translate import build
from mappings.translate.context import Decision, Post
from mappings.translate.lines import cost_parts, line_amounts
from mappings.translate.partners import employee_of, vendor_of
from mappings.translate.sheet import Part, Sheet


def is_flagged(record: SpendRecord) -> bool:
    """The source itself calls it personal, whole or by lines."""
    return record.personal_since is not None or any(line.is_personal for line in record.lines)


def is_found_later(sheet: Sheet) -> bool:
    """It stands in the ledger as the company's own spending, and the source calls it personal now."""
    if not is_flagged(sheet.record):
        return False
    for posted in sheet.known.standing:
        if not posted.purpose and not posted.reverses:
            lines = getattr(posted.document, "lines", ())
            return bool(lines) and all(line.account.role is not Role.EMREC for line in lines)
    return False


def without_flags(record: SpendRecord) -> SpendRecord:
    lines = tuple(replace(line, is_personal=False) for line in record.lines)
    return replace(record, personal_since=None, is_partly_personal=False, lines=lines)


def reclassed(sheet: Sheet, rule: Callable[[Sheet], Decision]) -> Decision:
    """The record as it was posted, and EMREC against its cost on the day on which repayment was asked for (B31).

    Not a reversal: what was posted stands."""
    record = sheet.record
    as_it_was = rule(Sheet(without_flags(record), sheet.setup, sheet.known))
    if not isinstance(as_it_was, Post):
        return as_it_was
    asked = record.personal_since or record.changed_at
    flagged = _personal_lines(sheet)
    total = sum((line.amount.amount for line in flagged if line.amount), Decimal(0))
    part = Sheet(
        replace(without_flags(record), amount=Money(total, sheet.currency), original=None, lines=flagged),
        sheet.setup,
        sheet.known,
        needs=list(sheet.needs),
        rules=list(as_it_was.rules),
    )
    part.rule("B31")
    if asked is None:
        part.need("no_date", "The source does not say when repayment was asked for.", value=record.external_id)
        return part.hold()
    reclass = _moved(part, flagged, day_of(asked, sheet.setup.time_zone))
    drafts = [(draft.purpose, draft.document) for draft in as_it_was.drafts]
    return part.answer([*drafts, ("personal", reclass)])


def _personal_lines(sheet: Sheet) -> tuple[RecordLine, ...]:
    """The lines that are personal, with amounts in the settled currency; the whole record if no line is flagged."""
    record = sheet.record
    lines = record.lines or (RecordLine(id="", amount=abs(sheet.amount)),)
    amounts = line_amounts(sheet, lines, Side.DEBIT) or []
    is_whole = not any(line.is_personal for line in record.lines)
    return tuple(
        replace(line, amount=Money(abs(amount), sheet.currency), percentage=None, is_personal=False)
        for line, amount in zip(lines, amounts, strict=False)
        if is_whole or line.is_personal
    )


def _moved(sheet: Sheet, lines: tuple[RecordLine, ...], asked_on: date) -> JournalEntry | None:
    costs = cost_parts(sheet, lines, Side.DEBIT, partner=vendor_of(sheet, is_required=False))
    account = sheet.role(Role.EMREC, sheet.currency)
    owed = [] if account is None else [Part(account, Side.DEBIT, sheet.total, employee_of(sheet), is_personal=True)]
    back = [replace(cost, side=cost.side.other, is_personal=True, memo="") for cost in costs]
    return build.entry(sheet, back, owed, on=asked_on)
