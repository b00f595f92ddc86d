"""How does a bill wait in Dynamics as a pending vendor invoice, and how is it known again once it is posted?

The header's reference is ours to choose, but whether the server keeps it is not documented, so that lines name what it
answered, and the mark stands in the document number as well, which the posted invoice bears too
(https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/fin-ops/data-entities/entity-vendor-invoice-header)."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from connectors.base import Finding, Outcome, OutcomeState, Outgoing
from connectors.codec import json_load
from connectors.documents import Line, VendorBill
from connectors.dynamics365_fo.accounts import target_of
from connectors.dynamics365_fo.client import Query, chunks
from connectors.dynamics365_fo.desk import Desk, failed, refused, uncomparable
from connectors.dynamics365_fo.journals import cut, invoice_number
from connectors.dynamics365_fo.literals import day_of, noon, one_of, quoted
from connectors.dynamics365_fo.multipart import Changeset
from connectors.dynamics365_fo.preflight import Preflight
from connectors.dynamics365_fo.schema_documents import PendingInvoiceRow, PostedInvoiceRow
from connectors.dynamics365_fo.taken import PENDING_LINES
from connectors.errors import (
    BlockedError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
    UnsupportedError,
)
from connectors.records import Side

INVOICE_ID = "invoice:"  # begins the ids of what is or was pending, before the mark
HEADERS, LINES = "VendorInvoiceHeaders", "VendorInvoiceLines"
STAMPS = 10
Outcomes = dict[str, Outcome]


@dataclass(slots=True)
class Invoice:
    """What stands under one mark: waiting, or in the books."""

    waiting: list[PendingInvoiceRow] = field(default_factory=list)
    booked: list[PostedInvoiceRow] = field(default_factory=list)


def invoices(desk: Desk, stamps: Iterable[str]) -> dict[str, Invoice]:
    """Invoices by their marks, pending and posted; one call."""
    queries: list[Query[Any]] = []
    for some in chunks(stamps, STAMPS):
        queries.append(Query(PendingInvoiceRow, desk.company, one_of("DocumentNumber", some), PENDING_LINES))
        queries.append(Query(PostedInvoiceRow, desk.company, one_of("DocumentNum", some)))
    found: dict[str, Invoice] = defaultdict(Invoice)
    for rows in desk.client.many(queries) if queries else ():
        for row in rows:
            if isinstance(row, PendingInvoiceRow):
                found[row.document_number.lower()].waiting.append(row)
            else:
                found[row.document_num.lower()].booked.append(row)
    return dict(found)


def find_invoices(desk: Desk, batch: Sequence[Outgoing]) -> Outcomes:
    """Pending and posted invoices of ours, compared; a header without lines, as a lost answer leaves it, gets them."""
    found = invoices(desk, [one.stamp for one in batch])
    outcomes = {one.key: outcome(desk, one, found.get(one.stamp, Invoice())) for one in batch}
    poster = InvoicePoster(desk)
    for one in batch:
        invoice = found.get(one.stamp, Invoice())
        if outcomes[one.key].state is OutcomeState.CREATED and not invoice.waiting[0].lines:
            with contextlib.suppress(UnsupportedError, RejectedError):  # its lines can no longer be said
                outcomes[one.key] = poster.complete(one, invoice.waiting[0])
    return outcomes


def outcome(desk: Desk, one: Outgoing, invoice: Invoice) -> Outcome:
    """What an invoice that was found means. It may wait and be booked for a moment: then it is booked."""
    bill = cast(VendorBill, one.document)
    ids = tuple(f"{row.entity_set}:{row.source_key}" for row in invoice.booked)
    if not invoice.booked:
        ids = tuple(f"{row.entity_set}:{row.header_reference}" for row in invoice.waiting)
    if not ids:
        return Outcome(one.key, OutcomeState.ABSENT)
    if len(ids) > 1:
        return Outcome(one.key, OutcomeState.TWICE, ledger_id=ids[0], duplicates=ids)
    state = OutcomeState.POSTED if invoice.booked else OutcomeState.CREATED
    number = invoice.booked[0].ledger_voucher if invoice.booked else invoice.waiting[0].header_reference
    try:
        found = tuple(_booked(bill, invoice.booked[0]) if invoice.booked else _waiting(desk, bill, invoice.waiting[0]))
    except (UnsupportedError, RejectedError) as error:  # the formats were changed since it was sent
        found = (uncomparable(error),)
    return Outcome(one.key, state, f"{INVOICE_ID}{one.stamp}", number, desk.link(), found)


class InvoicePoster:
    """Writes the invoices that are not there yet. Raises as the poster of journals does."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def post(self, batch: Sequence[Outgoing]) -> Outcomes:
        """Search, headers, lines, read back: four calls for any number of bills."""
        outcomes = find_invoices(self.desk, batch)
        fresh = self._unrefused([one for one in batch if outcomes[one.key].state is OutcomeState.ABSENT], outcomes)
        if not fresh:
            return outcomes
        drafts = {one.key: self.bodies(one, "") for one in fresh}  # before anything is sent: it may not be sayable
        headers = [Changeset((self.desk.client.operation("POST", HEADERS, self._header(one)),)) for one in fresh]
        try:
            answers = self.desk.client.write(headers)
        except (RateLimitedError, BlockedError):
            raise
        except ConnectorError as error:
            return outcomes | {one.key: _unsent(one, error) for one in fresh}
        written: list[tuple[Outgoing, str]] = []
        for one, some in zip(fresh, answers, strict=True):
            failure = self.desk.client.failure(some)
            if failure is None:
                written.append((one, str(json_load(some[0].text)["HeaderReference"])))
            else:
                outcomes[one.key] = _unsent(one, failure)
        steps = [
            (one, reference, [{**body, "HeaderReference": reference} for body in drafts[one.key]])
            for one, reference in written
        ]
        outcomes |= self._lines_written(steps)
        left = [one for one, _ in written if outcomes[one.key].state is OutcomeState.ABSENT]
        return outcomes | self._read_back(left)

    def complete(self, one: Outgoing, row: PendingInvoiceRow) -> Outcome:
        """Send the lines of a header that was left without any, and look again."""
        bodies = self.bodies(one, row.header_reference)
        failures = self._lines_written([(one, row.header_reference, bodies)], removes=False)
        return failures.get(one.key) or self._read_back([one])[one.key]

    def bodies(self, one: Outgoing, reference: str) -> list[dict[str, Any]]:
        """The lines: a negative part is a negative quantity at a positive price."""
        bill = cast(VendorBill, one.document)
        bodies = []
        for at, line in enumerate(bill.lines, 1):
            amount = _signed(bill, line)
            bodies.append(
                {
                    "dataAreaId": self.desk.company,
                    "HeaderReference": reference,
                    "InvoiceLineNumber": at,
                    "Currency": bill.currency,
                    "MainAccountDisplayValue": target_of(self.desk.books.formats, line).account,
                    "LineDescription": cut(line.text or bill.text or bill.number),
                    "ReceiveNow": 1 if amount > 0 else -1,
                    "UnitPrice": abs(amount),
                    "NetAmount": amount,
                }
            )
        return bodies

    def _header(self, one: Outgoing) -> dict[str, Any]:
        bill = cast(VendorBill, one.document)
        return {
            "dataAreaId": self.desk.company,
            "HeaderReference": one.stamp,
            "DocumentNumber": one.stamp,
            "InvoiceNumber": invoice_number(bill),
            "InvoiceAccount": bill.partner.id,
            "VendorAccount": bill.partner.id,
            "Currency": bill.currency,
            "InvoiceDate": noon(bill.document_date),
            "Date": noon(bill.posting_date),
            "DueDate": noon(bill.due_on),
            "InvoiceDescription": cut(bill.text or bill.number, "invoice_text"),
        }

    def _unrefused(self, batch: list[Outgoing], outcomes: Outcomes) -> list[Outgoing]:
        """Without those that Dynamics would take now and refuse when somebody posts them."""
        findings = Preflight(self.desk.books).check([one.document for one in batch], duplicates=False)
        for one, some in zip(batch, findings, strict=True):
            if some:
                error = refused(some[0].message, some[0].code, some[0].value)
                outcomes[one.key] = failed(one, OutcomeState.REJECTED, error)
        return [one for one, some in zip(batch, findings, strict=True) if not some]

    def _lines_written(
        self, steps: Sequence[tuple[Outgoing, str, list[dict[str, Any]]]], *, removes: bool = True
    ) -> Outcomes:
        """Failures alone. A header whose lines are refused is deleted, so that nothing is left."""
        if not steps:
            return {}
        operation = self.desk.client.operation
        changesets = [Changeset(tuple(operation("POST", LINES, body) for body in bodies)) for _, _, bodies in steps]
        try:
            answers = self.desk.client.write(changesets)
        except ConnectorError as error:  # the headers are there: only a look can tell
            return {one.key: failed(one, OutcomeState.UNCERTAIN, error) for one, _, _ in steps}
        failures: Outcomes = {}
        for (one, reference, _), some in zip(steps, answers, strict=True):
            failure = self.desk.client.failure(some)
            if isinstance(failure, RejectedError) and removes:
                failures[one.key] = self._remove(one, reference, failure)
            elif failure is not None:
                failures[one.key] = failed(one, OutcomeState.UNCERTAIN, failure)
        return failures

    def _remove(self, one: Outgoing, reference: str, error: RejectedError) -> Outcome:
        key = f"(dataAreaId={quoted(self.desk.company)},HeaderReference={quoted(reference)})"
        operation = self.desk.client.operation("DELETE", HEADERS, None, key)
        try:
            failure = self.desk.client.failure(self.desk.client.write([Changeset((operation,))])[0])
        except ConnectorError as unclear:
            failure = unclear
        return failed(one, OutcomeState.UNCERTAIN, failure) if failure else failed(one, OutcomeState.REJECTED, error)

    def _read_back(self, batch: Sequence[Outgoing]) -> Outcomes:
        if not batch:
            return {}
        try:
            found = invoices(self.desk, [one.stamp for one in batch])
        except ConnectorError as error:
            return {one.key: failed(one, OutcomeState.UNCERTAIN, error) for one in batch}
        told = {one.key: outcome(self.desk, one, found.get(one.stamp, Invoice())) for one in batch}
        gone = RetryableError("Dynamics wrote the invoice and does not show it yet.", provider="Dynamics")
        return {
            one.key: failed(one, OutcomeState.UNCERTAIN, gone)
            if told[one.key].state is OutcomeState.ABSENT
            else told[one.key]
            for one in batch
        }


def _unsent(one: Outgoing, error: ConnectorError) -> Outcome:
    if isinstance(error, OutcomeUnknownError):
        return failed(one, OutcomeState.UNCERTAIN, error)
    if isinstance(error, RetryableError | BlockedError):
        return failed(one, OutcomeState.NOT_SENT, error)
    return failed(one, OutcomeState.REJECTED, error)


def _signed(bill: VendorBill, line: Line) -> Decimal:
    """What a line adds to what is owed: a credit's cost lines lessen it."""
    return line.amount if line.side is Side.DEBIT else -line.amount


def _waiting(desk: Desk, bill: VendorBill, row: PendingInvoiceRow) -> Iterator[Finding]:
    facts = (
        ("number", invoice_number(bill), row.invoice_number),
        ("vendor", bill.partner.id.lower(), row.invoice_account.lower()),
        ("currency", bill.currency, row.currency),
        ("document date", bill.document_date, day_of(row.invoice_date)),
        ("due date", bill.due_on, day_of(row.due_date)),
    )
    yield from (_altered(name, sent, read) for name, sent, read in facts if sent != read)
    if day_of(row.date) != bill.posting_date:
        yield Finding("date_moved", f"Sent for {bill.posting_date}, stands on {day_of(row.date)}.", row.date)
    formats = desk.books.formats
    sums: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for line in bill.lines:
        sums[formats.segments(target_of(formats, line).account)] += _signed(bill, line)
    for one in row.lines:
        sums[formats.segments(one.main_account_display_value)] -= one.net_amount
    for account, rest in sorted(sums.items()):
        if rest:
            name = f"{bill.currency} on {formats.delimiter.join(account)}"
            yield Finding("document_altered", f"The {name} differs by {rest} from what was sent.", name)


def _booked(bill: VendorBill, row: PostedInvoiceRow) -> Iterator[Finding]:
    total = -bill.total.amount if bill.is_credit else bill.total.amount
    facts = (
        ("number", invoice_number(bill), row.invoice_id),
        ("vendor", bill.partner.id.lower(), row.invoice_account.lower()),
        ("currency", bill.currency, row.currency_code),
        ("total", total, row.invoice_amount),
    )
    yield from (_altered(name, sent, read) for name, sent, read in facts if sent != read)


def _altered(what: str, sent: object, read: object) -> Finding:
    return Finding("document_altered", f"The {what} reads {read}, sent was {sent}.", what)
