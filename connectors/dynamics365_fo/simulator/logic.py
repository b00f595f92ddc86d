"""What does F&O do when a record is created, changed or deleted? The order of work that all entities share.

Fields are set in the order sent and validated one by one, then come defaults, then validateWrite, then the write; one
request is one transaction. An entity with rules of its own derives from `Logic` (`journals`, `vendors`, `invoices`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .call import Call
from .catalogue import Catalogue, EntitySet
from .errors import INFO, Infolog, RefusedError, unknown_property
from .store import Row, Store
from .switches import Switches
from .values import default_of, from_json

if TYPE_CHECKING:
    from .simulator import DynamicsSimulator


@dataclass(slots=True)
class Session:
    """One request at work: the environment, the caller, and what he asked."""

    simulator: DynamicsSimulator
    call: Call

    @property
    def store(self) -> Store:
        return self.simulator.store

    @property
    def switches(self) -> Switches:
        return self.simulator.switches

    @property
    def shown(self) -> Catalogue:
        return self.simulator.shown

    @property
    def company(self) -> str:
        """The caller's default company."""
        return self.call.user.company

    def infolog(self, entity: str) -> Infolog:
        return Infolog(entity, self.switches.language, self.switches.write_error_status)


class Logic:
    """The rules of one entity set; this class alone is an entity without rules of its own.

    `entity` is the internal name in messages, `table` what messages call its table; `caption` and `mandatory` are
    (label, field); `lookups` are field -> (label, label of the related table, related set)."""

    entity = ""
    table = ""
    caption: tuple[tuple[str, str], ...] = ()
    mandatory: tuple[tuple[str, str], ...] = ()
    read_only: frozenset[str] = frozenset()
    lengths: dict[str, tuple[str, int]] = {}
    lookups: dict[str, tuple[str, str, str]] = {}
    sources = 1
    is_open = True  # whether anything may be written through it

    def __init__(self, of: EntitySet) -> None:
        self.of = of
        self.entity = self.entity or f"{of.type}Entity"
        self.table = self.table or f"{of.type} ({of.type})"
        if type(self) is Logic:
            self.mandatory = ((of.keys[-1], of.keys[-1]),)

    def insert(self, session: Session, sent: dict[str, Any]) -> Row:
        """Create a record; the stored one. Raises RefusedError, and then nothing was written."""
        given = self.read(session, sent)
        log = session.infolog(self.entity)
        if not self.is_open:
            raise log.warn("not_editable", field=self.of.name).refusal()
        row: Row = {}
        if self.of.is_company_bound:
            row["dataAreaId"] = self._company(session, given, log)
        self.initialise(session, row, given, log)
        for name, value in given.items():
            if name != "dataAreaId":
                row[name] = self.accept(session, row, name, value, log)
        self.complete(session, row, given, log)
        for label, name in self.mandatory:
            if row.get(name) in (None, "") or str(row.get(name)).startswith("1900-01-01"):
                source = f"{self.table.partition(' (')[2].rstrip(')')}"
                log.warn("mandatory", field=label).warn("validate_write", source=f"{source} ({source})")
                raise log.refusal()
        for key in self.of.keys:
            row.setdefault(key, default_of(self.of.properties[key], session.shown))
        self.validate(session, row, log)
        if session.store.find(self.of.name, *(row.get(key) for key in self.of.keys)) is not None:
            raise self.duplicate(row, log)
        session.store.insert(self.of.name, row)
        self.written(session, row)
        return row

    def change(self, session: Session, row: Row, sent: dict[str, Any]) -> None:
        """Change fields of a record. Raises RefusedError, and then nothing was written."""
        given = self.read(session, sent)
        log = session.infolog(self.entity)
        self.may_change(session, row, log)
        after = dict(row)
        for name, value in given.items():
            if name in self.of.keys and value == row.get(name):
                continue
            if name in self.of.keys or name in self.read_only or not self.is_open:
                raise log.warn("not_editable", field=name).field(name).refusal()
            after[name] = self.accept(session, after, name, value, log)
        self.follow(session, row, after, given)
        self.validate(session, after, log)
        session.store.update(self.of.name, row, after)
        self.written(session, row)

    def remove(self, session: Session, row: Row) -> None:
        log = session.infolog(self.entity)
        if not self.is_open:
            raise log.warn("not_editable", field=self.of.name).refusal()
        self.may_change(session, row, log)
        self.may_remove(session, row, log)
        session.store.delete(self.of.name, row)
        self.removed(session, row)

    def read(self, session: Session, sent: dict[str, Any]) -> Row:
        """The body's fields as stored values. Raises RefusedError for a field that the type does not have."""
        given = {}
        shown = session.shown.sets[self.of.name].properties
        for name, value in sent.items():
            if name.startswith("@odata."):
                continue
            if name not in shown:
                raise unknown_property(name, self.of.type)
            given[name] = from_json(shown[name], value, session.shown, session.switches.day_shift_hours)
        return given

    def accept(self, session: Session, row: Row, name: str, value: Any, log: Infolog) -> Any:
        """validateField: the value as it is stored. Raises RefusedError."""
        if name in self.lengths and isinstance(value, str) and len(value) > self.lengths[name][1]:
            label, longest = self.lengths[name]
            if session.switches.overlong == "refuse":
                raise log.warn("too_long", value=value, field=label).field(name).refusal()
            value = value[:longest]
        if name in self.lookups and value not in ("", None):
            label, related_label, related = self.lookups[name]
            found = self.related(session, row, related, value)
            if found is None:
                log.warn("lookup", value=value, field=label, related=related_label).field(name)
                raise log.refusal()
            return found
        return value

    def related(self, session: Session, row: Row, related: str, value: str) -> str | None:
        """The value as the related record spells it; None if there is no such record."""
        entity = session.simulator.whole.sets[related]
        key = (row["dataAreaId"], value) if entity.is_company_bound else (value,)
        found = session.store.find(related, *key)
        return None if found is None else str(found[entity.keys[-1]])

    def duplicate(self, row: Row, log: Infolog) -> RefusedError:
        caption = ", ".join(
            f"{label}: {row.get(name, '')}" if label else str(row.get(name, "")) for label, name in self.caption
        )
        return log.add(INFO, "duplicate", table=self.table, caption=caption).refusal()

    def initialise(self, session: Session, row: Row, given: Row, log: Infolog) -> None:
        """initValue: what holds before any field is set."""

    def complete(self, session: Session, row: Row, given: Row, log: Infolog) -> None:
        """defaultRow: numbers and defaults that depend on what was set."""

    def validate(self, session: Session, row: Row, log: Infolog) -> None:
        """validateWrite. Raises RefusedError."""

    def follow(self, session: Session, before: Row, after: Row, given: Row) -> None:
        """modifiedField: what changes in a record along with the fields that were changed."""

    def written(self, session: Session, row: Row) -> None:
        """What changes elsewhere with a record that was created or changed."""

    def may_change(self, session: Session, row: Row, log: Infolog) -> None:
        """Raises RefusedError where a record stands fast."""

    def may_remove(self, session: Session, row: Row, log: Infolog) -> None:
        """Raises RefusedError where others depend on a record."""

    def removed(self, session: Session, row: Row) -> None:
        """What changes elsewhere with a record that was deleted."""

    def _company(self, session: Session, given: Row, log: Infolog) -> str:
        """The named company, or silently the caller's default one."""
        company = str(given.get("dataAreaId") or session.company)
        found = session.store.find("Companies", company)
        if found is None or not session.call.user.sees(company):
            log.warn("lookup", value=company, field="Company", related="Legal entities").field("dataAreaId")
            raise log.refusal()
        return company.lower()
