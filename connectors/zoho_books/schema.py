"""What of Zoho's JSON is read? Only what is needed, under Zoho's own names; empty ids and days come as empty texts.

Ids are texts; where the documentation prints them as numbers they are taken as texts too."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict

from connectors.records import Side


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _amount(value: Any) -> Any:
    return Decimal(0) if value in (None, "") else value


def _day(value: Any) -> Any:
    return None if value in (None, "") else str(value)[:10]


def _list(value: Any) -> Any:
    return [] if value in (None, "") else value


def moment_of(told: str) -> datetime | None:
    """A moment as Zoho writes it, with an offset that has no colon; None for anything else."""
    try:
        return datetime.strptime(told, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None


Text = Annotated[str, BeforeValidator(_text)]
Amount = Annotated[Decimal, BeforeValidator(_amount)]
Day = Annotated[date | None, BeforeValidator(_day)]
Rows = BeforeValidator(_list)  # an empty text stands for an empty list


class Row(BaseModel):
    """A record of Zoho; `id_field` names its id."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    id_field: ClassVar[str] = ""

    @property
    def key(self) -> str:
        return str(getattr(self, self.id_field))


class Organization(Row):
    id_field = "organization_id"
    organization_id: Text
    name: Text = ""
    is_org_active: bool = True
    is_default_org: bool = False
    plan_name: Text = ""
    time_zone: Text = ""
    fiscal_year_start_month: Text = ""  # documented as a number, observed as a month's name
    currency_id: Text = ""
    currency_code: Text = ""
    price_precision: int = 2


class AccountRow(Row):
    id_field = "account_id"
    account_id: Text
    account_name: Text = ""
    account_code: Text = ""
    account_type: Text = ""
    is_active: bool = True
    parent_account_id: Text = ""
    currency_code: Text = ""


class CurrencyRow(Row):
    id_field = "currency_id"
    currency_id: Text
    currency_code: Text
    currency_name: Text = ""
    price_precision: int = 2
    is_base_currency: bool = False


class RateRow(Row):
    id_field = "effective_date"
    effective_date: Day = None
    rate: Amount = Decimal(0)


class ContactPerson(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    email: Text = ""
    phone: Text = ""
    is_primary_contact: bool = False


class ContactRow(Row):
    """A list shows the primary person's address on the contact itself, a contact read alone only on the person."""

    id_field = "contact_id"
    contact_id: Text
    contact_name: Text = ""
    company_name: Text = ""
    contact_type: Text = ""
    status: Text = ""
    email: Text = ""
    phone: Text = ""
    notes: Text = ""
    currency_code: Text = ""
    contact_persons: Annotated[list[ContactPerson], Rows] = []
    last_modified_time: Text = ""

    @property
    def is_vendor(self) -> bool:
        return self.contact_type == "vendor"

    @property
    def person(self) -> ContactPerson:
        """Whom to write to."""
        primary = next((one for one in self.contact_persons if one.is_primary_contact), ContactPerson())
        return ContactPerson(email=self.email or primary.email, phone=self.phone or primary.phone)


class ProjectRow(Row):
    id_field = "project_id"
    project_id: Text
    project_name: Text = ""
    customer_id: Text = ""
    customer_name: Text = ""
    status: Text = ""


class TaxRow(Row):
    id_field = "tax_id"
    tax_id: Text
    tax_name: Text = ""
    tax_percentage: Amount = Decimal(0)
    tax_type: Text = ""


class LineTag(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    tag_id: Text = ""
    tag_option_id: Text = ""


class Document(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    document_id: Text = ""
    file_name: Text = ""


class JournalLine(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    line_id: Text = ""
    account_id: Text = ""
    customer_id: Text = ""
    description: Text = ""
    debit_or_credit: Side
    amount: Amount
    bcy_amount: Amount = Decimal(0)
    tags: Annotated[list[LineTag], Rows] = []


class JournalRow(Row):
    """A journal as a list shows it, and with `line_items` as it is read alone."""

    id_field = "journal_id"
    journal_id: Text
    entry_number: Text = ""
    reference_number: Text = ""
    location_id: Text = ""
    notes: Text = ""
    journal_date: Day = None
    status: Text = ""
    currency_id: Text = ""
    currency_code: Text = ""
    exchange_rate: Amount = Decimal(1)
    total: Amount = Decimal(0)
    line_items: Annotated[list[JournalLine], Rows] = []
    documents: Annotated[list[Document], Rows] = []
    last_modified_time: Text = ""


class BillLine(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    account_id: Text = ""
    description: Text = ""
    rate: Amount = Decimal(0)
    quantity: Amount = Decimal(1)
    item_total: Amount | None = None
    tags: Annotated[list[LineTag], Rows] = []


class ExpenseLine(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    account_id: Text = ""
    amount: Amount = Decimal(0)
    tags: Annotated[list[LineTag], Rows] = []


class ExpenseRow(Row):
    id_field = "expense_id"
    expense_id: Text
    reference_number: Text = ""
    location_id: Text = ""
    date: Day = None
    vendor_id: Text = ""
    paid_through_account_id: Text = ""
    currency_id: Text = ""
    currency_code: Text = ""
    total: Amount = Decimal(0)
    bcy_total: Amount = Decimal(0)
    tags: Annotated[list[LineTag], Rows] = []
    line_items: Annotated[list[ExpenseLine], Rows] = []
    documents: Annotated[list[Document], Rows] = []


class BillPayment(BaseModel):
    """A payment as it is applied to a bill, on either of the two."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    bill_payment_id: Text = ""
    payment_id: Text = ""
    bill_id: Text = ""
    amount: Amount = Decimal(0)
    amount_applied: Amount = Decimal(0)


class BillRow(Row):
    id_field = "bill_id"
    bill_id: Text
    vendor_id: Text = ""
    vendor_name: Text = ""
    bill_number: Text = ""
    reference_number: Text = ""
    location_id: Text = ""
    status: Text = ""
    date: Day = None
    due_date: Day = None
    currency_id: Text = ""
    currency_code: Text = ""
    exchange_rate: Amount = Decimal(1)
    total: Amount = Decimal(0)
    balance: Amount = Decimal(0)
    account_id: Text = ""
    line_items: Annotated[list[BillLine], Rows] = []
    documents: Annotated[list[Document], Rows] = []
    payments: Annotated[list[BillPayment], Rows] = []


class CreditedBill(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    vendor_credit_bill_id: Text = ""
    bill_id: Text = ""
    amount: Amount = Decimal(0)


class CreditRow(Row):
    id_field = "vendor_credit_id"
    vendor_credit_id: Text
    vendor_credit_number: Text = ""
    vendor_id: Text = ""
    vendor_name: Text = ""
    reference_number: Text = ""
    location_id: Text = ""
    status: Text = ""
    date: Day = None
    currency_id: Text = ""
    currency_code: Text = ""
    exchange_rate: Amount = Decimal(1)
    total: Amount = Decimal(0)
    balance: Amount = Decimal(0)
    line_items: Annotated[list[BillLine], Rows] = []
    documents: Annotated[list[Document], Rows] = []
    bills_credited: Annotated[list[CreditedBill], Rows] = []


class PaymentRow(Row):
    id_field = "payment_id"
    payment_id: Text
    payment_number: Text = ""
    vendor_id: Text = ""
    reference_number: Text = ""
    location_id: Text = ""
    description: Text = ""
    status: Text = ""
    date: Day = None
    amount: Amount = Decimal(0)
    balance: Amount = Decimal(0)
    currency_id: Text = ""
    currency_code: Text = ""
    exchange_rate: Amount = Decimal(1)
    paid_through_account_id: Text = ""
    bill_numbers: Text = ""
    bills: Annotated[list[BillPayment], Rows] = []


class RefundRow(Row):
    """Money back on a vendor's payment, or on a vendor credit."""

    id_field = "refund_id"
    vendorpayment_refund_id: Text = ""
    vendor_credit_refund_id: Text = ""
    vendor_credit_id: Text = ""
    date: Day = None
    reference_number: Text = ""
    amount: Amount = Decimal(0)
    amount_bcy: Amount = Decimal(0)
    amount_fcy: Amount = Decimal(0)
    exchange_rate: Amount = Decimal(1)
    account_id: Text = ""
    to_account_id: Text = ""

    @property
    def refund_id(self) -> str:
        return self.vendorpayment_refund_id or self.vendor_credit_refund_id
