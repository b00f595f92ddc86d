"""What can be seen to be wrong before anything is sent? All of it at once, by one call for a whole batch.

Dynamics takes most of it when a journal is written and refuses when it is posted, days later; so the same is asked
again right before writing, from what was read within the minute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.base import Finding
from connectors.contents import Posted, accounts_in, lines_in, name_of, partners_in, plain_number
from connectors.documents import Document, JournalEntry, NewVendor, Payment, Role, VendorBill
from connectors.dynamics365_fo.accounts import VENDOR, dimension_value, is_ledger, target, target_of
from connectors.dynamics365_fo.books import Books
from connectors.dynamics365_fo.contents import booked_to
from connectors.dynamics365_fo.exchange import rate_findings
from connectors.dynamics365_fo.journals import invoice_number
from connectors.dynamics365_fo.pairing import paired
from connectors.dynamics365_fo.postable import Postable
from connectors.dynamics365_fo.taken import Taken, duplicate, number_questions, taken_by
from connectors.errors import UnsupportedError
from connectors.records import Side

NEEDS_PARTNER = (Role.AP, Role.EMPAY, Role.EMREC)


class Preflight:
    """Checks documents against the books of their company. May raise ConnectorErrors; safe to repeat."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.postable = Postable(books)

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
                findings += duplicate(document, taken, seen)
            result.append(list(dict.fromkeys(findings)))
        return result

    def _read(self, documents: Sequence[Posted], bills: Sequence[VendorBill]) -> Taken:
        lines = [line for one in documents for line in lines_in(one)]
        numbers = {(bill.partner.id.rstrip(), plain) for bill in bills if (plain := plain_number(invoice_number(bill)))}
        partners = {partner.id for one in documents for partner in partners_in(one)}
        answers = self.books.prepare(
            accounts={account.id for one in documents for account in accounts_in(one) if is_ledger(account)},
            values={dimension_value(one) for line in lines for one in line.dimensions},
            vendors=partners if partners and self.books.vendors_shown() else (),
            rates={(one.currency, one.posting_date) for one in documents},
            also=number_questions(self.books, numbers),
        )
        return taken_by(self.books.formats, [row for rows in answers for row in rows])

    def _common(self, document: Posted) -> Iterator[Finding]:
        yield from self.postable.entities(document)
        if not self._is_pending(document):
            yield from self.postable.journal(document)
        yield from self.postable.period(document)
        yield from self.postable.currency(document.currency, document.posting_date)
        for account in dict.fromkeys(accounts_in(document)):
            yield from self.postable.account(account, document.currency, document.posting_date)
        booked = booked_to(document)
        for partner in dict.fromkeys(partners_in(document)):
            if self.books.vendors_shown():
                yield from self.postable.partner(partner, booked.get(partner, frozenset()))
        for line in lines_in(document):
            yield from self.postable.side(line.account, line.side)
            yield from self.postable.dimensions(line, document.posting_date)
            if line.partner is None and (line.account.id == VENDOR or line.account.role in NEEDS_PARTNER):
                yield Finding("missing_partner", f"A line on {name_of(line.account)} needs a vendor.", line.account.id)
        if isinstance(document, Payment):
            yield from self.postable.side(document.money, Side.DEBIT if document.is_refund else Side.CREDIT)
        if not isinstance(document, JournalEntry) and document.payable.id != VENDOR:
            yield Finding(
                "payable_account",
                f"What is owed to vendors is booked through the vendor's posting profile, not on "
                f"{name_of(document.payable)}: let the account *{VENDOR}* play the role.",
                document.payable.id,
            )

    def _is_pending(self, document: Posted) -> bool:
        """Pending invoices need no journal name."""
        return isinstance(document, VendorBill) and self.books.client.settings.invoice_pattern == "pending"

    def _sayable(self, document: Posted) -> Iterator[Finding]:
        """What no lines of a journal can carry."""
        try:
            if isinstance(document, JournalEntry):
                paired(document.lines)
            else:
                target(self.books.formats, document.payable, document.partner, ())
            if isinstance(document, Payment):
                target(self.books.formats, document.money, document.partner, ())
            for line in lines_in(document):
                target_of(self.books.formats, line)
                if not line.amount:
                    raise UnsupportedError("Dynamics books no line in company currency alone.")
        except UnsupportedError as error:
            yield Finding("unsupported", error.message, document.type)
            return
        yield from rate_findings(self.books, document, is_pending=self._is_pending(document))

    def _new_vendor(self) -> Iterator[Finding]:
        if not self.books.client.settings.vendor_group:
            said = "Choose the vendor group of new vendors in the connection's settings."
            yield Finding("missing_vendor_group", said, self.books.company)
