"""What must the tests of a ledger be given? Documents that it would take, and hands to act behind its back."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.base import Ledger, Outcome, OutcomeState, Outgoing
from connectors.documents import Account, Document, JournalEntry, Line, NewVendor, Partner, Payment, VendorBill
from connectors.records import Side
from tests.cases.fault_transport import FaultTransport

DAY = date(2026, 10, 12)
LOOK = (OutcomeState.UNCERTAIN, OutcomeState.CREATED)
SEND = (OutcomeState.ABSENT, OutcomeState.NOT_SENT)


class LedgerWorld(ABC):
    """One ledger, one company of it, and unique keys, so that a run never meets the documents of another."""

    company: str
    company_currency: str
    journal: str
    bill_journal: str
    payment_journal: str
    expense: Account
    card: Account
    tax: Account
    payable: Account
    money: Account
    exchange: Account
    foreign: tuple[str, Decimal]
    """A currency and what one unit of it is worth on the days of the documents."""
    without_rate = ("GBP", "CHF")
    """A currency that documents may have and that has no rate, and one that they may not have."""
    closable = date(2026, 1, 31)
    """The last day of a period through which `locked` closes the books."""
    employees: Account
    faults: FaultTransport
    cancels = True
    """Whether a person can cancel what is in the books; otherwise the ledger refuses him."""
    takes_files = True
    """Whether files can be attached to documents; otherwise the ledger's code says so."""
    reopens = True
    """Whether the return of a payment opens the very bill again; otherwise the return itself is what is owed."""
    has_batches = True
    """One write for many documents; else a lost answer is one document's."""
    calls_per_document = 0
    """Calls that each document of a batch costs beside those for all of it."""
    calls_for_bills = 1
    """Calls to look for the bills of any number of suppliers' numbers."""
    payments_take_files = True

    def __init__(self) -> None:
        self.word = uuid.uuid4().hex[:10]
        self.number = 0
        self._vendor: Partner | None = None

    @abstractmethod
    def open(self) -> Ledger:
        """A new client of the same ledger, as another worker would have it."""

    @abstractmethod
    def open_with_wrong_key(self) -> Ledger: ...

    @abstractmethod
    def count(self, outgoing: Outgoing) -> int:
        """How many documents with this stamp the vendor's system holds, in any state."""

    @abstractmethod
    def books(self, outgoing: Outgoing) -> dict[str, Decimal]:
        """Signed company amounts by account id of what is in the books under this stamp."""

    @abstractmethod
    def cancel(self, outcome: Outcome) -> None: ...

    def cancellable(self) -> Document:
        """A document of a kind that a person can cancel."""
        return self.entry()

    def calls_to_attach(self, documents: int, files: int) -> int:
        """Calls for so many files of so many documents."""
        return 2

    @abstractmethod
    def edit(self, outcome: Outcome) -> None:
        """Move the cost of a posted entry to another account, as a person may."""

    @abstractmethod
    def plant_twin(self, outgoing: Outgoing) -> None:
        """Somebody types the same document again, with our stamp in the field that people see."""

    @abstractmethod
    def type_bill(self, number: str, amount: str, *, is_credit: bool = False, is_posted: bool = True) -> str:
        """Somebody books a bill of the vendor by hand; its ledger id."""

    @abstractmethod
    def locked(self, through: date) -> Any:
        """A context in which the books are closed through a day."""

    @abstractmethod
    def archived_account(self) -> Any:
        """A context that gives an account which is archived."""

    @abstractmethod
    def open_items(self, outgoing: Outgoing, account: Account) -> Decimal:
        """What is still open on an account of a document, in company currency, signed."""

    # --- documents

    def key(self, word: str = "doc") -> str:
        self.number += 1
        return f"brex:{word}_{self.word}_{self.number}"

    def outgoing(self, document: Document, key: str = "") -> Outgoing:
        key = key or self.key()
        return Outgoing(key, self.open().stamp(key), document)

    @property
    def vendor(self) -> Partner:
        if self._vendor is None:
            outcome = self.open().post(self.company, [self.outgoing(self.new_vendor())])[0]
            assert outcome.state is OutcomeState.POSTED, outcome
            self._vendor = Partner(outcome.ledger_id, "Vendor")
        return self._vendor

    def new_vendor(self, **parts: Any) -> NewVendor:
        return NewVendor(**{"company": self.company, "name": f"Vendor {self.word} {self.number}", **parts})

    def entry(self, amount: str = "25.50", day: date = DAY, **parts: Any) -> JournalEntry:
        value = Decimal(amount)
        lines = (
            Line(self.expense, Side.DEBIT, value, value, text="Toner · Ana Roux"),
            Line(self.card, Side.CREDIT, value, value, text="Toner · Ana Roux"),
        )
        usual = {
            "company": self.company,
            "journal": self.journal,
            "currency": self.company_currency,
            "company_currency": self.company_currency,
            "posting_date": day,
            "document_date": day,
            "lines": lines,
            "text": "Toner",
        }
        return JournalEntry(**{**usual, **parts})

    def bill(self, net: str = "100.00", tax: str = "21.00", *, is_credit: bool = False, **parts: Any) -> VendorBill:
        side = Side.CREDIT if is_credit else Side.DEBIT
        self.number += 1
        lines = (
            Line(self.expense, side, Decimal(net), Decimal(net), text="Paper"),
            Line(self.tax, side, Decimal(tax), Decimal(tax), text="Tax"),
        )
        usual = {
            "company": self.company,
            "journal": self.bill_journal,
            "currency": self.company_currency,
            "company_currency": self.company_currency,
            "posting_date": DAY,
            "document_date": date(2026, 10, 10),
            "due_on": date(2026, 11, 30),
            "partner": self.vendor,
            "payable": self.payable,
            "number": f"INV-{self.word}-{self.number}",
            "lines": lines,
            "is_credit": is_credit,
        }
        return VendorBill(**{**usual, **parts})

    def payment(self, amount: str, *settles: str, **parts: Any) -> Payment:
        usual = {
            "company": self.company,
            "journal": self.payment_journal,
            "currency": self.company_currency,
            "company_currency": self.company_currency,
            "posting_date": date(2026, 10, 15),
            "document_date": date(2026, 10, 15),
            "partner": self.vendor,
            "payable": self.payable,
            "money": self.money,
            "amount": Decimal(amount),
            "settles": settles,
        }
        return Payment(**{**usual, **parts})

    def edited(self) -> Outgoing:
        """An entry whose cost a person moved to another account, before or after it got into the books."""
        outgoing, outcome = self.posted(self.entry())
        self.edit(outcome)
        return outgoing

    def posted(self, document: Document, key: str = "") -> tuple[Outgoing, Outcome]:
        """A document that is in the books."""
        outgoing = self.outgoing(document, key)
        outcome = self.open().post(self.company, [outgoing])[0]
        assert outcome.state is OutcomeState.POSTED, outcome
        assert outcome.differences == (), outcome
        return outgoing, outcome

    def of_kind(self, kind: str) -> Outgoing:
        """A document of each type that this suite sends."""
        if kind == "entry":
            return self.outgoing(self.entry())
        if kind == "bill":
            return self.outgoing(self.bill())
        if kind == "credit":
            return self.outgoing(self.bill(is_credit=True))
        if kind == "vendor":
            return self.outgoing(self.new_vendor())
        if kind == "settling entry":
            claim, _ = self.posted(self.claim())
            return self.outgoing(self.payout(claim.key))
        bill, _ = self.posted(self.bill())
        payment = self.outgoing(self.payment("121.00", bill.key))
        if kind == "payment":
            return payment
        assert kind == "payment reversal"
        assert self.open().post(self.company, [payment])[0].state is OutcomeState.POSTED
        return self.outgoing(self.returned(payment.key, "121.00"))

    def claim(self, amount: str = "80.00") -> JournalEntry:
        """An employee is owed something."""
        value = Decimal(amount)
        return self.entry(
            lines=(
                Line(self.expense, Side.DEBIT, value, value),
                Line(self.employees, Side.CREDIT, value, value, partner=self.vendor),
            )
        )

    def payout(self, *settles: str, amount: str = "80.00") -> JournalEntry:
        value = Decimal(amount)
        return self.entry(
            lines=(
                Line(self.employees, Side.DEBIT, value, value, partner=self.vendor),
                Line(self.money, Side.CREDIT, value, value, partner=self.vendor),
            ),
            settles=settles,
        )

    def returned(self, key: str, amount: str) -> JournalEntry:
        """The money of a payment came back."""
        value = Decimal(amount)
        return self.entry(
            day=date(2026, 10, 20),
            lines=(
                Line(self.money, Side.DEBIT, value, value, partner=self.vendor),
                Line(self.payable, Side.CREDIT, value, value, partner=self.vendor),
            ),
            reverses=key,
        )

    def delivered(self, outgoing: Outgoing, ledger: Ledger | None = None) -> Outcome:
        """What the engine does until a document is settled: look, and send the same again only if that is allowed."""
        ledger = ledger or self.open()
        outcome = Outcome(outgoing.key, OutcomeState.UNCERTAIN)
        for _ in range(6):
            if outcome.state in LOOK:
                outcome = ledger.find(self.company, [outgoing])[0]
            elif outcome.state in SEND:
                outcome = ledger.post(self.company, [outgoing])[0]
            else:
                return outcome
        return outcome


@contextmanager
def restored(act: Any, undo: Any) -> Iterator[Any]:
    """Do something and undo it whatever happens."""
    try:
        yield act()
    finally:
        undo()
