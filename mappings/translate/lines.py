"""On which accounts, cost centres and tax accounts do a record's lines go? Splits, shares, gaps (B2, B29, G10-G13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation

from connectors.documents import Partner, Role
from connectors.money import MoneyError, minor_unit
from connectors.records import Coded, RecordLine, Side
from mappings.policies import signed_shares, tax_in_gross
from mappings.translate.coding import Target, coding_day, dimensions_of, merged_coding, target_of
from mappings.translate.context import RuleHit
from mappings.translate.partners import employee_of
from mappings.translate.sheet import NO_DIMENSIONS, Part, Sheet


def cost_parts(sheet: Sheet, lines: Sequence[RecordLine], side: Side, *, partner: Partner | None = None) -> list[Part]:
    """Parts for what the money was spent on; their signed sum on `side` is the record's amount.

    Without lines the record is its own line. Every gap of every line is written down before anything is answered."""
    record = sheet.record
    if len(lines) > 1:
        sheet.rule("B2")
    if record.is_partly_personal and not any(line.is_personal for line in lines):
        sheet.rule("B30")
        sheet.need("partly_personal", "Part of it is personal, but not which part.", value=record.external_id)
    if not lines:
        lines = (RecordLine(id="", amount=abs(sheet.amount), original=record.original),)
    amounts = line_amounts(sheet, lines, side)
    parts: list[Part] = []
    for line, amount in zip(lines, amounts or [sheet.total] * len(lines), strict=True):
        parts += line_parts(sheet, line, amount, side, partner)
    if amounts is not None:
        parts += _difference(sheet, sum(amounts, Decimal(0)), side)
    return parts


def line_amounts(sheet: Sheet, lines: Sequence[RecordLine], side: Side) -> list[Decimal] | None:
    """The amounts of lines in the settled currency, negative where a line stands on the other side.

    As given; where only percentages or another currency are given, shares of the settled amount (B2, G10)."""
    if all(line.amount and line.amount.currency == sheet.currency for line in lines):
        return [line.amount.amount * _direction(line, side) for line in lines if line.amount]
    weights = _weights(sheet, lines, side)
    if weights is None:
        return None
    sheet.rule("G10")
    try:
        return signed_shares(sheet.total, weights, sheet.currency)
    except MoneyError as error:
        sheet.need("parts_do_not_sum", f"The lines cannot be shared out: {error}", value=sheet.record.external_id)
        return None


def _direction(line: RecordLine, side: Side) -> int:
    return -1 if line.side is side.other else 1


def _weights(sheet: Sheet, lines: Sequence[RecordLine], side: Side) -> list[Decimal] | None:
    whole: Decimal | None
    if all(line.percentage is not None for line in lines):
        weights = [(line.percentage or Decimal(0)) * _direction(line, side) for line in lines]
        whole, said = Decimal(100), "percentages"
    else:
        stated = [line.amount or line.original for line in lines]
        currencies = {money.currency for money in stated if money}
        if not all(stated) or len(currencies) != 1:
            sheet.need("parts_do_not_sum", "Not every line has an amount in one currency or a percentage.",
                       value=sheet.record.external_id)  # fmt: skip
            return None
        weights = [money.amount * _direction(line, side) for line, money in zip(lines, stated, strict=True) if money]
        original = sheet.record.original
        is_stated = original is not None and original.currency in currencies
        whole, said = abs(original.amount) if original and is_stated else None, "amounts in original currency"
    if whole is not None and sum(weights, Decimal(0)) != whole:
        sheet.need("parts_do_not_sum", f"The {said} of the lines sum to {sum(weights, Decimal(0))}, not {whole}.",
                   value=sheet.record.external_id)  # fmt: skip
        return None
    return weights


def _difference(sheet: Sheet, parts_sum: Decimal, side: Side) -> list[Part]:
    """Parts against the stated total: one minor unit goes to ROUND if that is configured, all else is held (G11)."""
    difference = sheet.total - parts_sum
    if not difference:
        return []
    sheet.rule("G11")
    account = sheet.setup.role(Role.ROUND, "loss" if (difference > 0) == (side is Side.DEBIT) else "gain")
    if abs(difference) == minor_unit(sheet.currency) and account is not None:
        parts = sheet.part(account, side if difference > 0 else side.other, abs(difference))
        memo = f"rounding: the lines sum to {parts_sum}, the document to {sheet.total}"
        return [replace(part, memo=memo) for part in parts]
    sheet.need("parts_do_not_sum", f"The lines sum to {parts_sum} {sheet.currency}, the total is {sheet.total}.",
               value=sheet.record.external_id)  # fmt: skip
    return []


def line_parts(
    sheet: Sheet, line: RecordLine, amount: Decimal, side: Side, partner: Partner | None = None
) -> list[Part]:
    """One line as a cost, a personal item, or cost and tax; a negative amount stands on the other side."""
    if not amount:
        return []
    record = sheet.record
    coding = merged_coding(line.coding, record.coding)
    stands = side if amount > 0 else side.other
    on = coding_day(sheet)
    whole_is_personal = record.personal_since is not None and not any(one.is_personal for one in record.lines)
    personal_rule = sheet.setup.resolver.named("personal", coding, on)
    target = None
    if not (line.is_personal or whole_is_personal or personal_rule):
        target = target_of(sheet, line.coding, record.coding)
        if target is None:
            return []
    if target is None or target.account.role is Role.EMREC:
        return _personal(sheet, stands, abs(amount), target, personal_rule)
    dimensions = dimensions_of(sheet, coding) if target.account.role is Role.EXP else NO_DIMENSIONS
    part = Part(target.account, stands, abs(amount), partner, dimensions, line.memo, because=target.because)
    return _with_tax(sheet, part, coding, on) if target.account.role is Role.EXP else [part]


def _personal(sheet: Sheet, side: Side, amount: Decimal, target: Target | None, rule: RuleHit | None) -> list[Part]:
    sheet.rule("B29", *(("B30",) if len(sheet.record.lines) > 1 else ()))
    employee = employee_of(sheet)
    account = target.account if target else sheet.role(Role.EMREC, sheet.currency)
    if account is None:
        return []
    because = target.because if target else ((rule.because,) if rule and rule.because else ())
    return [Part(account, side, amount, employee, is_personal=True, because=because)]


def _with_tax(sheet: Sheet, part: Part, coding: tuple[Coded, ...], on: date) -> list[Part]:
    """The part, or net and tax where a rule attaches a tax code to gross amounts (G12)."""
    hit = sheet.setup.resolver.tax(coding, on)
    if hit is None:
        return [part]
    sheet.rule("G12")
    try:
        percent = Decimal(hit.name.strip().rstrip("%").strip())
    except InvalidOperation:
        sheet.need("tax_differs", f"The tax {hit.code or hit.value} has no rate: {hit.name!r}.", value=hit.value)
        return [part]
    tax = tax_in_gross(part.amount, percent, sheet.currency) if percent > 0 else Decimal(0)
    if not tax:
        return [part]
    account = sheet.role(Role.TAX, hit.value, hit.code)
    if account is None:
        return [part]
    sheet.has_attached_tax = True
    because = (hit.because,) if hit.because else ()
    return [
        replace(part, amount=part.amount - tax),
        Part(account, part.side, tax, part.partner, memo=part.memo, because=because),
    ]
