"""How are vendors written? V2 and V3 are two windows on one table."""

from __future__ import annotations

from typing import Any

from .errors import Infolog
from .logic import Logic, Session
from .store import Row, money

SEQUENCE = "VendorAccounts"


def is_invoice_used(session: Session, company: str, vendor: str, invoice: str) -> bool:
    """Whether a vendor's invoice number stands in his ledger already."""
    found = session.store.table("VendTransBiEntities").by("Invoice", invoice) if invoice else []
    return any(one["dataAreaId"] == company and one["AccountNum"] == vendor and one["AmountCur"] < 0 for one in found)


def marked(session: Session, line: Row) -> Row | None:
    """The open transaction of a payment line's vendor under the invoice number that the line marks, of the other
    side."""
    amount = money(line.get("DebitAmount")) - money(line.get("CreditAmount"))
    account = line.get("_account")
    for one in session.store.table("VendTransBiEntities").by("Invoice", line["MarkedInvoice"]):
        is_his = account is not None and one["AccountNum"].lower() == account.account.lower()
        left = money(one["AmountCur"]) - money(one.get("SettleAmountCur"))
        if is_his and one["dataAreaId"] == line["dataAreaId"] and left and (left > 0) != (amount > 0):
            return one
    return None


class VendorLogic(Logic):
    """The account comes from the group's sequence: automatic ones give it, manual ones demand it."""

    entity = "VendVendorV3Entity"
    table = "Vendors (VendTable)"
    caption = (("Vendor account", "VendorAccountNumber"), ("", "VendorOrganizationName"))
    mandatory = (("Group", "VendorGroupId"), ("Name", "VendorOrganizationName"))
    lengths = {
        "VendorAccountNumber": ("Vendor account", 20),
        "VendorSearchName": ("Search name", 20),
        "VendorOrganizationName": ("Name", 100),
    }
    lookups = {
        "VendorGroupId": ("Group", "Vendor groups", "VendorGroups"),
        "CurrencyCode": ("Currency", "Currencies", "Currencies"),
        "DefaultPaymentTermsName": ("Terms of payment", "Terms of payment", "PaymentTerms"),
        "SalesTaxGroupCode": ("Sales tax group", "Sales tax groups", "TaxGroups"),
    }
    sources = 3

    def accept(self, session: Session, row: Row, name: str, value: Any, log: Infolog) -> Any:
        value = super().accept(session, row, name, value, log)
        if name == "VendorPartyType" and value not in ("Organization", "Person"):
            log.warn("lookup", value=value, field="Party type", related="Party types").field(name)
            raise log.refusal()
        if name == "VendorAccountNumber" and value:
            sequence = session.simulator.sequences.get(row["dataAreaId"], SEQUENCE)
            if not (sequence.is_manual or sequence.user_changes):
                raise log.warn("sequence_manual", sequence=sequence.code, value=value).field(name).refusal()
        return value

    def complete(self, session: Session, row: Row, given: Row, log: Infolog) -> None:
        company = row["dataAreaId"]
        row.setdefault("VendorPartyType", "Organization")
        if row["VendorPartyType"] == "Person":
            parts = (row.get("PersonFirstName", ""), row.get("PersonLastName", ""))
            row["VendorOrganizationName"] = row.get("VendorOrganizationName") or " ".join(parts).strip()
        row["VendorSearchName"] = row.get("VendorSearchName") or str(row.get("VendorOrganizationName", ""))[:20]
        ledger = session.store.find("Ledgers", company) or {}
        row["CurrencyCode"] = row.get("CurrencyCode") or ledger.get("AccountingCurrency", "")
        group = session.store.find("VendorGroups", company, row.get("VendorGroupId", "")) or {}
        row["DefaultPaymentTermsName"] = row.get("DefaultPaymentTermsName") or group.get("DefaultPaymentTermName", "")
        row.setdefault("OnHoldStatus", "No")
        row["VendorPartyNumber"] = row.get("VendorPartyNumber") or f"{session.store.new_id() % 1_000_000_000:09d}"
        if row.get("VendorAccountNumber") or not group or not row.get("VendorOrganizationName"):
            return
        sequence = session.simulator.sequences.get(company, SEQUENCE)
        if sequence.is_manual:
            log.warn("mandatory", field="Vendor account")
            raise log.warn("validate_write", source="VendTable (VendTable)").refusal()
        row["VendorAccountNumber"] = sequence.draw(
            lambda number: session.store.find("VendorsV3", company, number) is not None
        )

    def validate(self, session: Session, row: Row, log: Infolog) -> None:
        for name in session.switches.vendor_required:
            if not row.get(name):
                log.warn("mandatory", field=name)
        if log.lines:
            raise log.warn("validate_write", source="VendTable (VendTable)").refusal()

    def may_remove(self, session: Session, row: Row, log: Infolog) -> None:
        booked = session.store.table("VendTransBiEntities").by("AccountNum", row["VendorAccountNumber"])
        if any(one["dataAreaId"] == row["dataAreaId"] for one in booked):
            raise log.warn("dependent", table="Vendors", dependent="Vendor transactions").refusal()
