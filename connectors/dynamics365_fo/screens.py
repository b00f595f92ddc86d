"""Where in Dynamics does a person see what a data entity holds, and where are rights to it given?"""

from __future__ import annotations

ROLES = "System administration > Security > Security configuration"
KEYS = "System administration > Setup > License configuration"
_VENDOR_INVOICES = "Accounts payable > Invoices"
_DIMENSIONS = "General ledger > Chart of accounts > Dimensions"
SCREENS = {
    "Companies": "Organization administration > Organizations > Legal entities",
    "Ledgers": "General ledger > Ledger setup > Ledger",
    "JournalNames": "General ledger > Journal setup > Journal names",
    "DimensionIntegrationFormats": f"{_DIMENSIONS} > Financial dimension configuration for integrating applications",
    "DimensionParameters": f"{_DIMENSIONS} > Dimension parameters",
    "DimensionAttributes": f"{_DIMENSIONS} > Financial dimensions",
    "FinancialDimensionValues": f"{_DIMENSIONS} > Financial dimensions > Dimension values",
    "DimensionSets": f"{_DIMENSIONS} > Financial dimension sets",
    "DimensionCombinations": f"{_DIMENSIONS} > Financial dimensions",
    "Currencies": "General ledger > Currencies > Currencies",
    "ExchangeRates": "General ledger > Currencies > Currency exchange rates",
    "FiscalPeriods": "General ledger > Calendars > Fiscal calendars",
    "LedgerFiscalPeriods": "General ledger > Calendars > Ledger calendars",
    "MainAccounts": "General ledger > Chart of accounts > Accounts > Main accounts",
    "MainAccountLegalEntities": "General ledger > Chart of accounts > Accounts > Main accounts (by legal entity)",
    "LedgerJournalHeaders": "General ledger > Journal entries > General journals",
    "LedgerJournalLines": "General ledger > Journal entries > General journals > Lines",
    "VendInvoiceJournalHeaders": f"{_VENDOR_INVOICES} > Invoice journal",
    "VendInvoiceJournalLines": f"{_VENDOR_INVOICES} > Invoice journal > Lines",
    "VendorPaymentJournalHeaders": "Accounts payable > Payments > Vendor payment journal",
    "VendorPaymentJournalLines": "Accounts payable > Payments > Vendor payment journal > Lines",
    "VendorInvoiceHeaders": f"{_VENDOR_INVOICES} > Pending vendor invoices",
    "VendorInvoiceLines": f"{_VENDOR_INVOICES} > Pending vendor invoices > Lines",
    "VendorInvoiceDocumentAttachments": f"{_VENDOR_INVOICES} > Pending vendor invoices > Attachments",
    "VendInvoiceJourBiEntities": "Accounts payable > Inquiries and reports > Invoice > Invoice journal",
    "VendTransBiEntities": "Accounts payable > Vendors > All vendors > Transactions",
    "GeneralJournalEntryBiEntities": "General ledger > Inquiries and reports > Voucher transactions",
    "GeneralJournalAccountEntryBiEntities": "General ledger > Inquiries and reports > Voucher transactions",
    "VendorsV3": "Accounts payable > Vendors > All vendors",
    "VendorsV2": "Accounts payable > Vendors > All vendors",
    "VendorGroups": "Accounts payable > Vendors > Vendor groups",
    "BankAccounts": "Cash and bank management > Bank accounts > Bank accounts",
    "TaxGroups": "Tax > Indirect taxes > Sales tax > Sales tax groups",
}
"""Screens by entity set, as Microsoft's articles on the modules name them."""


def screen_of(entity_set: str) -> str:
    return SCREENS.get(entity_set, "a screen of its own")


def told(entity_sets: tuple[str, ...]) -> str:
    """Sets with their screens, as a sentence names them."""
    return " or ".join(f"{one} ({screen_of(one)})" for one in dict.fromkeys(entity_sets))
