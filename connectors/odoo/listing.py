"""Which documents of ours does this Odoo hold? Page by page, confirmed by their external ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from connectors.base import Stamped
from connectors.money import Money, minor_unit
from connectors.odoo.desk import PAYMENT_PREFIX, Desk
from connectors.odoo.schema import Move, PartnerRow, PaymentRow
from connectors.odoo.stamps import stamp_from

PAGE = 500
OVERLAP = timedelta(minutes=10)  # `write_date` is the start of the writing transaction, which commits later
_KEY = re.compile(r"[a-z][a-z0-9_]*:[A-Za-z0-9._:@=+~-]*[0-9][A-Za-z0-9._:@=+~-]*")  # a source, and an id with a digit
_STATES = {"draft": "draft", "posted": "posted", "cancel": "cancelled"}
_PAYMENT_STATES = {"draft": "draft", "canceled": "cancelled", "rejected": "cancelled"}
_TYPES = {"entry": "journal_entry", "in_invoice": "vendor_bill", "in_refund": "vendor_bill"}


def list_stamped(desk: Desk, since: datetime | None) -> Iterator[list[Stamped]]:
    """Every entry, bill, payment and created partner with an external id of ours, changed since then (None: all), and
    entries and bills without one that bear a key like ours, typed or copied by somebody: a person binds them.

    Raises ConnectorErrors; safe to repeat. Keys hold a colon, which spares most of what others wrote."""
    yield from _moves(desk, since)
    yield from _payments(desk, since)
    yield from _partners(desk, since)


def _moves(desk: Desk, since: datetime | None) -> Iterator[list[Stamped]]:
    domain = [
        ["company_id", "=", int(desk.company)],
        ["move_type", "in", list(_TYPES)],
        *_changed(since),
        "|",
        ["invoice_origin", "like", ":"],
        "&",
        ["invoice_origin", "=", False],
        ["ref", "like", ":"],
    ]
    for page in desk.client.pages(Move, domain, company=desk.company, size=PAGE):
        ours = _stamps(desk, "account.move", [row.id for row in page])
        stamps = {row.id: ours.get(row.id) or _typed(row) for row in page}
        reversals = desk.client.rows(
            Move,
            [["reversed_entry_id", "in", [row.id for row in page]], ["state", "=", "posted"]],
            company=desk.company,
        )
        reversed_ids = {row.reversed_entry_id for row in reversals}
        yield [
            Stamped(
                stamp=stamps[row.id],
                ledger_id=str(row.id),
                state="reversed" if row.id in reversed_ids else _STATES[row.state],
                posting_date=row.date,
                total=_money(desk, row),
                number=row.name,
                type=_TYPES[row.move_type],
            )
            for row in page
            if stamps[row.id]
        ]


def _typed(row: Move) -> str:
    """The key that an entry bears without being known as ours; not the one that Odoo copied from an original or a
    payment of ours."""
    if row.origin_payment_id is not None or row.reversed_entry_id is not None:
        return ""
    return next((word for word in (row.invoice_origin, row.ref) if _KEY.fullmatch(word)), "")


def _payments(desk: Desk, since: datetime | None) -> Iterator[list[Stamped]]:
    domain = [["company_id", "=", int(desk.company)], ["memo", "like", ":"], *_changed(since)]
    for page in desk.client.pages(PaymentRow, domain, company=desk.company, size=PAGE):
        stamps = _stamps(desk, "account.payment", [row.id for row in page])
        yield [
            Stamped(
                stamp=stamps[row.id],
                ledger_id=f"{PAYMENT_PREFIX}{row.id}",
                state=_PAYMENT_STATES.get(row.state, "posted"),
                posting_date=row.date,
                total=_money(desk, row),
                number=row.name,
                type="payment",
            )
            for row in page
            if row.id in stamps
        ]


def _partners(desk: Desk, since: datetime | None) -> Iterator[list[Stamped]]:
    domain = [["ref", "like", ":"], *_changed(since)]
    for page in desk.client.pages(PartnerRow, domain, company=desk.company, size=PAGE, is_archived_too=True):
        stamps = _stamps(desk, "res.partner", [row.id for row in page])
        yield [
            Stamped(
                stamp=stamps[row.id],
                ledger_id=str(row.id),
                state="posted" if row.active else "cancelled",
                posting_date=None,
                total=None,
                number=row.name,
                type="new_vendor",
            )
            for row in page
            if row.id in stamps
        ]


def _stamps(desk: Desk, model: str, ids: list[int]) -> dict[int, str]:
    names = desk.client.external_ids(model, ids, company=desk.company)
    found = {key: next(filter(None, map(stamp_from, some)), "") for key, some in names.items()}
    return {key: stamp for key, stamp in found.items() if stamp}


def _money(desk: Desk, row: Move | PaymentRow) -> Money | None:
    code = desk.books.currency_code(row.currency_id)
    amount = row.amount_total if isinstance(row, Move) else row.amount
    return Money(amount.quantize(minor_unit(code)), code) if code else None


def _changed(since: datetime | None) -> list[list[Any]]:
    if since is None:
        return []
    return [["write_date", ">=", (since - OVERLAP).strftime("%Y-%m-%d %H:%M:%S")]]
