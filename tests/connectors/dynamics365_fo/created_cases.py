"""What must hold in a Dynamics where nobody posts: a simulated one, or a customer's sandbox? Seen through OData alone.

Everything that is written is deleted again, lines before their headers, as long as nobody posted it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import pytest
from requests.adapters import BaseAdapter

from connectors.base import ConnectionContext, LookupBlindError, OutcomeState, Outgoing
from connectors.documents import Account, JournalEntry, Line, Role
from connectors.dynamics365_fo.auth import DynamicsCredentials, DynamicsSettings
from connectors.dynamics365_fo.client import DynamicsClient, Query
from connectors.dynamics365_fo.ledger import DynamicsLedger
from connectors.dynamics365_fo.literals import equals, quoted
from connectors.dynamics365_fo.multipart import Changeset, Operation
from connectors.dynamics365_fo.schema_documents import JournalRow, LineRow
from connectors.records import Side
from tests.cases.fault_transport import FaultTransport
from tests.cases.ledger_cases import UNCLEAR, codes
from tests.connectors.dynamics365_fo.world import is_write


class Sandbox:
    """One company of an environment, and hands that clear away what was written."""

    def __init__(
        self,
        address: str,
        inner: BaseAdapter,
        credentials: DynamicsCredentials,
        *,
        company: str,
        journal: str,
        currency: str,
        expense: str,
        card: str,
        settings: DynamicsSettings | None = None,
    ) -> None:
        self.address, self.inner, self.credentials, self.settings = address, inner, credentials, settings
        self.company, self.journal, self.currency = company, journal, currency
        self.expense, self.card = Account(Role.EXP, expense, expense), Account(Role.CARD, card, card)
        self.faults = FaultTransport(inner, is_write)
        self.client = DynamicsClient(self._context(inner))
        self.word = uuid.uuid4().hex[:10]
        self.sent: list[Outgoing] = []

    def _context(self, transport: BaseAdapter) -> ConnectionContext:
        return ConnectionContext(self.address, self.credentials, self.settings, transport=transport)

    def open(self) -> DynamicsLedger:
        return DynamicsLedger(self._context(self.faults))

    def entry(self, amount: str, expense: Account | None = None) -> Outgoing:
        value, day = Decimal(amount), date.today().replace(day=1)  # noqa: DTZ011 - any open day does
        key = f"brex:live_{self.word}_{len(self.sent)}"
        lines = (
            Line(expense or self.expense, Side.DEBIT, value, value, text="Toner"),
            Line(self.card, Side.CREDIT, value, value),
        )
        entry = JournalEntry(
            company=self.company, journal=self.journal, currency=self.currency, company_currency=self.currency,
            posting_date=day, document_date=day, lines=lines, text=f"Test {self.word}",
        )  # fmt: skip
        outgoing = Outgoing(key, self.open().stamp(key), entry)
        self.sent.append(outgoing)
        return outgoing

    def lines(self, outgoing: Outgoing) -> list[LineRow]:
        return self.client.rows(Query(LineRow, self.company, equals("Document", outgoing.stamp)))

    def clear(self) -> None:
        for one in self.sent:
            rows = self.lines(one)
            numbers = {row.journal_batch_number for row in rows}
            key = f"dataAreaId={quoted(self.company)},JournalBatchNumber="
            gone: list[Operation] = [
                self.client.operation(
                    "DELETE", LineRow.entity_set, None,
                    f"({key}{quoted(row.journal_batch_number)},LineNumber={row.line_number})",
                )
                for row in rows
            ]  # fmt: skip
            gone += [
                self.client.operation("DELETE", JournalRow.entity_set, None, f"({key}{quoted(number)})")
                for number in sorted(numbers)
            ]
            if gone:
                self.client.write([Changeset((operation,)) for operation in gone])


@contextmanager
def cleared(sandbox: Sandbox) -> Iterator[Sandbox]:
    try:
        yield sandbox
    finally:
        sandbox.clear()


class CreatedCases:
    """Subclass it with a fixture `sandbox`."""

    def test_the_checklist_has_nothing_against_it(self, sandbox: Sandbox) -> None:
        failed = [one for one in sandbox.open().verify() if one.state == "failed"]
        assert failed == []

    def test_a_journal_is_created_as_it_was_sent_and_once(self, sandbox: Sandbox) -> None:
        outgoing = sandbox.entry("12.34")
        assert sandbox.open().preflight(sandbox.company, [outgoing.document]) == [[]]
        created = sandbox.open().post(sandbox.company, [outgoing])[0]
        assert (created.state, created.differences) == (OutcomeState.CREATED, ())
        again = sandbox.open().post(sandbox.company, [outgoing])[0]
        assert (again.ledger_id, again.state) == (created.ledger_id, OutcomeState.CREATED)
        [row] = sandbox.lines(outgoing)
        assert (row.debit_amount, row.document) == (Decimal("12.34"), outgoing.stamp)

    @pytest.mark.parametrize("fault", UNCLEAR)
    def test_a_lost_answer_leaves_one_journal(self, sandbox: Sandbox, fault: str) -> None:
        outgoing = sandbox.entry("5.00")
        sandbox.faults.fail_write(0, fault)
        assert sandbox.open().post(sandbox.company, [outgoing])[0].state is OutcomeState.UNCERTAIN
        found = sandbox.open().find(sandbox.company, [outgoing])[0]
        if found.state is OutcomeState.ABSENT:
            found = sandbox.open().post(sandbox.company, [outgoing])[0]
        assert (found.state, found.differences) == (OutcomeState.CREATED, ())
        assert len(sandbox.lines(outgoing)) == 1

    def test_absent_is_told_from_created(self, sandbox: Sandbox) -> None:
        there, missing = sandbox.entry("7.00"), sandbox.entry("8.00")
        ledger = sandbox.open()
        ledger.post(sandbox.company, [there])
        answers = ledger.find(sandbox.company, [missing, there], known=there.stamp)
        assert [one.state for one in answers] == [OutcomeState.ABSENT, OutcomeState.CREATED]
        with pytest.raises(LookupBlindError):
            ledger.find(sandbox.company, [missing], known=ledger.stamp(f"brex:never_{sandbox.word}"))

    def test_it_is_listed_and_missed_when_it_is_deleted(self, sandbox: Sandbox) -> None:
        outgoing = sandbox.entry("9.00")
        ledger = sandbox.open()
        ledger.post(sandbox.company, [outgoing])
        listed = {one.stamp: one for page in ledger.list_stamped(sandbox.company, None) for one in page}
        assert (listed[outgoing.stamp].state, listed[outgoing.stamp].total) == ("draft", outgoing.document.total)  # type: ignore[union-attr]
        sandbox.clear()
        assert ledger.find(sandbox.company, [outgoing])[0].state is OutcomeState.ABSENT

    def test_an_unknown_account_is_refused_alone(self, sandbox: Sandbox) -> None:
        good = sandbox.entry("3.00")
        bad = sandbox.entry("4.00", Account(Role.EXP, "99999999"))
        answers = sandbox.open().post(sandbox.company, [good, bad])
        assert [one.state for one in answers] == [OutcomeState.CREATED, OutcomeState.REJECTED]
        assert answers[1].error.cure == "unknown_account"  # type: ignore[union-attr]
        assert codes(answers[0]) == set()
        assert sandbox.lines(bad) == []

    def test_what_may_be_chosen_is_listed(self, sandbox: Sandbox) -> None:
        ledger = sandbox.open()
        assert sandbox.company in {one.external_id for one in ledger.reference("company")}
        accounts = {one.external_id for one in ledger.reference("account", sandbox.company)}
        assert {sandbox.expense.id, sandbox.card.id} <= accounts
        assert sandbox.journal in {one.external_id for one in ledger.reference("journal", sandbox.company)}

    def test_twenty_journals_cost_three_calls(self, sandbox: Sandbox) -> None:
        ledger = sandbox.open()
        batch = [sandbox.entry(f"{number}.00") for number in range(1, 21)]
        ledger.facts(sandbox.company, frozenset())
        sandbox.faults.calls.clear()
        assert ledger.preflight(sandbox.company, [one.document for one in batch]) == [[]] * 20
        assert {one.state for one in ledger.post(sandbox.company, batch)} == {OutcomeState.CREATED}
        assert len(sandbox.faults.calls) <= (3 if ledger.enforces_key else 5)
