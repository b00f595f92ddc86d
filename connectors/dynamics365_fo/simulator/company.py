"""What is in a fresh environment: two companies, their books, dimensions, journal names, vendors, rates and periods?

`usmf` keeps its books in USD, `demf` in EUR. The chart has the codes of the other simulators' demo company, so that
what a source codes by them can be posted here. In `usmf` a caller may choose batch numbers himself, in `demf` not.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import company_catalogue as given
from .dimensions import DEFAULT_FORMAT, LEDGER_FORMAT
from .numbering import NumberSequence
from .store import Row
from .values import NEVER, noon

if TYPE_CHECKING:
    from .simulator import DynamicsSimulator


def fill(simulator: DynamicsSimulator) -> None:
    """Put the fresh environment into an empty simulator. What depends on time follows its clock."""
    now = simulator.clock.now()
    _companies(simulator)
    _accounts(simulator)
    _dimensions(simulator)
    _currencies(simulator, now.year)
    _periods(simulator, now)
    for company in given.COMPANIES:
        _journals(simulator, company.key)
        _vendors(simulator, company.key)


def _put(simulator: DynamicsSimulator, name: str, **values: Any) -> Row:
    return simulator.store.insert(name, dict(values))


def _companies(simulator: DynamicsSimulator) -> None:
    for number, one in enumerate(given.COMPANIES, 1):
        upper = one.key.upper()
        party = f"{number:09d}"
        _put(
            simulator,
            "Companies",
            DataArea=upper,
            Name=one.name,
            KnownAs=one.name,
            LanguageId=one.language,
            PartyNumber=party,
        )
        _put(
            simulator,
            "LegalEntities",
            LegalEntityId=upper,
            Name=one.name,
            CompanyName=one.name,
            NameAlias=one.name[:20],
            LanguageId=one.language,
            PartyNumber=party,
            AddressCountryRegionId=one.country,
            CompanyCountry=one.country,
            AddressCity=one.city,
        )
        _put(
            simulator,
            "Ledgers",
            LegalEntityId=upper,
            Name=upper,
            Description=one.name,
            ChartOfAccounts=given.CHART,
            AccountingCurrency=one.currency,
            ReportingCurrency=one.reporting,
            FiscalCalendar=given.CALENDAR,
            ExchangeRateType=given.RATE_TYPE,
            BudgetExchangeRateType=given.RATE_TYPE,
            ReportingCurrencyExchangeRateType=given.RATE_TYPE,
            AccountStructureName1=given.STRUCTURES[0][0],
            AccountStructureName2=given.STRUCTURES[1][0],
            MainAccountIdRealizedGain="441000",
            MainAccountIdRealizedLoss="641000",
            LedgerRecId=simulator.store.new_id(),
            ChartOfAccountsRecId=simulator.chart_id,
        )
        for bank, main_account in one.banks:
            _put(
                simulator,
                "BankAccounts",
                dataAreaId=one.key,
                BankAccountId=bank,
                Name=f"{one.name}, operating",
                CurrencyCode=one.currency,
                BankMainAccountIdDisplayValue=main_account,
            )
        simulator.customers[one.key] = {f"{upper}-C01": "Summit Retail"}


def _accounts(simulator: DynamicsSimulator) -> None:
    for number, kind, name, *marks in given.ACCOUNTS:
        row = _put(
            simulator,
            "MainAccounts",
            ChartOfAccounts=given.CHART,
            MainAccountId=number,
            Name=name,
            MainAccountType=kind,
            ChartOfAccountsRecId=simulator.chart_id,
            MainAccountRecId=simulator.store.new_id(),
            IsSuspended="Yes" if "suspended" in marks else "No",
            DoNotAllowManualEntry="Yes" if "system" in marks else "No",
            DebitCreditRequirement="Debit" if "debit" in marks else "None",
        )
        if "expired" in marks:
            row["ActiveTo"] = noon("2020-12-31")


def _dimensions(simulator: DynamicsSimulator) -> None:
    for name, source, values in given.DIMENSIONS:
        _put(simulator, "DimensionAttributes", DimensionName=name, UseValuesFrom=source, ReportColumnName=name[:10])
        for value, label, *marks in values:
            row = _put(
                simulator,
                "FinancialDimensionValues",
                FinancialDimension=name,
                LegalEntityId="",
                DimensionValue=value,
                Description=label,
                IsSuspended="Yes" if "suspended" in marks else "No",
            )
            if "expired" in marks:
                row["ActiveTo"] = noon("2020-12-31")
    _put(simulator, "DimensionParameters", Key=0, DimensionSegmentDelimiter="Hyphen")
    names = [name for name, *_ in given.DIMENSIONS]
    formats = (
        ("LedgerFormat", LEDGER_FORMAT, ["MainAccount", *names], "Yes"),
        ("DefaultFormat", DEFAULT_FORMAT, names, "Yes"),
        ("OldFormat", LEDGER_FORMAT, ["MainAccount", *reversed(names)], "No"),
    )
    for name, kind, segments, active in formats:
        _put(
            simulator,
            "DimensionIntegrationFormats",
            DimensionFormatName=name,
            DimensionFormatType=kind,
            FinancialDimensionFormat="-".join(segments),
            IsActive=active,
        )
    for name, segment_names, rules in given.STRUCTURES:
        numbered = {f"SegmentName{number:02d}": segment for number, segment in enumerate(segment_names, 1)}
        _put(simulator, "AccountStructures", AccountStructureName=name, Status="Active", Description=name, **numbered)
        for position, criteria in enumerate(rules, 1):
            listed = {f"SegmentCriteria{number:02d}": one for number, one in enumerate(criteria, 1)}
            _put(
                simulator,
                "AccountStructureConstraints",
                AccountStructure=name,
                Status="Active",
                Position=position,
                **listed,
            )


def _currencies(simulator: DynamicsSimulator, year: int) -> None:
    for code, name, symbol, step in given.CURRENCIES:
        _put(
            simulator,
            "Currencies",
            CurrencyCode=code,
            Name=name,
            Symbol=symbol,
            GeneralRoundingRule=Decimal(step),
            DecimalsCount_MX=max(0, -int(Decimal(step).as_tuple().exponent)),
        )
    for source, target, rate, factor in given.RATES:
        _put(
            simulator,
            "ExchangeRates",
            RateTypeName=given.RATE_TYPE,
            FromCurrency=source,
            ToCurrency=target,
            StartDate=noon(f"{year - 1}-01-01"),
            EndDate=NEVER,
            Rate=Decimal(rate),
            ConversionFactor=factor,
            RateTypeDescription="Default exchange rates",
        )


def _periods(simulator: DynamicsSimulator, now: datetime) -> None:
    """Months of four years: those of two years ago are closed, the last month of next year is on hold."""
    for year in range(now.year - 2, now.year + 2):
        for month in range(1, 13):
            first = datetime(year, month, 1, tzinfo=now.tzinfo)
            last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
            name = f"Period {month}"
            _put(
                simulator,
                "FiscalPeriods",
                Calendar=given.CALENDAR,
                FiscalYear=str(year),
                StartDate=noon(first.strftime("%Y-%m-%d")),
                EndDate=noon(last.strftime("%Y-%m-%d")),
                PeriodName=name,
                Month=f"Month{month}",
                Quarter=f"Q{(month + 2) // 3}",
                Type="Operating",
                ShortName=f"P{month}",
                Days=last.day,
            )
            status = "Closed" if year == now.year - 2 else "OnHold" if (year, month) == (now.year + 1, 12) else "Open"
            for company in given.COMPANIES:
                _put(
                    simulator,
                    "LedgerFiscalPeriods",
                    LedgerName=company.key.upper(),
                    Calendar=given.CALENDAR,
                    YearName=str(year),
                    PeriodName=name,
                    LegalEntityId=company.key.upper(),
                    PeriodStatus=status,
                    LedgerAccessLevel="All",
                    VendAccessLevel="All",
                )


def _journals(simulator: DynamicsSimulator, company: str) -> None:
    upper = company.upper()
    for sequence in given.SEQUENCES:
        simulator.sequences.add(company, replace(sequence, user_changes=sequence.user_changes and company == "usmf"))
    for name, kind, text, new_voucher, facts in given.JOURNAL_NAMES:
        _put(
            simulator,
            "JournalNames",
            dataAreaId=company,
            Name=name,
            Type=kind,
            Description=text,
            NewVoucher=new_voucher,
            VoucherSeriesCode=f"{name}_V",
            VoucherSeriesCompanyId=upper,
            PostingLayer="Current",
            OffsetAccountType="Ledger",
            **facts,
        )
        shape = name.upper()[:6] + "{:07d}"
        simulator.sequences.add(company, NumberSequence(f"{name}_V", shape, is_manual=name == "GenMan"))
    for group, label, terms in given.VENDOR_GROUPS:
        _put(
            simulator,
            "VendorGroups",
            dataAreaId=company,
            VendorGroupId=group,
            Description=label,
            DefaultPaymentTermName=terms,
            VendorAccountNumberSequence="VendorAccounts",
        )
    for name, days, label in given.PAYMENT_TERMS:
        _put(simulator, "PaymentTerms", dataAreaId=company, Name=name, Description=label, NumberOfDays=days)
    for code, label in given.TAX_GROUPS:
        _put(simulator, "TaxGroups", dataAreaId=company, TaxGroupCode=code, Description=label)
        _put(simulator, "TaxItemGroupHeadings", dataAreaId=company, TaxItemGroup=code, Name=label)


def _vendors(simulator: DynamicsSimulator, company: str) -> None:
    currency = next(one.currency for one in given.COMPANIES if one.key == company)
    sequence = simulator.sequences.get(company, "VendorAccounts")
    for name, home, hold, account in given.VENDORS:
        if home != company:
            continue
        _put(
            simulator,
            "VendorsV3",
            dataAreaId=company,
            VendorAccountNumber=account or sequence.draw(),
            VendorGroupId="40",
            VendorPartyType="Organization",
            VendorOrganizationName=name,
            VendorSearchName=name[:20],
            VendorPartyNumber=f"{simulator.store.new_id() % 1_000_000_000:09d}",
            CurrencyCode=currency,
            DefaultPaymentTermsName="Net30",
            OnHoldStatus=hold,
        )
