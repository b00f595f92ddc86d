"""Whose accounts take a refund or a chargeback? Those that the purchase stands on now, never more than it (B4-B7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from connectors.documents import Account, Role
from connectors.money import Money
from connectors.records import RecordKind, RecordLine, Side, SpendRecord
from mappings.policies import signed_shares
from mappings.translate import as_bill, build
from mappings.translate.context import Decision, Linked, Witness
from mappings.translate.lines import cost_parts
from mappings.translate.linked import POSTS, Standing, of_kind, open_items, spent_on
from mappings.translate.partners import vendor_of
from mappings.translate.records_as_coded import card_of, split_sides
from mappings.translate.settlement import settled_item
from mappings.translate.sheet import Part, Sheet


def refund(sheet: Sheet) -> Decision:
    """The purchase's sides swapped on the refund's own day (B4, B6); over the purchase: held (B5)."""
    sheet.rule("B4")
    if told := _chargeback_that_tells_the_same(sheet):
        return Witness("The chargeback in the card feed posts this money.", told.record_id, ("B4", "B7"))
    if sheet.record.original and sheet.record.original.currency != sheet.currency:
        sheet.rule("B6")
    _hold_if_over_purchase(sheet)
    parts, card = _coding(sheet, Side.CREDIT)
    if _was_posted_as_bill(sheet):
        return as_bill.refund(sheet, parts, card)
    return sheet.answer([("", build.entry(sheet, parts, sheet.part(card_of(sheet, card), Side.DEBIT)))])


def chargeback(sheet: Sheet) -> Decision:
    """A credit like a refund, taken back like a purchase on the same accounts; by policy through DISPUTE (B7)."""
    sheet.rule("B7")
    is_credit = sheet.amount.amount < 0
    if sheet.setup.policies.chargeback == "dispute":
        return _disputed(sheet, is_credit)
    if is_credit:
        _hold_if_over_purchase(sheet)
    parts, card = _coding(sheet, Side.CREDIT if is_credit else Side.DEBIT)
    card_part = sheet.part(card_of(sheet, card), Side.DEBIT if is_credit else Side.CREDIT)
    return sheet.answer([("", build.entry(sheet, parts, card_part))])


def _disputed(sheet: Sheet, is_credit: bool) -> Decision:
    """The credit waits on DISPUTE; taken back it leaves from there, and won it goes where the purchase stands."""
    dispute = sheet.role(Role.DISPUTE, sheet.currency)
    card_side = Side.DEBIT if is_credit else Side.CREDIT
    credited = [posted for one in of_kind(sheet.known.linked, RecordKind.CHARGEBACK) for posted in one.documents]
    if not is_credit and (items := open_items(credited, Role.DISPUTE, Side.CREDIT)):
        return sheet.answer(settled_item(sheet, items, Side.DEBIT, sheet.card()))
    main = build.entry(sheet, sheet.part(dispute, card_side.other), sheet.part(sheet.card(), card_side))
    if not is_credit or sheet.known.choices.get("outcome") != "won":
        return sheet.answer([("", main)])
    on = date.fromisoformat(sheet.known.choices["outcome_on"])
    costs = _costs(sheet, sheet.record.lines, Side.CREDIT)
    closed = build.entry(sheet, costs, sheet.part(dispute, Side.DEBIT), on=on, settles=(sheet.known.key,))
    return sheet.answer([("", main), ("won", closed)])


def pro_rata(sheet: Sheet, standing: Sequence[Standing], side: Side) -> list[Part]:
    """The record's amount over what stands, on `side`, by largest remainder when it is more than one line (G10)."""
    if len(standing) > 1:
        sheet.rule("G10")
    amounts = signed_shares(sheet.total, [one.amount for one in standing], sheet.currency)
    return [
        Part(
            one.account,
            side if amount > 0 else side.other,
            abs(amount),
            one.partner,
            one.dimensions,
            is_personal=one.account.role is Role.EMREC,
            because=("as the purchase stands in the ledger",),
        )
        for one, amount in zip(standing, amounts, strict=True)
        if amount
    ]


def _coding(sheet: Sheet, side: Side) -> tuple[list[Part], Account | None]:
    """The record's own coded lines, else the purchase, else its own coding; and the card that its lines name."""
    sides = split_sides(sheet, side.other, Role.CARD)
    return _costs(sheet, sides.costs, side), sides.control


def _costs(sheet: Sheet, lines: Sequence[RecordLine], side: Side) -> list[Part]:
    own_lines = [line for line in lines if line.side is not None and line.coding]
    if not own_lines and "account" not in sheet.known.choices and sheet.known.choices.get("refund") != "unlink":
        purchases = _purchases(sheet)
        if len(purchases) > 1:
            sheet.need("ambiguous_link", f"{len(purchases)} purchases could be meant.", value=sheet.record.external_id,
                       facts={"records": ", ".join(one.external_id for one in purchases)})  # fmt: skip
            return []
        standing = spent_on(purchases[0].documents) if purchases else []
        if sum((one.amount for one in standing), Decimal(0)) > 0:
            return pro_rata(sheet, standing, side)
    return cost_parts(sheet, lines, side, partner=vendor_of(sheet, is_required=False))


def _purchases(sheet: Sheet) -> list[Linked]:
    """Linked purchases that stand in the ledger; the one that a person chose, if he did."""
    found = [one for one in of_kind(sheet.known.linked, RecordKind.CARD_PURCHASE) if one.documents]
    chosen = sheet.known.choices.get("partner_record")
    return [one for one in found if str(one.record_id) == chosen] if chosen else found


def _was_posted_as_bill(sheet: Sheet) -> bool:
    """The purchase decides; without one, the flow's setting does."""
    purchases = _purchases(sheet)
    if len(purchases) == 1:
        return any(posted.document.type == "vendor_bill" for posted in purchases[0].documents)
    return sheet.setup.policies.card_expense == "bill_and_payment"


def _chargeback_that_tells_the_same(sheet: Sheet) -> Linked | None:
    for linked in of_kind(sheet.known.linked, RecordKind.CHARGEBACK):
        amount = linked.record.amount
        if amount is not None and amount == -sheet.amount and linked.record.stream != sheet.record.stream:
            return linked
    return None


def _hold_if_over_purchase(sheet: Sheet) -> None:
    """All refunds of the purchase, in original currency if all have it, against the purchase (B5)."""
    purchases = _purchases(sheet) or of_kind(sheet.known.linked, RecordKind.CARD_PURCHASE)
    if not purchases or sheet.known.choices.get("refund") or "account" in sheet.known.choices:
        return
    bought = purchases[0].record
    refunds = [*_counted_refunds(sheet), sheet.record]
    for amounts in (
        [record.original for record in (bought, *refunds)],
        [record.amount for record in (bought, *refunds)],
    ):
        known = [money for money in amounts if money is not None]
        if len(known) == len(amounts) and len({money.currency for money in known}) == 1:
            back = sum(
                (_direction(record) * abs(money.amount) for record, money in zip(refunds, known[1:], strict=True)),
                Decimal(0),
            )
            if back > abs(known[0].amount):
                sheet.rule("B5")
                sheet.need("refund_exceeds_purchase", f"The refunds come to {Money(back, known[0].currency)} of a "
                           f"purchase of {abs(known[0])}.", value=purchases[0].external_id)  # fmt: skip
            return


def _counted_refunds(sheet: Sheet) -> list[SpendRecord]:
    """Other refunds and chargebacks that are posted, or came earlier and will be."""
    others = of_kind(sheet.known.linked, RecordKind.CARD_REFUND, RecordKind.CHARGEBACK)
    return [
        linked.record
        for linked in others
        if linked.state in POSTS or (linked.state == "received" and _order(linked.record) < _order(sheet.record))
    ]


def _order(record: SpendRecord) -> tuple[str, str]:
    return (record.posting_moment.isoformat() if record.posting_moment else "", record.external_id)


def _direction(record: SpendRecord) -> int:
    """A chargeback that was taken back gives the purchase its amount again."""
    is_taken_back = record.kind is RecordKind.CHARGEBACK and record.amount is not None and record.amount.amount > 0
    return -1 if is_taken_back else 1
