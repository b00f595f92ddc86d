"""How are journal headers written, and what is common to all kinds of journals?

General, invoice and payment journals are one thing under different field names; `JournalKind` tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .errors import Infolog
from .logic import Logic, Session
from .store import Row

BATCH_NUMBERS = "JournalBatchNumber"


@dataclass(frozen=True, slots=True)
class JournalKind:
    """The two sets of one kind of journal, and what its lines call the common fields."""

    headers: str
    lines: str
    types: tuple[str, ...]
    date: str
    debit: str
    credit: str
    currency: str
    text: str
    line_entity: str
    header_entity: str


GENERAL = JournalKind(
    "LedgerJournalHeaders",
    "LedgerJournalLines",
    ("Daily", "Periodic"),
    "TransDate",
    "DebitAmount",
    "CreditAmount",
    "CurrencyCode",
    "Text",
    "LedgerJournalLineEntity",
    "LedgerJournalHeaderEntity",
)
INVOICE = JournalKind(
    "VendInvoiceJournalHeaders",
    "VendInvoiceJournalLines",
    ("VendInvoice", "PurchaseLedger"),
    "Date",
    "Debit",
    "Credit",
    "Currency",
    "Description",
    "VendInvoiceJournalLineEntity",
    "VendInvoiceJournalHeaderEntity",
)
PAYMENT = JournalKind(
    "VendorPaymentJournalHeaders",
    "VendorPaymentJournalLines",
    ("Payment",),
    "TransactionDate",
    "DebitAmount",
    "CreditAmount",
    "CurrencyCode",
    "TransactionText",
    "VendPaymentJournalLineEntity",
    "VendPaymentJournalHeaderEntity",
)
KINDS = (GENERAL, INVOICE, PAYMENT)


def journal_name(session: Session, header: Row) -> Row:
    found = session.store.find("JournalNames", header["dataAreaId"], header["JournalName"])
    assert found is not None  # noqa: S101 - checked when the header was written
    return found


def lines_of(session: Session, kind: JournalKind, header: Row) -> list[Row]:
    """The lines of one journal by line number."""
    found = session.store.table(kind.lines).by("JournalBatchNumber", header["JournalBatchNumber"])
    own = [one for one in found if one["dataAreaId"] == header["dataAreaId"]]
    return sorted(own, key=lambda one: one["LineNumber"])


class HeaderLogic(Logic):
    """Headers: the number from the sequence or, where that allows it, the caller's own."""

    table = "Ledger journal table (LedgerJournalTable)"
    caption = (("Journal batch number", "JournalBatchNumber"), ("", "Description"))
    mandatory = (("Journal name", "JournalName"),)
    read_only = frozenset({"IsPosted", "JournalTotalDebit", "JournalTotalCredit", "AccountingCurrency", "JournalName"})
    lengths = {
        "JournalBatchNumber": ("Journal batch number", 10),
        "Description": ("Description", 60),
        "JournalName": ("Name", 10),
    }
    lookups = {"JournalName": ("Name", "Journal names", "JournalNames")}

    def __init__(self, kind: JournalKind, session_set: Logic) -> None:
        self.kind = kind
        self.entity = kind.header_entity
        super().__init__(session_set.of)

    def accept(self, session: Session, row: Row, name: str, value: object, log: Infolog) -> object:
        if name in ("IsPosted", "JournalTotalDebit", "JournalTotalCredit", "AccountingCurrency"):
            raise log.warn("not_editable", field=name).field(name).refusal()
        value = super().accept(session, row, name, value, log)
        if name == "JournalName" and value:
            journal = session.store.find("JournalNames", row["dataAreaId"], value)
            if journal is None or journal["Type"] not in self.kind.types:
                log.warn("lookup", value=value, field="Name", related="Journal names").field(name)
                raise log.refusal()
        if name == "JournalBatchNumber" and value:
            sequence = session.simulator.sequences.get(row["dataAreaId"], BATCH_NUMBERS)
            if not (sequence.is_manual or sequence.user_changes):
                raise log.warn("sequence_manual", sequence=sequence.code, value=value).field(name).refusal()
        return self._integration_key(session, row, str(value), log) if name == "IntegrationKey" and value else value

    def _integration_key(self, session: Session, row: Row, value: str, log: Infolog) -> str:
        switches, name = session.switches, "IntegrationKey"
        if switches.integration_key == "drop":
            return ""
        if len(value) > switches.integration_key_length:
            if switches.overlong == "refuse":
                raise log.warn("too_long", value=value, field="Integration key").field(name).refusal()
            value = value[: switches.integration_key_length]
        others = session.store.table(self.of.name).by(name, value) if switches.integration_key_unique else []
        if any(one is not row and one["dataAreaId"] == row["dataAreaId"] for one in others):
            raise self.duplicate({**row, name: value}, log)
        return value

    def complete(self, session: Session, row: Row, given: Row, log: Infolog) -> None:
        company = row["dataAreaId"]
        if not row.get("JournalBatchNumber") and row.get("JournalName"):
            sequence = session.simulator.sequences.get(company, BATCH_NUMBERS)
            if sequence.is_manual:
                log.warn("mandatory", field="Journal batch number")
                raise log.warn("validate_write", source="LedgerJournalTable (LedgerJournalTable)").refusal()
            row["JournalBatchNumber"] = sequence.draw(lambda number: is_number_taken(session, company, number))
        ledger = session.store.find("Ledgers", company) or {}
        if "AccountingCurrency" in self.of.properties:
            row["AccountingCurrency"] = ledger.get("AccountingCurrency", "")
        journal = session.store.find("JournalNames", company, row.get("JournalName", ""))
        if journal:
            row["Description"] = row.get("Description") or journal.get("Description", "")
            if "PostingLayer" in self.of.properties:
                row.setdefault("PostingLayer", journal.get("PostingLayer", "Current"))
        row |= {"IsPosted": "No", "JournalTotalDebit": Decimal(0), "JournalTotalCredit": Decimal(0)}
        row |= {"_workflow": "", "_problem": "", "_created": session.simulator.clock.now()}

    def validate(self, session: Session, row: Row, log: Infolog) -> None:
        if "_id" not in row and is_number_taken(session, row["dataAreaId"], row["JournalBatchNumber"]):
            raise self.duplicate(row, log)

    def may_change(self, session: Session, row: Row, log: Infolog) -> None:
        refuse_closed(row, log)

    def may_remove(self, session: Session, row: Row, log: Infolog) -> None:
        if lines_of(session, self.kind, row):
            raise log.warn("dependent", table="Ledger journal table", dependent="Journal lines").refusal()


def is_number_taken(session: Session, company: str, number: str) -> bool:
    return any(session.store.find(kind.headers, company, number) is not None for kind in KINDS)


def refuse_closed(header: Row, log: Infolog) -> None:
    """Raises RefusedError for a journal that is posted or lies in workflow."""
    if header["IsPosted"] == "Yes":
        raise log.warn("posted", number=header["JournalBatchNumber"]).refusal()
    if header.get("_workflow") == "submitted":
        raise log.warn("in_workflow", number=header["JournalBatchNumber"]).refusal()
