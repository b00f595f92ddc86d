"""Which account does a journal line mean: a ledger combination, a vendor, a bank account, or default dimensions?

The combination that was understood is kept beside the text (`_account`, `_offset`, `_default`, `_offset_default`), so
that posting does not depend on how the text was written.
"""

from __future__ import annotations

from .dimensions import DEFAULT_FORMAT, LEDGER_FORMAT, Combination, delimiter, escaped, joined, parse, split
from .errors import Infolog
from .logic import Session
from .store import Row

KEPT_AS = {
    "AccountDisplayValue": ("_account", "AccountType"),
    "OffsetAccountDisplayValue": ("_offset", "OffsetAccountType"),
    "DefaultDimensionDisplayValue": ("_default", ""),
    "OffsetDefaultDimensionDisplayValue": ("_offset_default", ""),
    "DefaultDimensionsForAccountDisplayValue": ("_default", ""),
    "DefaultDimensionsForOffsetAccountDisplayValue": ("_offset_default", ""),
}
RELATED = {"Vend": "Vendors", "Bank": "Bank accounts", "Cust": "Customers"}


def accept_account(session: Session, row: Row, name: str, text: str, log: Infolog) -> str:
    """Understand one display value; puts text and meaning into the row and answers the text as stored."""
    kept, type_field = KEPT_AS[name]
    kind = row.get(type_field, "Ledger") if type_field else ""
    if not text:
        row[kept], row[name] = None, ""
        return ""
    if kind in RELATED:
        number = _subledger_account(session, row["dataAreaId"], kind, text, log, name)
        row[kept], row[name] = Combination(number), escaped(session, number)
        return str(row[name])
    form = LEDGER_FORMAT if type_field else DEFAULT_FORMAT
    row[kept] = parse(session, row["dataAreaId"], form, text, log, name)
    row[name] = joined(session, form, row[kept])
    return str(row[name])


def _subledger_account(session: Session, company: str, kind: str, text: str, log: Infolog, place: str) -> str:
    """The vendor's, bank's or customer's number as it is stored. Raises RefusedError."""
    parts = split(text, delimiter(session))
    number = text if session.switches.plain_delimiter_in_account and "\\" not in text else parts[0]
    found = subledger_account(session, company, kind, number.strip())
    if found is None:
        raise log.warn("lookup", value=number, field="Account", related=RELATED[kind]).field(place).refusal()
    return found


def subledger_account(session: Session, company: str, kind: str, number: str) -> str | None:
    if kind == "Vend":
        vendor = session.store.find("VendorsV3", company, number)
        return str(vendor["VendorAccountNumber"]) if vendor else None
    if kind == "Bank":
        bank = session.store.find("BankAccounts", company, number)
        return str(bank["BankAccountId"]) if bank else None
    return next((one for one in session.simulator.customers.get(company, {}) if one.lower() == number.lower()), None)
