"""Which rule makes which document? One table of kinds; what holds for all of them is asked before any rule is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from connectors.documents import Role
from connectors.records import Finality, Record, RecordKind, SpendRecord, VendorRecord
from mappings.policies import day_of
from mappings.translate import bills, card, cash, claims, refunds
from mappings.translate.context import Decision, Hold, Known, Need, Setup, Skip, Undo, Wait, Wants, Witness
from mappings.translate.days import day_after_locks
from mappings.translate.new_vendor import translate_vendor
from mappings.translate.sheet import Sheet, own_day


@dataclass(frozen=True, slots=True)
class Rule:
    """A function and the rules of the accounting policy that it implements. `signed`: both directions are meant."""

    make: Callable[[Sheet], Decision]
    numbers: tuple[str, ...]
    signed: bool = False
    wants_twin: bool = False
    settles: frozenset[Role] = frozenset()


RULES: Mapping[RecordKind, Rule] = {
    # --- company card
    RecordKind.CARD_PURCHASE: Rule(
        card.purchase, ("B1", "B2", "B3", "B27", "B29", "B30", "B31", "B33", "B34", "B35", "B37")
    ),
    RecordKind.CARD_REFUND: Rule(refunds.refund, ("B4", "B5", "B6", "B33", "B37")),
    RecordKind.CHARGEBACK: Rule(refunds.chargeback, ("B7",), signed=True),
    RecordKind.CARD_REWARD: Rule(card.reward, ("B8",)),
    RecordKind.FINANCE_FEE: Rule(card.finance_fee, ("B9",)),
    RecordKind.CARD_PAYMENT: Rule(card.payment, ("B10", "B11"), signed=True),
    RecordKind.CARD_PAYMENT_RETURN: Rule(card.payment_return, ("B11",)),
    RecordKind.CARD_REPAYMENT: Rule(claims.repaid, ("B32",)),
    # --- cash accounts
    RecordKind.CASH_REWARD: Rule(cash.reward, ("B8",)),
    RecordKind.ACCOUNT_FEE: Rule(cash.fee, ("B12",)),
    RecordKind.INTEREST: Rule(cash.interest, ("B13",)),
    RecordKind.OWN_TRANSFER: Rule(cash.own_transfer, ("B14",), signed=True, wants_twin=True),
    RecordKind.MONEY_IN: Rule(cash.money_in, ("B15",), wants_twin=True),
    RecordKind.MONEY_OUT: Rule(cash.money_out, ("B16",), wants_twin=True),
    RecordKind.PAYMENT_RETURN: Rule(cash.payment_returned, ("B17",), wants_twin=True),
    RecordKind.OPERATIONAL: Rule(claims.operational, ("B20",), signed=True, wants_twin=True),
    RecordKind.PAYBACK: Rule(claims.payback, ("B32",), wants_twin=True, settles=frozenset({Role.EMREC})),
    # --- reimbursements
    RecordKind.CLAIM_APPROVED: Rule(claims.approved, ("B18", "B24", "B37")),
    RecordKind.CLAIM_PAID: Rule(claims.paid_out, ("B19", "B22", "B24")),
    RecordKind.CLAIM_CASH: Rule(claims.when_paid, ("B22", "B37")),
    RecordKind.CLAIM_PAYOUT_RETURN: Rule(claims.payout_returned, ("B21", "B22")),
    RecordKind.CLAIM_GIVEN_BACK: Rule(claims.given_back, ("B23",)),
    RecordKind.CLAIM_FUNDING: Rule(claims.funding, ("B20",), wants_twin=True),
    RecordKind.BILL_FUNDING: Rule(claims.funding, ("B20",), wants_twin=True),
    RecordKind.FUNDING_RETURN: Rule(claims.funding_returned, ("B20",), wants_twin=True),
    # --- supplier bills
    RecordKind.BILL: Rule(bills.bill, ("B25", "B28", "B37"), signed=True),
    RecordKind.BILL_PAYMENT: Rule(bills.paid, ("B26", "B22")),
    RecordKind.BILL_CARD_PAYMENT: Rule(bills.paid_by_card, ("B27",)),
}
"""Every kind of money event, and what makes its documents. A kind that is not here is held (B36)."""


def wants(record: Record, setup: Setup) -> Wants:
    """What must be looked up before `translate` can decide: rates, links, twins, bills, open items. Pure."""
    if isinstance(record, VendorRecord):
        return Wants()
    rule = RULES.get(record.kind)
    own = own_day(record, setup)
    rates = (
        frozenset({(record.amount.currency, own)})
        if record.amount and own and record.amount.currency != setup.company_currency
        else frozenset()
    )
    is_bill = record.kind in (RecordKind.BILL, RecordKind.BILL_PAYMENT, RecordKind.BILL_CARD_PAYMENT)
    vendor = record.vendor.id or record.vendor.name if record.vendor else ""
    return Wants(
        rates=rates,
        links=frozenset(record.links),
        wants_twin=rule is not None and rule.wants_twin,
        bill_numbers=frozenset({(vendor, record.invoice_number)} if is_bill and record.invoice_number else ()),
        open_items=rule.settles if rule else frozenset(),
        wants_duplicates=record.kind in (RecordKind.CLAIM_APPROVED, RecordKind.CLAIM_CASH),
    )


def translate(record: Record, setup: Setup, known: Known) -> Decision:
    """What one record becomes, by the rules that it names; a Hold names everything that is missing at once.

    Pure and total: any record is answered, and twice the same. No default account, no suspense account, no plug."""
    if isinstance(record, VendorRecord):
        return translate_vendor(record, setup)
    if record.finality is Finality.WAITING:
        return Wait(record.reason or "Not final at the source.", rules=("B34",))
    if record.finality is Finality.CANCELLED:
        return _cancelled(record, setup, known)
    if record.is_test:
        return Skip("A record of a test user.", ("C3",))
    if chosen := known.choices.get("kind"):
        amount = abs(record.amount) if record.amount else None
        record = replace(record, kind=RecordKind(chosen), amount=amount)
    rule = RULES.get(record.kind)
    if rule is None:
        return _unknown(record)
    if record.amount is None:
        return Hold((Need("no_amount", "The source gave no amount.", value=record.vendor_kind),), ("B36",))
    if record.amount.amount == 0:
        return Skip("An amount of zero.", ("G1",))
    own = own_day(record, setup)
    if own is not None and setup.post_from is not None and own < setup.post_from:
        return Skip(f"Dated {own}, before the flow's first day {setup.post_from}.", ("G20",))
    if known.possible_duplicates and known.choices.get("duplicate") == "same":
        return Witness(f"The same as {known.possible_duplicates[0]}.", rules=("G21",))
    sheet = Sheet(record, setup, known)
    _check(sheet, rule)
    return rule.make(sheet)


def _check(sheet: Sheet, rule: Rule) -> None:
    """What is asked of every kind: the sign (G5), the company (G16), the day (G6) and doubles (G21)."""
    record, setup, choices = sheet.record, sheet.setup, sheet.known.choices
    if sheet.amount.amount < 0 and not rule.signed and choices.get("direction") != "swap":
        sheet.rule("G5")
        sheet.need("sign_contradicts_kind", f"{sheet.amount} contradicts what {record.vendor_kind or record.kind} is.",
                   value=record.vendor_kind or record.kind)  # fmt: skip
    if sheet.known.possible_duplicates and choices.get("duplicate") != "different":
        sheet.rule("G21")
        for label in sheet.known.possible_duplicates:
            sheet.need("possible_duplicate", f"This may be posted already: {label}.", value=label)
    sheet.own_day()
    _check_company(sheet, record.billed_entity, record.spending_entity, setup)


def _check_company(sheet: Sheet, billed: str, spending: str, setup: Setup) -> None:
    """One ledger company per document, from the billed entity (G16); another spending entity is intercompany."""
    if spending and billed and spending != billed:
        sheet.rule("G16")
        sheet.need("intercompany", f"Spent by {spending}, billed to {billed}.", value=f"{spending}:{billed}")
    if not billed and setup.several_companies and sheet.record.source_account not in setup.accounts_of_company:
        sheet.rule("G16")
        sheet.need("intercompany", "The record names no legal entity, and there is more than one company.",
                   value=sheet.record.external_id)  # fmt: skip
    if billed and setup.entities and setup.entities.get(billed) != setup.company:
        sheet.rule("G16")
        if billed in setup.entities:
            sheet.need("intercompany", f"Billed to {billed}, which is another company's.", value=billed)
        else:
            sheet.need("missing_mapping", f"No rule says which company {billed} is.", value=billed,
                       source_field="entity", target="entity")  # fmt: skip


def _cancelled(record: SpendRecord, setup: Setup, known: Known) -> Decision:
    """Declined, void: skipped; taken back on the day of the change if it was posted before (B34, G17)."""
    if not known.standing:
        return Skip(record.reason or "Cancelled at the source.", ("B34",))
    sheet = Sheet(record, setup, known, rules=["B34", "G17"])
    moment = record.changed_at or record.posting_moment
    if moment is None:
        sheet.need("no_date", "The source does not say when it was cancelled.", value=record.external_id)
        return sheet.hold()
    kinds = sorted({posted.document.type for posted in known.standing})
    # A payment is undone by an entry.
    kinds = ["journal_entry" if kind == "payment" else kind for kind in kinds]
    day = day_after_locks(sheet, day_of(moment, setup.time_zone), kinds)
    if day is None:
        return sheet.hold()
    return Undo(record.reason or "cancelled at the source", day, tuple(sheet.rules))


def _unknown(record: SpendRecord) -> Hold:
    """Kinds that nobody has decided about, and any new value (B36)."""
    said = record.vendor_kind or "no type"
    if record.amount is None and record.reason:
        return Hold((Need("extra_decimals", record.reason, value=record.external_id),), ("G1",))
    message = record.reason or f"The source calls it {said}."
    return Hold((Need("unknown_kind", message, value=said, source_field="kind", target="kind"),), ("B36",))
