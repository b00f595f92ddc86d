"""Who and what belongs to the fresh environment: names, numbers, codes?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .numbering import NumberSequence

CHART, CALENDAR, RATE_TYPE = "Shared", "Fiscal", "Default"
PENNY_ACCOUNT, PAYABLE_ACCOUNT, RECEIVABLE_ACCOUNT, TAX_ACCOUNT = "642000", "211000", "121000", "131000"


@dataclass(frozen=True, slots=True)
class GivenCompany:
    """`banks` are bank accounts with the main account behind each."""

    key: str
    name: str
    currency: str
    reporting: str
    language: str
    country: str
    city: str
    banks: tuple[tuple[str, str], ...]


COMPANIES = (
    GivenCompany(
        "usmf", "Cascade Robotics Inc", "USD", "USD", "en-us", "USA", "San Francisco", (("USMF OPER", "101401"),)
    ),
    GivenCompany("demf", "Cascade Robotics GmbH", "EUR", "USD", "de", "DEU", "Berlin", (("DEMF OPER", "101401"),)),
)

# number, main account type, name, marks: suspended, system (no manual entry), expired, debit (only debits)
ACCOUNTS: tuple[tuple[str, ...], ...] = (
    ("101000", "Asset", "Current assets"),
    ("101401", "Asset", "Bank"),
    ("101402", "Asset", "Bank suspense account"),
    ("101404", "Asset", "Outstanding payments"),
    ("101701", "Asset", "Liquidity transfer"),
    ("121000", "Asset", "Account receivable"),
    ("122000", "Asset", "Employee receivable"),
    ("128000", "Asset", "Prepaid expenses"),
    ("131000", "Asset", "Tax paid"),
    ("141000", "Asset", "Employee advances"),
    ("151000", "Asset", "Fixed asset"),
    ("201000", "Liability", "Current liabilities"),
    ("201100", "Liability", "Credit card"),
    ("201200", "Liability", "Reimbursements payable"),
    ("201300", "Liability", "Accrued expenses"),
    ("211000", "Liability", "Account payable"),
    ("230000", "Liability", "Salary payable"),
    ("251000", "Liability", "Tax received"),
    ("301000", "Equity", "Capital"),
    ("400000", "Revenue", "Product sales"),
    ("441000", "Revenue", "Foreign exchange gain"),
    ("442000", "Revenue", "Cash back and rewards"),
    ("443000", "Expense", "Cash discount loss"),
    ("450000", "Revenue", "Other income"),
    ("500000", "Expense", "Cost of goods sold"),
    ("600000", "Expense", "Expenses"),
    ("605110", "Expense", "Meals and entertainment"),
    ("606300", "Expense", "Travel (old chart)", "suspended"),
    ("606400", "Expense", "Telex", "expired"),
    ("611000", "Expense", "Purchase of equipment"),
    ("612000", "Expense", "Rent"),
    ("612900", "Expense", "Depreciation", "system"),
    ("613000", "Expense", "Donations", "debit"),
    ("620000", "Expense", "Bank fees"),
    ("630000", "Expense", "Salary expenses"),
    ("641000", "Expense", "Foreign exchange loss"),
    ("642000", "Expense", "Penny differences"),
    ("643000", "Revenue", "Cash discount gain"),
    ("961000", "Expense", "R&D expenses"),
    ("962000", "Expense", "Sales expenses"),
    ("199999", "Total", "Total assets"),
)

# dimension, where its values come from, values with label and marks
DIMENSIONS: tuple[tuple[str, str, tuple[tuple[str, ...], ...]], ...] = (
    ("BusinessUnit", "BusinessUnit", (("001", "Americas"), ("002", "Europe"), ("003", "Japan"))),
    (
        "Department",
        "Department",
        (("ENG", "Engineering"), ("RES", "Research"), ("SAL", "Sales"), ("IT", "IT"), ("FIN", "Finance")),
    ),
    (
        "CostCenter",
        "CostCenter",
        (
            ("APO", "Apollo"),
            ("ZEU", "Zeus"),
            ("SAL", "Sales"),
            ("IT", "IT"),
            ("OPS-01", "Operations, first shift"),
            ("OLD", "Closed in the reorganisation", "suspended"),
            ("Y2K", "Millennium project", "expired"),
        ),
    ),
)

# structure, segments, rules: which values of each segment a range of main accounts takes ("" among them: may be blank)
STRUCTURES: tuple[tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]], ...] = (
    ("Balance sheet", ("MainAccount", "BusinessUnit"), (("100000..399999", '*;""'),)),
    (
        "Profit and loss",
        ("MainAccount", "BusinessUnit", "Department", "CostCenter"),
        (("961000..961999", '*;""', "*", '*;""'), ("400000..999999", '*;""', '*;""', '*;""')),
    ),
)

CURRENCIES = (
    ("USD", "US dollar", "$", "0.01"),
    ("EUR", "Euro", "€", "0.01"),
    ("GBP", "Pound sterling", "£", "0.01"),
    ("JPY", "Japanese yen", "¥", "1"),
    ("CAD", "Canadian dollar", "$", "0.01"),
)
# from, to, rate, for how many units of the first
RATES = (("EUR", "USD", "125", "Hundred"), ("JPY", "USD", "0.67", "Hundred"), ("JPY", "EUR", "0.536", "Hundred"))

SEQUENCES = (
    NumberSequence("JournalBatchNumber", "{:05d}", 452, user_changes=True),
    NumberSequence("VendorAccounts", "V{:06d}", 1),
    NumberSequence("VendorInvoices", "VI{:07d}", 1),
    NumberSequence("JournalEntries", "{:09d}", 1),
)

# name, type, description, when a new voucher begins, further facts
JOURNAL_NAMES: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("GenJrn", "Daily", "General journal", "BalanceSheet", {}),
    ("BrexJrn", "Daily", "Brex spend", "BalanceSheet", {"VoucherAllocationAtPosting": "Yes"}),
    ("GenOne", "Daily", "One voucher", "OneVoucher", {}),
    ("GenMan", "Daily", "Vouchers by hand", "Manually", {}),
    ("GenAppr", "Daily", "With approval", "BalanceSheet", {"IsWorkflowApprovalActive": "Yes", "WorkflowId": "000017"}),
    ("GenPos", "Daily", "Positive only", "BalanceSheet", {"AllowOnlyPositiveDebitsAndCredits": "Yes"}),
    ("GenGone", "Daily", "Lines go after posting", "BalanceSheet", {"DeleteLinesAfterPosting": "Yes"}),
    ("GenTen", "Daily", "At most ten lines", "BalanceSheet", {"PostingLineLimit": 10}),
    ("APInvoice", "VendInvoice", "Vendor invoices", "BalanceSheet", {}),
    ("VendPay", "Payment", "Vendor payments", "BalanceSheet", {}),
)
VENDOR_GROUPS = (("10", "Parts vendors", "Net30"), ("40", "Service vendors", "Net30"), ("70", "Card merchants", "Cash"))
PAYMENT_TERMS = (("Cash", 0, "Cash on delivery"), ("Net10", 10, "Net 10 days"), ("Net30", 30, "Net 30 days"))
TAX_GROUPS = (("FULL", "Full tax"), ("EXEMPT", "Exempt"))

# name, company, on hold for, own account number
VENDORS = (
    ("Harbor Property Management", "usmf", "No", ""),
    ("Northwind Machining", "usmf", "No", ""),
    ("Bluefin Legal LLP", "usmf", "No", ""),
    ("Granite State Insurance", "usmf", "No", ""),
    ("Pacific Cloud Hosting", "usmf", "No", ""),
    ("Redwood Talent Partners", "usmf", "No", ""),
    ("Summit Trade Shows", "usmf", "No", ""),
    ("Alder & Pine Office", "usmf", "No", ""),
    ("Amazon Web Services, Inc.", "usmf", "No", ""),
    ("GitHub, Inc.", "usmf", "No", ""),
    ("United Airlines", "usmf", "No", ""),
    ("Staples Inc", "usmf", "No", ""),
    ("Fabrikam Electronics", "usmf", "No", "US-101"),
    ("Contoso Freight", "usmf", "All", "US-102"),
    ("Spreewerk Praezision GmbH", "demf", "No", ""),
    ("Kanzlei Hofmann", "demf", "No", ""),
    ("Immobilien Mitte AG", "demf", "No", ""),
    ("Stadtwerke Berlin", "demf", "No", ""),
    ("Hetzner Online GmbH", "demf", "No", ""),
    ("Deutsche Bahn AG", "demf", "Invoice", "DE-001"),
)
