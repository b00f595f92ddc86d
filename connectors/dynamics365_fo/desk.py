"""What does all work on one company share? Books, look-up, and how a document that was found becomes an outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import cast

from connectors.base import Finding, Outcome, OutcomeState, Outgoing
from connectors.contents import Posted
from connectors.documents import Document, NewVendor, Payment, VendorBill
from connectors.dynamics365_fo.books import Books
from connectors.dynamics365_fo.client import PROVIDER, DynamicsClient
from connectors.dynamics365_fo.exchange import rate_differences
from connectors.dynamics365_fo.invoices import INVOICE_ID, booked_differences, waiting_differences
from connectors.dynamics365_fo.journals import PENDING, SHAPES, Part, Place, Shape, places_of, shape_of
from connectors.dynamics365_fo.lookup import Found, Invoice, Journal, Lookup
from connectors.dynamics365_fo.readback import differences
from connectors.dynamics365_fo.schema_documents import LedgerEntryRow, VendorTransactionRow
from connectors.dynamics365_fo.settling import Transactions, keys_settled, parts_of, transactions, unsettled
from connectors.dynamics365_fo.splitting import in_parts
from connectors.dynamics365_fo.vouchers import Voucher, Vouchers, voucher_differences
from connectors.errors import ConnectorError, RejectedError, RetryableError, UnsupportedError
from connectors.money import minor_unit

MARK_LOST = Finding("document_altered", "The mark in the journal's header was removed in Dynamics.", "mark")


class Desk:
    """One company of one connection; lives as long as its ledger."""

    def __init__(self, client: DynamicsClient, company: str) -> None:
        self.client = client
        self.company = company.lower()
        self.books = Books(client, company)
        self.lookup = Lookup(self.books)
        self.vouchers = Vouchers(self.books)

    @property
    def has_own_numbers(self) -> bool:
        return self.client.settings.batch_numbers == "own"

    def is_pending(self, document: Document) -> bool:
        """Whether a document becomes a pending vendor invoice, by the connection's settings."""
        return isinstance(document, VendorBill) and self.client.settings.invoice_pattern == "pending"

    def link(self) -> str:
        """The company in Dynamics' own client; where a journal is shown there is not documented."""
        return f"{self.client.address}/?cmp={self.company.upper()}"

    def shape(self, document: Posted) -> Shape:
        """The kind of journal that a document becomes today."""
        return shape_of(document, self.books.journal(document.journal))

    def places(self, document: Posted) -> tuple[Place, ...]:
        """Where a document may stand: first where it would be written to today."""
        today = PENDING if self.is_pending(document) else self.shape(document)
        return (today, *(one for one in places_of(document) if one is not today))

    def is_searched(self, one: Outgoing) -> bool:
        """Whether a document is looked for before it is written: where Dynamics would take it a second time, and where
        it was sent before and may stand in another place."""
        if isinstance(one.document, NewVendor):
            return False
        if not self.has_own_numbers or self.is_pending(one.document):
            return True
        return not one.is_first and len(self.places(one.document)) > 1

    def parts(self, payments: Mapping[str, Payment]) -> dict[str, list[Part]]:
        """What payments by key mark, where their journals can; one call if they settle something."""
        found = transactions(self.books, (), [key for one in payments.values() for key in one.settles])
        return {key: parts_of(one, found) for key, one in payments.items()}

    def look(self, batch: Sequence[Outgoing], known: str = "") -> dict[str, Found]:
        """What stands of documents, and of one that is `known`, by their stamps."""
        wanted = {one.stamp: self.places(posted(one)) for one in batch}
        if known and known not in wanted:
            everywhere = dict.fromkeys((*SHAPES, *(place for places in wanted.values() for place in places)))
            wanted[known] = tuple(everywhere)
        return self.lookup.found(wanted)

    def outcomes(self, batch: Sequence[Outgoing], found: Mapping[str, Found]) -> dict[str, Outcome]:
        """What the documents that were found say; absent where there is none. One more call where what is posted
        settles something: whether it does; two where invoices that were pending are in the books."""
        journals = {
            one.stamp: journal.header.journal_batch_number
            for one in batch
            if (journal := found[one.stamp].journal) is not None
            and journal.is_posted
            and (isinstance(one.document, Payment) or keys_settled(posted(one)))
        }
        invoices = {
            one.stamp: (found[one.stamp].invoice.booked[0].ledger_voucher, one.document)
            for one in batch
            if isinstance(one.document, VendorBill)
            and found[one.stamp].invoice.booked
            and len(found[one.stamp].ids) == 1
        }
        settling = [posted(one) for one in batch if one.stamp in journals or one.stamp in invoices]
        keys = [key for document in settling for key in keys_settled(document)]
        booked = transactions(self.books, journals.values(), keys)
        read = self.vouchers.read(invoices.values())
        return {one.key: self._outcome(one, found[one.stamp], booked, read) for one in batch}

    def _outcome(self, one: Outgoing, found: Found, booked: Transactions, vouchers: Mapping[str, Voucher]) -> Outcome:
        if not found.ids:
            return Outcome(one.key, OutcomeState.ABSENT)
        if len(found.ids) > 1:
            whole = None if found.invoice.ids else in_parts(one, posted(one), found.journals, self.books.formats)
            if whole is not None:
                return replace(whole, link=self.link())
            return Outcome(one.key, OutcomeState.TWICE, ledger_id=found.ids[0], duplicates=found.ids)
        if found.journal is None:
            return self._invoice(one, found.invoice, booked, vouchers)
        return self._journal(one, found.journal, booked)

    def _invoice(
        self, one: Outgoing, invoice: Invoice, booked: Transactions, vouchers: Mapping[str, Voucher]
    ) -> Outcome:
        bill = cast(VendorBill, one.document)
        outcome = Outcome(one.key, OutcomeState.CREATED, f"{INVOICE_ID}{one.stamp}", link=self.link())
        if invoice.booked:
            number = invoice.booked[0].ledger_voucher
            voucher = vouchers[number]
            if not voucher.is_transferred:
                said = (
                    f"{number} is posted for the vendor, and does not show in the general ledger yet. If it is there, "
                    f"give the mapped user's security role a right to {LedgerEntryRow.entity_set}."
                )
                return replace(outcome, number=number, error=RetryableError(said, provider=PROVIDER))
            some = (*booked_differences(bill, invoice.booked[0]), *voucher_differences(self.books, bill, voucher))
            if left := unsettled(bill, number, voucher.transactions, booked):
                some = (*some, left)
            outcome = replace(outcome, state=OutcomeState.POSTED, number=number)
            return replace(outcome, differences=some, is_compared=voucher.is_shown)
        outcome = replace(outcome, number=invoice.waiting[0].header_reference)
        try:
            some = tuple(waiting_differences(self.books.formats, bill, invoice.waiting[0]))
        except (UnsupportedError, RejectedError) as error:  # the formats were changed since it was sent
            return replace(outcome, differences=(uncomparable(error),))
        return replace(outcome, differences=some, is_compared=True)

    def _journal(self, one: Outgoing, journal: Journal, booked: Transactions) -> Outcome:
        document = posted(one)
        number = journal.header.journal_batch_number
        read, is_compared = self._differences(document, journal)
        outcome = Outcome(
            one.key,
            OutcomeState.POSTED if journal.is_posted else OutcomeState.CREATED,
            ledger_id=journal.id,
            number=number,
            link=self.link(),
            differences=read,
            is_compared=is_compared,
        )
        if not journal.is_posted:
            return outcome
        if isinstance(document, Payment):
            company_amount = _company_amount(document, booked.by_journal.get(number, ()))
            outcome = replace(outcome, company_amount=company_amount)
        left = unsettled(document, number, booked.by_journal.get(number, ()), booked)
        if left is None:
            return outcome
        outcome = replace(outcome, differences=(*outcome.differences, left))
        if not isinstance(document, Payment):
            return outcome
        # A payment is done when it settles its bills, not before: money that is gone leaves nothing to be paid.
        return replace(outcome, state=OutcomeState.CREATED, error=RetryableError(left.message, provider=PROVIDER))

    def _differences(self, document: Posted, journal: Journal) -> tuple[tuple[Finding, ...], bool]:
        """What reads otherwise, and whether all of it could be compared."""
        extra = () if journal.keeps_mark else (MARK_LOST,)
        setup = self.books.journal(journal.header.journal_name)
        if journal.is_posted and not journal.lines and setup and setup.delete_lines_after_posting == "Yes":
            return extra, False  # nothing is left to compare
        try:
            read = differences(document, journal.header, journal.lines, self.books.formats)
            return (*read, *rate_differences(self.books, document, journal.lines), *extra), True
        except (UnsupportedError, RejectedError) as error:  # the formats were changed since it was sent
            return (uncomparable(error), *extra), False


def uncomparable(error: ConnectorError) -> Finding:
    return Finding("document_altered", f"It cannot be compared any more: {error.message}", "dimension formats")


def _company_amount(payment: Payment, rows: Sequence[VendorTransactionRow]) -> Decimal | None:
    """What a payment in foreign currency came to at Dynamics' own rate."""
    if payment.currency == payment.company_currency or not rows:
        return None
    booked = sum((row.amount_mst for row in rows), Decimal(0))
    return abs(booked).quantize(minor_unit(payment.company_currency))


def posted(one: Outgoing) -> Posted:
    """The document of an outgoing that becomes a journal; vendors are handled apart."""
    return cast(Posted, one.document)


def failed(one: Outgoing, state: OutcomeState, error: ConnectorError, ledger_id: str = "") -> Outcome:
    return Outcome(one.key, state, ledger_id=ledger_id, error=error)


def refused(message: str, cure: str = "", value: str = "") -> RejectedError:
    return RejectedError(message, cure=cure, provider=PROVIDER, facts={"value": value} if value else {})
