"""What does Odoo itself hold of Brex? Asked with an administrator's key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal

from audit.demo.counting import BILL, ENTRY, PARTNER, PAYMENT, Seen, plain
from connectors.odoo.client import OdooClient
from connectors.odoo.schema import CurrencyRow, Move, MoveLine, PartnerRow, PaymentRow

TYPES: Mapping[str, str] = {"entry": ENTRY, "in_invoice": BILL, "in_refund": BILL}
IN_BOOKS = {"posted", "paid", "in_process"}
SOURCE = "brex:"
LINES_AT_ONCE = 200


def documents(admin: OdooClient, companies: Collection[str]) -> Iterator[Seen]:
    """Every entry, bill, payment and partner in Odoo that carries a stamp of a Brex record. Partners belong to all
    companies and are counted without one."""
    codes = {row.id: row.name for row in admin.rows(CurrencyRow, [], is_archived_too=True)}
    for company in companies:
        yield from _moves(admin, company, codes)
        for page in admin.pages(
            PaymentRow, [["company_id", "=", int(company)], ["memo", "like", SOURCE]], company=company
        ):
            for row in page:
                code = codes.get(row.currency_id or 0, "")
                yield Seen(row.memo, company, PAYMENT, row.state in IN_BOOKS, plain(row.amount), code)
    for partners in admin.pages(PartnerRow, [["ref", "like", SOURCE]], is_archived_too=True):
        for partner in partners:
            yield Seen(partner.ref, "", PARTNER, partner.active)


def _moves(admin: OdooClient, company: str, codes: Mapping[int, str]) -> Iterator[Seen]:
    domain = [["company_id", "=", int(company)], ["invoice_origin", "like", SOURCE], ["move_type", "in", list(TYPES)]]
    for page in admin.pages(Move, domain, company=company):
        debits = _debits(admin, company, [row.id for row in page if row.move_type == "entry"])
        for row in page:
            code = codes.get(row.currency_id or 0, "")
            total = debits[row.id, row.currency_id or 0] if row.move_type == "entry" else row.amount_total
            yield Seen(row.invoice_origin, company, TYPES[row.move_type], row.state in IN_BOOKS, plain(total), code)


def _debits(admin: OdooClient, company: str, move_ids: list[int]) -> Mapping[tuple[int, int], Decimal]:
    """Debits of entries in their own currency: `amount_total` of an entry is in company currency."""
    sums: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for start in range(0, len(move_ids), LINES_AT_ONCE):
        domain = [["move_id", "in", move_ids[start : start + LINES_AT_ONCE]], ["amount_currency", ">", 0]]
        for page in admin.pages(MoveLine, domain, company=company):
            for line in page:
                sums[line.move_id or 0, line.currency_id or 0] += line.amount_currency
    return sums
