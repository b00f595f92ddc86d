"""How does the OData service answer one operation: read, list, create, change, delete, metadata?"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

from .actions import DIMENSION_SETS, dimension_action, run_action
from .call import Answer, Call, Target, refused, target_of
from .catalogue import EntitySet, csdl, public_entity
from .errors import RefusedError, bad_request, envelope, forbidden, no_route
from .listing import listed
from .logic import Session
from .store import Row
from .values import etag, key_text, parse_moment, shown_row, stamp

if TYPE_CHECKING:
    from .simulator import DynamicsSimulator

XML = "application/xml"
TEXT = "text/plain"


class Service:
    """Everything under /data and /metadata. `run` never raises a RefusedError: it answers it."""

    def __init__(self, simulator: DynamicsSimulator) -> None:
        self.simulator = simulator

    def run(self, call: Call) -> Answer:
        """One operation in a transaction of its own (or in the one that is open)."""
        try:
            with self.simulator.store.transaction(call.writer):
                return self.answer(call)
        except RefusedError as refusal:
            return refused(refusal)

    def answer(self, call: Call) -> Answer:
        """Raises RefusedError."""
        if call.path in ("/data", "/data/"):
            return self._directory(call)
        if call.path == "/data/$metadata":
            return Answer(200, csdl(self.simulator.shown), content_type=XML)
        if call.path.startswith("/metadata/"):
            return self._light_metadata(call)
        target = target_of(call)
        if target.set in DIMENSION_SETS:
            return dimension_action(Session(self.simulator, call), target)
        entity = self.simulator.shown.sets.get(target.set)
        if entity is None:
            raise no_route(call.full_url)
        if target.more and target.more != "$count":
            return run_action(Session(self.simulator, call), entity, target, self._record)
        self._check_rights(call, entity)
        session = Session(self.simulator, call)
        if target.key is None:
            return self._collection(session, entity, target)
        if target.more:
            raise no_route(call.full_url)
        return self._one(session, entity, self._record(session, entity, target))

    def _collection(self, session: Session, entity: EntitySet, target: Target) -> Answer:
        call = session.call
        if call.method == "POST" and not target.more:
            return self._create(session, entity)
        if call.method != "GET":
            raise RefusedError(
                405, {"Message": f"The requested resource does not support http method '{call.method}'."}
            )
        return listed(session, entity, only_count=target.more == "$count")

    def _create(self, session: Session, entity: EntitySet) -> Answer:
        row = self.simulator.logic(entity.name).insert(session, session.call.json())
        place = f"{session.call.base}/data/{entity.name}{quote(key_text(row, entity), safe=chr(39) + '(),=')}"
        body = self._shown(session, entity, row, [])
        return Answer(201, body, {"Location": place, "ETag": body["@odata.etag"]})

    def _one(self, session: Session, entity: EntitySet, row: Row) -> Answer:
        call, logic = session.call, self.simulator.logic(entity.name)
        if call.method == "GET":
            select = [one.strip() for one in call.query.get("$select", "").split(",") if one.strip()]
            for name in select:
                if name not in entity.properties:
                    raise bad_request(f"Could not find a property named '{name}' on type '{entity.type}'.")
            body = self._shown(session, entity, row, select)
            return Answer(200, body, {"ETag": body["@odata.etag"]})
        wanted = call.headers.get("if-match", "*")
        if wanted not in ("*", etag(row, logic.sources)):
            message = "The entity has been changed by another user."
            raise RefusedError(
                session.switches.etag_mismatch_status, envelope(message, "System.InvalidOperationException")
            )
        if call.method in ("PATCH", "PUT"):
            logic.change(session, row, call.json())
        elif call.method == "DELETE":
            logic.remove(session, row)
        else:
            raise RefusedError(
                405, {"Message": f"The requested resource does not support http method '{call.method}'."}
            )
        if call.method == "PATCH" and self._is_wanted_back(session):
            return Answer(200, self._shown(session, entity, row, []))
        return Answer(204)

    def _is_wanted_back(self, session: Session) -> bool:
        return session.switches.return_representation and "return=representation" in session.call.headers.get(
            "prefer", ""
        )

    def _shown(self, session: Session, entity: EntitySet, row: Row, select: list[str]) -> dict[str, Any]:
        logic = self.simulator.logic(entity.name)
        chosen = f"({','.join(select)})" if select else ""
        return {
            "@odata.context": f"{session.call.base}/data/$metadata#{entity.name}{chosen}/$entity",
            "@odata.etag": etag(row, logic.sources),
            **shown_row(row, entity, session.shown, select, null_enums=session.switches.unset_enums_are_null),
        }

    def _record(self, session: Session, entity: EntitySet, target: Target) -> Row:
        """The record that a key names; in other companies only with cross-company=true. Raises RefusedError (404)."""
        key = self._key(session.call, entity, target)
        row = session.store.find(entity.name, *key)
        if row is not None and entity.is_company_bound:
            is_own = row["dataAreaId"] == session.company
            if not (is_own or session.call.is_cross_company) or not session.call.user.sees(row["dataAreaId"]):
                row = None
        if row is None:
            message = "No resources were found when selecting for update."
            bodies: dict[str, Any] = {
                "error": envelope(message, "System.InvalidOperationException"),
                "empty": None,
                "message": {"Message": message},
            }
            raise RefusedError(404, bodies[session.switches.missing_record_body])
        return row

    def _key(self, call: Call, entity: EntitySet, target: Target) -> list[Any]:
        """The key's values in the order of the key fields. Raises RefusedError where it has other fields or types."""
        parts = target.key or ()
        named = {name: (kind, value) for name, kind, value in parts}
        if len(parts) == 1 and not parts[0][0] and len(entity.keys) == 1:
            named = {entity.keys[0]: (parts[0][1], parts[0][2])}
        if set(named) != set(entity.keys) or len(parts) != len(entity.keys):
            raise no_route(call.full_url)
        return [self._key_value(call, entity, name, *named[name]) for name in entity.keys]

    def _key_value(self, call: Call, entity: EntitySet, name: str, kind: str, value: str) -> Any:
        field = entity.properties[name]
        try:
            if field.is_enum and kind == "enum" and value.startswith(f"{field.full_type}'"):
                return value.partition("'")[2].rstrip("'")
            if field.type == "String" and kind == "text":
                return value
            reader: Callable[[str], Any] | None = READERS.get(field.type) if kind == "bare" else None
            if reader:
                return reader(value)
        except (ValueError, ArithmeticError):
            pass
        raise no_route(call.full_url)

    def _check_rights(self, call: Call, entity: EntitySet) -> None:
        user = call.user
        if entity.name in user.hidden or (call.method != "GET" and entity.name in user.read_only):
            raise forbidden()

    def _directory(self, call: Call) -> Answer:
        sets = [{"name": name, "kind": "EntitySet", "url": name} for name in self.simulator.shown.sets]
        return Answer(200, {"@odata.context": f"{call.base}/data/$metadata", "value": sets})

    def _light_metadata(self, call: Call) -> Answer:
        name = call.path.removeprefix("/metadata/")
        if name.startswith("PublicEntities('") and name.endswith("')"):
            entity = self.simulator.shown.by_type(name[16:-2])
            if entity is not None:
                logic = self.simulator.logic(entity.name)
                mandatory = frozenset(field for _, field in logic.mandatory) | frozenset(entity.keys[:1])
                return Answer(200, public_entity(entity, logic.read_only, mandatory))
        if name.startswith("PublicEnumerations('") and name.endswith("')"):
            members = self.simulator.shown.enums.get(name[20:-2])
            if members is not None:
                shown = [{"Name": one, "Value": value} for one, value in members.items()]
                return Answer(200, {"Name": name[20:-2], "Members": shown})
        raise no_route(call.full_url)


def _day(text: str) -> str:
    return stamp(parse_moment(text))


READERS: dict[str, Callable[[str], Any]] = {
    "DateTimeOffset": _day,
    "Decimal": Decimal,
    "Int32": int,
    "Int64": int,
    "Guid": lambda text: str(UUID(text)),
}
