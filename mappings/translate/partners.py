"""Who is the partner on a line? An employee is always required, a supplier where he is still to be paid (G14)."""

from __future__ import annotations

from datetime import date

from connectors.documents import NewVendor, Partner
from connectors.records import Party
from mappings.names import merchant_name
from mappings.translate.context import VendorAnswer, Wait
from mappings.translate.sheet import Sheet


def employee_of(sheet: Sheet, party: Party | None = None) -> Partner | None:
    """The employee's partner, required wherever it is asked for (G14)."""
    party = party or sheet.record.person
    sheet.rule("G14")
    if party is None:
        sheet.need("missing_employee", "The source names no employee.", value=sheet.record.external_id)
        return None
    answer = _answer(sheet, "employee", party)
    if answer.partner is None:
        _missing(sheet, "missing_employee", party, answer, "employee")
    return answer.partner


def vendor_of(sheet: Sheet, *, is_required: bool) -> Partner | None:
    """The supplier's partner. Not required: None without a need (an unmatched merchant holds no card entry)."""
    party = sheet.record.vendor or Party(name=merchant_name(sheet.record.merchant))
    if not (party.id or party.name):
        if is_required:
            sheet.need("missing_vendor", "The source names no vendor.", value=sheet.record.external_id)
        return None
    answer = _answer(sheet, "vendor", party)
    if answer.partner is None and is_required:
        _missing(sheet, "missing_vendor", party, answer, "vendor")
    if answer.partner:
        sheet.rule("G14")
    return answer.partner


def _answer(sheet: Sheet, kind: str, party: Party) -> VendorAnswer:
    if (kind, party) not in sheet.partners:
        on = sheet.document_day() or date.min
        book = sheet.setup.partners
        sheet.partners[kind, party] = (
            book.employee(id=party.id, name=party.name, email=party.email, on=on)
            if kind == "employee"
            else book.vendor(id=party.id, name=party.name, tax_id=party.tax_id, merchant=sheet.record.merchant, on=on)
        )
    return sheet.partners[kind, party]


def _missing(sheet: Sheet, code: str, party: Party, answer: VendorAnswer, target: str) -> None:
    sheet.rule("G14")
    if answer.pending_key:
        sheet.waits.append(Wait(f"{party.name} is created in the ledger first.", answer.pending_key))
    elif answer.may_create:
        vendor = NewVendor(company=sheet.setup.company, name=party.name, email=party.email, phone=party.phone,
                           tax_id=party.tax_id, rules=("G14",))  # fmt: skip
        sheet.waits.append(Wait(f"{party.name} is created in the ledger first.", create=vendor))
    else:
        best = ", ".join(f"{name} ({score} %)" for _, name, score in answer.candidates)
        said = answer.because or "No partner of the ledger fits."
        who = party.name or party.id
        sheet.need(code, said if who and who in said else f"{who}: {said}",
                  value=party.id or party.name, source_field=target, label=party.name, target=target,
                  facts={"candidates": best} if best else {})  # fmt: skip
