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


def _ids(value: Any) -> list[str]:
    """Ids of a list whose entries are ids or records: users and accounts come both ways in Zoho's lists."""
    entries = value if isinstance(value, list) else []
    found = [
        next((one[key] for key in one if key.endswith("_id")), "") if isinstance(one, dict) else one for one in entries
    ]
    return [str(one) for one in found if one]


def moment_of(told: str) -> datetime | None:
    """A moment as Zoho writes it, with an offset that has no colon; None for anything else."""
    try:
        return datetime.strptime(told, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None


Text = Annotated[str, BeforeValidator(_text)]
Amount = Annotated[Decimal, BeforeValidator(_amount)]
Day = Annotated[date | None, BeforeValidator(_day)]


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
    contact_persons: Annotated[list[ContactPerson], BeforeValidator(_list)] = []
    last_modified_time: Text = ""

    @property
    def is_vendor(self) -> bool:
        return self.contact_type == "vendor"

    @property
    def person(self) -> ContactPerson:
        """Whom to write to."""
        primary = next((one for one in self.contact_persons if one.is_primary_contact), ContactPerson())
        return ContactPerson(email=self.email or primary.email, phone=self.phone or primary.phone)


class TagModule(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    entity_name: Text = ""
    is_enabled: bool = True


class TagPreference(BaseModel):
    """Where a tag is set, on lines or on whole documents, and of which modules."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    preference: Text = ""
    entities: Annotated[list[TagModule], BeforeValidator(_list)] = []


class TagRow(Row):
    """A reporting tag. For which modules it is mandatory is documented for writing it; a list may not tell."""

    id_field = "tag_id"
    tag_id: Text
    tag_name: Text = ""
    is_active: bool = True
    is_mandatory: bool = False
    is_draft: bool = False
    multi_preference_entities: TagPreference | None = None

    def is_for(self, module: str) -> bool | None:
        """Whether documents of a module (Purchases, Journal) carry it; None where Zoho does not tell."""
        told = self.multi_preference_entities
        if told is None or not told.entities:
            return None
        names = {one.entity_name.lower().rstrip("s") for one in told.entities if one.is_enabled}
        return module.lower().rstrip("s") in names


class OptionRow(Row):
    id_field = "option_id"
    option_id: Text
    option_name: Text = ""
    is_active: bool = True
    parent_id: Text = ""
    children: Annotated[list[OptionRow], BeforeValidator(_list)] = []


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


class LockRow(Row):
    """A lock of transactions. Which module it closes is documented for writing it only, so every name is looked for."""

    id_field = "transaction_lock_id"
    transaction_lock_id: Text = ""
    transaction_lock_status: Text = ""
    lock_status: Text = ""
    transaction_lock_date: Day = None
    transaction_lock_module: Text = ""
    lock_module: Text = ""
    lock_scope_formatted: Text = ""
    accounting_period_id: Text = ""
    partial_lock_number: int = 0
    start_date: Day = None
    end_date: Day = None
    user_exceptions: Annotated[list[str], BeforeValidator(_ids)] = []
    account_exceptions: Annotated[list[str], BeforeValidator(_ids)] = []


class LocationRow(Row):
    """A location (branch); one of `line_item_only` may not stand on a whole document. Whether it is active or primary
    is published for one that is made, and not for the list."""

    id_field = "location_id"
    location_id: Text
    location_name: Text = ""
    type: Text = ""
    status: Text = ""
    is_primary: bool = False

    @property
    def is_usable(self) -> bool:
        return self.status.lower() != "inactive" and self.type != "line_item_only"


class UserRow(Row):
    """The user whose consent this is; his id is another one in each organisation, his address is not."""

    id_field = "user_id"
    user_id: Text = ""
    name: Text = ""
    user_role: Text = ""
    email_ids: Annotated[list[dict[str, Any]], BeforeValidator(_list)] = []

    @property
    def email(self) -> str:
        chosen = [one for one in self.email_ids if one.get("is_selected")] or self.email_ids
        return str(chosen[0].get("email") or "") if chosen else ""


class FieldRow(Row):
    """A custom field; its id goes by two names."""

    id_field = "id"
    customfield_id: Text = ""
    field_id: Text = ""
    api_name: Text = ""
    label: Text = ""
    is_active: bool = True
    is_mandatory: bool = False
    default_value: Text = ""

    @property
    def id(self) -> str:
        return self.customfield_id or self.field_id


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
    tags: Annotated[list[LineTag], BeforeValidator(_list)] = []


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
    line_items: Annotated[list[JournalLine], BeforeValidator(_list)] = []
    documents: Annotated[list[Document], BeforeValidator(_list)] = []
    last_modified_time: Text = ""


class BillLine(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    account_id: Text = ""
    description: Text = ""
    rate: Amount = Decimal(0)
    quantity: Amount = Decimal(1)
    item_total: Amount | None = None
    tags: Annotated[list[LineTag], BeforeValidator(_list)] = []


class ExpenseLine(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    account_id: Text = ""
    amount: Amount = Decimal(0)
    tags: Annotated[list[LineTag], BeforeValidator(_list)] = []


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
    tags: Annotated[list[LineTag], BeforeValidator(_list)] = []
    line_items: Annotated[list[ExpenseLine], BeforeValidator(_list)] = []
    documents: Annotated[list[Document], BeforeValidator(_list)] = []


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
    line_items: Annotated[list[BillLine], BeforeValidator(_list)] = []
    documents: Annotated[list[Document], BeforeValidator(_list)] = []
    payments: Annotated[list[BillPayment], BeforeValidator(_list)] = []


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
    line_items: Annotated[list[BillLine], BeforeValidator(_list)] = []
    documents: Annotated[list[Document], BeforeValidator(_list)] = []
    bills_credited: Annotated[list[CreditedBill], BeforeValidator(_list)] = []


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
    bills: Annotated[list[BillPayment], BeforeValidator(_list)] = []


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
