"""What can be seen to be wrong before anything is sent? All of it at once, from what is known of the organisation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from connectors.base import Finding
from connectors.contents import Posted, accounts_in, lines_in, name_of, partners_in, plain_number
from connectors.documents import Account, Document, JournalEntry, Line, NewVendor, Partner, Payment, Role, VendorBill
from connectors.errors import UnsupportedError
from connectors.money import exponent
from connectors.zoho_books.bodies import exchange_rate
from connectors.zoho_books.books import Books
from connectors.zoho_books.demanded import Demanded
from connectors.zoho_books.demands import Demands
from connectors.zoho_books.schema import BillRow, CreditRow
from connectors.zoho_books.standing import Slot, StandingBills

PAID_THROUGH = ("bank", "cash", "credit_card", "payment_clearing")
CONTROL_TYPES = ("accounts_payable", "accounts_receivable")
NEEDS_PARTNER = (Role.AP, Role.EMPAY, Role.EMREC, Role.ADV)


class Preflight:
    """Checks documents against the books of their organisation. May raise ConnectorErrors; safe to repeat."""

    def __init__(self, books: Books, standing: StandingBills, demands: Demands) -> None:
        self.books = books
        self.standing = standing
        self.demanded = Demanded(books, demands)

    def check(self, documents: Sequence[Document]) -> list[list[Finding]]:
        """One list of findings per document, in order. Whatever seems wrong is asked again: what is kept of the books
        may be some minutes old, and a person has just mended it."""
        findings = self._checked(documents)
        if any(findings) and self.books.renew():
            findings = self._checked(documents)
        return findings

    def _checked(self, documents: Sequence[Document]) -> list[list[Finding]]:
        bills = [one for one in documents if isinstance(one, VendorBill) and plain_number(one.own_number)]
        taken = self.standing.taken() if bills else {}
        seen: set[Slot] = set()
        result: list[list[Finding]] = []
        for document in documents:
            findings = [*self.common(document)]
            if isinstance(document, VendorBill):
                findings += self._duplicate(document, taken, seen)
            result.append(list(dict.fromkeys(findings)))
        return result

    def _duplicate(
        self, bill: VendorBill, taken: Mapping[Slot, Sequence[BillRow | CreditRow]], seen: set[Slot]
    ) -> list[Finding]:
        """The same bill again (rule G21), among those that stand and among those that go with it."""
        slot = (bill.partner.id, bill.is_credit, plain_number(bill.own_number))
        if not slot[2]:
            return []
        if standing := self.standing.stands(taken.get(slot, ())):
            return [Finding("duplicate_reference", f"Zoho has {bill.own_number} of the same vendor already.", standing)]
        if slot in seen:
            return [Finding("duplicate_reference", f"Two bills of this batch have the number {bill.own_number}.", "")]
        seen.add(slot)
        return []

    def common(self, document: Document) -> Iterator[Finding]:
        """What concerns the document alone: what the organisation demands, day, currency, accounts, contacts, tags."""
        yield from self.demanded.findings(document)
        if isinstance(document, NewVendor):
            return
        yield from self._period(document)
        yield from self._currency(document.currency, document.posting_date)
        for account in dict.fromkeys(accounts_in(document)):
            yield from self._account(account, document.currency)
        for partner in dict.fromkeys(partners_in(document)):
            yield from self._partner(partner)
        for line in lines_in(document):
            yield from self._tags(line)
        yield from self._own(document)

    def _own(self, document: Posted) -> Iterator[Finding]:
        chart = self.books.accounts()
        if isinstance(document, JournalEntry):
            for line in document.lines:
                row = chart.get(line.account.id)
                is_control = row is not None and row.account_type in CONTROL_TYPES
                if line.partner is None and (is_control or line.account.role in NEEDS_PARTNER):
                    yield Finding(
                        "missing_partner", f"A line on {name_of(line.account)} needs a contact.", line.account.id
                    )
        else:
            payable = chart.get(document.payable.id)
            if payable and payable.account_type != "accounts_payable":
                yield Finding(
                    "wrong_account_type", f"{name_of(document.payable)} is not Accounts Payable.", payable.account_id
                )
        if isinstance(document, Payment):
            money = chart.get(document.money.id)
            if money and money.account_type not in PAID_THROUGH:
                yield Finding("payment_account", f"Zoho pays through no {money.account_type}.", money.account_id)
        elif document.currency != document.company_currency:
            try:
                exchange_rate(document.lines, document.currency, document.company_currency)
            except UnsupportedError as error:
                yield Finding("company_only_line", error.message, "")

    def _period(self, document: Posted) -> Iterator[Finding]:
        day = document.posting_date
        closing = [lock for lock in self.books.locks() if lock.closes(document.type, day)]
        if closing:
            said = f"The books are closed through {max(lock.through for lock in closing)}."
            if any(lock.excepted_accounts for lock in closing):
                said += " That accounts are excepted from the lock is not relied on: except the user of the connection."
            yield Finding("closed_period", said, day.isoformat())

    def _currency(self, code: str, day: date) -> Iterator[Finding]:
        row = self.books.currencies().get(code)
        if row is None:
            yield Finding("inactive_currency", f"The organisation does not use {code}.", code)
            return
        if row.price_precision != exponent(code):
            yield Finding("wrong_decimals", f"Zoho keeps {code} with {row.price_precision} decimals.", code)
        if self.books.rate(code, day) is None:
            yield Finding("no_rate", f"Zoho has no rate for {code} on {day}.", code)

    def _account(self, account: Account, currency: str) -> Iterator[Finding]:
        row = self.books.accounts().get(account.id)
        if row is None:
            yield Finding("unknown_account", f"The organisation has no account {name_of(account)}.", account.id)
            return
        if not row.is_active:
            yield Finding("inactive_account", f"The account {name_of(account)} is inactive.", account.id)
        if row.account_type in PAID_THROUGH and row.currency_code not in ("", currency):
            yield Finding("account_currency", f"{name_of(account)} is kept in {row.currency_code}.", account.id)

    def _partner(self, partner: Partner) -> Iterator[Finding]:
        row = self.books.contact(partner.id)
        if row is None:
            yield Finding("unknown_partner", f"There is no contact {partner.name or partner.id}.", partner.id)
        elif row.status == "inactive":
            yield Finding("inactive_partner", f"The contact {row.contact_name} is inactive.", partner.id)

    def _tags(self, line: Line) -> Iterator[Finding]:
        used: set[str] = set()
        for dimension in line.dimensions:
            name = dimension.code or dimension.id
            tag = self.books.tags().get(dimension.kind)
            option = self.books.options(tag.tag_id).get(dimension.id) if tag else None
            if tag is None or option is None:
                yield Finding("unknown_dimension", f"There is no reporting tag option {name}.", dimension.id)
                continue
            if not option.is_active or not tag.is_active or tag.is_draft:
                yield Finding("inactive_dimension", f"The option {option.option_name} is inactive.", dimension.id)
            if tag.tag_id in used:
                yield Finding("two_dimensions", f"Two options of {tag.tag_name} on a line: {name}.", dimension.id)
            used.add(tag.tag_id)
