"""What do purchases, fees, rewards and payments of a company card become? Rules B1-B3, B8-B11, B27, B35."""

from __future__ import annotations

from connectors.documents import JournalEntry, Role
from connectors.records import RecordKind, Side
from mappings.translate import as_bill, build, personal
from mappings.translate.bills import paid_by_card
from mappings.translate.context import Decision, Witness
from mappings.translate.lines import cost_parts
from mappings.translate.linked import of_kind
from mappings.translate.money import money_leg
from mappings.translate.partners import vendor_of
from mappings.translate.records_as_coded import card_of, money_account, split_sides
from mappings.translate.sheet import Sheet


def purchase(sheet: Sheet) -> Decision:
    """EXP against CARD (B1), by lines (B2), at the settled amount (B3, B35); as a bill of a card payment (B27), as
    bill and payment (B33), or with a reclass when it was found personal after it was posted (B31)."""
    if payments := of_kind(sheet.known.linked, RecordKind.BILL_CARD_PAYMENT):
        return Witness("The payment of the bill posts this money.", payments[0].record_id, ("B27",))
    if any(link.kind == "bill" for link in sheet.record.links):
        return paid_by_card(sheet)
    if personal.is_found_later(sheet):
        return personal.reclassed(sheet, purchase)
    sheet.rule("B1")
    if sheet.record.original and sheet.record.original != sheet.amount:
        sheet.rule("B3" if sheet.record.original.currency != sheet.currency else "B35")
    if sheet.setup.policies.card_expense == "bill_and_payment" and not personal.is_flagged(sheet.record):
        return as_bill.purchase(sheet)
    return sheet.answer([("", purchase_entry(sheet, Side.DEBIT))])


def purchase_entry(sheet: Sheet, side: Side) -> JournalEntry | None:
    """The costs, by lines or as one, on `side` against the card."""
    sides = split_sides(sheet, side.other, Role.CARD)
    costs = cost_parts(sheet, sides.costs, side, partner=vendor_of(sheet, is_required=False))
    return build.entry(sheet, costs, sheet.part(card_of(sheet, sides.control), side.other))


def reward(sheet: Sheet) -> Decision:
    """A credit on the card against REWARD, when it is credited (B8)."""
    sheet.rule("B8")
    return _two_lines(sheet, Side.DEBIT, Role.REWARD)


def finance_fee(sheet: Sheet) -> Decision:
    """FEE against the card, a document of its own (B9)."""
    sheet.rule("B9")
    return _two_lines(sheet, Side.CREDIT, Role.FEE)


def _two_lines(sheet: Sheet, card_side: Side, other: Role) -> Decision:
    contra = sheet.part(sheet.role(other, sheet.currency), card_side.other)
    return sheet.answer([("", build.entry(sheet, contra, sheet.part(sheet.card(), card_side)))])


def payment(sheet: Sheet) -> Decision:
    """The company pays its card: never cost (B10). With the opposite sign it came back (B11)."""
    if sheet.amount.amount < 0:
        return payment_return(sheet)
    sheet.rule("B10")
    return _paid(sheet, Side.DEBIT)


def payment_return(sheet: Sheet) -> Decision:
    """B10 with its sides swapped, on its own day (B11)."""
    sheet.rule("B11")
    return _paid(sheet, Side.CREDIT)


def _paid(sheet: Sheet, card_side: Side) -> Decision:
    money = money_leg(sheet, money_account(sheet))
    card = sheet.part(sheet.card(), card_side)
    return sheet.answer([("", build.entry(sheet, card, sheet.part(money, card_side.other)))])
