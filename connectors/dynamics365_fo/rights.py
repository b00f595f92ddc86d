"""Which data entities does our work need, where are their records seen in Dynamics, and what fails without them?"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.dynamics365_fo.schema import (
    CurrencyRow,
    DimensionValueRow,
    FormatRow,
    JournalNameRow,
    LedgerRow,
    MainAccountCompanyRow,
    MainAccountRow,
    OlderVendorRow,
    ParametersRow,
    PeriodRow,
    PeriodStateRow,
    RateRow,
    Row,
    VendorGroupRow,
    VendorRow,
)
from connectors.dynamics365_fo.schema_documents import (
    AccountEntryRow,
    AttachmentRow,
    InvoiceJournalRow,
    InvoiceLineRow,
    JournalRow,
    LedgerEntryRow,
    LineRow,
    PaymentJournalRow,
    PaymentLineRow,
    PendingInvoiceRow,
    PendingLineRow,
    PostedInvoiceRow,
    VendorTransactionRow,
)
from connectors.dynamics365_fo.screens import ROLES, screen_of
from connectors.errors import ConnectorError

EVERY = "every flow"
BILLS, PAYMENTS, VENDORS, FILES = "vendor bills", "payments", "vendors", "receipts on bills"
BOOKED = "comparing what was booked of bills"
OPTIONAL: tuple[type[Row], ...] = (
    InvoiceJournalRow, InvoiceLineRow, PaymentJournalRow, PaymentLineRow, PendingInvoiceRow, PendingLineRow,
    PostedInvoiceRow, VendorTransactionRow, VendorRow, OlderVendorRow,
)  # fmt: skip
"""Sets that some flows can do without."""


@dataclass(frozen=True, slots=True)
class Need:
    """Some work, and the sets of which it needs one."""

    rows: tuple[type[Row], ...]
    work: tuple[str, ...]

    @property
    def is_general(self) -> bool:
        return EVERY in self.work

    @property
    def name(self) -> str:
        return self.rows[0].entity_set


_SETUP: tuple[type[Row], ...] = (
    LedgerRow, JournalNameRow, FormatRow, ParametersRow, CurrencyRow, PeriodStateRow, PeriodRow, RateRow,
    MainAccountRow, MainAccountCompanyRow, DimensionValueRow, JournalRow, LineRow,
)  # fmt: skip
BILL_SETS: dict[str, tuple[type[Row], ...]] = {
    "journal": (InvoiceJournalRow, InvoiceLineRow),
    "pending": (PendingInvoiceRow, PendingLineRow, PostedInvoiceRow),
}
"""What bills are written to and read from, by the connection's pattern."""
_PENDING: tuple[tuple[type[Row], tuple[str, ...]], ...] = (
    (AttachmentRow, (FILES,)), (LedgerEntryRow, (BOOKED,)), (AccountEntryRow, (BOOKED,)),
)  # fmt: skip


def needs(invoice_pattern: str, *, makes_vendors: bool) -> list[Need]:
    """Everything that flows of a connection may need. Bank accounts and payment journals are no part of it: without
    them settings, and journals of entries, serve as well."""
    return [
        *(Need((row,), (EVERY,)) for row in _SETUP),
        *(Need((row,), (BILLS,)) for row in BILL_SETS[invoice_pattern]),
        Need((VendorTransactionRow,), (BILLS, PAYMENTS)),
        Need((VendorRow, OlderVendorRow), (BILLS, PAYMENTS, VENDORS)),
        *([Need((VendorGroupRow,), (VENDORS,))] if makes_vendors else []),
        *(Need((row,), work) for row, work in _PENDING if invoice_pattern == "pending"),
    ]


def lacking(row: type[Row], error: ConnectorError) -> str:
    """What is wrong and what to do, for a set that is not shown."""
    cure = f"Give the mapped user's security role the privilege of this data entity under {ROLES}."
    is_said = row.entity_set in error.message  # the error names the set, and so the cure
    return error.message if is_said else f"{row.entity_set} ({screen_of(row.entity_set)}): {error.message} {cure}"
