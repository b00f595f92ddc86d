"""How does a card expense post as a bill of the merchant and its payment? Together or not at all (B33)."""

from __future__ import annotations

from connectors.documents import Account, Payment, Role, VendorBill
from connectors.records import Side
from mappings.translate import build
from mappings.translate.context import Decision
from mappings.translate.days import posting_day
from mappings.translate.lines import cost_parts
from mappings.translate.partners import vendor_of
from mappings.translate.records_as_coded import card_of, split_sides
from mappings.translate.sheet import Part, Sheet


def purchase(sheet: Sheet) -> Decision:
    """The bill and its payment from CARD on the same day. An unmatched merchant holds both (G14)."""
    sides = split_sides(sheet, Side.CREDIT, Role.CARD)
    costs = cost_parts(sheet, sides.costs, Side.DEBIT)
    return _bill_and_payment(sheet, costs, sides.control)


def refund(sheet: Sheet, costs: list[Part], card: Account | None) -> Decision:
    """The vendor credit and its payment back to the card."""
    return _bill_and_payment(sheet, costs, card, is_refund=True)


def _bill_and_payment(sheet: Sheet, costs: list[Part], card: Account | None, *, is_refund: bool = False) -> Decision:
    sheet.rule("B33")
    partner = vendor_of(sheet, is_required=True)
    payable = sheet.role(Role.AP, sheet.currency)
    money = card_of(sheet, card)
    taxed = any(part.account.role is Role.TAX for part in costs)
    posting = posting_day(sheet, "vendor_bill", "payment", taxed=taxed)
    bill: VendorBill | None = build.bill(sheet, costs, partner=partner, payable=payable, posting=posting)
    paid: Payment | None = build.payment(
        sheet,
        partner=partner,
        payable=payable,
        money=money,
        settles=(sheet.known.key,),
        posting=posting,
        is_refund=is_refund,
    )
    return sheet.answer([("", bill), ("pay", paid)])
