"""What was booked under a voucher: on which day, on which accounts? A posted invoice's journal tells neither.

The subledger is transferred to the general ledger at once or by a batch job, by the company's set-up; before that it is
not in the books (https://learn.microsoft.com/en-us/dynamics365/finance/general-ledger/subledger-transfer-options)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.base import Finding
from connectors.documents import VendorBill
from connectors.dynamics365_fo.accounts import dimension_value, is_ledger
from connectors.dynamics365_fo.books import Books
from connectors.dynamics365_fo.client import Query, chunks
from connectors.dynamics365_fo.invoices import altered, signed
from connectors.dynamics365_fo.literals import day_of, equals, one_of
from connectors.dynamics365_fo.schema_documents import AccountEntryRow, LedgerEntryRow, VendorTransactionRow
from connectors.errors import ConfigurationError, RejectedError
from connectors.money import minor_unit

ASKED = 20  # vouchers in one question
OWED = "VendBalance"  # what the vendor posting profile booked, which we do not name


@dataclass(frozen=True, slots=True)
class Voucher:
    """Vendor transactions and entries on accounts under one number. `is_shown`: whether the mapped user may see the
    general ledger's entries."""

    transactions: tuple[VendorTransactionRow, ...]
    entries: tuple[AccountEntryRow, ...]
    is_shown: bool = True

    @property
    def is_transferred(self) -> bool:
        return bool(self.entries) or not self.is_shown


class Vouchers:
    """Vouchers of one company. Raises ConnectorErrors; safe to repeat."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self._is_shown = True

    def read(self, bills: Iterable[tuple[str, VendorBill]]) -> dict[str, Voucher]:
        """What was booked under the vouchers of bills. Two calls for all; none for none."""
        pairs = list(bills)
        numbers = [number for number, _ in pairs]
        if not numbers:
            return {}
        some = list(chunks(numbers, ASKED))
        company = self.books.company
        questions: list[Query[Any]] = [Query(VendorTransactionRow, company, one_of("Voucher", one)) for one in some]
        here = equals("SubledgerVoucherDataAreaId", company)
        entered = [Query(LedgerEntryRow, every=f"{here} and {one_of('SubledgerVoucher', one)}") for one in some]
        accounts = {line.account.id for _, bill in pairs for line in bill.lines if is_ledger(line.account)}
        try:
            answers = self.books.prepare(accounts=accounts, also=questions + (entered if self._is_shown else []))
            rows = [row for one in answers for row in one]
            entries = self._entries([row for row in rows if isinstance(row, LedgerEntryRow)])
        except (ConfigurationError, RejectedError):
            if not self._is_shown:
                raise
            self._is_shown = False
            return self.read(pairs)
        booked: dict[str, list[VendorTransactionRow]] = defaultdict(list)
        for row in rows:
            if isinstance(row, VendorTransactionRow):
                booked[row.voucher].append(row)
        return {one: Voucher(tuple(booked[one]), tuple(entries[one]), self._is_shown) for one in numbers}

    def _entries(self, heads: list[LedgerEntryRow]) -> dict[str, list[AccountEntryRow]]:
        """Entries on accounts by voucher."""
        questions: list[Query[Any]] = []
        for some in chunks([head.source_key for head in heads], ASKED):
            every = " or ".join(f"GeneralJournalEntry eq {one}" for one in some)
            questions.append(Query(AccountEntryRow, every=f"({every})"))
        voucher = {head.source_key: head.subledger_voucher for head in heads}
        found: dict[str, list[AccountEntryRow]] = defaultdict(list)
        for rows in self.books.client.many(questions) if questions else ():
            for row in rows:
                found[voucher[row.general_journal_entry]].append(row)
        return found


def posting_days(books: Books, numbers: Iterable[str]) -> dict[str, date]:
    """On which days vouchers of vendors were booked; one call for all. Raises ConnectorErrors; safe to repeat."""
    questions: list[Query[Any]] = [
        Query(VendorTransactionRow, books.company, one_of("Voucher", some)) for some in chunks(numbers, ASKED)
    ]
    rows = [row for one in (books.client.many(questions) if questions else ()) for row in one]
    return {row.voucher: day for row in rows if (day := day_of(row.trans_date))}


def voucher_differences(books: Books, bill: VendorBill, voucher: Voucher) -> Iterator[Finding]:
    """What of an invoice was booked otherwise than it was sent: day, due date, and every sum by account."""
    his = [row for row in voucher.transactions if row.account_num.lower() == bill.partner.id.lower()]
    if not his:
        yield altered("vendor transaction", f"one of {bill.partner.id}", "none")
    for row in his:
        if (day := day_of(row.trans_date)) != bill.posting_date:
            yield Finding("date_moved", f"Sent for {bill.posting_date}, booked on {day}.", str(day))
        if (due := day_of(row.due_date)) != bill.due_on:
            yield altered("due date", bill.due_on, due)
    if voucher.is_shown:
        yield from _sums(books, bill, voucher)
        return
    yield Finding(
        "document_altered",
        "Its accounts cannot be compared: give the mapped user's security role a right to the data entities "
        f"{LedgerEntryRow.entity_set} and {AccountEntryRow.entity_set}.",
        "accounts",
    )


def _sums(books: Books, bill: VendorBill, voucher: Voucher) -> Iterator[Finding]:
    accounts = {line.account.id: books.account(line.account.id) for line in bill.lines}
    known = {its.main_account_rec_id: account for account, its in accounts.items() if its is not None}
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    read: dict[str, Decimal] = defaultdict(Decimal)
    carried: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    others: set[str] = set()
    for line in bill.lines:
        wanted[line.account.id] += signed(line)
        for dimension in line.dimensions:
            carried[line.account.id, dimension_value(dimension)[1]] += signed(line)
    for row in voucher.entries:
        if row.posting_type == OWED or not row.transaction_currency_amount:
            continue
        account = known.get(row.main_account, row.ledger_account)
        read[account] += row.transaction_currency_amount
        values = [value for of, value in carried if of == account and _holds(row.ledger_account, value)]
        for value in values:
            carried[account, value] -= row.transaction_currency_amount
        if _is_more(row.ledger_account, (account, *values)):
            others.add(account)
    for account in sorted(wanted.keys() | read.keys()):
        if wanted[account] != read[account]:
            there = read[account].quantize(minor_unit(bill.currency))
            yield altered(f"{bill.currency} on {account}", wanted[account], there)
    for (account, value), rest in sorted(carried.items()):
        # A dimension that the account's structure does not have falls away; another value in its place is a change.
        if rest and wanted[account] == read[account] and account in others:
            said = f"The {bill.currency} on {account} with {value} differs by {rest} from what was sent."
            yield Finding("document_altered", said, account)


def _holds(ledger_account: str, value: str) -> bool:
    """Whether a value is among the segments of an account, whatever delimits them in the chart."""
    return _segment(value).search(ledger_account) is not None


def _is_more(ledger_account: str, values: Iterable[str]) -> bool:
    """Whether an account holds something beside these values."""
    for value in values:
        ledger_account = _segment(value).sub("", ledger_account, count=1)
    return re.search(r"\w", ledger_account.replace("_", "")) is not None


def _segment(value: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9]){re.escape(value)}(?![a-z0-9])", re.IGNORECASE)
