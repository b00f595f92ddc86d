"""Which accounts of Dynamics do our documents name? Main accounts with dimensions, vendors, and bank accounts.

A vendor's payable account is none that can be named: its posting profile decides. So the account `vendor` stands for
*account type Vendor*, with the line's partner, and `bank:USMF OPER` for a bank account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors.documents import Account, Dimension, Line, Partner
from connectors.dynamics365_fo.dimensions import Formats
from connectors.errors import RejectedError

VENDOR = "vendor"
BANK = "bank:"
SEPARATOR = "="  # CostCenter=CC7


@dataclass(frozen=True, slots=True)
class Target:
    """An account as a journal line names it; `dimensions` belong to the account where that is a ledger account."""

    type: str
    account: str
    default_dimensions: str = ""


def is_ledger(account: Account) -> bool:
    return account.id != VENDOR and not account.id.startswith(BANK)


def target(formats: Formats, account: Account, partner: Partner | None, dimensions: Iterable[Dimension]) -> Target:
    """Blanks at the end of ids do not count in Dynamics, and are not sent. Raises UnsupportedError for what the formats
    cannot carry, RejectedError for a vendor account without vendor."""
    values = dimension_values(dimensions)
    if account.id == VENDOR:
        if partner is None:
            raise RejectedError("A line on a vendor account needs a vendor.", cure="missing_partner")
        return Target("Vend", formats.plain(partner.id.rstrip()), formats.dimensions(values))
    if account.id.startswith(BANK):
        return Target("Bank", formats.plain(account.id.removeprefix(BANK).rstrip()), formats.dimensions(values))
    return Target("Ledger", formats.account(account.id.rstrip(), values))


def target_of(formats: Formats, line: Line) -> Target:
    return target(formats, line.account, line.partner, line.dimensions)


def dimension_values(dimensions: Iterable[Dimension]) -> Mapping[str, str]:
    """Values by the name of their dimension."""
    return dict(dimension_value(one) for one in dimensions)


def dimension_value(dimension: Dimension) -> tuple[str, str]:
    """Name and value of a cost centre: its id is `CostCenter=CC7`, as values of two dimensions may be the same."""
    name, found, value = dimension.id.partition(SEPARATOR)
    return (name, value.rstrip()) if found else (dimension.kind, dimension.id.rstrip())
