"""Does a vendor invoice hold what we sent, while it is pending and once it is in the books?

(https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/fin-ops/data-entities/entity-vendor-invoice-header)"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from connectors.base import Finding
from connectors.documents import Line, VendorBill
from connectors.dynamics365_fo.accounts import target_of
from connectors.dynamics365_fo.dimensions import Formats
from connectors.dynamics365_fo.journals import invoice_number
from connectors.dynamics365_fo.literals import day_of
from connectors.dynamics365_fo.schema_documents import PendingInvoiceRow, PostedInvoiceRow
from connectors.records import Side

INVOICE_ID = "invoice:"  # begins the ids of what is or was pending, before the mark


def signed(line: Line) -> Decimal:
    """What a line of a bill adds to what is owed: a credit's cost lines lessen it."""
    return line.amount if line.side is Side.DEBIT else -line.amount


def waiting_differences(formats: Formats, bill: VendorBill, row: PendingInvoiceRow) -> Iterator[Finding]:
    """What of a pending invoice reads otherwise than it was sent. Raises UnsupportedError and RejectedError."""
    facts = (
        ("number", invoice_number(bill), row.invoice_number),
        ("vendor", bill.partner.id.lower(), row.invoice_account.lower()),
        ("currency", bill.currency, row.currency),
        ("document date", bill.document_date, day_of(row.invoice_date)),
        ("due date", bill.due_on, day_of(row.due_date)),
    )
    yield from (altered(name, sent, read) for name, sent, read in facts if sent != read)
    if day_of(row.date) != bill.posting_date:
        yield Finding("date_moved", f"Sent for {bill.posting_date}, stands on {day_of(row.date)}.", row.date)
    if any(one.sales_tax_group and one.item_sales_tax for one in row.lines):
        yield altered("sales tax", "none", "tax groups that Dynamics or somebody added, so that tax is added again")
    sums: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for line in bill.lines:
        sums[formats.segments(target_of(formats, line).account)] += signed(line)
    for one in row.lines:
        sums[formats.segments(one.main_account_display_value)] -= one.net_amount
    for account, rest in sorted(sums.items()):
        if rest:
            name = f"{bill.currency} on {formats.delimiter.join(account)}"
            yield Finding("document_altered", f"The {name} differs by {rest} from what was sent.", name)


def booked_differences(bill: VendorBill, row: PostedInvoiceRow) -> Iterator[Finding]:
    """What of an invoice in the books reads otherwise than it was sent, as its journal tells."""
    total = -bill.total.amount if bill.is_credit else bill.total.amount
    facts = (
        ("number", invoice_number(bill), row.invoice_id),
        ("vendor", bill.partner.id.lower(), row.invoice_account.lower()),
        ("currency", bill.currency, row.currency_code),
        ("total", total, row.invoice_amount),
        ("document date", bill.document_date, day_of(row.invoice_date)),
    )
    yield from (altered(name, sent, read) for name, sent, read in facts if sent != read)


def altered(what: str, sent: object, read: object) -> Finding:
    return Finding("document_altered", f"The {what} reads {read}, sent was {sent}.", what)
