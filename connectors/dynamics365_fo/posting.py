"""How do journals get into Dynamics? Each in one piece, many by one call, then read back and compared.

With numbers of our own a header and its lines are one changeset: all of it or nothing, and a second one under the
same number is refused. Where Dynamics gives the numbers, the mark is searched first, headers come before lines, and a
header that was left without lines after a lost answer gets them. No data entity posts a journal: people, workflow or a
batch job do (https://learn.microsoft.com/en-us/dynamics365/finance/general-ledger/general-journal-processing)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from connectors.answers import ApiResponse
from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.codec import json_load
from connectors.documents import Payment
from connectors.dynamics365_fo.desk import Desk, failed, posted, refused
from connectors.dynamics365_fo.errors import ALREADY_THERE
from connectors.dynamics365_fo.exchange import rates_sent
from connectors.dynamics365_fo.journals import PAYMENT, Part, Shape, header_of, lines_of
from connectors.dynamics365_fo.literals import quoted
from connectors.dynamics365_fo.lookup import Found, Journal
from connectors.dynamics365_fo.multipart import Changeset, Operation
from connectors.dynamics365_fo.preflight import Preflight
from connectors.dynamics365_fo.stamps import number_of
from connectors.errors import (
    BlockedError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
    UnsupportedError,
)

Outcomes = dict[str, Outcome]


@dataclass(slots=True)
class _Sent:
    """What became of changesets by the keys of their documents."""

    done: dict[str, list[ApiResponse]] = field(default_factory=dict)
    errors: dict[str, ConnectorError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Step:
    """A header that is there, and its lines."""

    one: Outgoing
    shape: Shape
    number: str
    bodies: Sequence[dict[str, object]] = ()


_Refusal = tuple[_Step, RejectedError | UnsupportedError]


class JournalPoster:
    """Journals of one company. Never raises for one document, except that a connection which is blocked or rate
    limited is reported as such before anything was sent."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._parts: dict[str, list[Part]] = {}

    def post(self, batch: Sequence[Outgoing]) -> Outcomes:
        """Write a group of documents that become journals; an outcome for each by key."""
        outcomes: Outcomes = {}
        rest = self._unrefused(batch, outcomes)
        self._know_parts([(one, self.desk.shape(posted(one))) for one in rest])
        if rest and self.desk.has_own_numbers:
            self._write_whole(rest, outcomes)
        elif rest:
            self._write_in_steps(rest, outcomes)
        return outcomes

    def complete(self, pairs: Sequence[tuple[Outgoing, Journal]]) -> Outcomes:
        """Send the lines of journals of ours that were left half done, by two calls; the others have no outcome. What
        is refused is deleted, and rejected."""
        outcomes: Outcomes = {}
        steps: list[_Step] = []
        unsayable: list[_Refusal] = []
        half_done = [(one, journal) for one, journal in pairs if is_half_done(one, journal)]
        self._know_parts([(one, journal.shape) for one, journal in half_done])
        for one, journal in half_done:
            step = _Step(one, journal.shape, journal.header.journal_batch_number)
            try:
                steps.append(replace(step, bodies=self._lines(one, step.number, step.shape)))
            except (RejectedError, UnsupportedError) as error:
                unsayable.append((step, error))
        self._write_lines(steps, outcomes)
        self._remove(unsayable, outcomes)
        self._read_back([step.one for step in steps if step.one.key not in outcomes], outcomes)
        return outcomes

    def _know_parts(self, pairs: Sequence[tuple[Outgoing, Shape]]) -> None:
        """What payments mark in their journals."""
        payments = {one.key: one.document for one, shape in pairs
                    if shape is PAYMENT and isinstance(one.document, Payment)}  # fmt: skip
        self._parts.update(self.desk.parts(payments))

    # --- what is refused here already

    def _unrefused(self, batch: Sequence[Outgoing], outcomes: Outcomes) -> list[Outgoing]:
        """Without the documents that Dynamics would take now and refuse when it posts. One of them may be there from
        before, when nothing was wrong with it, so it is looked up."""
        findings = Preflight(self.desk.books).check([one.document for one in batch], duplicates=False)
        bad = {one.key: found[0] for one, found in zip(batch, findings, strict=True) if found}
        if not bad:
            return list(batch)
        refusals = [one for one in batch if one.key in bad]
        there = self.desk.outcomes(refusals, self.desk.look(refusals))
        for one in refusals:
            finding = bad[one.key]
            if there[one.key].state is OutcomeState.ABSENT:
                error = refused(finding.message, finding.code, finding.value)
                outcomes[one.key] = failed(one, OutcomeState.REJECTED, error)
            else:
                outcomes[one.key] = there[one.key]
        return [one for one in batch if one.key not in bad]

    # --- numbers of our own

    def _write_whole(self, batch: Sequence[Outgoing], outcomes: Outcomes) -> None:
        changesets: list[tuple[Outgoing, Changeset]] = []
        for one in batch:
            header, shape = self._header(one), self.desk.shape(posted(one))
            number = str(header.body["JournalBatchNumber"]) if header.body else ""
            if (lines := self._said(one, number, outcomes)) is not None:
                changesets.append((one, Changeset((header, *self._line_operations(shape, lines)))))
        sent = self._send(changesets, outcomes)
        refusals = {key: error for key, error in sent.errors.items() if isinstance(error, RejectedError)}
        for one in batch:
            if one.key in sent.errors and one.key not in refusals:
                outcomes[one.key] = _unsent(one, sent.errors[one.key])
        # A refusal may be that of a second writing, in the words of whatever language: only a look tells.
        self._read_back([one for one in batch if one.key in sent.done or one.key in refusals], outcomes, refusals)

    # --- numbers of Dynamics

    def _write_in_steps(self, batch: Sequence[Outgoing], outcomes: Outcomes) -> None:
        steps: list[_Step] = []
        # before anything is sent: one may not be sayable
        drafts = {one.key: lines for one in batch if (lines := self._said(one, "", outcomes)) is not None}
        fresh = [one for one in batch if one.key in drafts]
        sent = self._send([(one, Changeset((self._header(one),))) for one in fresh], outcomes)
        for one in fresh:
            if one.key in sent.errors:
                outcomes[one.key] = _unsent(one, sent.errors[one.key])
            elif one.key in sent.done:
                number = str(json_load(sent.done[one.key][0].text)["JournalBatchNumber"])
                bodies = [numbered(body, number) for body in drafts[one.key]]
                steps.append(_Step(one, self.desk.shape(posted(one)), number, bodies))
        self._write_lines(steps, outcomes)
        self._read_back([step.one for step in steps if step.one.key not in outcomes], outcomes)

    def _write_lines(self, steps: Sequence[_Step], outcomes: Outcomes) -> None:
        """Lines of headers that are there. A header whose lines are refused is deleted, so that nothing is left."""
        changesets = [(step.one, Changeset(tuple(self._line_operations(step.shape, step.bodies)))) for step in steps]
        try:
            sent = self._send(changesets, outcomes)
        except (BlockedError, RateLimitedError) as error:  # the headers are there: only a look can tell
            outcomes.update((step.one.key, failed(step.one, OutcomeState.UNCERTAIN, error)) for step in steps)
            return
        refusals: list[_Refusal] = []
        for step in steps:
            told, failure = outcomes.get(step.one.key), sent.errors.get(step.one.key)
            if told is not None:  # the same for all of it
                failure = told.error
            is_refused = isinstance(failure, RejectedError) and failure.cure != ALREADY_THERE
            if is_refused and (told is None or told.state is OutcomeState.REJECTED):
                refusals.append((step, cast(RejectedError, failure)))
            elif failure is not None:  # whatever it was: the header is there
                outcomes[step.one.key] = failed(step.one, OutcomeState.UNCERTAIN, failure)
        self._remove(refusals, outcomes)

    def _remove(self, refusals: Sequence[_Refusal], outcomes: Outcomes) -> None:
        """Delete headers without lines, which Dynamics refuses where there are lines all the same. One call."""
        if not refusals:
            return
        changesets = []
        for step, _ in refusals:
            key = f"(dataAreaId={quoted(self.desk.company)},JournalBatchNumber={quoted(step.number)})"
            operation = self.desk.client.operation("DELETE", step.shape.header.entity_set, None, key)
            changesets.append(Changeset((operation,)))
        try:
            failures = [self.desk.client.failure(some) for some in self.desk.client.write(changesets)]
        except ConnectorError as unclear:
            failures = [unclear] * len(refusals)
        for (step, error), failure in zip(refusals, failures, strict=True):
            state = OutcomeState.UNCERTAIN if failure else OutcomeState.REJECTED
            outcomes[step.one.key] = failed(step.one, state, failure or error)

    # --- one call

    def _send(self, changesets: Sequence[tuple[Outgoing, Changeset]], outcomes: Outcomes) -> _Sent:
        """One batch. What is unclear as a whole becomes uncertain; all of it put off or blocked is raised."""
        sent = _Sent()
        if not changesets:
            return sent
        try:
            answers = self.desk.client.write([changeset for _, changeset in changesets])
        except OutcomeUnknownError as error:
            outcomes.update((one.key, failed(one, OutcomeState.UNCERTAIN, error)) for one, _ in changesets)
            return sent
        except (RateLimitedError, BlockedError):
            raise
        except RetryableError as error:
            outcomes.update((one.key, failed(one, OutcomeState.NOT_SENT, error)) for one, _ in changesets)
            return sent
        except ConnectorError as error:
            state = OutcomeState.SPLIT if len(changesets) > 1 else OutcomeState.REJECTED
            outcomes.update((one.key, failed(one, state, error)) for one, _ in changesets)
            return sent
        for (one, _), some in zip(changesets, answers, strict=True):
            if (failure := self.desk.client.failure(some)) is None:
                sent.done[one.key] = some
            else:
                sent.errors[one.key] = failure
        if any(isinstance(one, RejectedError) and one.cure == "unknown_dimension" for one in sent.errors.values()):
            self.desk.books.forget()  # formats may have been changed within the minute
        stopped = [error for error in sent.errors.values() if isinstance(error, RateLimitedError | BlockedError)]
        if len(stopped) == len(changesets):
            raise stopped[0]
        return sent

    def _read_back(
        self, batch: Sequence[Outgoing], outcomes: Outcomes, refusals: Mapping[str, RejectedError] | None = None
    ) -> None:
        """What Dynamics says it did, or refused because it was done before, is looked at."""
        if not batch:
            return
        try:
            found = self.desk.look(batch)
            read = self.desk.outcomes(batch, found)
        except ConnectorError as error:
            outcomes.update((one.key, failed(one, OutcomeState.UNCERTAIN, error)) for one in batch)
            return
        for one in batch:
            refusal = (refusals or {}).get(one.key)
            is_there = bool(found[one.stamp].ids)
            outcomes[one.key] = read[one.key] if is_there else self._unseen(one, found[one.stamp], refusal)

    def _unseen(self, one: Outgoing, found: Found, refusal: RejectedError | None) -> Outcome:
        """Answered as done, or refused, and not to be seen."""
        if found.foreign is not None:
            number = found.foreign.header.journal_batch_number
            error = refused(f"The journal batch number {number} belongs to another journal.", "number_taken", number)
            return failed(one, OutcomeState.REJECTED, error)
        if refusal is not None and refusal.cure != ALREADY_THERE:
            return failed(one, OutcomeState.REJECTED, refusal)
        gone = RetryableError("Dynamics wrote the journal and does not show it yet.", provider="Dynamics")
        return failed(one, OutcomeState.UNCERTAIN, gone)

    # --- what is sent

    def _header(self, one: Outgoing) -> Operation:
        document = posted(one)
        has_key = self.desk.books.has_integration_key
        shape = self.desk.shape(document)
        keeps_key = self.desk.books.keeps_integration_key
        own_numbers = self.desk.has_own_numbers
        header = header_of(one, document, shape, own_numbers=own_numbers, has_key=has_key, keeps_key=keeps_key)
        return self.desk.client.operation("POST", shape.header.entity_set, header.body())

    def _lines(self, one: Outgoing, number: str, shape: Shape | None = None) -> list[dict[str, object]]:
        document = posted(one)
        books, parts, rates = self.desk.books, self._parts.get(one.key, ()), rates_sent(self.desk.books, document)
        journal = books.journal(document.journal)
        return lines_of(one, document, number, books.formats, journal, parts, rates, shape=shape)

    def _said(self, one: Outgoing, number: str, outcomes: Outcomes) -> list[dict[str, object]] | None:
        """The lines of a document; None for one that no lines can carry, which is refused alone."""
        try:
            return self._lines(one, number)
        except (UnsupportedError, RejectedError) as error:
            outcomes[one.key] = failed(one, OutcomeState.REJECTED, error)
            return None

    def _line_operations(self, shape: Shape, bodies: Sequence[Mapping[str, object]]) -> list[Operation]:
        return [self.desk.client.operation("POST", shape.line.entity_set, dict(body)) for body in bodies]


def is_half_done(one: Outgoing, journal: Journal) -> bool:
    """A header under a number of Dynamics without any line, which was never answered for: all lines of ours come at
    once, so that a person took those away that a journal which was seen whole does not have."""
    number = journal.header.journal_batch_number
    is_seen = bool(one.ledger_id)
    return not is_seen and not journal.lines and not journal.is_posted and number != number_of(one.stamp)


def numbered(body: Mapping[str, object], number: str) -> dict[str, object]:
    """The body of a line under the number that Dynamics gave its journal."""
    voucher = {"Voucher": number} if "Voucher" in body else {}
    return {**body, "JournalBatchNumber": number, **voucher}


def _unsent(one: Outgoing, error: ConnectorError) -> Outcome:
    """A changeset that was answered with an error."""
    if isinstance(error, OutcomeUnknownError):
        return failed(one, OutcomeState.UNCERTAIN, error)
    if isinstance(error, RetryableError | BlockedError):
        return failed(one, OutcomeState.NOT_SENT, error)
    return failed(one, OutcomeState.REJECTED, error)
