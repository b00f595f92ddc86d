"""May this flow write the cash account, or does the money go to TRANSIT? The one answer to family F4."""

from __future__ import annotations

from connectors.documents import Account, Role
from mappings.translate.sheet import Sheet


def money_leg(sheet: Sheet, coded: Account | None = None) -> Account | None:
    """CASH where this flow's stream writes that cash account, else TRANSIT, which whoever writes it clears.

    `coded` is the account that the record's own lines name."""
    if coded is not None:
        return coded if _is_writable(sheet, coded) else sheet.transit()
    return cash_leg(sheet, sheet.record.source_account)


def cash_leg(sheet: Sheet, source_account: str) -> Account | None:
    """The same for a cash account of the source. A stream that does not name it may write only if there is one."""
    writable = sheet.setup.may_write_cash
    if source_account in writable:
        return sheet.role(Role.CASH, source_account)
    if not writable or source_account:
        return sheet.transit()
    if len(writable) == 1:
        return sheet.role(Role.CASH, next(iter(writable)))
    sheet.need("missing_role", "The record does not say which of several cash accounts it moved.",
               value=f"{sheet.setup.company}:{Role.CASH}:{sheet.record.stream}", target=Role.CASH)  # fmt: skip
    return None


def _is_writable(sheet: Sheet, account: Account) -> bool:
    accounts = (sheet.setup.role(Role.CASH, what) for what in sheet.setup.may_write_cash)
    return account.role is Role.CASH and any(one is not None and one.id == account.id for one in accounts)
