"""May a document be booked: its journal, day and currency, its accounts, banks, vendors and dimensions?

Each question answers with what is wrong; nothing is asked but of the books as they are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from connectors.base import Finding
from connectors.contents import Posted, name_of, partners_in
from connectors.documents import Account, Line, Partner, Payment, VendorBill
from connectors.dynamics365_fo.accounts import BANK, dimension_value, is_ledger
from connectors.dynamics365_fo.books import Books, decimals_of
from connectors.dynamics365_fo.closing import closed_account, closed_bank, closed_value, wrong_side
from connectors.dynamics365_fo.contents import Holds, booked_to
from connectors.dynamics365_fo.dimensions import SCREEN
from connectors.dynamics365_fo.journals import MARKING
from connectors.dynamics365_fo.periods import GENERAL, LEVELS, MODULES, VENDORS
from connectors.dynamics365_fo.rights import BILL_SETS, lacking
from connectors.dynamics365_fo.schema import Row, VendorRow
from connectors.dynamics365_fo.schema_documents import VendorTransactionRow
from connectors.dynamics365_fo.screens import screen_of
from connectors.dynamics365_fo.settling import keys_settled
from connectors.errors import ConfigurationError
from connectors.money import exponent
from connectors.records import Side

JOURNAL_TYPES: Mapping[str, tuple[str, ...]] = {
    "journal_entry": ("Daily",),
    "payment": (MARKING, "Daily"),
    "vendor_bill": ("VendInvoice", "VendInvoiceRegister", "PurchaseLedger"),
}


class Postable:
    """Questions to the books of one company. May raise ConnectorErrors; safe to repeat."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def entities(self, document: Posted) -> Iterator[Finding]:
        """Whether what this kind of document is written to and told again by is shown to the mapped user."""
        wanted: list[type[Row]] = []
        if isinstance(document, VendorBill):
            wanted += [*BILL_SETS[self.books.client.settings.invoice_pattern], VendorTransactionRow]
        elif isinstance(document, Payment) or keys_settled(document):
            wanted.append(VendorTransactionRow)
        if any(partners_in(document)) and self.books.vendors_shown() is None:
            wanted.append(VendorRow)
        for row in wanted:
            if (error := self.books.why_hidden(row)) is not None:
                yield Finding("missing_entity", lacking(row, error), row.entity_set)

    def journal(self, document: Posted) -> Iterator[Finding]:
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

    def period(self, document: Posted) -> Iterator[Finding]:
        day = document.posting_date
        period = self.books.period_of(day)
        if period is None:
            said = f"No fiscal period of Dynamics holds {day}: make its year under {screen_of('FiscalPeriods')}."
            yield Finding("closed_period", said, day.isoformat())
            return
        levels = {GENERAL, LEVELS[document.type], *([VENDORS] if booked_to(document) else [])}
        shut = [MODULES[level] for level in (GENERAL, VENDORS) if level in levels and level in period.closed_to]
        if shut or not period.is_open:
            whom = f"for {' and '.join(shut)}" if period.is_open else "for every module"
            said = (
                f"The period {period.name}, which holds {day}, is closed or on hold {whom} in {self.books.company}: "
                f"open it under {screen_of('LedgerFiscalPeriods')}."
            )
            yield Finding("closed_period", said, day.isoformat())

    def currency(self, code: str, day: date) -> Iterator[Finding]:
        row = self.books.currencies().get(code)
        if row is None:
            yield Finding("inactive_currency", f"Dynamics does not have {code}.", code)
            return
        if decimals_of(row) != exponent(code):
            yield Finding("decimals_differ", f"Dynamics rounds {code} to {decimals_of(row)} decimals.", code)
        if self.books.rate(code, day) is None:
            yield Finding("no_rate", f"Dynamics has no rate for {code} on {day}.", code)

    def account(self, account: Account, currency: str, day: date) -> Iterator[Finding]:
        if account.id.startswith(BANK):
            yield from self._bank(account, currency, day)
            return
        if not is_ledger(account):
            return
        row = self.books.account(account.id)
        if row is None:
            yield Finding("unknown_account", f"The chart has no main account {name_of(account)}.", account.id)
            return
        if row.main_account_type in ("Total", "Reporting", "Blank"):
            yield Finding("wrong_account_type", f"{name_of(account)} only sums up others.", account.id)
        if why := closed_account(row, self.books.account_here(account.id), day):
            yield Finding("inactive_account", f"The main account {name_of(account)} {why}.", account.id)
        if row.default_currency and row.validate_currency == "Filled" and row.default_currency != currency:
            yield Finding("account_currency", f"{name_of(account)} takes {row.default_currency} alone.", account.id)

    def side(self, account: Account, side: Side) -> Iterator[Finding]:
        """Whether an account takes an amount on this side."""
        row = self.books.account(account.id) if is_ledger(account) else None
        if row is not None and (why := wrong_side(row, side)):
            said = f"The main account {name_of(account)} {why} (Debit/credit requirement, under "
            yield Finding("wrong_side", f"{said}{screen_of('MainAccounts')}).", account.id)

    def _bank(self, account: Account, currency: str, day: date) -> Iterator[Finding]:
        number, chosen = account.id.removeprefix(BANK).rstrip(), self.books.client.settings.banks
        if chosen and number.lower() not in {one.lower() for one in chosen}:
            yield Finding("unknown_account", f"{name_of(account)} is not among the connection's banks.", account.id)
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
            yield Finding("unknown_account", f"The company has no bank account {name_of(account)}.", account.id)
            return
        if why := closed_bank(row, day):
            yield Finding("inactive_account", f"The bank account {name_of(account)} {why}.", account.id)
        if not row.takes(currency):
            yield Finding("account_currency", f"{name_of(account)} takes {row.currency_code} alone.", account.id)

    def partner(self, partner: Partner, holds: Holds) -> Iterator[Finding]:
        """`holds`: those that stop what is booked to the vendor, if anything is."""
        row = self.books.vendor(partner.id)
        if row is None:
            yield Finding("unknown_partner", f"There is no vendor {partner.name or partner.id}.", partner.id)
        elif row.on_hold_status in holds:
            said = f"The vendor {row.name} is on hold ({row.on_hold_status}): release it under "
            yield Finding("inactive_partner", f"{said}{screen_of(row.entity_set)}.", partner.id)

    def dimensions(self, line: Line, day: date) -> Iterator[Finding]:
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
