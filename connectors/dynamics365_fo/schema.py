"""What does Dynamics answer with? Only the fields that we read; aliases are the names as Dynamics writes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_pascal


class Row(BaseModel):
    """A row of an entity set. Texts that were never set come as "", some as null (observed)."""

    model_config = ConfigDict(frozen=True, alias_generator=to_pascal, populate_by_name=True, extra="ignore")

    entity_set: ClassVar[str]
    has_company: ClassVar[bool] = True  # whether `dataAreaId` is part of the key
    order: ClassVar[str] = ""

    @model_validator(mode="before")
    @classmethod
    def _null_is_unset(cls, value: Any) -> Any:
        return {name: one for name, one in value.items() if one is not None} if isinstance(value, dict) else value

    @classmethod
    def selection(cls) -> str:
        """The fields for `$select`."""
        return ",".join(field.alias or name for name, field in cls.model_fields.items() if not field.exclude)


class CompanyRow(Row):
    entity_set = "Companies"
    has_company = False
    order = "DataArea"
    data_area: str
    name: str = ""


class LedgerRow(Row):
    entity_set = "Ledgers"
    has_company = False
    order = "LegalEntityId"
    legal_entity_id: str
    name: str = ""
    chart_of_accounts: str = ""
    accounting_currency: str = ""
    reporting_currency: str = ""
    fiscal_calendar: str = ""
    exchange_rate_type: str = ""


class PeriodStateRow(Row):
    entity_set = "LedgerFiscalPeriods"
    has_company = False
    order = "YearName,PeriodName"
    calendar: str
    year_name: str
    period_name: str
    period_status: str = ""
    ledger_access_level: str = ""
    vend_access_level: str = ""


class PeriodRow(Row):
    entity_set = "FiscalPeriods"
    has_company = False
    order = "FiscalYear,StartDate,PeriodName"
    calendar: str
    fiscal_year: str
    period_name: str
    start_date: str
    end_date: str
    type: str = ""


class CurrencyRow(Row):
    entity_set = "Currencies"
    has_company = False
    order = "CurrencyCode"
    currency_code: str
    name: str = ""
    general_rounding_rule: Decimal = Decimal(0)


class RateRow(Row):
    entity_set = "ExchangeRates"
    has_company = False
    order = "FromCurrency,ToCurrency,StartDate"
    from_currency: str
    to_currency: str
    start_date: str
    end_date: str = ""
    rate: Decimal
    conversion_factor: str = "One"


class JournalNameRow(Row):
    entity_set = "JournalNames"
    order = "Name"
    name: str
    description: str = ""
    type: str = ""
    currency: str = ""
    new_voucher: str = ""
    voucher_series_code: str = ""
    voucher_allocation_at_posting: str = ""
    is_workflow_approval_active: str = ""
    is_approval_active: str = ""
    delete_lines_after_posting: str = ""
    offset_account_type: str = ""
    offset_account_display_value: str = ""


class MainAccountRow(Row):
    entity_set = "MainAccounts"
    has_company = False
    order = "MainAccountId"
    main_account_id: str
    main_account_rec_id: int = 0
    name: str = ""
    main_account_type: str = ""
    is_suspended: str = ""
    do_not_allow_manual_entry: str = ""
    active_from: str = ""
    active_to: str = ""
    debit_credit_requirement: str = ""
    default_currency: str = ""
    validate_currency: str = ""


class MainAccountCompanyRow(Row):
    entity_set = "MainAccountLegalEntities"
    has_company = False
    order = "MainAccountId"
    main_account_id: str
    is_suspended: str = ""
    do_not_allow_manual_entry: str = ""
    active_from: str = ""
    active_to: str = ""


class BankAccountRow(Row):
    """A bank account; its currency is the only one it takes, unless it says otherwise."""

    entity_set = "BankAccounts"
    order = "BankAccountId"
    bank_account_id: str
    name: str = ""
    currency_code: str = ""
    bank_account_status: str = ""
    active_from: str = ""
    active_to: str = ""
    allow_transactions_in_additional_currencies: str = ""

    def takes(self, currency: str) -> bool:
        is_own = self.currency_code in ("", currency)
        return is_own or self.allow_transactions_in_additional_currencies == "Yes"


class DimensionRow(Row):
    entity_set = "DimensionAttributes"
    has_company = False
    order = "DimensionName"
    dimension_name: str
    use_values_from: str = ""


class DimensionValueRow(Row):
    entity_set = "FinancialDimensionValues"
    has_company = False
    order = "FinancialDimension,LegalEntityId,DimensionValue"
    financial_dimension: str
    legal_entity_id: str = ""
    dimension_value: str
    description: str = ""
    is_suspended: str = ""
    is_total: str = ""
    is_blocked_for_manual_entry: str = ""
    active_from: str = ""
    active_to: str = ""


class FormatRow(Row):
    entity_set = "DimensionIntegrationFormats"
    has_company = False
    order = "DimensionFormatName"
    dimension_format_name: str
    dimension_format_type: str
    financial_dimension_format: str = ""
    is_active: str = ""


class ParametersRow(Row):
    entity_set = "DimensionParameters"
    has_company = False
    order = "Key"
    dimension_segment_delimiter: str = ""


class TaxGroupRow(Row):
    entity_set = "TaxGroups"
    order = "TaxGroupCode"
    tax_group_code: str
    description: str = ""


class VendorGroupRow(Row):
    entity_set = "VendorGroups"
    order = "VendorGroupId"
    vendor_group_id: str


class VendorRow(Row):
    entity_set = "VendorsV3"
    order = "VendorAccountNumber"
    vendor_account_number: str
    vendor_party_type: str = ""
    vendor_organization_name: str = ""
    vendor_search_name: str = ""
    person_first_name: str = ""
    person_last_name: str = ""
    on_hold_status: str = ""
    tax1099_federal_tax_id: str = Field("", alias="Tax1099FederalTaxId")
    organization_number: str = ""
    primary_email_address: str = ""
    primary_phone_number: str = ""
    our_account_number: str = ""

    @property
    def name(self) -> str:
        person = f"{self.person_first_name} {self.person_last_name}".strip()
        return self.vendor_organization_name or person or self.vendor_search_name


class OlderVendorRow(VendorRow):
    """The same in environments that do not have the newer set."""

    entity_set = "VendorsV2"
