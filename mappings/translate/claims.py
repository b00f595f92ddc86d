"""What do reimbursements become? Cost at approval, payable until paid, or cost when paid: rules B18-B24, G18."""

from __future__ import annotations

from connectors.documents import Role, VendorBill
from connectors.records import RecordKind, Side
from mappings.translate import build
from mappings.translate.context import Decision, Hold, Linked, Need, Skip, Wait, Witness
from mappings.translate.days import posting_day
from mappings.translate.lines import cost_parts
from mappings.translate.linked import of_kind, only_twin, open_items, spent_on, the_posted
from mappings.translate.money import money_leg
from mappings.translate.partners import employee_of
from mappings.translate.records_as_coded import money_account, split_sides
from mappings.translate.refunds import pro_rata
from mappings.translate.settlement import Drafts, cleared, settled_bill, settled_item, undone
from mappings.translate.sheet import Sheet

CASH_BASIS = "Cash basis: the cost is booked when it is paid."


def approved(sheet: Sheet) -> Decision:
    """EXP against EMPAY (B18): a bill on the employee where EMPAY is his payable account, else an entry (G15)."""
    if sheet.setup.policies.basis == "cash":
        return Skip(CASH_BASIS, ("B22", "G18"))
    sheet.rule("B18", "G15", *(("B24",) if sheet.is_foreign else ()))
    employee = employee_of(sheet)
    sides = split_sides(sheet, Side.CREDIT, Role.EMPAY)
    payable = sides.control or sheet.role(Role.EMPAY, sheet.currency)
    costs = cost_parts(sheet, sides.costs, Side.DEBIT)
    suppliers = sheet.setup.role(Role.AP, sheet.currency)
    if (
        payable
        and suppliers
        and payable.id == suppliers.id
        and all(part.account.role is not Role.EMREC for part in costs)
    ):
        taxed = any(part.account.role is Role.TAX for part in costs)
        posting = posting_day(sheet, "vendor_bill", taxed=taxed)
        document = build.bill(sheet, costs, partner=employee, payable=payable, posting=posting)
        return sheet.answer([("", document)])
    owed = sheet.part(payable, Side.CREDIT, partner=employee)
    return sheet.answer([("", build.entry(sheet, costs, owed))])


def paid_out(sheet: Sheet) -> Decision:
    """EMPAY against TRANSIT, reconciled with the claim (B19); the payout of a claim that is not posted is held."""
    if sheet.setup.policies.basis == "cash":
        return when_paid(sheet) if sheet.setup.payout_tells_cost else Skip(CASH_BASIS, ("B22", "G18"))
    sheet.rule("B19")
    money = sheet.transit()
    claim = the_posted(sheet, RecordKind.CLAIM_APPROVED, what="claim that it pays")
    for posted in claim.documents if claim else ():
        if isinstance(posted.document, VendorBill):
            return sheet.answer(settled_bill(sheet, posted, posted.document, money))
    items = open_items(claim.documents, Role.EMPAY, Side.CREDIT) if claim else []
    if claim is not None and not items:
        sheet.need("possible_duplicate", f"The claim {claim.external_id} is paid already.", value=claim.external_id)
    return sheet.answer(settled_item(sheet, items, Side.DEBIT, money))


def when_paid(sheet: Sheet) -> Decision:
    """EXP against TRANSIT on the day of payment (B22). On accrual basis the approval is the cost."""
    if sheet.setup.policies.basis == "accrual":
        if claims := of_kind(sheet.known.linked, RecordKind.CLAIM_APPROVED):
            return Witness("Accrual basis: the cost is booked at approval.", claims[0].record_id, ("B22", "G18"))
        message = "The source books reimbursements when they are paid, this flow when they are approved."
        return Hold((Need("unknown_kind", message, value=sheet.record.vendor_kind),), ("B22", "G18"))
    sheet.rule("B22", "G18")
    sides = split_sides(sheet, Side.CREDIT, Role.TRANSIT, Role.CASH)
    costs = cost_parts(sheet, sides.costs, Side.DEBIT)
    employee = employee_of(sheet) if any(part.account.role is Role.EMREC for part in costs) else None
    money = money_leg(sheet, sides.control) if sides.control else sheet.transit()
    return sheet.answer([("", build.entry(sheet, costs, sheet.part(money, Side.CREDIT, partner=employee)))])


def payout_returned(sheet: Sheet) -> Decision:
    """Owed again, on the return's own day (B21); on cash basis the cost goes back (B22)."""
    sheet.rule("B21", *(("B22",) if sheet.setup.policies.basis == "cash" else ()))
    kinds = (RecordKind.CLAIM_CASH, RecordKind.CLAIM_PAID)
    payout = the_posted(sheet, *kinds, what="payout that came back")
    return sheet.answer(undone(sheet, payout, reason="payout returned"))


def funding(sheet: Sheet) -> Decision:
    """TRANSIT against CASH, only by the writer of CASH; with bank import it is skipped (B20)."""
    return _funded(sheet, Side.CREDIT)


def funding_returned(sheet: Sheet) -> Decision:
    """B20 with sides swapped."""
    return _funded(sheet, Side.DEBIT)


def _funded(sheet: Sheet, cash_side: Side) -> Decision:
    sheet.rule("B20")
    setup, record = sheet.setup, sheet.record
    if record.source_account in setup.may_write_cash or (setup.may_write_cash and not record.source_account):
        cash = money_leg(sheet, money_account(sheet))
        transit = sheet.part(sheet.transit(), cash_side.other)
        return sheet.answer([("", build.entry(sheet, transit, sheet.part(cash, cash_side)))])
    if setup.bank_imported and (not record.source_account or record.source_account in setup.bank_imported):
        return Skip("The ledger imports the statements of the cash account itself.", tuple(sheet.rules))
    seen = only_twin(
        sheet,
        RecordKind.OPERATIONAL,
        RecordKind.MONEY_IN if cash_side is Side.DEBIT else RecordKind.MONEY_OUT,
        what="line of the cash account",
    )
    if seen is None and sheet.known.twin_deadline_passed:
        sheet.need("missing_link", "No line of a cash account shows this money.", value=record.external_id)
    if sheet.needs:
        return sheet.hold()
    reason = "The feed of the cash account posts this money."
    return Witness(reason, seen.record_id if seen else None, tuple(sheet.rules))


def operational(sheet: Sheet) -> Decision:
    """A transfer of Brex's own on the cash account: only as the twin of a funding or payout (B20)."""
    sheet.rule("B20")
    kinds = (RecordKind.CLAIM_FUNDING, RecordKind.BILL_FUNDING, RecordKind.FUNDING_RETURN)
    twin = only_twin(sheet, *kinds, what="funding that it belongs to", fits=lambda one: _same_direction(sheet, one))
    if twin is None and not sheet.needs and not sheet.known.twin_deadline_passed:
        return Wait(
            "No funding of reimbursements or bills has this amount yet.", rules=tuple(sheet.rules), look_again=True
        )
    if twin is None:
        sheet.need("missing_link", "No funding of reimbursements or bills has this amount.",
                   value=sheet.record.external_id)  # fmt: skip
        return sheet.hold()
    cash_side = Side.CREDIT if sheet.amount.amount > 0 else Side.DEBIT
    return sheet.answer(cleared(sheet, twin, cash_side, money_leg(sheet)))


def _same_direction(sheet: Sheet, other: Linked) -> bool:
    return (sheet.amount.amount < 0) == (other.record.kind is RecordKind.FUNDING_RETURN)


def given_back(sheet: Sheet) -> Decision:
    """The employee gives a claim back: TRANSIT against EMREC if it was moved there, else against its EXP (B23)."""
    sheet.rule("B23")
    return sheet.answer(
        _returned(sheet, the_posted(sheet, RecordKind.CLAIM_APPROVED, RecordKind.CLAIM_CASH, what="claim"))
    )


def repaid(sheet: Sheet) -> Decision:
    """The employee pays a card expense back: TRANSIT against EMREC, or against EXP if nothing was moved (B32)."""
    sheet.rule("B32")
    purchase = the_posted(sheet, RecordKind.CARD_PURCHASE, what="purchase that is repaid")
    return sheet.answer(_returned(sheet, purchase))


def _returned(sheet: Sheet, linked: Linked | None) -> Drafts:
    transit = sheet.transit()
    if linked is None:
        posting_day(sheet, "journal_entry")
        return []
    if items := open_items(linked.documents, Role.EMREC, Side.DEBIT):
        return settled_item(sheet, items, Side.CREDIT, transit)
    costs = pro_rata(sheet, spent_on(linked.documents), Side.CREDIT)
    partner = employee_of(sheet) if sheet.record.person else None
    return [("", build.entry(sheet, costs, sheet.part(transit, Side.DEBIT, partner=partner)))]


def payback(sheet: Sheet) -> Decision:
    """Money from an employee on the cash account (B32): clears TRANSIT where the repayment is recorded, else the one
    open item of EMREC that fits, else a person decides."""
    sheet.rule("B32")
    recorded = only_twin(sheet, RecordKind.CARD_REPAYMENT, RecordKind.CLAIM_GIVEN_BACK, what="repayment")
    if recorded is not None or sheet.setup.repayments_are_recorded:
        return sheet.answer(cleared(sheet, recorded, Side.DEBIT, money_leg(sheet)))
    items = [
        item
        for item in open_items(sheet.known.open_items, Role.EMREC, Side.DEBIT)
        if item.currency == sheet.currency and item.line.amount == sheet.total
    ]
    if len(items) != 1:
        sheet.need("ambiguous_link" if items else "missing_link", f"{len(items)} open items of employees fit "
                   f"{sheet.amount}.", value=sheet.record.external_id)  # fmt: skip
    return sheet.answer(settled_item(sheet, items, Side.CREDIT, money_leg(sheet)))
