"""How do records leave Odoo: order, limits, and the form of each value on the wire?"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from .access import check_access, check_records, readable
from .domains import names_field, select
from .environment import COMPUTED, Environment
from .errors import access_error, user_error, value_error
from .schema import SCHEMA, Field
from .store import Record

UNREADABLE_PARTNER = (
    "Failed to read field res.partner.rtc_session_ids\n"
    "You are not allowed to access 'Mail RTC session' (discuss.channel.rtc.session) records.\n\n"
    "This operation is allowed for the following groups:\n\t- Role / Administrator\n\n"
    "Contact your administrator to request access if necessary."
)
ORDER_PART = re.compile(r"^(\w+)(?:\s+(asc|desc))?$", re.IGNORECASE)


def search(
    env: Environment, model: str, domain: Any, offset: int = 0, limit: int | None = None, order: str | None = None
) -> list[int]:
    """Ids of the visible records that match, ordered and cut."""
    check_access(env, model, "read")
    start, order = int(offset or 0), order or SCHEMA[model].order
    stop = start + int(limit) if limit and order.strip().lower() in ("id", "id asc") else None
    ids = select(env, model, domain, _shown(env, model, domain), stop)
    if stop is None:
        ids = _sorted(env, model, ids, order)
    return ids[start : start + int(limit)] if limit else ids[start:]


def _shown(env: Environment, model: str, domain: Any) -> Callable[[Record], bool] | None:
    """Hides archived records and those of other companies."""
    allowed = readable(env, model)
    if "active" not in SCHEMA[model].fields or not env.context.get("active_test", True):
        return allowed
    # A condition on `active` shows archived records, except together with an account's code (observed on 19.0).
    if names_field(domain, "active") and not (model == "account.account" and names_field(domain, "code")):
        return allowed
    return lambda record: bool(record.get("active")) and (allowed is None or allowed(record))


def _sorted(env: Environment, model: str, ids: list[int], order: str) -> list[int]:
    table = env.store.tables[model]
    for part in reversed([piece.strip() for piece in order.split(",")]):
        found = ORDER_PART.match(part)
        if not found:
            raise user_error(
                f'Invalid "order" specified ({order}). A valid "order" specification is a comma-separated list of '
                "valid field names (optionally followed by asc/desc for the direction)"
            )
        name, descending = found.group(1), (found.group(2) or "").lower() == "desc"
        field = SCHEMA[model].fields.get(name)
        if field is None:
            raise value_error(f"Invalid field '{name}' on model '{model}'")
        if field.kind == "one2many":
            raise value_error(f"Cannot convert {model}.{name} to SQL because it is not stored")
        if name == "id":
            ids.sort(reverse=descending)
        else:
            ids.sort(key=lambda id: _sort_key(env, model, table[id], field), reverse=descending)
    return ids


def _sort_key(env: Environment, model: str, record: Record, field: Field) -> tuple[bool, Any]:
    """NULL sorts after everything, as in PostgreSQL."""
    value = env.value(model, record, field.name)
    if field.kind == "many2one" and value:
        value = str(env.label(field.relation, value))
    missing = value is None or (value is False and field.kind != "boolean")
    return missing, 0 if missing else value


def read(
    env: Environment, model: str, ids: Sequence[Any], fields: Sequence[str] | None = None, load: Any = "_classic_read"
) -> list[dict[str, Any]]:
    """The wire form of records that exist and may be read; missing ids are left out without an error."""
    check_access(env, model, "read")
    table = env.store.tables[model]
    found = [id for id in ids if isinstance(id, int) and id in table]
    check_records(env, model, found, "read")
    names = list(dict.fromkeys(fields or ()))
    if not names:
        if model == "res.partner" and not env.user.get("is_system"):
            raise access_error(UNREADABLE_PARTNER)
        names = [name for name in SCHEMA[model].fields if name != "id"]
    writers = [(name, _writer(env, model, name, load)) for name in names if name != "id"]
    rows = []
    for id in found:
        record = table[id]
        row: dict[str, Any] = {"id": id}
        for name, writer in writers:
            row[name] = writer(record)
        rows.append(row)
    return rows


def _writer(env: Environment, model: str, name: str, load: Any) -> Callable[[Record], Any]:
    field = SCHEMA[model].fields.get(name)
    if field is None:
        raise value_error(f"Invalid field '{name}' on '{model}'")
    getter = COMPUTED.get((model, name))
    if name == "display_name" and getter is None:
        return lambda record: env.label(model, record["id"])
    held: Callable[[Record], Any]
    if getter is None:
        empty = field.empty
        held = lambda record: empty if (value := record.get(name)) is None else value  # noqa: E731
    else:
        compute = getter
        held = lambda record: compute(env, record)  # noqa: E731
    if field.kind == "many2one" and load == "_classic_read":
        relation = field.relation
        return lambda record: [value, env.label(relation, value)] if (value := held(record)) else False
    if field.kind == "datetime":
        return lambda record: value[:19] if (value := held(record)) else False
    if field.kind in ("char", "date", "text", "html", "selection"):
        return lambda record: held(record) or False
    if field.kind in ("one2many", "many2many"):
        return lambda record: list(held(record))
    if field.kind == "boolean":
        return lambda record: bool(held(record))
    return held
