"""What does all work on one company share? Client, books, look-up, and how a document found becomes an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from connectors.base import Finding, Outcome, OutcomeState, Outgoing
from connectors.documents import JournalEntry, Payment, VendorBill
from connectors.errors import ConnectorError, RejectedError
from connectors.money import minor_unit
from connectors.odoo.books import Books
from connectors.odoo.client import OdooClient, checked
from connectors.odoo.lookup import Found, Lookup
from connectors.odoo.readback import bill_differences, entry_differences, payment_differences
from connectors.odoo.schema import Move, MoveLine, PaymentRow

PAYMENT_PREFIX = "payment:"  # ids of payments and of moves are numbers of different tables
_MOVE_STATES = {"draft": OutcomeState.CREATED, "posted": OutcomeState.POSTED, "cancel": OutcomeState.CANCELLED}
STAMP_LOST = Finding("stamp_lost", "It bears our key and not our external id: typed, copied or removed.", "external id")


class Desk:
    """One company of one connection; lives as long as its ledger."""

    def __init__(self, client: OdooClient, company: str) -> None:
        self.client = client
        self.company = company
        self.books = Books(client, company)
        self.lookup = Lookup(client, company)

    def currency_ids(self) -> dict[str, int]:
        return {code: row.id for code, row in self.books.currencies().items()}

    def link(self, model: str, record_id: int) -> str:
        """The record's page in Odoo's web client."""
        base = self.client.context.address.rstrip("/")
        if self.client.version.number >= 18:
            return f"{base}/odoo/{model}/{record_id}?cids={self.company}"
        return f"{base}/web#id={record_id}&model={model}&view_type=form&cids={self.company}"

    def move_outcome(self, outgoing: Outgoing, move: Move, lines: Sequence[MoveLine], *extra: Finding) -> Outcome:
        """The outcome of an entry or bill as it was read."""
        document = outgoing.document
        differences: tuple[Finding, ...]
        if isinstance(document, JournalEntry):
            differences = entry_differences(document, move, lines, self.currency_ids())
        else:
            bill = checked(document, VendorBill)
            differences = bill_differences(bill, move, lines, self.currency_ids())
        return Outcome(
            outgoing.key,
            _MOVE_STATES.get(move.state, OutcomeState.UNCERTAIN),
            ledger_id=str(move.id),
            number=move.name,
            link=self.link("account.move", move.id),
            differences=(*differences, *extra),
            is_compared=True,
        )

    def payment_outcome(
        self, outgoing: Outgoing, row: PaymentRow, move: Move | None, lines: Sequence[MoveLine]
    ) -> Outcome:
        """The outcome of a payment: posted only when its entry is in the books and its payable line is settled."""
        payment = checked(outgoing.document, Payment)
        differences = payment_differences(payment, row, lines, move, self.currency_ids())
        payable = [line for line in lines if line.account_id == int(payment.payable.id)]
        is_booked = move is not None and move.state == "posted"
        if row.state in ("canceled", "rejected"):
            state = OutcomeState.CANCELLED
        elif is_booked and payable and all(line.reconciled for line in payable):
            state = OutcomeState.POSTED
        else:
            state = OutcomeState.CREATED
        return Outcome(
            outgoing.key,
            state,
            ledger_id=f"{PAYMENT_PREFIX}{row.id}",
            number=row.name,
            link=self.link("account.payment", row.id),
            differences=differences,
            company_amount=_company_amount(payment, payable) if is_booked else None,
            is_compared=True,
        )

    def remove_draft(self, model: str, record_id: int, outgoing: Outgoing, error: ConnectorError) -> Outcome:
        """Delete a refused draft and see it gone: a later `load` of a shorter document would leave surplus lines."""
        ledger_id = f"{PAYMENT_PREFIX if model == 'account.payment' else ''}{record_id}"
        try:
            self.client.call(model, "unlink", company=self.company, ids=[record_id], writes=True)
            left = self.client.call(model, "search_count", company=self.company, domain=[["id", "=", record_id]])
        except ConnectorError as failure:
            return Outcome(outgoing.key, OutcomeState.UNCERTAIN, ledger_id=ledger_id, error=failure)
        if left:
            return Outcome(outgoing.key, OutcomeState.UNCERTAIN, ledger_id=ledger_id, error=error)
        return rejected(outgoing, error)


def _company_amount(payment: Payment, payable: Sequence[MoveLine]) -> Decimal | None:
    """What a payment in foreign currency came to at Odoo's rate of its day; the exchange difference is booked apart."""
    if payment.currency == payment.company_currency or not payable:
        return None
    booked = sum((line.balance for line in payable), Decimal(0))
    return abs(booked).quantize(minor_unit(payment.company_currency))


def rejected(outgoing: Outgoing, error: ConnectorError) -> Outcome:
    return Outcome(outgoing.key, OutcomeState.REJECTED, error=error)


def failed(outgoing: Outgoing, state: OutcomeState, error: ConnectorError, ledger_id: str = "") -> Outcome:
    return Outcome(outgoing.key, state, ledger_id=ledger_id, error=error)


def twice(outgoing: Outgoing, found: Found, prefix: str = "") -> Outcome:
    rows = [row for row in (found.mine, *found.others) if row is not None]
    ids = tuple(f"{prefix}{row.id}" for row in rows)
    return Outcome(outgoing.key, OutcomeState.TWICE, ledger_id=ids[0], duplicates=ids)


def refused(message: str, cure: str = "") -> RejectedError:
    return RejectedError(message, cure=cure, provider="Odoo")
