"""How does a bill get into Dynamics as a pending vendor invoice?

The header's reference is ours to choose, but whether the server keeps it is not documented, so that lines name what it
answered, and the mark stands in the document number as well, which the posted invoice bears too
(https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/fin-ops/data-entities/entity-vendor-invoice-header)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.codec import json_load
from connectors.documents import VendorBill
from connectors.dynamics365_fo.accounts import target_of
from connectors.dynamics365_fo.desk import Desk, failed, refused
from connectors.dynamics365_fo.errors import ALREADY_THERE
from connectors.dynamics365_fo.invoices import signed
from connectors.dynamics365_fo.journals import cut, invoice_number
from connectors.dynamics365_fo.literals import noon, quoted
from connectors.dynamics365_fo.multipart import Changeset
from connectors.dynamics365_fo.preflight import Preflight
from connectors.dynamics365_fo.schema_documents import PendingInvoiceRow
from connectors.errors import (
    BlockedError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
    UnsupportedError,
)

HEADERS, LINES = "VendorInvoiceHeaders", "VendorInvoiceLines"
NO_TAX = {"SalesTaxGroup": ""}  # else the vendor's: tax is a line already, and Dynamics would add it again
Outcomes = dict[str, Outcome]
Step = tuple[Outgoing, str, list[dict[str, Any]]]
"""A bill, the reference of its header, its lines."""
Refusal = tuple[Outgoing, str, RejectedError | UnsupportedError]


class InvoicePoster:
    """Writes the invoices that are not there yet. Raises as the poster of journals does."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def post(self, batch: Sequence[Outgoing]) -> Outcomes:
        """Headers, lines, read back: three calls for any number of bills, which are not there."""
        outcomes: Outcomes = {}
        fresh = self._unrefused(batch, outcomes)
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
        steps: list[Step] = []
        for one, some in zip(fresh, answers, strict=True):
            failure = self.desk.client.failure(some)
            if failure is None:
                reference = str(json_load(some[0].text)["HeaderReference"])
                steps.append((one, reference, [{**body, "HeaderReference": reference} for body in drafts[one.key]]))
            else:
                outcomes[one.key] = _unsent(one, failure)
        refused_now = [one for one in fresh if one.key in outcomes and outcomes[one.key].state is OutcomeState.REJECTED]
        return outcomes | self._there_all_the_same(refused_now) | self._finished(steps)

    def _there_all_the_same(self, batch: Sequence[Outgoing]) -> Outcomes:
        """Those of some refused headers that are there: a refusal may be that of a second writing, where the first came
        late, in the words of whatever language. They are to be looked up, as their lines may miss."""
        if not batch:
            return {}
        late = RetryableError("Dynamics has the invoice already: it came late.", provider="Dynamics")
        try:
            found = self.desk.look(batch)
        except ConnectorError as error:
            return {one.key: failed(one, OutcomeState.UNCERTAIN, error) for one in batch}
        return {one.key: failed(one, OutcomeState.UNCERTAIN, late) for one in batch if found[one.stamp].ids}

    def complete(self, pairs: Sequence[tuple[Outgoing, PendingInvoiceRow]]) -> Outcomes:
        """Send the lines of headers that were left without any and never answered for, and look again: two calls; the
        others have no outcome. What is refused is deleted, and rejected."""
        outcomes: Outcomes = {}
        steps: list[Step] = []
        unsayable: list[Refusal] = []
        for one, row in pairs:
            if row.lines or one.ledger_id:
                continue
            try:
                steps.append((one, row.header_reference, self.bodies(one, row.header_reference)))
            except (UnsupportedError, RejectedError) as error:
                unsayable.append((one, row.header_reference, error))
        return outcomes | self._finished(steps) | self._removed(unsayable)

    def _finished(self, steps: Sequence[Step]) -> Outcomes:
        """Lines written and all of it read back."""
        outcomes = self._lines_written(steps)
        return outcomes | self._read_back([one for one, _, _ in steps if one.key not in outcomes])

    def bodies(self, one: Outgoing, reference: str) -> list[dict[str, Any]]:
        """The lines: a negative part is a negative quantity at a positive price."""
        bill = cast(VendorBill, one.document)
        bodies = []
        for at, line in enumerate(bill.lines, 1):
            amount = signed(line)
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
                    **NO_TAX,
                    "ItemSalesTax": "",
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
            **NO_TAX,
        }

    def _unrefused(self, batch: Sequence[Outgoing], outcomes: Outcomes) -> list[Outgoing]:
        """Without those that Dynamics would take now and refuse when somebody posts them."""
        findings = Preflight(self.desk.books).check([one.document for one in batch], duplicates=False)
        for one, some in zip(batch, findings, strict=True):
            if some:
                error = refused(some[0].message, some[0].code, some[0].value)
                outcomes[one.key] = failed(one, OutcomeState.REJECTED, error)
        return [one for one, some in zip(batch, findings, strict=True) if not some]

    def _lines_written(self, steps: Sequence[Step]) -> Outcomes:
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
        refusals: list[Refusal] = []
        for (one, reference, _), some in zip(steps, answers, strict=True):
            failure = self.desk.client.failure(some)
            if isinstance(failure, RejectedError) and failure.cure != ALREADY_THERE:
                refusals.append((one, reference, failure))
            elif failure is not None:
                failures[one.key] = failed(one, OutcomeState.UNCERTAIN, failure)
        return failures | self._removed(refusals)

    def _removed(self, refusals: Sequence[Refusal]) -> Outcomes:
        """Delete headers without lines, which Dynamics refuses where there are lines all the same. One call."""
        if not refusals:
            return {}
        changesets = []
        for _, reference, _ in refusals:
            key = f"(dataAreaId={quoted(self.desk.company)},HeaderReference={quoted(reference)})"
            changesets.append(Changeset((self.desk.client.operation("DELETE", HEADERS, None, key),)))
        try:
            failures = [self.desk.client.failure(some) for some in self.desk.client.write(changesets)]
        except ConnectorError as unclear:
            failures = [unclear] * len(refusals)
        return {
            one.key: failed(one, OutcomeState.UNCERTAIN if failure else OutcomeState.REJECTED, failure or error)
            for (one, _, error), failure in zip(refusals, failures, strict=True)
        }

    def _read_back(self, batch: Sequence[Outgoing]) -> Outcomes:
        if not batch:
            return {}
        try:
            told = self.desk.outcomes(batch, self.desk.look(batch))
        except ConnectorError as error:
            return {one.key: failed(one, OutcomeState.UNCERTAIN, error) for one in batch}
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
