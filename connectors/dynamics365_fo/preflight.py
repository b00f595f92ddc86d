"""What can be seen to be wrong before anything is sent? All of it at once, by one call for a whole batch.

Dynamics takes most of it when a journal is written and refuses when it is posted, days later; so the same is asked
again right before writing, from what was read within the minute."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from connectors.base import Finding
from connectors.documents import Account, Document, JournalEntry, Line, NewVendor, Partner, Payment, Role, VendorBill
from connectors.dynamics365_fo.accounts import BANK, VENDOR, dimension_value, is_ledger, target_of
from connectors.dynamics365_fo.books import GENERAL, LEVELS, Books, decimals_of
from connectors.dynamics365_fo.client import Query, chunks
from connectors.dynamics365_fo.dimensions import SCREEN
from connectors.dynamics365_fo.exchange import rate_findings
from connectors.dynamics365_fo.journals import INVOICE, MARKING, Posted
from connectors.dynamics365_fo.literals import day_of, spread
from connectors.dynamics365_fo.pairing import paired
from connectors.dynamics365_fo.schema import (
    BankAccountRow,
    DimensionValueRow,
    InvoiceLineRow,
    MainAccountCompanyRow,
    MainAccountRow,
    PendingInvoiceRow,
    PendingLineRow,
    VendorTransactionRow,
)
from connectors.errors import ConfigurationError, UnsupportedError
from connectors.money import exponent

JOURNAL_TYPES: Mapping[str, tuple[str, ...]] = {
    "journal_entry": ("Daily",),
    "payment": (MARKING, "Daily"),
    "vendor_bill": ("VendInvoice", "VendInvoiceRegister", "PurchaseLedger"),
}
BLOCKED = ("Invoice", "All")
IN_USE = "ActiveForAllTransactions"
NEEDS_PARTNER = (Role.AP, Role.EMPAY, Role.EMREC)
NUMBERS_ASKED = 10
PENDING_LINES = f"VendorInvoiceLine($select={PendingLineRow.selection()})"
Taken = dict[tuple[str, bool, str], str]


class Preflight:
    """Checks documents against the books of their company. May raise ConnectorErrors; safe to repeat."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def check(self, documents: Sequence[Document], *, duplicates: bool = True) -> list[list[Finding]]:
        """One list of findings per document, in order. Without `duplicates` nothing is asked about bills' numbers."""
        journals = [one for one in documents if not isinstance(one, NewVendor)]
        bills = [one for one in journals if isinstance(one, VendorBill)] if duplicates else []
        taken = self._read(journals, bills)
        seen: set[tuple[str, bool, str]] = set()
        result: list[list[Finding]] = []
        for document in documents:
            findings = list(self._new_vendor() if isinstance(document, NewVendor) else self._common(document))
            if not findings and not isinstance(document, NewVendor):
                findings = list(self._sayable(document))
            if isinstance(document, VendorBill) and duplicates:
                findings += _duplicate(document, taken, seen)
            result.append(list(dict.fromkeys(findings)))
        return result

    def _read(self, documents: Sequence[Posted], bills: Sequence[VendorBill]) -> Taken:
        lines = [line for one in documents for line in _lines(one)]
        numbers = {plain for bill in bills if (plain := normalised(bill.number))}
        answers = self.books.prepare(
            accounts={account.id for one in documents for account in _accounts(one) if is_ledger(account)},
            values={dimension_value(one) for line in lines for one in line.dimensions},
            vendors={partner.id for one in documents for partner in _partners(one)},
            also=number_questions(self.books.company, numbers),
        )
        return self._taken([row for rows in answers for row in rows])

    def _taken(self, rows: Iterable[object]) -> Taken:
        """Numbers of bills that stand already, by vendor and direction."""
        taken: Taken = {}
        for row in rows:
            if isinstance(row, VendorTransactionRow) and row.invoice and row.amount_cur:
                slot = (row.account_num.lower(), row.amount_cur > 0, normalised(row.invoice))
                taken[slot] = f"{INVOICE.word}:{row.journal_num}"
            elif isinstance(row, InvoiceLineRow) and row.account_type == "Vend" and row.invoice:
                vendor = ("".join(self.books.formats.segments(row.account_display_value))).lower()
                slot = (vendor, row.debit_amount > 0, normalised(row.invoice))
                taken[slot] = f"{INVOICE.word}:{row.journal_batch_number}"
            elif isinstance(row, PendingInvoiceRow) and row.invoice_number:
                is_credit = sum(one.net_amount for one in row.lines) < 0
                slot = (row.invoice_account.lower(), is_credit, normalised(row.invoice_number))
                taken[slot] = f"pending:{row.header_reference}"
        return taken

    def _common(self, document: Posted) -> Iterator[Finding]:
        if not self._is_pending(document):
            yield from self._journal(document)
        yield from self._period(document)
        yield from self._currency(document.currency, document.posting_date)
        for account in dict.fromkeys(_accounts(document)):
            yield from self._account(account, document.currency, document.posting_date)
        booked = set(_booked_to(document))
        for partner in dict.fromkeys(_partners(document)):
            yield from self._partner(partner, is_booked=partner in booked)
        for line in _lines(document):
            yield from self._dimensions(line, document.posting_date)
            if line.partner is None and (line.account.id == VENDOR or line.account.role in NEEDS_PARTNER):
                yield Finding("missing_partner", f"A line on {_name(line.account)} needs a vendor.", line.account.id)
        if not isinstance(document, JournalEntry) and document.payable.id != VENDOR:
            yield Finding(
                "payable_account",
                f"What is owed to vendors is booked through the vendor's posting profile, not on "
                f"{_name(document.payable)}: let the account *{VENDOR}* play the role.",
                document.payable.id,
            )

    def _is_pending(self, document: Posted) -> bool:
        """Pending invoices need no journal name."""
        return isinstance(document, VendorBill) and self.books.client.settings.invoice_pattern == "pending"

    def _sayable(self, document: Posted) -> Iterator[Finding]:
        """What no lines of a journal can carry."""
        yield from rate_findings(self.books, document, is_pending=self._is_pending(document))
        try:
            if isinstance(document, JournalEntry):
                paired(document.lines)
            for line in _lines(document):
                target_of(self.books.formats, line)
                if not line.amount:
                    raise UnsupportedError("Dynamics books no line in company currency alone.")
        except UnsupportedError as error:
            yield Finding("unsupported", error.message, document.type)

    def _journal(self, document: Posted) -> Iterator[Finding]:
        row = self.books.journal(document.journal)
        if row is None:
            yield Finding("unknown_journal", f"The company has no journal name {document.journal}.", document.journal)
            return
        if row.type not in JOURNAL_TYPES[document.type]:
            yield Finding("wrong_journal_type", f"The journal name {row.name} is of type {row.type}.", row.name)
        if row.currency and row.currency != document.currency:
            yield Finding("journal_currency", f"The journal name {row.name} is kept in {row.currency}.", row.name)
        if row.type == MARKING and document.type == "payment" and not self.books.has_payment_journals:
            yield Finding(
                "wrong_journal_type",
                "Dynamics shows no vendor payment journals: choose a journal name of type Daily in place of "
                f"{row.name}, or give the mapped user's security role a right to that data entity.",
                row.name,
            )
        is_numbered = row.voucher_allocation_at_posting == "Yes" or row.new_voucher != "Manually"
        if isinstance(document, VendorBill) and len(document.lines) > 1 and not is_numbered:
            yield Finding(
                "journal_vouchers",
                f"The journal name {row.name} would give each line of a bill a voucher of its own: set *New voucher* "
                "to *In connection with balance*, or have vouchers numbered at posting (General ledger > Journal setup "
                "> Journal names).",
                row.name,
            )

    def _period(self, document: Posted) -> Iterator[Finding]:
        day = document.posting_date
        period = self.books.period_of(day)
        if period is None:
            yield Finding("closed_period", f"No fiscal period of Dynamics holds {day}.", day.isoformat())
        elif any(period.is_closed(level) for level in (GENERAL, LEVELS[document.type])):
            yield Finding("closed_period", f"The period {period.name} is closed or on hold.", day.isoformat())

    def _currency(self, code: str, day: date) -> Iterator[Finding]:
        row = self.books.currencies().get(code)
        if row is None:
            yield Finding("inactive_currency", f"Dynamics does not have {code}.", code)
            return
        if decimals_of(row) != exponent(code):
            yield Finding("decimals_differ", f"Dynamics rounds {code} to {decimals_of(row)} decimals.", code)
        if self.books.rate(code, day) is None:
            yield Finding("no_rate", f"Dynamics has no rate for {code} on {day}.", code)

    def _account(self, account: Account, currency: str, day: date) -> Iterator[Finding]:
        if account.id.startswith(BANK):
            yield from self._bank(account, currency, day)
            return
        if not is_ledger(account):
            return
        row = self.books.account(account.id)
        if row is None:
            yield Finding("unknown_account", f"The chart has no main account {_name(account)}.", account.id)
            return
        if row.main_account_type in ("Total", "Reporting", "Blank"):
            yield Finding("wrong_account_type", f"{_name(account)} only sums up others.", account.id)
        if why := closed_account(row, self.books.account_here(account.id), day):
            yield Finding("inactive_account", f"The main account {_name(account)} {why}.", account.id)
        if row.default_currency and row.validate_currency == "Filled" and row.default_currency != currency:
            yield Finding("account_currency", f"{_name(account)} takes {row.default_currency} alone.", account.id)

    def _bank(self, account: Account, currency: str, day: date) -> Iterator[Finding]:
        number, chosen = account.id.removeprefix(BANK), self.books.client.settings.banks
        if chosen and number.lower() not in {one.lower() for one in chosen}:
            yield Finding("unknown_account", f"{_name(account)} is not among the connection's banks.", account.id)
            return
        try:
            row = self.books.bank(number)
        except ConfigurationError as error:  # not shown: what the settings name is taken at its word
            if not chosen:
                yield Finding(
                    "unknown_account", f"Name {number} in the connection's settings. {error.message}", account.id
                )
            return
        if row is None:
            yield Finding("unknown_account", f"The company has no bank account {_name(account)}.", account.id)
            return
        if why := closed_bank(row, day):
            yield Finding("inactive_account", f"The bank account {_name(account)} {why}.", account.id)
        if not row.takes(currency):
            yield Finding("account_currency", f"{_name(account)} takes {row.currency_code} alone.", account.id)

    def _partner(self, partner: Partner, *, is_booked: bool) -> Iterator[Finding]:
        row = self.books.vendor(partner.id)
        if row is None:
            yield Finding("unknown_partner", f"There is no vendor {partner.name or partner.id}.", partner.id)
        elif is_booked and row.on_hold_status in BLOCKED:
            yield Finding("inactive_partner", f"The vendor {row.name} is on hold ({row.on_hold_status}).", partner.id)

    def _dimensions(self, line: Line, day: date) -> Iterator[Finding]:
        names: set[str] = set()
        for dimension in line.dimensions:
            name, value = dimension_value(dimension)
            if name in names:
                yield Finding("two_dimensions", f"Two values of {name} on a line.", dimension.id)
            names.add(name)
            row = self.books.value(name, value)
            if row is None:
                yield Finding("unknown_dimension", f"{name} has no value {value}.", dimension.id)
            elif not self.books.formats.carries(name, with_account=is_ledger(line.account)):
                said = f"The active format does not carry {name}: add it under {SCREEN}."
                yield Finding("unknown_dimension", said, dimension.id)
            elif why := closed_value(row, day):
                yield Finding("inactive_dimension", f"The value {value} of {name} {why}.", dimension.id)

    def _new_vendor(self) -> Iterator[Finding]:
        if not self.books.client.settings.vendor_group:
            said = "Choose the vendor group of new vendors in the connection's settings."
            yield Finding("missing_vendor_group", said, self.books.company)


def number_questions(company: str, numbers: Iterable[str]) -> list[Query[Any]]:
    """Posted vendor transactions, lines of invoice journals and pending invoices whose number may be one of these,
    which are plain (`normalised`); the answers hold more and are to be compared again."""
    queries: list[Query[Any]] = []
    for some in chunks(sorted(numbers), NUMBERS_ASKED):
        every = "(" + " or ".join(spread("Invoice", plain) for plain in some) + ")"
        queries.append(Query(VendorTransactionRow, company, every))
        queries.append(Query(InvoiceLineRow, company, every))
        waiting = "(" + " or ".join(spread("InvoiceNumber", plain) for plain in some) + ")"
        queries.append(Query(PendingInvoiceRow, company, waiting, PENDING_LINES))
    return queries


def closed_account(row: MainAccountRow, here: MainAccountCompanyRow | None, day: date) -> str:
    """Why a main account cannot be posted to on a day; empty if it can."""
    for one in (row, here):
        if one is None:
            continue
        if one.is_suspended == "Yes":
            return "is suspended"
        if one.do_not_allow_manual_entry == "Yes":
            return "does not allow manual entry"
        if why := _not_on(one.active_from, one.active_to, day):
            return why
    return ""


def closed_bank(row: BankAccountRow, day: date) -> str:
    if row.bank_account_status not in ("", IN_USE):
        return "is not in use for new transactions"
    return _not_on(row.active_from, row.active_to, day)


def closed_value(row: DimensionValueRow, day: date) -> str:
    if row.is_suspended == "Yes":
        return "is suspended"
    if row.is_total == "Yes":
        return "only sums up others"
    if row.is_blocked_for_manual_entry == "Yes":
        return "does not allow manual entry"
    return _not_on(row.active_from, row.active_to, day)


def _not_on(active_from: str, active_to: str, day: date) -> str:
    starts, ends = day_of(active_from), day_of(active_to)
    if (starts and day < starts) or (ends and day > ends):
        return f"is not active on {day}"
    return ""


def _duplicate(bill: VendorBill, taken: Taken, seen: set[tuple[str, bool, str]]) -> list[Finding]:
    """The same number of the same vendor again (rule G21)."""
    slot = (bill.partner.id.lower(), bill.is_credit, normalised(bill.number))
    if not slot[2]:
        return []
    if there := taken.get(slot):
        return [Finding("duplicate_reference", f"{there} already has the number {bill.number}.", there)]
    if slot in seen:
        return [Finding("duplicate_reference", f"Two bills of this batch have the number {bill.number}.", "")]
    seen.add(slot)
    return []


def normalised(number: str) -> str:
    """A supplier's number without case, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", number).lower()


def _lines(document: Posted) -> tuple[Line, ...]:
    return () if isinstance(document, Payment) else document.lines


def _accounts(document: Posted) -> Iterator[Account]:
    yield from (line.account for line in _lines(document))
    if isinstance(document, VendorBill):
        yield document.payable
    elif isinstance(document, Payment):
        yield from (document.payable, document.money)


def _partners(document: Posted) -> Iterator[Partner]:
    yield from (line.partner for line in _lines(document) if line.partner)
    if not isinstance(document, JournalEntry):
        yield document.partner


def _booked_to(document: Posted) -> Iterator[Partner]:
    """Vendors that get a transaction; on a ledger account a partner is text for people."""
    for line in _lines(document):
        if line.partner and line.account.id == VENDOR:
            yield line.partner
    if not isinstance(document, JournalEntry):
        yield document.partner


def _name(account: Account) -> str:
    return account.code or account.id
