"""How do parts become a document that balances in both currencies? Days, rates, roundings, texts (G2, G8, G10)."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from hashlib import sha256

from connectors.documents import Account, JournalEntry, Line, Partner, Payment, Role, VendorBill
from connectors.records import Side
from mappings.policies import PostingDay, day_of, rounded, signed_shares
from mappings.translate.days import day_after_locks
from mappings.translate.sheet import Part, Sheet


def entry(
    sheet: Sheet,
    costs: Sequence[Part],
    controls: Sequence[Part],
    *,
    settles: tuple[str, ...] = (),
    on: date | None = None,
) -> JournalEntry | None:
    """A journal entry of cost lines against the control lines whose sum is the document's total.

    The total is exact in company currency and the other side shares it (G10). `on` is an event's own day, before
    locks. None, with needs on the sheet, when something is missing."""
    own = on or sheet.own_day()
    taxed = any(part.account.role is Role.TAX for part in (*costs, *controls))
    day = None if own is None else day_after_locks(sheet, own, ("journal_entry",), taxed=taxed)
    if sheet.has_attached_tax and not sheet.setup.policies.taxed_entries_confirmed:
        sheet.need("tax_differs", "A tax rule on a journal entry reaches the account but not the ledger's tax return: "
                   "post such spend as bills, or confirm it on the flow.", value=str(sheet.setup.flow_id))  # fmt: skip
    company_amounts = _company_amounts(sheet, costs, controls)
    _journal_is_known(sheet, "entries", sheet.setup.entry_journal)
    if sheet.needs or sheet.waits or own is None or day is None or company_amounts is None:
        return None
    posting = PostingDay(own, day)
    at = len(costs)
    controls_first = [*company_amounts[at:], *company_amounts[:at]]
    lines = _lines(sheet, (*controls, *costs), controls_first, posting)
    return JournalEntry(
        company=sheet.setup.company,
        journal=sheet.setup.entry_journal,
        currency=sheet.currency,
        company_currency=sheet.setup.company_currency,
        posting_date=day,
        document_date=sheet.document_day() or own,
        lines=tuple(sorted(lines, key=lambda line: line.side is Side.CREDIT)),
        text=sheet.text(moved_from=posting.moved_from, is_personal=_all_personal(costs)),
        rules=tuple(sheet.rules),
        settles=settles,
    )


def bill(
    sheet: Sheet, costs: Sequence[Part], *, partner: Partner | None, payable: Account | None, posting: PostingDay | None
) -> VendorBill | None:
    """A vendor bill of these lines, or a vendor credit when they sum to a credit (B28)."""
    costs = [part if part.is_personal else replace(part, partner=None) for part in costs]  # the bill has its own
    owed = sum((part.signed for part in costs), Decimal(0))
    is_credit = owed < 0
    control = [] if payable is None else [Part(payable, Side.DEBIT if is_credit else Side.CREDIT, abs(owed))]
    company_amounts = _company_amounts(sheet, costs, control) if owed else None
    _journal_is_known(sheet, "bills", sheet.setup.bill_journal)
    if owed == 0:
        sheet.need("parts_do_not_sum", "The lines of the bill sum to zero.", value=sheet.record.external_id)
    if sheet.needs or sheet.waits:
        return None
    if posting is None or partner is None or payable is None or company_amounts is None:
        return None
    record, document_day = sheet.record, sheet.document_day() or posting.own
    return VendorBill(
        company=sheet.setup.company,
        journal=sheet.setup.bill_journal,
        currency=sheet.currency,
        company_currency=sheet.setup.company_currency,
        posting_date=posting.day,
        document_date=document_day,
        due_on=_due_on(sheet, document_day),
        partner=partner,
        payable=payable,
        number=record.invoice_number or sheet.known.key,
        apart=_apart(sheet) if record.invoice_number else "",
        lines=_lines(sheet, costs, company_amounts[: len(costs)], posting, partner),
        is_credit=is_credit,
        text=sheet.text(moved_from=posting.moved_from),
        rules=tuple(sheet.rules),
    )


def payment(
    sheet: Sheet,
    *,
    partner: Partner | None,
    payable: Account | None,
    money: Account | None,
    settles: tuple[str, ...],
    posting: PostingDay | None,
    is_refund: bool = False,
) -> Payment | None:
    """A payment of the record's amount that settles these bills. Its exchange difference is the ledger's (G9)."""
    if money is not None and money.id not in sheet.setup.payment_journals:
        sheet.need("missing_role", f"No journal pays through {money.code or money.id}.",
                   value=f"{sheet.setup.company}:payment_journal:{money.id}", target="payment_journal")  # fmt: skip
    if sheet.needs or sheet.waits or posting is None or partner is None or payable is None or money is None:
        return None
    return Payment(
        company=sheet.setup.company,
        journal=sheet.setup.payment_journals[money.id],
        currency=sheet.currency,
        company_currency=sheet.setup.company_currency,
        posting_date=posting.day,
        document_date=sheet.document_day() or posting.own,
        partner=partner,
        payable=payable,
        money=money,
        amount=sheet.total,
        settles=settles,
        is_refund=is_refund,
        text=sheet.text(moved_from=posting.moved_from),
        rules=tuple(sheet.rules),
    )


def _apart(sheet: Sheet) -> str:
    """`R2` for the second revision, as the first one stands, reversed, under the supplier's number; some letters of the
    record's own where a person said that another bill only bears the same one (G21)."""
    known, is_other = sheet.known, sheet.known.choices.get("duplicate") == "different"
    letters = b32encode(sha256(sheet.record.external_id.encode()).digest())[:4].decode() if is_other else ""
    return letters + (f"R{known.revision}" if known.revision > 1 else "")


def _journal_is_known(sheet: Sheet, what: str, journal: str) -> None:
    if not journal:
        sheet.need("missing_role", f"No journal takes {what}.", value=f"{sheet.setup.company}:journal:{what}",
                   target="journal")  # fmt: skip


def _due_on(sheet: Sheet, document_day: date) -> date:
    """As the source says, but never before the bill itself; without a word of it, the day of the bill."""
    due = sheet.record.due_moment
    return max(day_of(due, sheet.setup.time_zone), document_day) if due else document_day


def _company_amounts(sheet: Sheet, costs: Sequence[Part], controls: Sequence[Part]) -> list[Decimal] | None:
    """Company amounts of costs, then controls. Those that are given are kept: then all of them are."""
    parts = (*costs, *controls)
    rate = sheet.rate()
    given = [part.company_amount for part in parts if part.company_amount is not None]
    if parts and len(given) == len(parts):
        return given
    if rate is None or not controls or not costs:
        return None
    total = sum((part.signed for part in controls), Decimal(0))
    if total == 0 or total + sum((part.signed for part in costs), Decimal(0)) != 0:
        if sheet.needs:
            return None
        message = f"The lines on one side come to {abs(total)} {sheet.currency}, on the other they do not."
        sheet.need("parts_do_not_sum", message, value=sheet.record.external_id)
        return None
    if not sheet.is_foreign:
        return [part.amount for part in parts]
    valued = rounded(abs(total) * rate, sheet.setup.company_currency)
    return [abs(amount) for side in (costs, controls) for amount in _valued(side, valued, sheet.setup.company_currency)]


def _valued(parts: Sequence[Part], valued: Decimal, currency: str) -> list[Decimal]:
    signed = [part.signed for part in parts]
    direction = 1 if sum(signed, Decimal(0)) > 0 else -1
    return signed_shares(valued, [amount * direction for amount in signed], currency)


def _lines(
    sheet: Sheet,
    parts: Sequence[Part],
    company_amounts: Sequence[Decimal],
    posting: PostingDay,
    partner: Partner | None = None,
) -> tuple[Line, ...]:
    """Each with the reasons for its account and its partner; a bill's lines have the bill's."""
    if any(part.dimensions for part in parts):
        sheet.rule("G13")
    return tuple(
        Line(
            account=part.account,
            side=part.side,
            amount=part.amount,
            company_amount=company_amount,
            partner=part.partner,
            dimensions=part.dimensions,
            text=sheet.text(memo=part.memo, moved_from=posting.moved_from, is_personal=part.is_personal),
            because=(*part.because, *_why(sheet, part.partner or partner)),
        )
        for part, company_amount in zip(parts, company_amounts, strict=True)
    )


def _why(sheet: Sheet, partner: Partner | None) -> tuple[str, ...]:
    """How a partner was matched: by a rule, a number, or how near a name."""
    answers = sheet.partners.values() if partner is not None else ()
    return tuple(dict.fromkeys(one.because for one in answers if one.partner == partner and one.because))


def _all_personal(parts: Sequence[Part]) -> bool:
    return any(part.is_personal for part in parts) and all(part.is_personal for part in parts)
