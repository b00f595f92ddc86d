"""What does one call see: its user, companies, context and transaction start, and the values of records?

`Environment.value` gives a field's stored or computed value in plain form (a many2one as id, a date as text);
`reading.py` turns that into what goes over the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .errors import access_error, missing_error, user_error
from .schema import SCHEMA, Model
from .store import Record, Store

if TYPE_CHECKING:
    from .switches import Switches

Getter = Callable[["Environment", Record], Any]
COMPUTED: dict[tuple[str, str], Getter] = {}
LABELS: dict[str, Getter] = {}
NOTHING: dict[str, Any] = {}


def computed(model: str, *names: str) -> Callable[[Getter], Getter]:
    """Declare how unstored fields of a model come about."""

    def declare(function: Getter) -> Getter:
        for name in names:
            COMPUTED[model, name] = function
        return function

    return declare


@dataclass(frozen=True, slots=True)
class Records:
    """A model and the records a method runs on."""

    env: Environment
    model: str
    ids: tuple[int, ...] = ()


class Environment:
    def __init__(
        self, store: Store, user: Record, context: Mapping[str, Any], started: datetime, switches: Switches
    ) -> None:
        self.store = store
        self.user = user
        self.uid: int = user["id"]
        self.context = context
        self.started = started.strftime("%Y-%m-%d %H:%M:%S.%f")
        self.today = started.strftime("%Y-%m-%d")
        self.switches = switches
        self.snapshot = store.commits
        self.companies = self._companies()
        self.company: Record = store.tables["res.company"][self.companies[0]]
        self._labels: dict[tuple[str, int], Any] = {}

    def _companies(self) -> tuple[int, ...]:
        wanted = self.context.get("allowed_company_ids")
        mine = self.user["company_ids"]
        if wanted:
            if not set(wanted) <= set(mine):
                raise access_error("Access to unauthorized or invalid companies.")
            return tuple(wanted)
        default = self.user["company_id"]
        return (default, *(one for one in mine if one != default))

    def check_language(self) -> None:
        language = self.context.get("lang")
        if language and language != "en_US":
            raise user_error(f"Invalid language code: {language}")

    def model(self, name: str) -> Model:
        return SCHEMA[name]

    def find(self, model: str, id: Any) -> Record | None:
        return self.store.tables[model].get(id) if id else None

    def get(self, model: str, id: Any) -> Record:
        """The record, or Odoo's refusal of a missing one."""
        record = self.store.tables[model].get(id)
        if record is None:
            raise missing_error(model, [id], self.uid)
        return record

    def browse(self, model: str, ids: Iterable[Any]) -> list[Record]:
        return [self.get(model, id) for id in ids]

    def value(self, model: str, record: Record, name: str) -> Any:
        getter = COMPUTED.get((model, name))
        if getter is not None:
            return getter(self, record)
        value = record.get(name)
        if value is not None:
            return value
        if name == "display_name":
            return self.label(model, record["id"])
        return SCHEMA[model].fields[name].empty

    def label(self, model: str, id: int) -> Any:
        """The display name; remembered for the length of the call."""
        key = (model, id)
        known = self._labels.get(key)
        if known is None:
            record = self.store.tables[model].get(id, NOTHING)
            make = LABELS.get(model)
            known = make(self, record) if make else record.get("name") or f"{model},{id}"
            self._labels[key] = known
        return known

    def forget_labels(self) -> None:
        self._labels.clear()

    def insert(self, model: str, values: Record) -> int:
        values["create_date"] = values["write_date"] = self.started
        values["create_uid"] = values["write_uid"] = self.uid
        return self.store.insert(model, values)

    def update(self, model: str, id: int, changes: Record) -> None:
        """Write, and move `write_date` to the start of this transaction."""
        changes["write_date"] = self.started
        changes["write_uid"] = self.uid
        self.store.update(model, id, changes)
        if self._labels:
            self._labels.clear()

    def currency_places(self, currency_id: int) -> Decimal:
        """The smallest amount of a currency, to quantize with."""
        rounding: Decimal = self.store.tables["res.currency"][currency_id]["rounding"]
        return rounding
