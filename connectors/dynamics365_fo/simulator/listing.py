"""How is a collection read: companies, filter, order, pages, counts, one level of expansion?"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from .call import Answer
from .catalogue import EntitySet
from .errors import bad_request
from .filters import parse_filter
from .logic import Session
from .store import Key, Row, folded
from .values import default_of, etag, shown_row

OPTIONS = ("$filter", "$select", "$orderby", "$top", "$skip", "$count", "$expand", "$format", "cross-company")
# set and navigation: the set it leads to, with (own field, other field) that must agree
NAVIGATIONS: dict[tuple[str, str], tuple[str, tuple[tuple[str, str], ...]]] = {
    ("LedgerJournalHeaders", "LedgerJournalLine"): (
        "LedgerJournalLines",
        (("JournalBatchNumber", "JournalBatchNumber"), ("dataAreaId", "dataAreaId")),
    ),
    ("LedgerJournalLines", "LedgerJournalHeader"): (
        "LedgerJournalHeaders",
        (("JournalBatchNumber", "JournalBatchNumber"), ("dataAreaId", "dataAreaId")),
    ),
    ("VendInvoiceJournalHeaders", "VendInvoiceJournalLine"): (
        "VendInvoiceJournalLines",
        (("JournalBatchNumber", "JournalBatchNumber"), ("dataAreaId", "dataAreaId")),
    ),
    ("VendorPaymentJournalHeaders", "VendorPaymentJournalLine"): (
        "VendorPaymentJournalLines",
        (("JournalBatchNumber", "JournalBatchNumber"), ("dataAreaId", "dataAreaId")),
    ),
    ("VendorInvoiceHeaders", "VendorInvoiceLine"): (
        "VendorInvoiceLines",
        (("HeaderReference", "HeaderReference"), ("dataAreaId", "dataAreaId")),
    ),
    ("VendorInvoiceHeaders", "VendorInvoiceDocumentAttachment"): (
        "VendorInvoiceDocumentAttachments",
        (("HeaderReference", "HeaderReference"), ("dataAreaId", "dataAreaId")),
    ),
    ("LedgerJournalHeaders", "LegalEntity"): ("LegalEntities", (("dataAreaId", "LegalEntityId"),)),
}


def listed(session: Session, entity: EntitySet, *, only_count: bool) -> Answer:
    """A page of a set, or its bare count. Raises RefusedError (400) for options the service does not have."""
    query = session.call.query
    for name in query:
        if name.startswith("$") and name not in OPTIONS:
            raise bad_request(f"The query parameter '{name}' is not supported.")
    rows = _selected(session, entity)
    if only_count:
        return Answer(200, str(len(rows)), content_type="text/plain")
    rows = _ordered(session, entity, rows)
    skip, top = _number(query, "$skip") or 0, _number(query, "$top")
    wanted = rows[skip:] if top is None else rows[skip : skip + top]
    size = _page_size(session)
    page = wanted[:size]
    select = _names(query.get("$select", ""), entity)
    expand = _expansions(query.get("$expand", ""), session, entity)
    chosen = f"({','.join(select)})" if select else ""
    body: dict[str, Any] = {"@odata.context": f"{session.call.base}/data/$metadata#{entity.name}{chosen}"}
    if query.get("$count") == "true":
        body["@odata.count"] = len(rows)
    body["value"] = [_shown(session, entity, row, select, expand) for row in page]
    if len(wanted) > size:
        body["@odata.nextLink"] = _next_link(session, entity, skip + size, None if top is None else top - size)
    return Answer(200, body)


def _selected(session: Session, entity: EntitySet) -> list[Row]:
    """The records of the caller's companies that meet the filter, oldest first."""
    table = session.store.table(entity.name)
    condition = None
    keys: dict[Key, None] | None = None
    if text := session.call.query.get("$filter", "").strip():
        condition = parse_filter(text, entity, session.shown, session.switches.filter_functions)
        keys = condition.among(table)
    rows = list(table.rows.values()) if keys is None else [table.rows[key] for key in keys]
    user = session.call.user
    if entity.is_company_bound:
        if session.call.is_cross_company:
            rows = [one for one in rows if user.sees(one["dataAreaId"])]
        else:
            rows = [one for one in rows if one["dataAreaId"] == session.company]
    try:
        return rows if condition is None else [one for one in rows if condition.meets(one)]
    except ArithmeticError as error:
        raise bad_request(f"The filter '{text}' cannot be worked out.") from error


def _ordered(session: Session, entity: EntitySet, rows: list[Row]) -> list[Row]:
    for part in reversed([one.strip() for one in session.call.query.get("$orderby", "").split(",") if one.strip()]):
        name, _, direction = part.partition(" ")
        field = entity.properties.get(name)
        if field is None or direction.strip() not in ("", "asc", "desc"):
            raise bad_request(f"Could not order by '{part}' on type '{entity.type}'.")
        unset = default_of(field, session.shown)
        rows = sorted(rows, key=lambda one: folded(one.get(name, unset)), reverse=direction.strip() == "desc")
    return rows


def _page_size(session: Session) -> int:
    size = session.switches.page_size
    wanted = re.search(r"odata\.maxpagesize=(\d+)", session.call.headers.get("prefer", ""))
    if wanted and session.switches.maxpagesize_honoured:
        size = min(size, max(int(wanted[1]), 1))
    return size


def _number(query: dict[str, str], name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not text.isdigit():
        raise bad_request(f"Invalid value '{text}' for {name} query option found.")
    return int(text)


def _names(text: str, entity: EntitySet) -> list[str]:
    names = [one.strip() for one in text.split(",") if one.strip()]
    for name in names:
        if name not in entity.properties:
            raise bad_request(
                f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.DataEntities.{entity.type}'."
            )
    return names


def _expansions(text: str, session: Session, entity: EntitySet) -> dict[str, list[str]]:
    """Navigation name to its own $select; only the first level is supported."""
    found: dict[str, list[str]] = {}
    for name, inner in re.findall(r"(\w+)(?:\(([^()]*)\))?", text):
        place = NAVIGATIONS.get((entity.name, name))
        if place is None or place[0] not in session.shown.sets or name not in entity.navigation:
            raise bad_request(f"Could not find a navigation property named '{name}' on type '{entity.type}'.")
        if inner and not inner.startswith("$select="):
            raise bad_request(f"The option '{inner}' is not supported inside $expand.")
        found[name] = _names(inner.removeprefix("$select="), session.shown.sets[place[0]])
    return found


def _shown(
    session: Session, entity: EntitySet, row: Row, select: list[str], expand: dict[str, list[str]]
) -> dict[str, Any]:
    logic = session.simulator.logic(entity.name)
    shown = shown_row(row, entity, session.shown, select, null_enums=session.switches.unset_enums_are_null)
    body = {"@odata.etag": etag(row, logic.sources), **shown}
    for name, inner in expand.items():
        other, pairs = NAVIGATIONS[entity.name, name]
        target = session.shown.sets[other]
        own, their = pairs[0]
        table = session.store.table(other)
        near = table.by(their, row[own]) if their in table.indexes else list(table.rows.values())
        found = [one for one in near if all(folded(one.get(b)) == folded(row.get(a)) for a, b in pairs)]
        near_ones = [_shown(session, target, one, inner, {}) for one in found]
        body[name] = near_ones if entity.navigation[name] else next(iter(near_ones), None)
    return body


def _next_link(session: Session, entity: EntitySet, skip: int, top: int | None) -> str:
    query = {**session.call.query, "$skip": str(skip)}
    if top is not None:
        query["$top"] = str(top)
    text = "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in query.items())
    return f"{session.call.base}/data/{entity.name}?{text}"
