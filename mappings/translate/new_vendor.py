"""When does a vendor of the source become a partner of the ledger? Once, and only if nothing there comes near."""

from __future__ import annotations

from datetime import date

from connectors.documents import NewVendor
from connectors.records import VendorRecord
from mappings.translate.context import Decision, Draft, Hold, Need, Post, Setup, Skip


def vendor_document(record: VendorRecord, setup: Setup) -> NewVendor:
    """The partner that a vendor of the source becomes."""
    return NewVendor(
        company=setup.company,
        name=record.name,
        email=record.email,
        phone=record.phone,
        tax_id=record.tax_id,
        rules=("G14",),
    )


def translate_vendor(record: VendorRecord, setup: Setup) -> Decision:
    """Skipped where the ledger has him; created by policy; held with the nearest ones otherwise (G14)."""
    if not record.is_active:
        return Skip("Not active at the source.", ("G14",))
    answer = setup.partners.vendor(id=record.external_id, name=record.name, tax_id=record.tax_id, on=date.max)
    if answer.partner is not None:
        return Skip(f"In the ledger already: {answer.because}", ("G14",))
    if answer.may_create or answer.pending_key:
        return Post((Draft("", vendor_document(record, setup)),), ("G14",))
    best = ", ".join(f"{name} ({score} %)" for _, name, score in answer.candidates)
    need = Need(
        "missing_vendor",
        answer.because or f"No partner of the ledger is {record.name}.",
        source_field="vendor",
        value=record.external_id,
        label=record.name,
        target="vendor",
        facts={"candidates": best} if best else {},
    )
    return Hold((need,), ("G14",))
