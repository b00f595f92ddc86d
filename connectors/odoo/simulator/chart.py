"""What is in a fresh simulated database: companies, charts, journals, taxes, analytic accounts, users and keys?

The ids, codes and names are those of a 19.0 database with three companies on the generic chart, so that a test may
name the same account in the simulator and in a real server.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal

from . import access
from .store import Store

ACCOUNTS = """
1 101000 asset_current - Current Assets
2 110100 asset_current - Stock Valuation
3 110400 asset_current r Cost of Production
4 110500 asset_current r Work in Progress
5 121000 asset_receivable r Account Receivable
6 121100 asset_current r Products to receive
7 122000 asset_receivable r Owner's Current Account
8 128000 asset_current - Prepaid Expenses
9 131000 asset_current - Tax Paid
10 132000 asset_receivable r Tax Receivable
11 141000 asset_prepayments - Prepayments
12 151000 asset_fixed - Fixed Asset
13 191000 asset_non_current - Non-current assets
14 201000 liability_current - Current Liabilities
15 211000 liability_payable r Account Payable
16 211100 liability_current r Bills to receive
17 212000 liability_current - Deferred Revenue
18 230000 liability_current r Salary Payable
19 230100 liability_current r Employee Payroll Taxes
20 230200 liability_current r Employer Payroll Taxes
21 251000 liability_current - Tax Received
22 252000 liability_payable r Tax Payable
23 291000 liability_non_current - Non-current Liabilities
24 301000 equity - Capital
25 302000 equity - Dividends
26 400000 income - Product Sales
27 441000 income - Foreign Exchange Gain
28 442000 income - Cash Difference Gain
29 443000 expense - Cash Discount Loss
30 450000 income_other - Other Income
31 500000 expense_direct_cost - Cost of Goods Sold
32 600000 expense - Expenses
33 610000 expense - Stock Variation
34 611000 expense - Purchase of Equipments
35 612000 expense - Rent
36 620000 expense - Bank Fees
37 630000 expense - Salary Expenses
38 641000 expense - Foreign Exchange Loss
39 642000 expense - Cash Difference Loss
40 643000 income - Cash Discount Gain
41 961000 expense - RD Expenses
42 962000 expense - Sales Expenses
43 101300 asset_receivable r Account Receivable (PoS)
44 201100 liability_credit_card - Credit Card
45 101401 asset_cash - Bank
46 101402 asset_current - Bank Suspense Account
47 101701 asset_current r Liquidity Transfer
48 101403 asset_current r Outstanding Receipts
49 101404 asset_current r Outstanding Payments
50 999999 equity_unaffected - Undistributed Profits/Losses
"""
ACCOUNTS_PER_COMPANY = 50
# The accounts of payments are known by their external ids, `account.<company>_<name>`.
NAMED = {48: "account_journal_payment_debit_account_id", 49: "account_journal_payment_credit_account_id"}
USD, EUR, GBP = 1, 126, 144
CURRENCIES = (
    (USD, "USD", "$", "United States dollar", True, "0.01"),
    (EUR, "EUR", "€", "Euro", True, "0.01"),
    (GBP, "GBP", "£", "Pound sterling", True, "0.01"),
    (27, "CAD", "$", "Canadian dollar", False, "0.01"),
    (25, "JPY", "¥", "Japanese yen", False, "1"),
)
COMPANIES = ((1, "Acme US Inc", USD, 233), (2, "Acme EU BV", EUR, 74), (3, "Acme Hidden Ltd", GBP, 81))
COUNTRIES = ((233, "United States", "US"), (74, "Faroe Islands", "FO"), (81, "Gibraltar", "GI"))
JOURNALS = (
    ("Sales", "INV", "sale", 26, 5),
    ("Purchases", "BILL", "purchase", 32, 6),
    ("Miscellaneous Operations", "MISC", "general", 0, 9),
    ("Exchange Difference", "EXCH", "general", 0, 10),
    ("Cash Basis Taxes", "CABA", "general", 0, 10),
    ("Bank", "BNK1", "bank", 45, 7),
)
CARD_JOURNAL = 19
TAXES = (
    ("15%", "sale", 15, 21),
    ("15%", "purchase", 15, 9),
    ("0% Exports", "sale", 0, 0),
    ("0% Imports", "purchase", 0, 0),
)
PLANS = ((1, "Project"), (2, "Departments"))
ANALYTIC = ((1, "Project Apollo", "APO", 1), (2, "Project Zeus", "ZEU", 1), (3, "Sales", "SAL", 2), (4, "IT", "IT", 2))
TERMS = (
    "Immediate Payment",
    "15 Days",
    "21 Days",
    "30 Days",
    "45 Days",
    "End of Following Month",
    "10 Days after End of Next Month",
    "30% Now, Balance 60 Days",
    "2/7 Net 30",
    "90 days, on the 10th",
)

FULL_ACCOUNTING = frozenset(
    {
        access.USER,
        access.INVOICING,
        access.ACCOUNTANT,
        access.READONLY,
        access.FULL,
        access.ANALYTIC,
        access.CONTACTS,
        access.PURCHASE,
        access.BUYER,
        access.EXPENSES,
        access.OFFICER,
        access.PRODUCTS,
    }
)
GROUP_IDS = {
    "base.group_user": access.USER,
    "base.group_system": access.ADMIN,
    "base.group_erp_manager": access.RIGHTS,
    "base.group_partner_manager": access.CONTACTS,
    "account.group_account_invoice": access.INVOICING,
    "account.group_account_manager": access.ACCOUNTANT,
    "account.group_account_user": access.FULL,
    "account.group_account_readonly": access.READONLY,
    "analytic.group_analytic_accounting": access.ANALYTIC,
    "purchase.group_purchase_user": access.PURCHASE,
    "purchase.group_purchase_manager": access.BUYER,
    "hr.group_hr_user": access.OFFICER,
    "hr_expense.group_hr_expense_team_approver": access.EXPENSES,
    "product.group_product_manager": access.PRODUCTS,
}
USERS = (
    (2, "Administrator", "admin", 3, True, (2, 3, 1), FULL_ACCOUNTING | {access.ADMIN, access.RIGHTS}),
    (5, "Integration Bot", "integration@example.com", 8, True, (2, 1), FULL_ACCOUNTING),
    (6, "Billing only", "billing@example.com", 9, True, (1,), frozenset({access.USER, access.INVOICING})),
    (7, "No accounting", "nobody@example.com", 10, True, (1,), frozenset({access.USER})),
    (8, "Archived", "archived@example.com", 11, False, (1,), frozenset({access.USER, access.INVOICING})),
)
KEYS = (
    (1, "integration", 5, None, None),
    (2, "billing", 6, None, None),
    (3, "nobody", 7, None, None),
    (4, "archived", 8, None, None),
    (5, "admin", 2, None, None),
    (6, "scoped", 5, "odoo.plugin.outlook", 365),
    (7, "expired", 5, None, -1),
)


def account_id(code: str, company: int = 1) -> int:
    """The id of an account of the fresh chart."""
    for line in ACCOUNTS.strip().splitlines():
        number, known, *_ = line.split(" ")
        if known == code:
            return int(number) + ACCOUNTS_PER_COMPANY * (company - 1)
    raise KeyError(code)


def fill(store: Store, seed: int, now: datetime) -> dict[str, str]:
    """Put the fresh database into an empty store; returns the API keys by name."""
    stamp = {"create_date": now.strftime("%Y-%m-%d %H:%M:%S.%f"), "create_uid": 1, "write_uid": 1}
    stamp["write_date"] = stamp["create_date"]

    def put(model: str, id: int, **values: object) -> None:
        store.insert(model, {"id": id, **stamp, **values})

    for id, name, symbol, full_name, active, rounding in CURRENCIES:
        put(
            "res.currency",
            id,
            name=name,
            symbol=symbol,
            full_name=full_name,
            active=active,
            rounding=Decimal(rounding),
            decimal_places=max(0, -int(Decimal(rounding).as_tuple().exponent)),
        )
    for id, name, code in COUNTRIES:
        put("res.country", id, name=name, code=code)
    for id, name in ((1, "Acme US Inc"), (6, "Acme EU BV"), (7, "Acme Hidden Ltd")):
        put("res.partner", id, name=name, is_company=True, active=True, commercial_partner_id=id)
    put(
        "res.partner",
        2,
        name="OdooBot",
        active=False,
        company_id=1,
        email="odoobot@example.com",
        commercial_partner_id=2,
    )
    for id, name, active in ((4, "Public user", False), (5, "Portal User Template", False)):
        put("res.partner", id, name=name, active=active, commercial_partner_id=id)
    for id, name, login, partner, active, companies, groups in USERS:
        email = login if "@" in login else False
        put(
            "res.partner",
            partner,
            name=name,
            active=True,
            email=email,
            commercial_partner_id=partner,
            company_id=1 if id == 2 else False,
        )
        put(
            "res.users",
            id,
            name=name,
            login=login,
            partner_id=partner,
            active=active,
            company_id=1,
            company_ids=list(companies),
            groups=groups,
            is_system=access.ADMIN in groups,
            lang="en_US",
            email=email,
        )
    for id, name in enumerate(TERMS, 1):
        put("account.payment.term", id, name=name, active=True)
    for id, name in PLANS:
        put("account.analytic.plan", id, name=name, complete_name=name, root_id=id, default_applicability="optional")
    for id, name, code, plan in ANALYTIC:
        put("account.analytic.account", id, name=name, code=code, plan_id=plan, root_plan_id=plan, active=True)
    for company in COMPANIES:
        _company(store, stamp, *company)
    put(
        "account.journal",
        CARD_JOURNAL,
        name="Brex card",
        code="BRX",
        type="general",
        company_id=1,
        active=True,
        sequence=10,
    )
    put("res.currency.rate", 1, name="2026-01-01", rate=Decimal("0.8"), currency_id=EUR, company_id=1)
    put("hr.employee", 1, name="Administrator", user_id=2, work_contact_id=3, company_id=1, active=True)
    return _keys(store, stamp, seed, now)


def _company(store: Store, stamp: dict[str, object], id: int, name: str, currency: int, country: int) -> None:
    shift = ACCOUNTS_PER_COMPANY * (id - 1)

    def put(model: str, id: int, **values: object) -> None:
        store.insert(model, {"id": id, **stamp, **values})

    def account(number: int) -> int | bool:
        return number + shift if number else False

    journals = (id - 1) * len(JOURNALS)
    put(
        "res.company",
        id,
        name=name,
        currency_id=currency,
        country_id=country,
        partner_id=(1, 6, 7)[id - 1],
        chart_template="generic_coa",
        currency_exchange_journal_id=journals + 4,
        income_currency_exchange_account_id=account(27),
        expense_currency_exchange_account_id=account(38),
        account_journal_suspense_account_id=account(46),
        transfer_account_id=account(47),
        payable_account_id=account(15),
        receivable_account_id=account(5),
        outstanding_payments_id=account(49),
        outstanding_receipts_id=account(48),
        tax_calculation_rounding_method="round_globally",
        fiscalyear_last_day=31,
        fiscalyear_last_month="12",
    )
    for line in ACCOUNTS.strip().splitlines():
        number, code, kind, reconcile, label = line.split(" ", 4)
        put(
            "account.account",
            int(number) + shift,
            name=label,
            code_store=code,
            account_type=kind,
            company_ids=[id],
            reconcile=reconcile == "r",
            active=True,
        )
    for place, label in NAMED.items():
        store.name_record(f"account.{id}_{label}", "account.account", place + shift)
    methods = 2 * (id - 1)
    for place, (label, code, kind, default, sequence) in enumerate(JOURNALS, 1):
        bank = kind == "bank"
        put(
            "account.journal",
            journals + place,
            name=label,
            code=code,
            type=kind,
            company_id=id,
            active=True,
            default_account_id=account(default),
            suspense_account_id=account(46) if bank else False,
            sequence=sequence,
            refund_sequence=kind in ("sale", "purchase"),
            payment_sequence=bank,
            inbound_payment_method_line_ids=[methods + 1] if bank else [],
            outbound_payment_method_line_ids=[methods + 2] if bank else [],
        )
    for place, direction in enumerate(("inbound", "outbound"), 1):
        put(
            "account.payment.method.line",
            methods + place,
            name="Manual Payment",
            journal_id=journals + 6,
            payment_type=direction,
            company_id=id,
        )
    for place, group in ((1, "Tax 15%"), (2, "Tax 0%")):
        put("account.tax.group", 2 * (id - 1) + place, name=group, company_id=id)
    for place, (label, use, rate, tax_account) in enumerate(TAXES, 1):
        put(
            "account.tax",
            len(TAXES) * (id - 1) + place,
            name=label,
            amount=Decimal(rate),
            amount_type="percent",
            type_tax_use=use,
            company_id=id,
            country_id=233,
            active=True,
            account=account(tax_account),
            tax_group_id=2 * (id - 1) + (1 if rate else 2),
        )


def _keys(store: Store, stamp: dict[str, object], seed: int, now: datetime) -> dict[str, str]:
    source = random.Random(f"odoo api keys {seed}")  # noqa: S311  keys of a simulator, the same for a seed
    keys = {}
    for id, name, user, scope, days in KEYS:
        keys[name] = f"{source.getrandbits(160):040x}"
        expires = (now + timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S.%f") if days else False
        store.insert(
            "res.users.apikeys",
            {
                "id": id,
                **stamp,
                "name": name,
                "scope": scope or False,
                "user_id": user,
                "expiration_date": expires,
                "key": keys[name],
            },
        )
    return keys
