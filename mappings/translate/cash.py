"""What do lines of a cash account become? Fees, interest, transfers, money in and out: rules B8, B12-B17."""

from __future__ import annotations

from connectors.documents import Account, Partner, Role, VendorBill
from connectors.records import Family, RecordKind, Side
from mappings.translate import bills, build
from mappings.translate.coding import account_named, coding_day, dimensions_of, in_role
from mappings.translate.context import Decision, Linked, RuleHit, Wait, Witness
from mappings.translate.linked import of_kind, only_twin
from mappings.translate.money import cash_leg, money_leg
from mappings.translate.partners import vendor_of
from mappings.translate.settlement import cleared, settled_bill, undone
from mappings.translate.sheet import Part, Sheet

PAID_OUT = (
    RecordKind.BILL_PAYMENT,
    RecordKind.CLAIM_PAID,
    RecordKind.CLAIM_CASH,
    RecordKind.CLAIM_FUNDING,
    RecordKind.BILL_FUNDING,
)
CAME_IN = (
    RecordKind.CLAIM_PAYOUT_RETURN,
    RecordKind.FUNDING_RETURN,
    RecordKind.CLAIM_GIVEN_BACK,
    RecordKind.CARD_REPAYMENT,
)


def reward(sheet: Sheet) -> Decision:
    """Money against REWARD (B8)."""
    sheet.rule("B8")
    return _against(sheet, sheet.role(Role.REWARD, sheet.currency), Side.DEBIT)


def fee(sheet: Sheet) -> Decision:
    """FEE, a document of its own (B12); a fee with money in only on a person's word, sides swapped."""
    sheet.rule("B12")
    return _against(sheet, sheet.role(Role.FEE, sheet.currency), _side_of_money_out(sheet))


def interest(sheet: Sheet) -> Decision:
    """INTINC (B13); interest with money out only on a person's word, sides swapped."""
    sheet.rule("B13")
    return _against(sheet, sheet.role(Role.INTINC, sheet.currency), _side_of_money_out(sheet).other)


def _side_of_money_out(sheet: Sheet) -> Side:
    return Side.CREDIT if sheet.amount.amount > 0 else Side.DEBIT


def _against(sheet: Sheet, other: Account | None, money_side: Side, *, partner: Partner | None = None) -> Decision:
    """The record's account of money on `money_side` against another account."""
    contra = sheet.part(other, money_side.other, partner=partner)
    return sheet.answer([("", build.entry(sheet, contra, sheet.part(money_leg(sheet), money_side)))])


def own_transfer(sheet: Sheet) -> Decision:
    """Between own accounts: one document, from the record of the account that the money left (B14)."""
    sheet.rule("B14")
    is_out = sheet.amount.amount > 0
    other = only_twin(
        sheet,
        RecordKind.OWN_TRANSFER,
        what="other side of the transfer",
        fits=lambda one: (
            one.record.source_account != sheet.record.source_account
            and one.record.amount is not None
            and (one.record.amount.amount < 0) == is_out
        ),
    )
    if other is not None and other.record.billed_entity != sheet.record.billed_entity:
        sheet.rule("G16")
        sheet.need("intercompany", "The other account belongs to another company.", value=other.external_id)
    if other is not None and not is_out and not sheet.needs:
        return Witness("The record of the account that the money left posts it.", other.record_id, tuple(sheet.rules))
    if other is not None:
        return _against(sheet, cash_leg(sheet, other.record.source_account), Side.CREDIT)
    hit = _counterparty(sheet)
    if hit is None and not sheet.needs and not sheet.known.twin_deadline_passed:
        return Wait("The other side of the transfer is not known yet.", rules=tuple(sheet.rules), look_again=True)
    return _by_counterparty(sheet, hit, Side.CREDIT if is_out else Side.DEBIT)


def money_in(sheet: Sheet) -> Decision:
    """What a record of its own explains clears TRANSIT; otherwise a counterparty rule says what it is (B15)."""
    sheet.rule("B15")
    other = only_twin(sheet, *CAME_IN, what="record of this money")
    if other is not None:
        return sheet.answer(cleared(sheet, other, Side.DEBIT, money_leg(sheet)))
    return _by_counterparty(sheet, _counterparty(sheet), Side.DEBIT)


def money_out(sheet: Sheet) -> Decision:
    """Linked to a bill payment, payout or our transfer: TRANSIT; otherwise a counterparty rule (B16)."""
    sheet.rule("B16")
    other = only_twin(sheet, *PAID_OUT, what="payment of this money")
    if other is not None:
        return sheet.answer(cleared(sheet, other, Side.CREDIT, money_leg(sheet)))
    return _by_counterparty(sheet, _counterparty(sheet), Side.CREDIT)


def payment_returned(sheet: Sheet) -> Decision:
    """Money of a payment came back (B17): what the money out posted is mirrored, and the bill is open again."""
    if sheet.record.family is Family.BILL_PAYMENT:
        return bills.returned(sheet)
    sheet.rule("B17")
    sent = of_kind(sheet.known.linked, RecordKind.MONEY_OUT)
    payment = only_twin(
        sheet, RecordKind.BILL_PAYMENT, what="payment that came back", fits=lambda one: bool(one.documents)
    )
    if sent and sent[0].documents:
        back = undone(sheet, sent[0], reason="payment returned", entries_stand=True)
    elif payment is not None:
        transit = sheet.part(sheet.transit(), Side.CREDIT)
        back = [("", build.entry(sheet, transit, sheet.part(money_leg(sheet), Side.DEBIT)))]
    else:
        back = []
        sheet.need("missing_link", "The payment that came back is not posted.", value=sheet.record.external_id)
    if payment is not None:
        back += [("return", document) for _, document in undone(sheet, payment, reason="payment returned")]
    return sheet.answer(back)


def _counterparty(sheet: Sheet) -> RuleHit | None:
    """What a rule says of the other side, or the account that a person chose for this record."""
    if chosen := sheet.known.choices.get("account"):
        account = account_named(sheet, chosen)
        return RuleHit(value=account.id, code=account.code, name="", group="account", because="chosen")
    return sheet.setup.resolver.named("counterparty", sheet.record.coding, coding_day(sheet))


def _by_counterparty(sheet: Sheet, hit: RuleHit | None, money_side: Side) -> Decision:
    """The account or vendor that a rule names: TRANSIT for an own bank, EXP, or a vendor whose bill this settles."""
    if hit is None and any(need.code == "ambiguous_link" for need in sheet.needs):
        return _against(sheet, None, money_side)
    if hit is None:
        unmapped = sheet.setup.resolver.unmapped("counterparty", sheet.record.coding)
        what = (unmapped.label or unmapped.value) if unmapped else "somebody unnamed"
        way = "to" if money_side is Side.CREDIT else "from"
        sheet.need("missing_mapping", f"No rule says what money {way} {what} is.",
                   value=unmapped.value if unmapped else sheet.record.external_id, target="counterparty",
                   source_field=unmapped.field if unmapped else "", label=what)  # fmt: skip
        return _against(sheet, None, money_side)
    if not hit.is_active:
        sheet.need("inactive_value", f"{hit.code or hit.value} is archived: {hit.because}", value=hit.value)
    if hit.group == "vendor":
        return _settles_vendors_bill(sheet, hit, money_side)
    account = _named_account(sheet, hit)
    if account is None:
        return _against(sheet, None, money_side)
    if account.role is not Role.EXP:
        return _against(sheet, account, money_side)
    because = (hit.because,) if hit.because else ()
    dimensions = dimensions_of(sheet, sheet.record.coding)
    cost = Part(
        account, money_side.other, sheet.total, vendor_of(sheet, is_required=False), dimensions, because=because
    )
    return sheet.answer([("", build.entry(sheet, [cost], sheet.part(money_leg(sheet), money_side)))])


def _named_account(sheet: Sheet, hit: RuleHit) -> Account | None:
    if hit.value == Role.TRANSIT:
        return sheet.transit()
    account = in_role(sheet, sheet.setup.accounts_by_code.get(hit.value) or Account(Role.EXP, hit.value, hit.code))
    if account.role not in (Role.EXP, Role.TRANSIT):
        message = f"{account.code or account.id} plays the role {account.role}: a rule names a cost account or TRANSIT."
        sheet.need("missing_mapping", message, value=account.id, target="counterparty")
        return None
    return account


def _settles_vendors_bill(sheet: Sheet, hit: RuleHit, money_side: Side) -> Decision:
    """Money to a vendor settles his bill, money from him his credit (B15, B16); which one must be known."""
    is_refund = money_side is Side.DEBIT
    owed: list[Linked] = [one for one in of_kind(sheet.known.linked, RecordKind.BILL) if one.documents]
    fitting = [
        (posted, posted.document)
        for one in owed
        for posted in one.documents
        if isinstance(posted.document, VendorBill)
        and posted.document.partner.id == hit.value
        and posted.document.is_credit == is_refund
    ]
    if len(fitting) != 1:
        what = "credits" if is_refund else "bills"
        sheet.need("ambiguous_link" if fitting else "missing_link", f"{len(fitting)} {what} of {hit.name or hit.value} "
                   "are linked to this money.", value=sheet.record.external_id)  # fmt: skip
        return _against(sheet, None, money_side)
    posted, document = fitting[0]
    return sheet.answer(settled_bill(sheet, posted, document, money_leg(sheet), is_refund=is_refund))
