"""What can be called on every model: searching, reading, and the plain create, write and unlink?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .access import check_access, check_records, has_model_access, readable
from .chart import GROUP_IDS
from .environment import Environment, Records
from .errors import OdooError, missing_error
from .reading import read, search
from .registry import ANY, method
from .schema import SCHEMA, SELECTIONS
from .store import Record
from .values import check_link, stored

Creator = Callable[[Environment, list[Record]], list[int]]
Writer = Callable[[Environment, Sequence[int], Record], None]
Remover = Callable[[Environment, Sequence[int]], None]
CREATORS: dict[str, Creator] = {}
WRITERS: dict[str, Writer] = {}
REMOVERS: dict[str, Remover] = {}
PSEUDO_OPERATIONS = ("read", "write", "create", "unlink")


@method(ANY, "search", on_records=False)
def _search(self: Records, domain: Any, offset: int = 0, limit: Any = None, order: Any = None) -> list[int]:
    return search(self.env, self.model, domain, offset, limit, order)


@method(ANY, "search_count", on_records=False)
def _search_count(self: Records, domain: Any, limit: Any = None) -> int:
    return len(search(self.env, self.model, domain, 0, limit, "id"))


@method(ANY, "search_read", on_records=False)
def _search_read(
    self: Records,
    domain: Any = None,
    fields: Any = None,
    offset: int = 0,
    limit: Any = None,
    order: Any = None,
    load: Any = "_classic_read",
) -> list[dict[str, Any]]:
    return read(self.env, self.model, search(self.env, self.model, domain or [], offset, limit, order), fields, load)


@method(ANY, "read")
def _read(self: Records, fields: Any = None, load: Any = "_classic_read") -> list[dict[str, Any]]:
    return read(self.env, self.model, self.ids, fields, load)


@method(ANY, "name_search", on_records=False)
def _name_search(
    self: Records, name: str = "", domain: Any = None, operator: str = "ilike", limit: int = 100
) -> list[Any]:
    found = search(self.env, self.model, domain or [])
    wanted = name.lower()
    labels = ([id, self.env.label(self.model, id)] for id in found)
    return [pair for pair in labels if wanted in str(pair[1]).lower()][: limit or None]


@method(ANY, "create", on_records=False)
def _create(self: Records, vals_list: Any) -> Any:
    check_access(self.env, self.model, "create")
    wanted = [vals_list] if isinstance(vals_list, dict) else list(vals_list)
    return create(self.env, self.model, wanted)


def create(env: Environment, model: str, vals_list: list[Record]) -> list[int]:
    """Create records in the order given, all or none."""
    ids = CREATORS.get(model, _plain_creator(model))(env, vals_list)
    allowed = readable(env, model)
    if allowed is not None:
        check_created(env, model, ids)
    return ids


def check_created(env: Environment, model: str, ids: Iterable[int]) -> None:
    check_records(env, model, ids, "create")


def _plain_creator(model: str) -> Creator:
    def make(env: Environment, vals_list: list[Record]) -> list[int]:
        fields = SCHEMA[model].fields
        ids = []
        for vals in vals_list:
            record = stored(env, model, vals)
            if "active" in fields:
                record.setdefault("active", True)
            if fields.get("company_id") and model not in ("res.partner", "account.analytic.account", "ir.attachment"):
                record.setdefault("company_id", env.company["id"])
            for name, value in record.items():
                if fields[name].kind == "many2one":
                    check_link(env, model, name, value)
            ids.append(env.insert(model, record))
        return ids

    return make


@method(ANY, "write")
def _write(self: Records, vals: Record) -> bool:
    check_access(self.env, self.model, "write")
    write(self.env, self.model, self.ids, vals)
    return True


def write(env: Environment, model: str, ids: Sequence[int], vals: Record) -> None:
    """Write the same values on existing, writable records."""
    check_existing(env, model, ids)
    check_records(env, model, ids, "write")
    if not vals:
        return
    writer = WRITERS.get(model)
    if writer is not None:
        writer(env, ids, vals)
        return
    for id in ids:
        record = env.store.tables[model][id]
        changes = stored(env, model, vals, record)
        for name, value in changes.items():
            if SCHEMA[model].fields[name].kind == "many2one":
                check_link(env, model, name, value)
        env.update(model, id, changes)


def check_existing(env: Environment, model: str, ids: Iterable[int]) -> None:
    missing = [id for id in ids if id not in env.store.tables[model]]
    if missing:
        raise missing_error(model, missing, env.uid)


@method(ANY, "unlink")
def _unlink(self: Records) -> bool:
    check_access(self.env, self.model, "unlink")
    check_existing(self.env, self.model, self.ids)
    check_records(self.env, self.model, self.ids, "unlink")
    remover = REMOVERS.get(self.model)
    if remover is not None:
        remover(self.env, self.ids)
    else:
        for id in self.ids:
            self.env.store.remove(self.model, id)
    return True


@method(ANY, "fields_get", on_records=False)
def _fields_get(self: Records, allfields: Any = None, attributes: Any = None) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for name, field in SCHEMA[self.model].fields.items():
        if allfields and name not in allfields:
            continue
        facts: dict[str, Any] = {"name": name, "type": field.kind, "string": field.label, "store": True}
        if field.relation:
            facts["relation"] = field.relation
        if field.kind == "selection":
            facts["selection"] = [[key, key] for key in SELECTIONS.get((self.model, name), ())]
        answer[name] = {key: value for key, value in facts.items() if not attributes or key in attributes}
    return answer


@method(ANY, "default_get", on_records=False)
def _default_get(self: Records, fields: Any) -> dict[str, Any]:
    return {"move_type": "entry"} if self.model == "account.move" and "move_type" in fields else {}


@method(ANY, "get_external_id")
def _get_external_id(self: Records) -> dict[int, str]:
    """Keyed by number: JSON makes texts of the keys, XML-RPC refuses them (observed on Odoo 19.0)."""
    names = self.env.store.names
    return {id: (names.get((self.model, id)) or [""])[0] for id in self.ids}


@method(ANY, "get_metadata")
def _get_metadata(self: Records) -> list[dict[str, Any]]:
    rows = read(self.env, self.model, self.ids, ["create_uid", "create_date", "write_uid", "write_date"])
    for row in rows:
        names = self.env.store.names.get((self.model, row["id"]), [])
        row.update(xmlid=names[0] if names else False, noupdate=False)
        row["xmlids"] = [{"noupdate": False, "xmlid": name} for name in names]
    return rows


@method(ANY, "has_access")
def _has_access(self: Records, operation: str) -> bool:
    if operation not in PSEUDO_OPERATIONS:
        raise OdooError("builtins.AssertionError", 500, 1, "Invalid access mode")
    if not has_model_access(self.env, self.model, operation):
        return False
    allowed = readable(self.env, self.model)
    table = self.env.store.tables[self.model]
    return allowed is None or all(allowed(table[id]) for id in self.ids if id in table)


@method("res.users", "context_get", on_records=False)
def _context_get(self: Records) -> dict[str, Any]:
    return {"lang": self.env.user["lang"], "tz": False, "uid": self.env.uid}


@method("res.users", "has_group")
def _has_group(self: Records, group_ext_id: str) -> bool:
    group = GROUP_IDS.get(group_ext_id)
    return all(group in self.env.get("res.users", id)["groups"] for id in self.ids)
