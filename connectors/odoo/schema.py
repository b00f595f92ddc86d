"""What do we read of Odoo's records? Only these fields, under their names of version 19."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _text(value: Any) -> Any:
    return "" if value is False or value is None else value


def _reference(value: Any) -> Any:
    if value is False or value is None:
        return None
    return value[0] if isinstance(value, list | tuple) else value


def _label(value: Any) -> Any:
    return value[1] if isinstance(value, list | tuple) and len(value) > 1 else ""


def _pair(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else None


def _day(value: Any) -> Any:
    # An absent effective lock date reads as "1-01-01", year one and not padded (observed on Odoo 19.0).
    return None if value is False or value is None or str(value).split("-", 1)[0].lstrip("0") == "1" else value


def _moment(value: Any) -> Any:
    return f"{value}+00:00" if isinstance(value, str) else None


def _shares(value: Any) -> Any:
    return value or {}


Text = Annotated[str, BeforeValidator(_text)]
Ref = Annotated[int | None, BeforeValidator(_reference)]
Pair = Annotated[tuple[int, str] | None, BeforeValidator(_pair)]
Day = Annotated[date | None, BeforeValidator(_day)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Shares = Annotated[dict[str, Decimal], BeforeValidator(_shares)]


class Row(BaseModel):
    """One record as `search_read` gives it: empty is `false`, a many2one is a pair (observed on Odoo 19.0)."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    odoo_model: ClassVar[str]

    id: int

    @classmethod
    def odoo_fields(cls) -> list[str]:
        return [name for name in cls.model_fields if name != "id"]


class Move(Row):
    odoo_model: ClassVar[str] = "account.move"

    name: Text
    state: str
    move_type: str
    ref: Text
    invoice_origin: Text
    date: Day
    invoice_date: Day
    invoice_date_due: Day
    journal_id: Ref
    partner_id: Ref
    currency_id: Ref
    amount_total: Decimal
    reversed_entry_id: Ref
    origin_payment_id: Ref = None


class StandingRow(Row):
    odoo_model: ClassVar[str] = "account.move"

    state: str
    move_type: str
    ref: Text
    partner_id: Pair
    currency_id: Ref
    amount_total: Decimal
    amount_residual: Decimal


class MoveLine(Row):
    odoo_model: ClassVar[str] = "account.move.line"

    move_id: Ref
    account_id: Ref
    partner_id: Ref
    currency_id: Ref
    debit: Decimal
    credit: Decimal
    amount_currency: Decimal
    amount_residual: Decimal
    reconciled: bool
    display_type: Text
    analytic_distribution: Shares

    @property
    def balance(self) -> Decimal:
        return self.debit - self.credit


class PaymentRow(Row):
    odoo_model: ClassVar[str] = "account.payment"

    name: Text
    state: str
    memo: Text
    payment_type: str
    partner_type: str
    date: Day
    amount: Decimal
    journal_id: Ref
    partner_id: Ref
    currency_id: Ref
    move_id: Ref
    outstanding_account_id: Ref
    destination_account_id: Ref


class MethodLine(Row):
    odoo_model: ClassVar[str] = "account.payment.method.line"

    payment_type: str
    journal_id: Ref
    payment_account_id: Ref


class AccountRow(Row):
    odoo_model: ClassVar[str] = "account.account"

    code: Text
    name: Text
    account_type: str
    reconcile: bool
    active: bool
    currency_id: Ref
    company_ids: list[int]


class JournalRow(Row):
    odoo_model: ClassVar[str] = "account.journal"

    name: Text
    code: Text
    type: str
    active: bool
    company_id: Ref
    currency_id: Ref
    default_account_id: Ref
    suspense_account_id: Ref = None


class PartnerRow(Row):
    odoo_model: ClassVar[str] = "res.partner"

    name: Text
    ref: Text
    email: Text
    phone: Text
    vat: Text
    active: bool
    is_company: bool
    company_id: Ref
    property_account_payable_id: Ref


class AnalyticRow(Row):
    odoo_model: ClassVar[str] = "account.analytic.account"

    name: Text
    code: Text
    active: bool
    company_id: Ref
    plan_id: Ref
    root_plan_id: Ref


class PlanRow(Row):
    odoo_model: ClassVar[str] = "account.analytic.plan"

    name: Text
    parent_id: Ref


class CurrencyRow(Row):
    odoo_model: ClassVar[str] = "res.currency"

    name: str
    active: bool
    decimal_places: int


class RateRow(Row):
    odoo_model: ClassVar[str] = "res.currency.rate"

    name: date
    rate: Decimal
    currency_id: Ref
    company_id: Ref


class CompanyRow(Row):
    odoo_model: ClassVar[str] = "res.company"

    name: str
    currency_id: Ref
    parent_id: Ref
    fiscalyear_last_day: int
    fiscalyear_last_month: int
    user_fiscalyear_lock_date: Day
    user_purchase_lock_date: Day
    user_tax_lock_date: Day
    user_hard_lock_date: Day


class CompanyName(Row):
    odoo_model: ClassVar[str] = "res.company"

    name: str
    currency_id: Annotated[str, BeforeValidator(_label)]


class TaxRow(Row):
    odoo_model: ClassVar[str] = "account.tax"

    name: Text
    amount: Decimal
    type_tax_use: str
    active: bool


class EmployeeRow(Row):
    odoo_model: ClassVar[str] = "hr.employee"

    name: Text
    work_email: Text
    work_contact_id: Ref
    active: bool


class VendorRow(Row):
    odoo_model: ClassVar[str] = "res.partner"

    name: Text
    ref: Text
    email: Text
    phone: Text
    vat: Text
    active: bool
    is_company: bool
    parent_id: Ref
    company_id: Ref
    supplier_rank: int
    write_date: Text


class AttachmentRow(Row):
    odoo_model: ClassVar[str] = "ir.attachment"

    res_model: Text
    res_id: int
    name: Text
    checksum: Text


class KeyRow(Row):
    odoo_model: ClassVar[str] = "res.users.apikeys"

    name: Text
    scope: Text
    expiration_date: Text
    create_date: Text


class LoadAnswer(BaseModel):
    """What `load` answers, always with status 200: ids, or false and messages that blame any record at all."""

    model_config = ConfigDict(extra="ignore")

    ids: Annotated[list[int], BeforeValidator(lambda value: value or [])]
    messages: list[dict[str, Any]] = Field(default_factory=list)

    @property
    def text(self) -> str:
        """The distinct error messages."""
        said = [str(one.get("message", "")) for one in self.messages if one.get("type") != "warning"]
        return "\n".join(dict.fromkeys(part for part in said if part))
