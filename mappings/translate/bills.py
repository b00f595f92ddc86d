"""What do supplier bills and their payments become? Rules B25-B28, B17, B22 and G21."""

from __future__ import annotations

from connectors.contents import plain_number
from connectors.documents import Account, Role, VendorBill
from connectors.records import RecordKind, Side
from mappings.translate import build
from mappings.translate.context import Decision, Skip, StandingBill, Witness
from mappings.translate.days import posting_day
from mappings.translate.lines import cost_parts
from mappings.translate.linked import of_kind, the_posted
from mappings.translate.money import money_leg
from mappings.translate.partners import vendor_of
from mappings.translate.records_as_coded import split_sides
from mappings.translate.settlement import Drafts, settled_bill, undone
from mappings.translate.sheet import Sheet


def bill(sheet: Sheet) -> Decision:
    """A vendor bill (B25), a credit if it is negative (B28); a witness where the ledger has it already (F7)."""
    if sheet.setup.policies.basis == "cash":
        return Skip("Cash basis: the cost is booked when the bill is paid.", ("B22", "G18"))
    is_credit = sheet.amount.amount < 0
    sheet.rule("B25", *(("B28",) if is_credit else ()))
    same = _in_ledger(sheet)
    if same is not None and same.total == sheet.amount and sheet.known.choices.get("duplicate") != "different":
        return Witness(f"The ledger has bill {same.number} already.", rules=tuple(sheet.rules))
    if same is not None and sheet.known.choices.get("duplicate") != "different":
        sheet.rule("G21")
        sheet.need("possible_duplicate", f"The ledger has {same.number} of the same vendor over {same.total}.",
                   value=same.ledger_id)  # fmt: skip
    partner = vendor_of(sheet, is_required=True)
    side = Side.CREDIT if is_credit else Side.DEBIT
    sides = split_sides(sheet, side.other, Role.AP)
    payable = sides.control or sheet.role(Role.AP, sheet.currency)
    costs = cost_parts(sheet, sides.costs, side)
    posting = posting_day(sheet, "vendor_bill", taxed=any(part.account.role is Role.TAX for part in costs))
    document = build.bill(sheet, costs, partner=partner, payable=payable, posting=posting)
    return sheet.answer([("", document)])


def _in_ledger(sheet: Sheet) -> StandingBill | None:
    """The ledger's own bill or credit of the same number, as people write it in different ways (G21)."""
    number = plain_number(sheet.record.invoice_number)
    if not number:
        return None
    is_credit = sheet.amount.amount < 0 and sheet.record.kind is RecordKind.BILL
    partner = vendor_of(sheet, is_required=False)
    for found in sheet.known.ledger_bills:
        is_his = partner is not None and found.partner.id == partner.id
        is_same = plain_number(found.number) == number and (found.total.amount < 0) == is_credit
        if is_his and is_same and not found.is_cancelled:
            return found
    return None


def paid(sheet: Sheet) -> Decision:
    """A payment through TRANSIT that settles the bill (B26); on cash basis the cost itself (B22)."""
    if sheet.setup.policies.basis == "cash":
        return _cost_when_paid(sheet)
    sheet.rule("B26")
    return sheet.answer(_settled(sheet, sheet.transit()))


def paid_by_card(sheet: Sheet) -> Decision:
    """A payment against CARD that settles the bill, never a cost; a bill that is not found is held (B27)."""
    others = of_kind(sheet.known.linked, RecordKind.BILL_CARD_PAYMENT)
    if told := next((one for one in others if one.documents and one.record.stream != sheet.record.stream), None):
        return Witness("Another stream posted this payment.", told.record_id, ("B27",))
    sheet.rule("B27")
    return sheet.answer(_settled(sheet, sheet.card()))


def _settled(sheet: Sheet, money: Account | None) -> Drafts:
    same = _in_ledger(sheet)
    if same is not None and not any(one.documents for one in of_kind(sheet.known.linked, RecordKind.BILL)):
        return _settled_in_ledger(sheet, same, money)
    linked = the_posted(sheet, RecordKind.BILL, what="bill that it pays")
    for posted in linked.documents if linked else ():
        if isinstance(posted.document, VendorBill):
            return settled_bill(sheet, posted, posted.document, money)
    posting_day(sheet, "payment")
    return []


def _settled_in_ledger(sheet: Sheet, found: StandingBill, money: Account | None) -> Drafts:
    """A bill that was born in the ledger is settled by the ledger's own id."""
    if found.open_amount.currency != sheet.currency or abs(found.open_amount.amount) < sheet.total:
        sheet.need("parts_do_not_sum", f"{sheet.amount} does not fit {found.number}, open with {found.open_amount}.",
                   value=found.ledger_id)  # fmt: skip
    document = build.payment(
        sheet,
        partner=found.partner,
        payable=found.payable,
        money=money,
        settles=(f"ledger:{found.ledger_id}",),
        posting=posting_day(sheet, "payment"),
    )
    return [("", document)]


def _cost_when_paid(sheet: Sheet) -> Decision:
    sheet.rule("B22", "G18")
    sides = split_sides(sheet, Side.CREDIT, Role.TRANSIT, Role.CASH)
    costs = cost_parts(sheet, sides.costs, Side.DEBIT, partner=vendor_of(sheet, is_required=False))
    money = money_leg(sheet, sides.control) if sides.control else sheet.transit()
    return sheet.answer([("", build.entry(sheet, costs, sheet.part(money, Side.CREDIT)))])


def returned(sheet: Sheet) -> Decision:
    """A bill payment came back: its mirror on the day of the return, so that the bill is open again (B17)."""
    sheet.rule("B17")
    payment = the_posted(sheet, RecordKind.BILL_PAYMENT, what="payment that came back")
    return sheet.answer(undone(sheet, payment, reason="payment returned"))
