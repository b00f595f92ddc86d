"""How are pending vendor invoices written: headers, lines, attachments, until a person posts them?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from .dimensions import DEFAULT_FORMAT, LEDGER_FORMAT, joined, parse
from .errors import Infolog
from .logic import Logic, Session
from .store import Row, money
from .vendors import is_invoice_used


def invoice_lines(session: Session, header: Row) -> list[Row]:
    found = session.store.table("VendorInvoiceLines").by("HeaderReference", header["HeaderReference"])
    own = [one for one in found if one["dataAreaId"] == header["dataAreaId"]]
    return sorted(own, key=lambda one: one["InvoiceLineNumber"])


def sales_tax(session: Session, line: Row) -> Decimal:
    """What Dynamics adds to a line that bears both tax groups."""
    groups = (line.get("SalesTaxGroup"), line.get("ItemSalesTax"))
    if not all(groups) or "EXEMPT" in groups:
        return Decimal(0)
    return (money(line.get("NetAmount")) * Decimal(session.switches.sales_tax_percent) / 100).quantize(Decimal("0.01"))


def _default_tax(session: Session, row: Row, given: Row, name: str, value: Any) -> None:
    """A tax group from the set-up, unless the caller said something else, or nothing."""
    is_said = name in given and (given[name] or session.switches.empty_is_set)
    if value and not is_said:
        row[name] = value


class InvoiceHeaderLogic(Logic):
    """The reference that the caller sends is kept, made up when there is none, and never given twice."""

    entity = "VendVendorInvoiceHeaderEntity"
    table = "Pending vendor invoices (VendInvoiceInfoTable)"
    caption = (("Header reference", "HeaderReference"), ("", "InvoiceNumber"))
    mandatory = (("Number", "InvoiceNumber"), ("Invoice account", "InvoiceAccount"))
    read_only = frozenset({"VendorName"})
    lengths = {"InvoiceNumber": ("Number", 20), "InvoiceDescription": ("Invoice description", 50)}
    lookups = {
        "InvoiceAccount": ("Invoice account", "Vendors", "VendorsV3"),
        "VendorAccount": ("Vendor account", "Vendors", "VendorsV3"),
        "Currency": ("Currency", "Currencies", "Currencies"),
        "TermsOfPayment": ("Terms of payment", "Terms of payment", "PaymentTerms"),
        "SalesTaxGroup": ("Sales tax group", "Sales tax groups", "TaxGroups"),
    }

    def accept(self, session: Session, row: Row, name: str, value: Any, log: Infolog) -> Any:
        value = super().accept(session, row, name, value, log)
        if name == "DimensionDisplayValue" and value:
            row["_default"] = parse(session, row["dataAreaId"], DEFAULT_FORMAT, value, log, name)
            return joined(session, DEFAULT_FORMAT, row["_default"])
        return value

    def complete(self, session: Session, row: Row, given: Row, log: Infolog) -> None:
        if not row.get("HeaderReference") or session.switches.header_reference == "replace":
            row["HeaderReference"] = str(UUID(int=session.simulator.chance.getrandbits(128)))
        account = row.get("InvoiceAccount") or row.get("VendorAccount") or ""
        vendor = session.store.find("VendorsV3", row["dataAreaId"], account)
        if vendor is None:
            return
        defaults = {
            "InvoiceAccount": account,
            "VendorAccount": account,
            "VendorName": vendor["VendorOrganizationName"],
            "Currency": vendor["CurrencyCode"],
            "TermsOfPayment": vendor.get("DefaultPaymentTermsName", ""),
            "MethodOfPayment": vendor.get("DefaultVendorPaymentMethodName", ""),
            "PostingProfile": "GEN",
            "VendorInvoiceReviewStatus": "Draft",
            "VendorInvoiceType": "Standard",
        }
        for name, value in defaults.items():
            row[name] = row.get(name) or value
        _default_tax(session, row, given, "SalesTaxGroup", vendor.get("SalesTaxGroupCode", ""))
        if session.switches.duplicate_invoice_check != "insert":
            return
        if is_invoice_used(session, row["dataAreaId"], account, row.get("InvoiceNumber", "")):
            log.warn("invoice_used", value=row["InvoiceNumber"], vendor=account)
            raise log.field("InvoiceNumber").refusal()

    def may_change(self, session: Session, row: Row, log: Infolog) -> None:
        if row.get("_posted"):
            raise log.warn("invoice_posted", value=row["InvoiceNumber"]).refusal()

    def may_remove(self, session: Session, row: Row, log: Infolog) -> None:
        if invoice_lines(session, row):
            raise log.warn("dependent", table="Pending vendor invoices", dependent="Invoice lines").refusal()


class InvoiceLineLogic(Logic):
    entity = "VendVendorInvoiceLineEntity"
    table = "Invoice lines (VendInvoiceInfoLine)"
    caption = (("Header reference", "HeaderReference"), ("Line number", "InvoiceLineNumber"))
    mandatory = (("Currency", "Currency"),)
    lookups = {
        "Currency": ("Currency", "Currencies", "Currencies"),
        "SalesTaxGroup": ("Sales tax group", "Sales tax groups", "TaxGroups"),
        "ItemSalesTax": ("Item sales tax group", "Item sales tax groups", "TaxItemGroupHeadings"),
    }

    def header(self, session: Session, row: Row) -> Row | None:
        return session.store.find("VendorInvoiceHeaders", row["dataAreaId"], row.get("HeaderReference", ""))

    def initialise(self, session: Session, row: Row, given: Row, log: Infolog) -> None:
        row["HeaderReference"] = given.get("HeaderReference", "")
        header = self.header(session, row)
        if header is None:
            value = row["HeaderReference"]
            log.warn("lookup", value=value, field="Header reference", related="Pending vendor invoices")
            raise log.field("HeaderReference").refusal()
        if header.get("_posted"):
            raise log.warn("invoice_posted", value=header["InvoiceNumber"]).refusal()

    def accept(self, session: Session, row: Row, name: str, value: Any, log: Infolog) -> Any:
        value = super().accept(session, row, name, value, log)
        forms = {"MainAccountDisplayValue": LEDGER_FORMAT, "DimensionDisplayValue": DEFAULT_FORMAT}
        if name in forms and value:
            kept = "_account" if name == "MainAccountDisplayValue" else "_default"
            row[kept] = parse(session, row["dataAreaId"], forms[name], value, log, name)
            return joined(session, forms[name], row[kept])
        return value

    def complete(self, session: Session, row: Row, given: Row, log: Infolog) -> None:
        header = self.header(session, row)
        assert header is not None  # noqa: S101 - looked up in `initialise`
        if not row.get("InvoiceLineNumber"):
            lines = invoice_lines(session, header)
            row["InvoiceLineNumber"] = (lines[-1]["InvoiceLineNumber"] if lines else Decimal(0)) + 1
        row["LineNumber"] = row.get("LineNumber") or row["InvoiceLineNumber"]
        if not row.get("NetAmount"):
            row["NetAmount"] = money(row.get("ReceiveNow")) * money(row.get("UnitPrice"))
        _default_tax(session, row, given, "SalesTaxGroup", header.get("SalesTaxGroup", ""))
        _default_tax(session, row, given, "ItemSalesTax", session.switches.item_sales_tax)
        row["InvoiceAccount"] = row.get("InvoiceAccount") or header.get("InvoiceAccount", "")
        row["VendorAccount"] = row.get("VendorAccount") or header.get("VendorAccount", "")

    def may_change(self, session: Session, row: Row, log: Infolog) -> None:
        header = self.header(session, row)
        if header is not None and header.get("_posted"):
            raise log.warn("invoice_posted", value=header["InvoiceNumber"]).refusal()


class AttachmentLogic(Logic):
    """Receipts on a pending invoice. The key is that of the invoice alone: one each, as $metadata has it."""

    entity = "VendVendorInvoiceDocumentAttachmentEntity"
    table = "Document references (DocuRef)"
    caption = (("Header reference", "HeaderReference"), ("", "FileName"))
    mandatory = (("File name", "FileName"), ("Type", "TypeId"))

    def initialise(self, session: Session, row: Row, given: Row, log: Infolog) -> None:
        value = given.get("HeaderReference", "")
        if session.store.find("VendorInvoiceHeaders", row["dataAreaId"], value) is None:
            log.warn("lookup", value=value, field="Header reference", related="Pending vendor invoices")
            raise log.field("HeaderReference").refusal()
