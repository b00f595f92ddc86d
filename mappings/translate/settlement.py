"""How does the record's money settle what is already posted? At the amount at which it stands; the rest is FX (G9)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from connectors.documents import Account, Document, JournalEntry, Line, Payment, Role, VendorBill
from connectors.records import Side
from mappings.translate import build
from mappings.translate.context import Linked, PostedDocument
from mappings.translate.days import posting_day
from mappings.translate.linked import OpenItem, open_items, settled_before
from mappings.translate.reversal import UnknownCompanyAmountError, mirrored
from mappings.translate.sheet import Sheet

Drafts = list[tuple[str, Document | None]]


def settled_item(sheet: Sheet, items: list[OpenItem], side: Side, money: Account | None) -> Drafts:
    """One open item is taken out, on `side`, at the company amount at which it stands; `money` moves at the day's.

    The rest is FX. A ledger without company-only lines gets it as an entry of its own in company currency. Items that
    are no items, or more than one that fit, are a need."""
    posting_day(sheet, "journal_entry")
    at_days_rate = sheet.in_company_currency(sheet.total)
    fitting = [
        item
        for item in items
        if item.currency == sheet.currency and item.line.amount - settled_before(sheet, item.key) >= sheet.total
    ]
    if items and len(fitting) != 1:
        code = "ambiguous_link" if fitting else "possible_duplicate"
        sheet.need(code, f"{len(fitting)} of {len(items)} items are open with {sheet.amount}.",
                   value=sheet.record.external_id)  # fmt: skip
    if len(fitting) != 1 or at_days_rate is None or money is None:
        return []
    item = fitting[0]
    partner = item.line.partner
    stands_at = item.company_part(sheet.total, sheet.setup.company_currency)
    control = sheet.part(item.line.account, side, partner=partner, company_amount=stands_at)
    gain = stands_at - at_days_rate if side is Side.DEBIT else at_days_rate - stands_at
    alone = not sheet.setup.ledger_says_company_only_lines
    money_amount = stands_at if alone or not gain else at_days_rate
    paid = sheet.part(money, side.other, partner=partner, company_amount=money_amount)
    if not gain:
        return [("", build.entry(sheet, paid, control, settles=(item.key,)))]
    sheet.rule("G9", *(("B24",) if item.line.account.role is Role.EMPAY else ()))
    fx = sheet.role(Role.FX, "gain" if gain > 0 else "loss")
    fx_side = Side.CREDIT if gain > 0 else Side.DEBIT
    if alone:
        main = build.entry(sheet, paid, control, settles=(item.key,))
        return [("", main), ("fx", _difference(sheet, main, fx, fx_side, money, abs(gain)))]
    rest = sheet.part(fx, fx_side, Decimal(0), partner=partner, company_amount=abs(gain))
    return [("", build.entry(sheet, [*paid, *rest], control, settles=(item.key,)))]


def cleared(sheet: Sheet, other: Linked | None, money_side: Side, money: Account | None) -> Drafts:
    """The record's money against TRANSIT; what the other record left open there is taken out and reconciled (G9)."""
    items = open_items(other.documents, Role.TRANSIT, money_side) if other else []
    if [item for item in items if item.currency == sheet.currency and item.line.amount == sheet.total]:
        return settled_item(sheet, items, money_side.other, money)
    payments = [posted.key for posted in other.documents if isinstance(posted.document, Payment)] if other else []
    transit = sheet.part(sheet.transit(), money_side.other)
    return [("", build.entry(sheet, transit, sheet.part(money, money_side), settles=tuple(payments[:1])))]


def _difference(
    sheet: Sheet, main: JournalEntry | None, fx: Account | None, fx_side: Side, money: Account, amount: Decimal
) -> JournalEntry | None:
    """The exchange difference as a document of its own, in company currency, against the money account."""
    if main is None or fx is None:
        return None
    partner = main.lines[0].partner
    lines = (
        Line(fx, fx_side, amount, amount, partner, sheet.setup.cost_centre_of_flow, text=main.text),
        Line(money, fx_side.other, amount, amount, partner, text=main.text),
    )
    return JournalEntry(
        company=main.company,
        journal=main.journal,
        currency=main.company_currency,
        company_currency=main.company_currency,
        posting_date=main.posting_date,
        document_date=main.document_date,
        lines=tuple(sorted(lines, key=lambda line: line.side is Side.CREDIT)),
        text=main.text,
        rules=main.rules,
    )


def settled_bill(
    sheet: Sheet, posted: PostedDocument, document: VendorBill, money: Account | None, *, is_refund: bool = False
) -> Drafts:
    """A payment of a bill of ours (or back, of a credit); more than it comes to is a need."""
    if posted.is_settled or settled_before(sheet, posted.key) + sheet.total > document.total.amount >= sheet.total:
        sheet.need("possible_duplicate", f"{posted.number or posted.key} is paid already.", value=posted.key)
    if document.currency != sheet.currency or document.total.amount < sheet.total or document.is_credit != is_refund:
        sheet.need("parts_do_not_sum", f"{sheet.amount} does not fit {posted.number or posted.key} of "
                   f"{document.total}.", value=posted.key)  # fmt: skip
    paid = build.payment(
        sheet,
        partner=document.partner,
        payable=document.payable,
        money=money,
        settles=(posted.key,),
        posting=posting_day(sheet, "payment"),
        is_refund=is_refund,
    )
    return [("", paid)]


def undone(sheet: Sheet, linked: Linked | None, *, reason: str, entries_stand: bool = False) -> Drafts:
    """What a linked record posted, mirrored on this record's own day: an event such as a return (G17).

    `entries_stand`: what its entries say did happen (money left, and now comes back), so they are not reversed; a
    payment always is, so that its bill is open again. Another amount than was posted is a need: what is the rest?"""
    posting = posting_day(sheet, "journal_entry")
    if linked is None or posting is None:
        return []
    if linked.record.amount is None or abs(linked.record.amount) != abs(sheet.amount):
        sheet.need("parts_do_not_sum", f"{sheet.amount} came back of {linked.record.amount}.", value=linked.external_id)
        return []
    drafts: Drafts = []
    for posted in linked.documents:
        if posted.reverses or posted.document.type == "new_vendor":
            continue
        try:
            document = mirrored(posted, on=posting.day, reason=reason, journal=sheet.setup.undoing_journal)
            stands = entries_stand and isinstance(posted.document, JournalEntry)
            reverses = "" if stands else document.reverses
            drafts.append((posted.purpose, replace(document, rules=(*sheet.rules, "G17"), reverses=reverses)))
        except UnknownCompanyAmountError as error:
            sheet.need("no_rate", str(error), value=posted.key)
    return drafts
