"""What does Dynamics answer of documents? Journals with their lines, pending invoices, what was posted."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from pydantic import Field

from connectors.dynamics365_fo.schema import Row


class JournalRow(Row):
    """A journal's header, of any kind."""

    entity_set = "LedgerJournalHeaders"
    order = "JournalBatchNumber"
    line_set: ClassVar[str] = "LedgerJournalLine"
    journal_batch_number: str
    journal_name: str = ""
    description: str = ""
    is_posted: str = ""
    integration_key: str = ""
    lines: tuple[LineRow, ...] = Field((), alias="LedgerJournalLine", exclude=True)


class InvoiceJournalRow(JournalRow):
    entity_set = "VendInvoiceJournalHeaders"
    line_set = "VendInvoiceJournalLine"
    integration_key: str = Field("", exclude=True)
    lines: tuple[InvoiceLineRow, ...] = Field((), alias="VendInvoiceJournalLine", exclude=True)


class PaymentJournalRow(JournalRow):
    entity_set = "VendorPaymentJournalHeaders"
    line_set = "VendorPaymentJournalLine"
    integration_key: str = Field("", exclude=True)
    lines: tuple[PaymentLineRow, ...] = Field((), alias="VendorPaymentJournalLine", exclude=True)


class LineRow(Row):
    """A journal's line. Amounts are in the line's currency, positive."""

    entity_set = "LedgerJournalLines"
    order = "JournalBatchNumber,LineNumber"
    journal_batch_number: str
    line_number: Decimal
    voucher: str = ""
    trans_date: str = ""
    account_type: str = ""
    account_display_value: str = ""
    debit_amount: Decimal = Decimal(0)
    credit_amount: Decimal = Decimal(0)
    offset_account_type: str = ""
    offset_account_display_value: str = ""
    currency_code: str = ""
    document: str = ""
    invoice: str = ""
    due_date: str = ""
    payment_reference: str = ""
    sales_tax_group: str = ""
    item_sales_tax_group: str = ""
    exch_rate: Decimal = Decimal(0)


class InvoiceLineRow(LineRow):
    """The same under the names of the invoice journal."""

    entity_set = "VendInvoiceJournalLines"
    trans_date: str = Field("", alias="Date")
    invoice_date: str = ""
    debit_amount: Decimal = Field(Decimal(0), alias="Debit")
    credit_amount: Decimal = Field(Decimal(0), alias="Credit")
    currency_code: str = Field("", alias="Currency")
    payment_reference: str = Field("", exclude=True)


class PaymentLineRow(LineRow):
    """The same under the names of the payment journal, which has no document number: the reference stands for it."""

    entity_set = "VendorPaymentJournalLines"
    trans_date: str = Field("", alias="TransactionDate")
    document: str = Field("", alias="PaymentReference")
    invoice: str = Field("", alias="MarkedInvoice")
    due_date: str = Field("", exclude=True)
    payment_reference: str = Field("", exclude=True)
    sales_tax_group: str = Field("", alias="TaxGroup")
    item_sales_tax_group: str = Field("", alias="TaxItemGroup")
    exch_rate: Decimal = Field(Decimal(0), alias="ExchangeRate")


class VendorTransactionRow(Row):
    """A posted vendor transaction; amounts are signed, negative where we owe."""

    entity_set = "VendTransBiEntities"
    order = "SourceKey"
    source_key: int
    account_num: str = ""
    invoice: str = ""
    journal_num: str = ""
    document_num: str = ""
    voucher: str = ""
    trans_date: str = ""
    due_date: str = ""
    trans_type: str = ""
    currency_code: str = ""
    amount_cur: Decimal = Decimal(0)
    amount_mst: Decimal = Field(Decimal(0), alias="AmountMST")
    settle_amount_cur: Decimal = Decimal(0)


class PendingInvoiceRow(Row):
    """A vendor invoice that waits for its posting."""

    entity_set = "VendorInvoiceHeaders"
    order = "HeaderReference"
    header_reference: str
    invoice_number: str = ""
    invoice_account: str = ""
    currency: str = ""
    date: str = ""
    invoice_date: str = ""
    due_date: str = ""
    document_number: str = ""
    lines: tuple[PendingLineRow, ...] = Field((), alias="VendorInvoiceLine", exclude=True)


class PendingLineRow(Row):
    entity_set = "VendorInvoiceLines"
    order = "HeaderReference,InvoiceLineNumber"
    invoice_line_number: Decimal = Decimal(0)
    main_account_display_value: str = ""
    net_amount: Decimal = Decimal(0)
    sales_tax_group: str = ""
    item_sales_tax: str = ""


class AttachmentRow(Row):
    """A file on a pending invoice; what it holds is not read."""

    entity_set = "VendorInvoiceDocumentAttachments"
    order = "HeaderReference,FileName"
    header_reference: str
    file_name: str = ""
    notes: str = ""


class PostedInvoiceRow(Row):
    """A vendor invoice in the books that was pending before; a credit's amount is negative."""

    entity_set = "VendInvoiceJourBiEntities"
    order = "SourceKey"
    source_key: int
    invoice_account: str = ""
    invoice_id: str = ""
    document_num: str = ""
    ledger_voucher: str = ""
    currency_code: str = ""
    invoice_amount: Decimal = Decimal(0)
    invoice_date: str = ""


class LedgerEntryRow(Row):
    """A voucher in the general ledger; there may be several of one number."""

    entity_set = "GeneralJournalEntryBiEntities"
    has_company = False
    order = "SourceKey"
    source_key: int
    subledger_voucher: str = ""


class AccountEntryRow(Row):
    """An amount on an account under such a voucher, signed; debit is positive."""

    entity_set = "GeneralJournalAccountEntryBiEntities"
    has_company = False
    order = "SourceKey"
    source_key: int
    general_journal_entry: int
    main_account: int = 0
    ledger_account: str = ""
    posting_type: str = ""
    transaction_currency_amount: Decimal = Decimal(0)


JournalRow.model_rebuild()
InvoiceJournalRow.model_rebuild()
PaymentJournalRow.model_rebuild()
PendingInvoiceRow.model_rebuild()
