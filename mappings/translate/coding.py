"""Which account and which cost centres does a coding lead to? Rules first, else the codes themselves (B37, G13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from connectors.documents import Account, Dimension, Role
from connectors.records import Coded
from mappings.translate.sheet import NO_DIMENSIONS, Sheet

COST_LIKE = frozenset({Role.EXP, Role.TAX, Role.EMREC})
"""What a cost line may be mapped to: never a control, bank or other role account."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a line goes, and why."""

    account: Account
    because: tuple[str, ...] = ()


def merged_coding(own: Sequence[Coded], general: Sequence[Coded]) -> tuple[Coded, ...]:
    """A line's own coding first; the record's where the line says nothing about that field."""
    said = {coded.field for coded in own}
    return (*own, *(coded for coded in general if coded.field not in said))


def coding_day(sheet: Sheet) -> date:
    """The day whose rules count: the posting day before locks, so that a lock changes no account."""
    return sheet.own_day() or date.min


def target_of(sheet: Sheet, own: Sequence[Coded], general: Sequence[Coded]) -> Target | None:
    """The account of a cost line; None, with a need, when no rule says so or when it leads to a control account."""
    target = account_of(sheet, own, general)
    if target is None:
        return None
    if target.account.role not in COST_LIKE:
        sheet.need(
            "missing_mapping",
            f"{target.account.code or target.account.id} plays the role {target.account.role}: costs never go there.",
            value=target.account.id,
            target="account",
        )
        return None
    return target


def account_of(sheet: Sheet, own: Sequence[Coded], general: Sequence[Coded]) -> Target | None:
    """The account that a coding leads to, with the role it plays, if any.

    A ledger account that arrives as coded stands, unless a person made a rule about it (B37)."""
    setup, on = sheet.setup, coding_day(sheet)
    coding = merged_coding(own, general)
    if chosen := sheet.known.choices.get("account"):
        return Target(account_named(sheet, chosen), ("chosen",))
    coded = next((coded for coded in coding if coded.field == "gl_account"), None)
    if coded and (account := setup.accounts_by_code.get(coded.value)) and not setup.resolver.account((coded,), on):
        return Target(in_role(sheet, account), (f"{account.code or account.id} as coded",))
    hit = setup.resolver.account(coding, on)
    if hit is None:
        _gap(sheet, "account", coding, "No rule leads from {what} to an account.")
        return None
    if not hit.is_active:
        sheet.need("inactive_value", f"Account {hit.code or hit.value} is archived: {hit.because}", value=hit.value)
        return None
    return Target(in_role(sheet, Account(Role.EXP, hit.value, hit.code)), (hit.because,) if hit.because else ())


def account_named(sheet: Sheet, word: str) -> Account:
    """The account that a person chose, by its ledger id or else its code, with the role it plays."""
    by_code = sheet.setup.accounts_by_code
    known = next((one for one in by_code.values() if one.id == word), None) or by_code.get(word)
    return known or in_role(sheet, Account(Role.EXP, word, word))


def in_role(sheet: Sheet, account: Account) -> Account:
    """The account under the role that the connection gave it, so that a control account is known as one."""
    return next((one for one in sheet.setup.roles.values() if one.id == account.id), account)


def dimensions_of(sheet: Sheet, coding: tuple[Coded, ...]) -> tuple[Dimension, ...]:
    """Cost centres of a cost line (G13). A cost centre that the source names must be known; other values may be."""
    hits = sheet.setup.resolver.cost_centres(coding, coding_day(sheet))
    for hit in hits:
        if not hit.is_active:
            sheet.need("inactive_value", f"Cost centre {hit.code or hit.value} is archived: {hit.because}",
                       value=hit.value)  # fmt: skip
    if hits:
        return tuple(Dimension(hit.group, hit.value, hit.code) for hit in hits)
    named = next((coded for coded in coding if coded.field in ("cost_center", "cost_centre")), None)
    if named is None:
        return NO_DIMENSIONS
    if known := sheet.setup.cost_centres_by_code.get(named.value):
        return (known,)
    _gap(sheet, "cost_centre", (named,), "No rule leads from {what} to a cost centre.")
    return NO_DIMENSIONS


def _gap(sheet: Sheet, target: str, coding: tuple[Coded, ...], message: str) -> None:
    missing = sheet.setup.resolver.unmapped(target, coding)
    if missing is None:
        sheet.need("missing_mapping", "The source coded nothing that a rule could be keyed on.",
                   value=sheet.record.external_id, target=target)  # fmt: skip
        return
    what = f"{missing.field} {missing.label or missing.value}"
    sheet.need("missing_mapping", message.format(what=what), value=missing.value, source_field=missing.field,
               label=missing.label, target=target)  # fmt: skip
