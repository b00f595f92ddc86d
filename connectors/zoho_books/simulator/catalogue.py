"""Which accounts, currencies, tags, vendors and people does the simulated company have, by name?"""

from __future__ import annotations

# code, name, account type, code of the parent, marks: s system account, i inactive
ACCOUNTS = (
    ("101000", "Current Assets", "other_current_asset", "", ""),
    ("101401", "Bank", "bank", "", ""),
    ("101404", "Outstanding Payments", "payment_clearing", "", ""),
    ("101410", "Brex cash, Operating", "bank", "", ""),
    ("101411", "Brex cash, Treasury reserve", "bank", "", ""),
    ("101501", "Petty Cash", "cash", "", "s"),
    ("110100", "Inventory Asset", "stock", "", "s"),
    ("110600", "Employee Receivables", "other_current_asset", "101000", ""),
    ("110610", "Employee Advances", "other_current_asset", "110600", ""),
    ("121000", "Accounts Receivable", "accounts_receivable", "", "s"),
    ("128000", "Prepaid Expenses", "other_current_asset", "101000", "s"),
    ("131000", "Tax Paid", "other_current_asset", "", ""),
    ("151000", "Furniture and Equipment", "fixed_asset", "", "s"),
    ("155000", "Software Licences", "intangible_asset", "", ""),
    ("191000", "Deposits", "other_asset", "", ""),
    ("201000", "Current Liabilities", "other_current_liability", "", ""),
    ("201100", "Credit Card", "credit_card", "", ""),
    ("201110", "Brex card EUR", "credit_card", "", ""),
    ("201120", "Brex card JPY", "credit_card", "", ""),
    ("211000", "Accounts Payable", "accounts_payable", "", "s"),
    ("211100", "Accrued Purchases", "other_current_liability", "201000", ""),
    ("230000", "Salary Payable", "other_current_liability", "201000", ""),
    ("230010", "Employee Reimbursements", "other_current_liability", "230000", "s"),
    ("251000", "Tax Payable", "other_current_liability", "", "s"),
    ("281000", "Other Obligations", "other_liability", "", ""),
    ("291000", "Long Term Loan", "long_term_liability", "", ""),
    ("301000", "Capital", "equity", "", ""),
    ("302000", "Retained Earnings", "equity", "", "s"),
    ("400000", "Sales", "income", "", "s"),
    ("441000", "Interest Income", "other_income", "", "s"),
    ("450000", "Other Income", "other_income", "", ""),
    ("500000", "Cost of Goods Sold", "cost_of_goods_sold", "", "s"),
    ("600000", "Expenses", "expense", "", ""),
    ("600100", "Office Supplies", "expense", "600000", "s"),
    ("600200", "IT and Internet Expenses", "expense", "600000", "s"),
    ("600210", "Cloud Hosting", "expense", "600200", ""),
    ("612000", "Rent", "expense", "", ""),
    ("620000", "Bank Fees", "expense", "", ""),
    ("630000", "Salary Expenses", "expense", "", ""),
    ("641000", "Exchange Gain or Loss", "other_expense", "", "s"),
    ("643000", "Purchase Discounts", "expense", "", "s"),
    ("690000", "Other Expenses", "other_expense", "", "s"),
    ("699800", "Suspense before 2025", "expense", "", "i"),
    ("699810", "Old Travel Account", "expense", "", "i"),
    ("961000", "Research and Development", "expense", "", ""),
    ("962000", "Sales Expenses", "expense", "", ""),
    ("962100", "Travel Expense", "expense", "962000", "s"),
    ("", "Uncoded Clearing", "other_current_asset", "", ""),
)

# code, name, symbol, places
CURRENCIES = (
    ("USD", "US Dollar", "$", 2),
    ("EUR", "Euro", "€", 2),
    ("GBP", "Pound Sterling", "£", 2),
    ("CAD", "Canadian Dollar", "CA$", 2),
    ("JPY", "Japanese Yen", "¥", 0),
)
# by base currency: code, first day, base units for one unit
RATES = {
    "USD": (
        ("EUR", "2025-01-01", "1.2"),
        ("EUR", "2026-01-01", "1.25"),
        ("GBP", "2025-01-01", "1.3"),
        ("CAD", "2025-01-01", "0.73"),
        ("JPY", "2025-01-01", "0.0066"),
    ),
    "EUR": (("USD", "2025-01-01", "0.8"), ("GBP", "2025-01-01", "1.17"), ("JPY", "2025-01-01", "0.00613")),
    "JPY": (("USD", "2025-01-01", "151.5"), ("EUR", "2025-01-01", "163.2")),
}
# by edition: name, percentage
TAXES = {
    "US": (("Sales Tax", "15"), ("Exempt", "0")),
    "EU": (("Standard Rate", "19"), ("Reduced Rate", "7")),
    "IN": (("GST18", "18"), ("IGST18", "18")),
}

# code in the spend tool, name of the option
COST_CENTRES = (("APO", "Apollo"), ("ZEU", "Zeus"), ("SAL", "Sales"), ("IT", "IT"))
DEPARTMENTS = ("Engineering", "Research", "Sales", "IT", "Finance")

# name, days of the payment term. Two have one name on purpose; some vendors of the spend tool are missing, since the
# connector has to make them.
VENDORS = (
    ("Harbor Property Management", 0),
    ("Northwind Machining", 30),
    ("Bluefin Legal LLP", 15),
    ("Granite State Insurance", 0),
    ("Pacific Cloud Hosting", 30),
    ("Redwood Talent Partners", 30),
    ("Alder & Pine Office", 0),
    ("Spreewerk Praezision GmbH", 30),
    ("Immobilien Mitte AG", 0),
    ("Stadtwerke Berlin", 14),
    ("Staples Inc", 0),
    ("Staples Inc", 0),
)
CUSTOMERS = ("Kestrel Foods", "Meridian Logistics", "Northwind Machining")
PROJECTS = (("Line 4 retrofit", "Kestrel Foods"), ("Warehouse pilot", "Meridian Logistics"))
EMPLOYEES = (
    ("Ana", "Roux", "ana.roux@cascade.test"),
    ("Marcus", "Oyelaran", "marcus.oyelaran@cascade.test"),
    ("Priya", "Raman", "priya.raman@cascade.test"),
    ("Tom", "Beckett", "tom.beckett@cascade.test"),
    ("Lucia", "Ferrante", "lucia.ferrante@cascade.test"),
    ("Kwame", "Addo", "kwame.addo@cascade.test"),
    ("Grace", "Lindqvist", "grace.lindqvist@cascade.test"),
    ("Jonas", "Weber", "jonas.weber@cascade.test"),
    ("Sofie", "Krüger", "sofie.krueger@cascade.test"),
    ("Emil", "Novak", "emil.novak@cascade.test"),
    ("Haruka", "Tanabe", "haruka.tanabe@cascade.test"),
    ("Kenji", "Morita", "kenji.morita@cascade.test"),
)
