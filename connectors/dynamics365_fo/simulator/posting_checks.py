"""What must be true of every single amount before anything is posted: period, account, combination, vendor, rate?"""

from __future__ import annotations

from .dimensions import LEDGER_FORMAT, allows_manual_entry, check_structure, check_values, main_account
from .errors import Infolog
from .legs import Leg, value_legs
from .logic import Session
from .vendors import is_invoice_used


def check_legs(session: Session, company: str, legs: list[Leg], log: Infolog) -> None:
    """Everything about single legs: periods, accounts, combinations, vendors, rates."""
    for leg in legs:
        _check_period(session, company, leg, log)
        check_values(session, company, LEDGER_FORMAT, leg.where, leg.day, log)
        account = main_account(session, company, leg.where.account)
        if account is None:
            continue
        if leg.is_typed and not allows_manual_entry(session, company, account):
            log.warn("manual_entry", value=leg.where.account)
        side = account.get("DebitCreditRequirement", "None")
        if (side, leg.amount > 0) in (("Debit", False), ("Credit", True)):
            log.warn("side", value=leg.where.account, side=side.lower())
        check_structure(session, company, leg.where, log)
        if leg.bank:
            _check_bank(session, company, leg, log)
        if leg.vendor:
            _check_vendor(session, company, leg, log)
    _check_invoices(session, legs, log)
    for currency, other, day in value_legs(session, company, legs):
        log.warn("no_rate", value=currency, other=other, day=day)


def _check_period(session: Session, company: str, leg: Leg, log: Infolog) -> None:
    day = leg.day[:10]
    period = next(
        (
            one
            for one in session.store.table("FiscalPeriods").rows.values()
            if one["StartDate"][:10] <= day <= one["EndDate"][:10]
        ),
        None,
    )
    if period is None:
        log.warn("no_period", day=day)
        return
    key = (company, period["Calendar"], period["FiscalYear"], period["PeriodName"])
    state = session.store.find("LedgerFiscalPeriods", *key) or {}
    module = {"Vend": "Vend"}.get(leg.kind, "Ledger")
    if state.get("PeriodStatus") != "Open" or state.get(f"{module}AccessLevel") == "None":
        log.warn("period", day=day, company=company.upper(), module=module)


def _check_vendor(session: Session, company: str, leg: Leg, log: Infolog) -> None:
    vendor = session.store.find("VendorsV3", company, leg.vendor) or {}
    if vendor.get("OnHoldStatus", "No") in ("All", "Invoice" if leg.amount < 0 else "Payment"):
        log.warn("vendor_hold", value=leg.vendor)
    is_checked = session.switches.duplicate_invoice_check != "none" and leg.amount < 0
    if is_checked and is_invoice_used(session, company, leg.vendor, leg.invoice):
        log.warn("invoice_used", value=leg.invoice, vendor=leg.vendor)


def _check_bank(session: Session, company: str, leg: Leg, log: Infolog) -> None:
    """A bank account in use takes its own currency, and others only where it says so."""
    bank = session.store.find("BankAccounts", company, leg.bank) or {}
    starts, ends = str(bank.get("ActiveFrom") or ""), str(bank.get("ActiveTo") or "")
    is_early = bool(starts) and not starts.startswith("1900") and leg.day[:10] < starts[:10]
    is_late = bool(ends) and not ends.startswith(("1900", "2154")) and leg.day[:10] > ends[:10]
    if bank.get("BankAccountStatus", "ActiveForAllTransactions") != "ActiveForAllTransactions" or is_early or is_late:
        log.warn("suspended", what="Bank account", value=leg.bank, day=leg.day[:10])
    is_foreign = bank.get("CurrencyCode") and bank["CurrencyCode"] != leg.currency
    if is_foreign and bank.get("AllowTransactionsInAdditionalCurrencies") != "Yes":
        log.warn("bank_currency", value=leg.bank, currency=leg.currency)


def _check_invoices(session: Session, legs: list[Leg], log: Infolog) -> None:
    """One invoice number under two vouchers of the same journal is used twice as well."""
    if session.switches.duplicate_invoice_check == "none":
        return
    vouchers: dict[tuple[str, str], str] = {}
    for leg in legs:
        if leg.vendor and leg.invoice and leg.amount < 0:
            first = vouchers.setdefault((leg.vendor, leg.invoice.lower()), leg.voucher)
            if first != leg.voucher:
                log.warn("invoice_used", value=leg.invoice, vendor=leg.vendor)
