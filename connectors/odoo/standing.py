"""Which bills of a supplier's number stand in Odoo already? Typed or imported there, so not ours by external id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from connectors.base import StandingBill
from connectors.contents import plain_number
from connectors.documents import Account, Partner, Role
from connectors.money import Money, minor_unit
from connectors.odoo.desk import Desk
from connectors.odoo.schema import MoveLine, StandingRow
from connectors.odoo.stamps import stamp_from

SHORT = 3  # characters; a pattern with room on both sides would find half the books


def standing_bills(desk: Desk, numbers: Sequence[str]) -> list[StandingBill]:
    """Bills and credits born in Odoo whose `ref` is one of these numbers but for case, spaces and punctuation, in
    every state. One search for all; two more calls only where something was found. Raises ConnectorErrors."""
    wanted = sorted({plain for number in numbers if (plain := plain_number(number))})
    if not wanted:
        return []
    either: list[Any] = ["|"] * (len(wanted) - 1) + [["ref", "=ilike", _pattern(plain)] for plain in wanted]
    domain = [["company_id", "=", int(desk.company)], ["move_type", "in", ["in_invoice", "in_refund"]], *either]
    rows = [
        row for row in desk.client.rows(StandingRow, domain, company=desk.company) if plain_number(row.ref) in wanted
    ]
    if not rows:
        return []
    names = desk.client.external_ids("account.move", [row.id for row in rows], company=desk.company)
    foreign = [row for row in rows if not any(stamp_from(name) for name in names.get(row.id, []))]
    payables = _payables(desk, [row.id for row in foreign])
    return [_bill(desk, row, payables.get(row.id)) for row in foreign]


def _pattern(plain: str) -> str:
    inner = "%".join(plain)
    return inner if len(plain) <= SHORT else f"%{inner}%"


def _payables(desk: Desk, ids: Iterable[int]) -> dict[int, int]:
    """The account that each bill is owed on."""
    wanted = sorted(ids)
    if not wanted:
        return {}
    domain = [["move_id", "in", wanted], ["display_type", "=", "payment_term"]]
    rows = desk.client.rows(MoveLine, domain, company=desk.company)
    return {row.move_id: row.account_id for row in rows if row.move_id and row.account_id}


def _bill(desk: Desk, row: StandingRow, payable: int | None) -> StandingBill:
    code = desk.books.currency_code(row.currency_id)
    account = desk.books.accounts([payable]).get(payable) if payable else None
    partner_id, partner_name = row.partner_id or (0, "")
    sign = -1 if row.move_type == "in_refund" else 1

    def money(amount: Any) -> Money:
        return Money(sign * amount.quantize(minor_unit(code)), code)

    return StandingBill(
        ledger_id=str(row.id),
        number=row.ref,
        partner=Partner(str(partner_id or ""), partner_name),
        payable=Account(Role.AP, str(payable or ""), account.code if account else ""),
        total=money(row.amount_total),
        open_amount=money(row.amount_residual),
        is_cancelled=row.state == "cancel",
        is_draft=row.state == "draft",
    )
