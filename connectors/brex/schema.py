"""Which fields of Brex's JSON do we read, and as what? Names as Brex writes them; unknown fields are ignored.

Brex does not count new fields and new enum constants as breaking changes (https://developer.brex.com/guides/versioning.md),
so nothing is closed here: enums are text, and everything that is not surely there may be absent or null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from connectors.brex.json_types import Day, Instant, Number, Text, When


class BrexModel(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Amount(BrexModel):
    """Accounting API: decimal *major* units (its only example is 100.5 USD; the unit is not stated in prose)."""

    amount: Number
    currency: str


class MinorAmount(BrexModel):
    """Every other API: whole minor units of the currency, which may be null and then is USD."""

    amount: Number
    currency: Annotated[str, BeforeValidator(lambda value: value or "USD")] = "USD"


class FieldValueRef(BrexModel):
    brex_field_id: Text = ""
    remote_field_id: str | None = None
    brex_field_value_id: Text = ""
    remote_field_value_id: str | None = None


class RecordLineItem(BrexModel):
    id: str
    type: str
    amount: Amount
    original_amount: Amount | None = None
    memo: Text = ""
    accounting_field_values: tuple[FieldValueRef, ...] = ()


class RecordUser(BrexModel):
    id: str
    first_name: Text = ""
    last_name: Text = ""
    email: Text = ""
    role: Text = ""
    department_id: Text = ""
    department_name: Text = ""
    location_id: Text = ""
    location_name: Text = ""


class RecordVendor(BrexModel):
    id: str
    name: Text = ""
    email: Text = ""
    phone: Text = ""


class ReceiptRef(BrexModel):
    id: str
    download_uris: tuple[str, ...] | None = None


class AccountingRecord(BrexModel):
    """https://developer.brex.com/openapi/accounting_api, AccountingRecordDetailed."""

    id: str
    type: Text = ""
    review_status: Text = ""
    source_type: Text = ""
    source_id: Text = ""
    amount: Amount | None = None
    original_amount: Amount | None = None
    erp_posting_date: When | None = None
    posted_at: When | None = None
    updated_at: Instant | None = None
    due_at: When | None = None
    invoice_number: Text = ""
    memo: Text = ""
    user: RecordUser | None = None
    vendor: RecordVendor | None = None
    receipts: tuple[ReceiptRef, ...] | None = None
    line_items: tuple[RecordLineItem, ...] = ()


class Merchant(BrexModel):
    raw_descriptor: Text = ""
    mcc: Text = ""
    country: Text = ""


class Named(BrexModel):
    id: str
    name: Text = ""


class ExpenseUser(BrexModel):
    id: str
    first_name: Text = ""
    last_name: Text = ""
    email: Text = ""


class CustomValue(BrexModel):
    value_type: Text = ""
    data_type: Text = ""
    data: Any = None


class CustomField(BrexModel):
    key: str
    value: CustomValue


class Repayment(BrexModel):
    repayment_initiated_by: ExpenseUser | None = None
    repayment_initiation_date: When | None = None


class Expense(BrexModel):
    """https://developer.brex.com/openapi/expenses_api, ExpandableExpense."""

    id: str
    expense_type: Text = ""
    status: Text = ""
    payment_status: Text = ""
    memo: Text = ""
    category: Text = ""
    user_id: Text = ""
    user: ExpenseUser | None = None
    merchant: Merchant | None = None
    department_id: Text = ""
    department: Named | None = None
    location_id: Text = ""
    location: Named | None = None
    billing_entity_id: Text = ""
    spending_entity_id: Text = ""
    original_amount: MinorAmount | None = None
    billing_amount: MinorAmount | None = None
    purchased_at: When | None = None
    approved_at: When | None = None
    payment_posted_at: When | None = None
    updated_at: Instant | None = None
    custom_fields: tuple[CustomField, ...] | None = None
    repayment: Repayment | None = None
    receipts: tuple[ReceiptRef, ...] | None = None
    expense_line_items: tuple[Expense, ...] | None = None


class CardTransaction(BrexModel):
    """https://developer.brex.com/openapi/transactions_api, CardTransaction: settled ones only."""

    id: str
    type: Text = ""
    description: Text = ""
    amount: MinorAmount | None = None
    initiated_at_date: Day | None = None
    posted_at_date: Day | None = None
    card_id: Text = ""
    merchant: Merchant | None = None
    expense_id: Text = ""
    card_transaction_operation_reference_id: Text = ""


class CashTransaction(BrexModel):
    """https://developer.brex.com/openapi/transactions_api, CashTransaction."""

    id: str
    type: Text = ""
    description: Text = ""
    amount: MinorAmount | None = None
    initiated_at_date: Day | None = None
    posted_at_date: Day | None = None
    transfer_id: Text = ""


class Counterparty(BrexModel):
    type: Text = ""
    id: Text = ""
    payment_instrument_id: Text = ""


class Transfer(BrexModel):
    """https://developer.brex.com/openapi/payments_api, Transfer: positive amounts leave the company."""

    id: str
    status: Text = ""
    payment_type: Text = ""
    amount: MinorAmount | None = None
    counterparty: Counterparty | None = None
    display_name: Text = ""
    description: Text = ""
    external_memo: Text = ""
    cancellation_reason: Text = ""
    process_date: Text = ""


class Vendor(BrexModel):
    """https://developer.brex.com/openapi/payments_api, VendorResponse: no time stamps, no external id."""

    id: str
    company_name: Text = ""
    email: Text = ""
    phone: Text = ""


class BrexField(BrexModel):
    """https://developer.brex.com/openapi/fields_api, Field."""

    brex_id: str
    name: Text = ""
    remote_id: Text = ""
    group: Text = ""
    is_disabled: bool = False


class BrexFieldValue(BrexModel):
    brex_id: str
    field_id: Text = ""
    value: Text = ""
    value_id: Text = ""
    remote_id: Text = ""
    is_disabled: bool = False


class ValueLabel(BrexModel):
    name: Text = ""
    remote_id: Text = ""


class FieldLabels(BrexModel):
    """Our look-up: a field's name and remote id, and the values of it that a record uses."""

    name: Text = ""
    remote_id: Text = ""
    values: dict[str, ValueLabel] = Field(default_factory=dict)


Labels = dict[str, FieldLabels]


def read_labels(lookups: Mapping[str, Any]) -> Labels:
    return {key: FieldLabels.model_validate(value) for key, value in (lookups.get("fields") or {}).items()}


class AccountRef(BrexModel):
    """Our look-up: the card or cash account that a transaction belongs to."""

    id: str
    name: Text = ""
