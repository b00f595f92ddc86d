"""What does all work on one company share? Books, look-up, and how a journal that was found becomes an outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import cast

from connectors.base import Finding, Outcome, OutcomeState, Outgoing
from connectors.contents import Posted
from connectors.documents import Payment, VendorBill
from connectors.dynamics365_fo.books import Books
from connectors.dynamics365_fo.client import PROVIDER, DynamicsClient
from connectors.dynamics365_fo.exchange import rate_differences
from connectors.dynamics365_fo.journals import PAYMENT, Part, Shape, shape_of
from connectors.dynamics365_fo.lookup import Found, Journal, Lookup
from connectors.dynamics365_fo.readback import differences
from connectors.dynamics365_fo.schema_documents import VendorTransactionRow
from connectors.dynamics365_fo.settling import Transactions, keys_settled, parts_of, transactions, unsettled
from connectors.dynamics365_fo.splitting import in_parts
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

    @property
    def has_own_numbers(self) -> bool:
        return self.client.settings.batch_numbers == "own"

    def is_pending(self, one: Outgoing) -> bool:
        """Whether a document becomes a pending vendor invoice, by the connection's settings."""
        return isinstance(one.document, VendorBill) and self.client.settings.invoice_pattern == "pending"

    def link(self) -> str:
        """The company in Dynamics' own client; where a journal is shown there is not documented."""
        return f"{self.client.address}/?cmp={self.company.upper()}"

    def shape(self, document: Posted) -> Shape:
        """The kind of journal that a document becomes."""
        return shape_of(document, self.books.journal(document.journal))

    def parts(self, batch: Sequence[Outgoing]) -> dict[str, list[Part]]:
        """What the payments among documents mark, by key, where their journals can; one call if there are such."""
        payments = {
            one.key: one.document
            for one in batch
            if isinstance(one.document, Payment) and self.shape(one.document) is PAYMENT
        }
        found = transactions(self.books, (), [key for one in payments.values() for key in one.settles])
        return {key: parts_of(one, found) for key, one in payments.items()}

    def look(self, batch: Sequence[Outgoing]) -> dict[str, Found]:
        """The journals of documents by their keys."""
        wanted = [(one.stamp, self.shape(posted(one))) for one in batch]
        found = self.lookup.journals(wanted) if wanted else {}
        return {one.key: found[slot] for one, slot in zip(batch, wanted, strict=True)}

    def outcomes(self, batch: Sequence[Outgoing], found: Mapping[str, Found]) -> dict[str, Outcome]:
        """What the journals that were found say; absent where there is none. One more call where what is posted
        settles something: whether it does."""
        settling = [
            (journal, posted(one))
            for one in batch
            if (journal := found[one.key].journal) is not None
            and journal.is_posted
            and (isinstance(one.document, Payment) or keys_settled(posted(one)))
        ]
        numbers = [journal.header.journal_batch_number for journal, _ in settling]
        booked = transactions(self.books, numbers, [key for _, one in settling for key in keys_settled(one)])
        return {one.key: self._outcome(one, found[one.key], booked) for one in batch}

    def _outcome(self, one: Outgoing, found: Found, booked: Transactions) -> Outcome:
        journal = found.journal
        if journal is None:
            return Outcome(one.key, OutcomeState.ABSENT)
        if len(found.journals) > 1:
            if whole := in_parts(one, posted(one), found.journals, self.books.formats):
                return replace(whole, link=self.link())
            ids = tuple(each.id for each in found.journals)
            return Outcome(one.key, OutcomeState.TWICE, ledger_id=ids[0], duplicates=ids)
        document = posted(one)
        number = journal.header.journal_batch_number
        outcome = Outcome(
            one.key,
            OutcomeState.POSTED if journal.is_posted else OutcomeState.CREATED,
            ledger_id=journal.id,
            number=number,
            link=self.link(),
            differences=self._differences(document, journal),
        )
        if not journal.is_posted:
            return outcome
        if isinstance(document, Payment):
            company_amount = _company_amount(document, booked.by_journal.get(number, ()))
            outcome = replace(outcome, company_amount=company_amount)
        left = unsettled(document, number, booked)
        if left is None:
            return outcome
        outcome = replace(outcome, differences=(*outcome.differences, left))
        if not isinstance(document, Payment):
            return outcome
        # A payment is done when it settles its bills, not before: money that is gone leaves nothing to be paid.
        return replace(outcome, state=OutcomeState.CREATED, error=RetryableError(left.message, provider=PROVIDER))

    def _differences(self, document: Posted, journal: Journal) -> tuple[Finding, ...]:
        extra = () if journal.keeps_mark else (MARK_LOST,)
        setup = self.books.journal(journal.header.journal_name)
        if journal.is_posted and not journal.lines and setup and setup.delete_lines_after_posting == "Yes":
            return extra  # nothing is left to compare
        try:
            read = differences(document, journal.header, journal.lines, self.books.formats)
            return (*read, *rate_differences(self.books, document, journal.lines), *extra)
        except (UnsupportedError, RejectedError) as error:  # the formats were changed since it was sent
            return (uncomparable(error), *extra)


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
