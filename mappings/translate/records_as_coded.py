"""What if the source gives whole entries? They post as coded where both sides are told; one is completed (B37)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from connectors.documents import Account, Role
from connectors.records import RecordLine, Side
from mappings.translate.coding import account_of
from mappings.translate.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Sides:
    """A record's lines taken apart: what was spent, and the control account that the lines themselves name."""

    costs: tuple[RecordLine, ...]
    control: Account | None = None


def split_sides(sheet: Sheet, expected: Side, *roles: Role) -> Sides:
    """Tell the lines on the accounts of the rule's roles from the others.

    Both sides given: the lines balance and those on the role's account carry the record's amount on the expected
    side, or a need is written. One side given: all lines are cost lines and the role completes them."""
    lines = sheet.record.lines
    if not any(line.side for line in lines):
        return Sides(tuple(lines))
    sheet.rule("B37")
    control: list[tuple[RecordLine, Account | None]] = []
    costs: list[RecordLine] = []
    for line in lines:
        account = _control_account(sheet, line, roles)
        if account is not None or _is_uncoded_counterpart(sheet, line, expected):
            control.append((line, account))
        else:
            costs.append(line)
    if not control and _balance(lines):
        _contradiction(sheet, f"The lines balance, but none stands on the account that plays {roles[0]}.")
        return Sides(tuple(line for line in costs if line.side is not expected))
    if not control:
        return Sides(tuple(costs))
    if not _stands_as_expected(sheet, [line for line, _ in control], expected):
        _contradiction(sheet, f"The lines on {roles[0]} do not carry {sheet.total} {sheet.currency} in {expected}.")
    if not costs:
        _contradiction(sheet, "The lines name only the account that the money came from.")
    named = {account for _, account in control if account is not None}
    if len(named) > 1:
        _contradiction(sheet, f"The lines name {len(named)} accounts as {roles[0]}.")
    return Sides(tuple(costs), next(iter(named), None))


def _balance(lines: Sequence[RecordLine]) -> bool:
    """Both sides are told, and are equal."""
    sides = [Decimal(0), Decimal(0)]
    for line in lines:
        if line.amount is not None and line.side is not None:
            sides[line.side is Side.CREDIT] += line.amount.amount
    return sides[0] == sides[1] != 0


def card_of(sheet: Sheet, coded: Account | None) -> Account | None:
    """The card's account; lines that name another than the connection gives this card are a contradiction."""
    if coded is None:
        return sheet.card()
    expected = sheet.setup.role(Role.CARD, sheet.record.source_account) if sheet.record.source_account else None
    if expected is not None and expected.id != coded.id:
        _contradiction(sheet, f"The lines name {coded.code or coded.id}, this card is {expected.code or expected.id}.")
    return coded


def money_account(sheet: Sheet) -> Account | None:
    """The account that lines of a money movement name beside the role: CASH or TRANSIT; else a need is written."""
    for line in sheet.record.lines:
        if not any(coded.field == "gl_account" for coded in line.coding):
            continue
        account = _coded_account(sheet, line)
        if account is None or _as_role(sheet, account, (Role.CARD, Role.EMPAY, Role.AP, Role.EMREC)):
            continue
        sheet.rule("B37")
        if money := _as_role(sheet, account, (Role.CASH, Role.TRANSIT)):
            return money
        _contradiction(
            sheet, f"A movement of money is coded to {account.code or account.id}, which is no money account."
        )
    return None


def _control_account(sheet: Sheet, line: RecordLine, roles: tuple[Role, ...]) -> Account | None:
    account = _coded_account(sheet, line)
    return _as_role(sheet, account, roles) if account is not None else None


def _as_role(sheet: Sheet, account: Account, roles: tuple[Role, ...]) -> Account | None:
    """The account under one of these roles; one account may play two, as payables of suppliers and employees."""
    playing = [one for (role, _), one in sheet.setup.roles.items() if role in roles and one.id == account.id]
    return playing[0] if playing else account if account.role in roles else None


def _coded_account(sheet: Sheet, line: RecordLine) -> Account | None:
    """What the line's own ledger account is; looked at aside, because a gap is the cost line's to report.

    An account that a person chose is for the cost lines, and does not change what the others are coded to."""
    if not any(coded.field == "gl_account" for coded in line.coding):
        return None
    choices = {name: value for name, value in sheet.known.choices.items() if name != "account"}
    aside = Sheet(sheet.record, sheet.setup, replace(sheet.known, choices=choices))
    target = account_of(aside, [coded for coded in line.coding if coded.field == "gl_account"], ())
    return target.account if target else None


def _is_uncoded_counterpart(sheet: Sheet, line: RecordLine, expected: Side) -> bool:
    """A line that names nothing, on the role's side and with the whole amount, is the role's own."""
    return line.side is expected and not line.coding and line.amount is not None and line.amount.amount == sheet.total


def _stands_as_expected(sheet: Sheet, lines: Sequence[RecordLine], expected: Side) -> bool:
    signed = Decimal(0)
    for line in lines:
        if line.amount is None or line.amount.currency != sheet.currency:
            return False
        signed += line.amount.amount if line.side is expected else -line.amount.amount
    return signed == sheet.total


def _contradiction(sheet: Sheet, message: str) -> None:
    sheet.need("one_sided_lines", message, value=sheet.record.external_id)
