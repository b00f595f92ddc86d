"""What does the shared suite need of an environment whose own job posts? All of it is seen and done through OData."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from requests.adapters import BaseAdapter

from connectors.auth import MemoryTokenStore
from connectors.base import ConnectionContext, Outcome, Outgoing
from connectors.codec import json_load
from connectors.documents import Account, NewVendor, Payment, Role, VendorBill
from connectors.dynamics365_fo.accounts import VENDOR, target
from connectors.dynamics365_fo.auth import DynamicsCredentials, DynamicsSettings
from connectors.dynamics365_fo.books import Books
from connectors.dynamics365_fo.client import DynamicsClient, Query
from connectors.dynamics365_fo.journals import GENERAL, INVOICE, PAYMENT, Shape
from connectors.dynamics365_fo.ledger import DynamicsLedger
from connectors.dynamics365_fo.literals import equals, noon, one_of, quoted
from connectors.dynamics365_fo.multipart import Changeset, Operation
from connectors.dynamics365_fo.schema import VendorRow
from connectors.dynamics365_fo.schema_documents import AccountEntryRow, LedgerEntryRow, VendorTransactionRow
from connectors.dynamics365_fo.vouchers import OWED
from connectors.errors import RejectedError
from connectors.money import minor_unit
from tests.cases.fault_transport import FaultTransport
from tests.cases.ledger_world import DAY, LedgerWorld
from tests.connectors.dynamics365_fo.posting_environment import Environment, Job, WaitingLedger
from tests.connectors.dynamics365_fo.world import is_write

Json = dict[str, Any]
EDITS = 5  # journals that the job may post before one is edited


class BookedRow(AccountEntryRow):
    """An amount on an account, with what it is in company currency."""

    accounting_currency_amount: Decimal = Decimal(0)


class ODataWorld(LedgerWorld):
    """One company of an environment; `sleep` lets time pass for its job."""

    cancels = False
    takes_files = False
    reopens = False

    def __init__(
        self,
        address: str,
        inner: BaseAdapter,
        credentials: DynamicsCredentials,
        environment: Environment,
        settings: DynamicsSettings,
        *,
        sleep: Callable[[float], object] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__()
        self.address, self.inner, self.credentials, self.settings = address, inner, credentials, settings
        self.job, self.now = Job(environment.posted_within, sleep), now
        self.tokens = MemoryTokenStore()
        self.faults = FaultTransport(inner, is_write)
        self.company, self.company_currency = environment.company, environment.currency
        self.journal, self.bill_journal = environment.journal, environment.bill_journal
        self.idle_bill_journal, self.payment_journal = environment.idle_bill_journal, environment.payment_journal
        self.expense = Account(Role.EXP, environment.expense, environment.expense)
        self.card = Account(Role.CARD, environment.card, environment.card)
        self.tax = Account(Role.TAX, environment.tax, environment.tax)
        self.money = Account(Role.TRANSIT, environment.money, environment.money)
        self.payable, self.employees = Account(Role.AP, VENDOR, "Vendor"), Account(Role.EMPAY, VENDOR, "Vendor")
        self.suspended = environment.suspended
        self.foreign, self.without_rate = environment.foreign, environment.without_rate
        self.closable = environment.closed_through
        self.admin = DynamicsClient(self.context(inner))
        self.set_up = Books(self.admin, self.company)

    def context(self, transport: BaseAdapter, **parts: Any) -> ConnectionContext:
        usual: Json = {"tokens": self.tokens, "now": self.now, "credentials": self.credentials}
        usual |= {"settings": self.settings, "transport": transport, "allow_private_addresses": True}
        return ConnectionContext(self.address, **{**usual, **parts})

    def open(self) -> DynamicsLedger:
        return WaitingLedger(self.context(self.faults), self.open_at_once(), self.job)

    def open_at_once(self) -> DynamicsLedger:
        """One that tells what is there now, without waiting for the job."""
        return DynamicsLedger(self.context(self.inner))

    def open_with_wrong_key(self) -> DynamicsLedger:
        wrong = self.credentials.model_copy(update={"client_secret": type(self.credentials.client_secret)("0" * 40)})
        return DynamicsLedger(self.context(self.faults, credentials=wrong, tokens=MemoryTokenStore()))

    # --- what it holds

    def numbers(self, outgoing: Outgoing) -> set[str]:
        """Batch numbers of the journals that bear the stamp anywhere."""
        shape, stamp = shape_of(outgoing), outgoing.stamp
        has_key = shape.has_key and self.set_up.has_integration_key
        marks = ["Description", *(["IntegrationKey"] if has_key else [])]
        every = "(" + " or ".join(equals(mark, stamp) for mark in marks) + ")"
        leaves_out = () if has_key else ("IntegrationKey",)
        headers = self.admin.rows(Query(shape.header, self.company, every, leaves_out=leaves_out))
        lines = self.admin.rows(Query(shape.line, self.company, equals(shape.mark, stamp)))
        return {row.journal_batch_number for row in headers} | {row.journal_batch_number for row in lines}

    def count(self, outgoing: Outgoing) -> int:
        if isinstance(outgoing.document, NewVendor):
            every = equals("OurAccountNumber", outgoing.stamp)
            return len(self.set_up.ask([Query(VendorRow, self.company, every)])[0])
        return len(self.numbers(outgoing))

    def books(self, outgoing: Outgoing) -> dict[str, Decimal]:
        numbers = set() if isinstance(outgoing.document, NewVendor) else self.numbers(outgoing)
        if not numbers:
            return {}
        every = one_of("JournalBatchNumber", sorted(numbers))
        lines = self.admin.rows(Query(shape_of(outgoing).line, self.company, every))
        vouchers = one_of("SubledgerVoucher", sorted({row.voucher for row in lines}))
        here = equals("SubledgerVoucherDataAreaId", self.company)
        heads = self.admin.rows(Query(LedgerEntryRow, every=f"{here} and {vouchers}"))
        every = " or ".join(f"GeneralJournalEntry eq {head.source_key}" for head in heads)
        entries = self.admin.rows(Query(BookedRow, every=f"({every})")) if heads else []
        names = {one.id for one in (self.expense, self.card, self.tax, self.money)}
        self.set_up.prepare(accounts=names)
        known = {its.main_account_rec_id: name for name in names if (its := self.set_up.account(name))}
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for row in entries:
            name = VENDOR if row.posting_type == OWED else known.get(row.main_account, row.ledger_account)
            sums[name] += row.accounting_currency_amount
        return dict(sums)

    def transactions(self, numbers: set[str]) -> list[VendorTransactionRow]:
        every = one_of("JournalNum", sorted(numbers))
        return self.admin.rows(Query(VendorTransactionRow, self.company, every)) if numbers else []

    def open_items(self, outgoing: Outgoing, account: Account) -> Decimal:
        """In company currency at the rate at which it was booked, whatever a settlement came to."""
        assert account.id == VENDOR, "only vendor transactions are settled in Dynamics"
        rows = self.transactions(self.numbers(outgoing))
        left = (
            (row.amount_cur - row.settle_amount_cur) * row.amount_mst / row.amount_cur for row in rows if row.amount_cur
        )
        return sum(left, Decimal(0)).quantize(minor_unit(self.company_currency))

    # --- what people do

    def do(self, *operations: Operation) -> Json:
        """All of it or nothing; what the last one answers. Raises what the environment says against it."""
        [answers] = self.admin.write([Changeset(operations)])
        if (error := self.admin.failure(answers)) is not None:
            raise error
        return dict(json_load(answers[-1].text)) if answers[-1].text.strip() else {}

    def created(self, entity_set: str, **values: Any) -> Json:
        return self.do(self.admin.operation("POST", entity_set, {"dataAreaId": self.company, **values}))

    def _key(self, number: str, line: int = 0) -> str:
        key = f"dataAreaId={quoted(self.company)},JournalBatchNumber={quoted(number)}"
        return f"({key},LineNumber={line})" if line else f"({key})"

    def cancel(self, outcome: Outcome) -> None:
        """A person deletes a journal of one line."""
        gone = ((GENERAL.line, self._key(outcome.number, 1)), (GENERAL.header, self._key(outcome.number)))
        self.do(*(self.admin.operation("DELETE", row.entity_set, None, key) for row, key in gone))

    def edit(self, outcome: Outcome) -> None:
        changes = {"dataAreaId": self.company, "AccountDisplayValue": self._display(self.tax)}
        key = self._key(outcome.number, 1)
        self.do(self.admin.operation("PATCH", GENERAL.line.entity_set, changes, key))

    def edited(self) -> Outgoing:
        """A posted journal cannot be edited; one that waits for the job can, unless the job was faster."""
        for _ in range(EDITS):
            outgoing = self.outgoing(self.entry())
            [outcome] = self.open_at_once().post(self.company, [outgoing])
            try:
                self.edit(outcome)
            except RejectedError:
                continue
            return outgoing
        raise AssertionError(f"The job was faster than a person {EDITS} times.")

    def _display(self, account: Account) -> str:
        return target(self.set_up.formats, account, None, ()).account

    def plant_twin(self, outgoing: Outgoing) -> None:
        header = self.created(GENERAL.header.entity_set, JournalName=self.journal, Description="Copy")
        self.created(
            GENERAL.line.entity_set, JournalBatchNumber=header["JournalBatchNumber"], LineNumber=1,
            TransDate=noon(DAY), AccountType="Ledger", AccountDisplayValue=self._display(self.expense),
            CurrencyCode=self.company_currency, DebitAmount=Decimal("25.50"), OffsetAccountType="Ledger",
            OffsetAccountDisplayValue=self._display(self.card), Document=outgoing.stamp,
        )  # fmt: skip

    def type_bill(self, number: str, amount: str, *, is_credit: bool = False, is_posted: bool = True) -> str:
        name = self.bill_journal if is_posted else self.idle_bill_journal
        vendor = self.vendor.id
        header = self.created(INVOICE.header.entity_set, JournalName=name, Description="Typed")
        batch = str(header["JournalBatchNumber"])
        money = {"Debit" if is_credit else "Credit": Decimal(amount)}
        self.created(
            INVOICE.line.entity_set, JournalBatchNumber=batch, LineNumber=1, Date=noon(DAY), AccountType="Vend",
            AccountDisplayValue=self.set_up.formats.plain(vendor), Currency=self.company_currency, **money,
            Invoice=number, OffsetAccountType="Ledger", OffsetAccountDisplayValue=self._display(self.expense),
        )  # fmt: skip
        if not is_posted:
            return f"{INVOICE.word}:{batch}"
        since = time.monotonic()
        while not (rows := self.transactions({batch})):
            assert self.job.may_come(since), f"{batch} was not posted in time"
        [row] = rows
        return f"transaction:{row.source_key}"

    @contextmanager
    def locked(self, through: date) -> Iterator[None]:
        """The environment's periods are what they are: closed through the day that it names."""
        assert through == self.closable
        yield

    @contextmanager
    def archived_account(self) -> Iterator[str]:
        yield self.suspended


def shape_of(outgoing: Outgoing) -> Shape:
    if isinstance(outgoing.document, VendorBill):
        return INVOICE
    return PAYMENT if isinstance(outgoing.document, Payment) else GENERAL
