"""What does the shared suite need of a Dynamics? A simulated one whose posting job comes by after every write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import requests
from requests.adapters import BaseAdapter

from connectors.base import ConnectionContext, Outcome, Outgoing
from connectors.documents import Account, NewVendor, Payment, Role, VendorBill
from connectors.dynamics365_fo.accounts import VENDOR
from connectors.dynamics365_fo.auth import DynamicsCredentials, DynamicsSettings
from connectors.dynamics365_fo.ledger import DynamicsLedger
from connectors.dynamics365_fo.simulator import DynamicsSimulator
from connectors.errors import RejectedError
from connectors.simulation import Clock, SimulatorTransport
from tests.cases.fault_transport import FaultTransport
from tests.cases.ledger_world import LedgerWorld

HOST = "https://cascade.operations.dynamics.com"
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PAYABLE_NUMBER = "211000"
MARKING = "VendPay"  # a journal name whose lines mark the invoice that they settle


def is_write(request: requests.PreparedRequest) -> bool:
    body = request.body if isinstance(request.body, bytes) else str(request.body).encode()
    return request.path_url.endswith("$batch") and b"changeset" in body


class PostingJob(BaseAdapter):
    """The simulator, whose posting job runs after every write while it `is_on`."""

    def __init__(self, simulator: DynamicsSimulator) -> None:
        super().__init__()
        self.simulator = simulator
        self.inner = SimulatorTransport(simulator)
        self.is_on = True
        self.settles = True  # payments in general journals, by themselves
        self.passes_over: set[str] = set()

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        response = self.inner.send(request, *args, **options)
        if self.is_on and is_write(request):
            self.run()
        return response

    def run(self) -> list[dict[str, Any]]:
        """What became of each journal that was not posted. Payments settle what is owed; bills and credits wait."""
        told: list[dict[str, Any]] = []
        with self.simulator.lock:
            kinds = (("VendInvoiceJournal", False), ("LedgerJournal", self.settles), ("VendorPaymentJournal", False))
            for kind, settles in kinds:
                rows = self.simulator.store.table(f"{kind}Headers").rows.values()
                waiting = {(row["dataAreaId"], row["JournalBatchNumber"]) for row in rows if row["IsPosted"] == "No"}
                waiting -= {("usmf", number) for number in self.passes_over}
                self.simulator.switches.automatic_settlement = settles
                for company, number in sorted(waiting):
                    told += self.simulator.control("post_journals", {"company": company, "numbers": [number]})
        return told

    def close(self) -> None:
        """Nothing is held open."""


class DynamicsWorld(LedgerWorld):
    """The company usmf of the fresh environment, where payments settle what is owed by themselves."""

    company = "usmf"
    company_currency = "USD"
    journal = "BrexJrn"
    bill_journal = "APInvoice"
    payment_journal = MARKING
    expense = Account(Role.EXP, "600000", "600000")
    card = Account(Role.CARD, "201100", "201100")
    tax = Account(Role.TAX, "131000", "131000")
    payable = Account(Role.AP, VENDOR, "Vendor")
    money = Account(Role.TRANSIT, "101404", "101404")
    exchange = Account(Role.FX, "441000", "441000")
    foreign = ("EUR", Decimal("1.25"))
    employees = Account(Role.EMPAY, VENDOR, "Vendor")
    cancels = False
    takes_files = False
    reopens = False

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.simulator = DynamicsSimulator(seed=7, clock=Clock(NOW))
        self.job = PostingJob(self.simulator)
        self.faults = FaultTransport(self.job, is_write)
        self.settings = DynamicsSettings.model_validate(
            {"vendor_group": "40", "bank_accounts": "USMF OPER", **settings}
        )
        self.credentials = DynamicsCredentials(
            tenant=self.simulator.tenant,
            client_id=self.simulator.client_id,
            client_secret=self.simulator.client_secret,  # type: ignore[arg-type]
        )

        self._begin_journal()

    def _begin_journal(self) -> None:
        """One that people have begun, as every company has some: its line shows how rates are written here."""
        values = {"dataAreaId": "usmf", "JournalName": self.bill_journal, "Description": "Begun"}
        header = self.do("create", set="VendInvoiceJournalHeaders", values=values)
        line = {
            "dataAreaId": "usmf", "JournalBatchNumber": header["JournalBatchNumber"], "LineNumber": Decimal(1),
            "Date": "2026-10-01T12:00:00Z", "AccountType": "Ledger", "AccountDisplayValue": "600000---",
            "Debit": Decimal("1.00"), "Currency": "USD",
        }  # fmt: skip
        self.do("create", set="VendInvoiceJournalLines", values=line)
        self.job.passes_over.add(header["JournalBatchNumber"])

    def context(self, credentials: DynamicsCredentials | None = None) -> ConnectionContext:
        return ConnectionContext(
            HOST, credentials or self.credentials, self.settings, transport=self.faults, now=self.simulator.clock.now
        )

    def open(self) -> DynamicsLedger:
        return DynamicsLedger(self.context())

    def open_with_wrong_key(self) -> DynamicsLedger:
        wrong = self.credentials.model_copy(update={"client_secret": type(self.credentials.client_secret)("0" * 40)})
        return DynamicsLedger(self.context(wrong))

    def do(self, action: str, **arguments: Any) -> Any:
        """Something that a person or the machine does in Dynamics."""
        with self.simulator.lock:
            return self.simulator.control(action, arguments)

    def rows(self, name: str, **wanted: Any) -> list[dict[str, Any]]:
        rows = self.simulator.store.table(name).rows.values()
        return [dict(row) for row in rows if all(row.get(field) == value for field, value in wanted.items())]

    # --- what it holds

    def sets(self, outgoing: Outgoing) -> tuple[str, str]:
        kind = "VendInvoiceJournal" if isinstance(outgoing.document, VendorBill) else "LedgerJournal"
        if isinstance(outgoing.document, Payment) and outgoing.document.journal == MARKING:
            kind = "VendorPaymentJournal"
        return f"{kind}Headers", f"{kind}Lines"

    def numbers(self, outgoing: Outgoing) -> set[str]:
        """Batch numbers of the journals that bear the stamp anywhere."""
        headers, lines = self.sets(outgoing)
        marked = [
            row for row in self.rows(headers) if outgoing.stamp in (row.get("IntegrationKey"), row.get("Description"))
        ]
        mark = "PaymentReference" if lines == "VendorPaymentJournalLines" else "Document"
        return {row["JournalBatchNumber"] for row in (*marked, *self.rows(lines, **{mark: outgoing.stamp}))}

    def count(self, outgoing: Outgoing) -> int:
        if isinstance(outgoing.document, NewVendor):
            return len(self.rows("VendorsV3", OurAccountNumber=outgoing.stamp))
        return len(self.numbers(outgoing))

    def books(self, outgoing: Outgoing) -> dict[str, Decimal]:
        _, lines = self.sets(outgoing)
        numbers = self.numbers(outgoing)
        vouchers = {row["Voucher"] for row in self.rows(lines) if row["JournalBatchNumber"] in numbers}
        entries = {
            row["SourceKey"]
            for row in self.rows("GeneralJournalEntryBiEntities")
            if row["SubledgerVoucher"] in vouchers
        }
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for row in self.rows("GeneralJournalAccountEntryBiEntities"):
            if row["GeneralJournalEntry"] in entries:
                number = str(row["_account"])
                sums[VENDOR if number == PAYABLE_NUMBER else number] += row["AccountingCurrencyAmount"]
        return dict(sums)

    def open_items(self, outgoing: Outgoing, account: Account) -> Decimal:
        assert account.id == VENDOR, "only vendor transactions are settled in Dynamics"
        numbers = self.numbers(outgoing)
        rows = [row for row in self.rows("VendTransBiEntities") if row["JournalNum"] in numbers]
        return sum((row["AmountMST"] - (row.get("SettleAmountMST") or 0) for row in rows), Decimal(0))

    # --- what people do

    def cancel(self, outcome: Outcome) -> None:
        try:
            self.do("delete_journal", number=outcome.number)
        except ValueError as error:
            raise RejectedError(str(error)) from error

    def edit(self, outcome: Outcome) -> None:
        key = ["usmf", outcome.number, Decimal(1)]
        self.do("edit", set="LedgerJournalLines", key=key, changes={"AccountDisplayValue": "612000---"})

    def edited(self) -> Outgoing:
        """A posted journal cannot be edited; one that waits for the posting job can."""
        self.job.is_on = False
        outgoing = self.outgoing(self.entry())
        self.edit(self.open().post(self.company, [outgoing])[0])
        self.job.is_on = True
        self.job.run()
        return outgoing

    def plant_twin(self, outgoing: Outgoing) -> None:
        header = self.do(
            "create",
            set="LedgerJournalHeaders",
            values={"dataAreaId": "usmf", "JournalName": self.journal, "Description": "Copy"},
        )
        values = {
            "dataAreaId": "usmf", "JournalBatchNumber": header["JournalBatchNumber"], "LineNumber": Decimal(1),
            "TransDate": "2026-10-12T12:00:00Z", "AccountType": "Ledger", "AccountDisplayValue": "600000---",
            "DebitAmount": Decimal("25.50"), "CurrencyCode": "USD", "OffsetAccountType": "Ledger",
            "OffsetAccountDisplayValue": "201100---", "Document": outgoing.stamp,
        }  # fmt: skip
        self.do("create", set="LedgerJournalLines", values=values)

    def type_bill(self, number: str, amount: str, *, is_credit: bool = False, is_posted: bool = True) -> str:
        vendor = self.vendor.id
        values = {"dataAreaId": "usmf", "JournalName": self.bill_journal, "Description": "Typed"}
        header = self.do("create", set="VendInvoiceJournalHeaders", values=values)
        batch = header["JournalBatchNumber"]
        line = {
            "dataAreaId": "usmf", "JournalBatchNumber": batch, "LineNumber": Decimal(1),
            "Date": "2026-10-12T12:00:00Z", "AccountType": "Vend", "AccountDisplayValue": vendor,
            "Debit" if is_credit else "Credit": Decimal(amount), "Currency": "USD", "Invoice": number,
            "OffsetAccountType": "Ledger", "OffsetAccountDisplayValue": "600000---",
        }  # fmt: skip
        self.do("create", set="VendInvoiceJournalLines", values=line)
        if not is_posted:
            self.job.passes_over.add(batch)
            return f"invoice-journal:{batch}"
        self.job.run()
        [row] = self.rows("VendTransBiEntities", JournalNum=batch)
        return f"transaction:{row['SourceKey']}"

    @contextmanager
    def locked(self, through: date) -> Iterator[None]:
        before = {
            (row["YearName"], row["PeriodName"]): row["PeriodStatus"]
            for row in self.rows("LedgerFiscalPeriods")
            if row["LegalEntityId"].lower() == "usmf"
        }
        self.do("close_through", day=through.isoformat())
        try:
            yield
        finally:
            table = self.simulator.store.table("LedgerFiscalPeriods")
            for row in list(table.rows.values()):
                if row["LegalEntityId"].lower() == "usmf":
                    status = before[row["YearName"], row["PeriodName"]]
                    self.simulator.store.update("LedgerFiscalPeriods", row, {"PeriodStatus": status})

    @contextmanager
    def archived_account(self) -> Iterator[str]:
        yield "606300"
