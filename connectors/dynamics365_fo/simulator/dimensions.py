"""How is an account with its dimensions written as one text, and is it valid?

A display value lists the values in the order of the active format, joined by the delimiter; a delimiter inside a value
is escaped by a backslash. Missing trailing segments count as blank, extra ones are dropped (Microsoft Learn, financial/
financial-dimension-configuration-integration.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .errors import Infolog
from .logic import Session
from .store import Row

DELIMITERS = {
    "Hyphen": "-",
    "Period": ".",
    "Underscore": "_",
    "Bar": "|",
    "Tilde": "~",
    "DoubleHyphen": "--",
    "DoublePeriod": "..",
    "DoubleUnderscore": "__",
    "DoubleBar": "||",
    "DoubleTilde": "~~",
}
LEDGER_FORMAT = "DataEntityLedgerDimensionFormat"
DEFAULT_FORMAT = "DataEntityDefaultDimensionFormat"
MAIN_ACCOUNT = "MainAccount"


@dataclass(frozen=True, slots=True)
class Combination:
    """A main account with dimension values by dimension name; the account is empty in default dimensions."""

    account: str = ""
    values: dict[str, str] = field(default_factory=dict)


def delimiter(session: Session) -> str:
    return DELIMITERS[session.store.find("DimensionParameters", 0)["DimensionSegmentDelimiter"]]  # type: ignore[index]


def format_names(session: Session, kind: str) -> list[str] | None:
    """The names in the active format of one kind; None without an active one."""
    for row in session.store.table("DimensionIntegrationFormats").rows.values():
        if row["DimensionFormatType"] == kind and row["IsActive"] == "Yes":
            return str(row["FinancialDimensionFormat"]).split(delimiter(session))
    return None


def split(text: str, sign: str, is_doubled: bool = False) -> list[str]:
    """The segments of a display value, without their escapes; `is_doubled`: two backslashes stand for one."""
    parts, current, at = [], "", 0
    while at < len(text):
        if text[at] == "\\" and text.startswith(sign, at + 1):
            current += sign
            at += 1 + len(sign)
        elif is_doubled and text.startswith("\\\\", at):
            current += "\\"
            at += 2
        elif text.startswith(sign, at):
            parts.append(current)
            current = ""
            at += len(sign)
        else:
            current += text[at]
            at += 1
    return [*parts, current]


def _segments(session: Session, text: str) -> list[str]:
    return split(text, delimiter(session), session.switches.backslash_escapes_itself)


def escaped(session: Session, value: str, sign: str = "") -> str:
    """A value as it stands inside a display value."""
    sign = sign or delimiter(session)
    if session.switches.backslash_escapes_itself:
        value = value.replace("\\", "\\\\")
    return value.replace(sign, "\\" + sign)


def joined(session: Session, kind: str, what: Combination) -> str:
    """A combination as the active format writes it."""
    sign = delimiter(session)
    values = {MAIN_ACCOUNT: what.account, **what.values}
    names = format_names(session, kind) or []
    return sign.join(escaped(session, values.get(name, ""), sign) for name in names)


def parse(session: Session, company: str, kind: str, text: str, log: Infolog, place: str) -> Combination:
    """The combination that a display value names, checked value by value. Raises RefusedError."""
    names = format_names(session, kind)
    if names is None:
        raise log.warn("no_format").field(place).refusal()
    account, values = "", {}
    for name, value in zip(names, _segments(session, text), strict=False):
        if name == MAIN_ACCOUNT:
            account = value.strip()
        elif value.strip():
            values[name] = value.strip()
    what = Combination(account, values)
    if session.switches.value_check == "insert":
        check_values(session, company, kind, what, "", log)
    known = main_account(session, company, what.account) if kind == LEDGER_FORMAT and not log.lines else None
    if known is not None and session.switches.structure_check == "insert":
        check_structure(session, company, what, log)
    is_manual_checked = session.switches.manual_entry_check == "insert"
    if known is not None and is_manual_checked and not allows_manual_entry(session, company, known):
        log.warn("manual_entry", value=what.account)
    if log.lines:
        raise log.field(place).refusal()
    return what


def check_values(session: Session, company: str, kind: str, what: Combination, day: str, log: Infolog) -> None:
    """Each value must exist, not be suspended, and be active on the day (where one is given); else lines in the log."""
    if kind == LEDGER_FORMAT:
        account = main_account(session, company, what.account)
        if account is None:
            log.warn("lookup", value=what.account, field="Main account", related="Main accounts")
        elif _is_inactive(account, day) or _is_inactive(_override(session, company, account), day):
            log.warn("suspended", what="Main account", value=what.account, day=day[:10] or "today")
    for name, value in what.values.items():
        found = dimension_value(session, company, name, value)
        if found is None:
            log.warn("lookup", value=value, field=name, related=f"{name} values")
        elif _is_inactive(found, day) or found.get("IsTotal") == "Yes":
            log.warn("suspended", what=name, value=value, day=day[:10] or "today")


def main_account(session: Session, company: str, number: str) -> Row | None:
    ledger = session.store.find("Ledgers", company)
    return session.store.find("MainAccounts", ledger["ChartOfAccounts"], number) if ledger else None


def _override(session: Session, company: str, account: Row) -> Row:
    key = (account["MainAccountId"], account["ChartOfAccounts"], company)
    return session.store.find("MainAccountLegalEntities", *key) or {}


def allows_manual_entry(session: Session, company: str, account: Row) -> bool:
    override = _override(session, company, account)
    return "Yes" not in (account.get("DoNotAllowManualEntry"), override.get("DoNotAllowManualEntry"))


def dimension_value(session: Session, company: str, name: str, value: str) -> Row | None:
    """The value of one dimension: shared by all companies, or the company's own."""
    for owner in ("", company):
        found = session.store.find("FinancialDimensionValues", name, owner, value)
        if found is not None:
            override = session.store.find("FinancialDimensionValueLegalEntityOverridesV2", name, value, company)
            return {**found, **override} if override else found
    return None


def _is_inactive(row: Row, day: str) -> bool:
    if row.get("IsSuspended") == "Yes":
        return True
    starts, ends = str(row.get("ActiveFrom") or ""), str(row.get("ActiveTo") or "")
    is_early = bool(starts) and not starts.startswith("1900") and day[:10] < starts[:10]
    is_late = bool(ends) and not ends.startswith(("1900", "2154")) and day[:10] > ends[:10]
    return bool(day) and (is_early or is_late)


def structure_of(session: Session, company: str, account: str) -> Row | None:
    """The account structure of the company's ledger whose first criterion covers the main account."""
    ledger: dict[str, Any] = session.store.find("Ledgers", company) or {}
    for number in range(1, 21):
        name = ledger.get(f"AccountStructureName{number}")
        for rule in _rules(session, name) if name else ():
            if covers(str(rule["SegmentCriteria01"]), account):
                return session.store.find("AccountStructures", name, "Active")
    return None


def check_structure(session: Session, company: str, what: Combination, log: Infolog) -> None:
    """The combination must be one that the account structure allows; else lines in the log."""
    structure = structure_of(session, company, what.account)
    shown = joined(session, LEDGER_FORMAT, what)
    if structure is None:
        log.warn("structure", value=shown, structure="-")
        return
    name = structure["AccountStructureName"]
    segments = [structure.get(f"SegmentName{number:02d}", "") for number in range(1, 12)]
    if set(what.values) - set(segments):
        log.warn("structure", value=shown, structure=name)
        return
    rule = next(one for one in _rules(session, name) if covers(str(one["SegmentCriteria01"]), what.account))
    for number, segment in enumerate(segments[1:], 2):
        criterion = str(rule.get(f"SegmentCriteria{number:02d}", ""))
        value = what.values.get(segment, "") if segment else ""
        if segment and criterion == "*" and not value:
            log.warn("structure_missing", what=segment, value=what.account, structure=name)
        elif segment and value and not covers(criterion, value):
            log.warn("structure", value=shown, structure=name)


def _rules(session: Session, structure: str) -> list[Row]:
    return [
        one
        for one in session.store.table("AccountStructureConstraints").rows.values()
        if one["AccountStructure"] == structure and one["Status"] == "Active"
    ]


def covers(criterion: str, value: str) -> bool:
    """Whether a criterion such as `100000..199999;600*;""` takes a value; `*` is any value, `""` none."""
    for part in criterion.split(";"):
        low, dots, high = part.partition("..")
        if part == '""' and not value:
            return True
        if dots and low <= value <= high:
            return True
        if part.endswith("*") and value and value.startswith(part[:-1]):
            return True
        if part == value and value:
            return True
    return False
