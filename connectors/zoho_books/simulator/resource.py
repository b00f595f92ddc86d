"""What do all records of the simulated API have in common: create, read, list, change, delete, upsert?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator import custom_fields
from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import Unknown, ZohoError, invalid, missing
from connectors.zoho_books.simulator.listing import Listing, listed
from connectors.zoho_books.simulator.store import Item, Organisation, Table


class Resource(ABC):
    """One kind of record. `read` builds the row after a write and checks everything; only then `save` changes the
    state, so that a refused call leaves nothing behind."""

    path: str  # journals
    entity: str  # journal, as webhooks and custom fields call it
    key: str  # the key of one record in answers
    id_field: str
    scope: str
    label: str  # "Journal" in "Journal does not exist."
    created: str
    updated: str
    deleted: str
    create_location: str = ""
    upsertable = False

    @property
    @abstractmethod
    def listing(self) -> Listing: ...

    @abstractmethod
    def table(self, org: Organisation) -> Table: ...

    @abstractmethod
    def read(self, call: ApiCall, body: Item, known: Item | None) -> Item:
        """The row as it will be. `known` is the row as it is, None for a new one. Changes nothing."""

    @abstractmethod
    def shown(self, org: Organisation, row: Item) -> Item: ...

    def save(self, org: Organisation, row: Item) -> None:  # noqa: B027 - a default
        """After the row is in its table: bring the books and what depends on it in line."""

    def check_delete(self, call: ApiCall, row: Item) -> None:  # noqa: B027 - a default
        """Raises what stands against deleting."""

    def drop(self, org: Organisation, row: Item) -> None:  # noqa: B027 - a default
        """After the row is gone."""

    def routes(self) -> list[Route]:
        one = f"/{self.path}/<record_id>"
        routes = [
            Route("POST", f"/{self.path}", self.create, f"{self.scope}.CREATE"),
            Route("GET", f"/{self.path}", self.list, f"{self.scope}.READ"),
            Route("GET", one, self.get, f"{self.scope}.READ"),
            Route("PUT", one, self.update, f"{self.scope}.UPDATE"),
            Route("DELETE", one, self.delete, f"{self.scope}.DELETE"),
        ]
        if self.upsertable:
            routes.append(Route("PUT", f"/{self.path}", self.upsert, f"{self.scope}.UPDATE"))
        return routes

    def create(self, call: ApiCall) -> Response:
        row = self.make(call, call.body())
        return self._made(call, row, self.created, 201)

    def list(self, call: ApiCall) -> Response:
        return listed(call, self.listing, self.table(call.org))

    def get(self, call: ApiCall, record_id: str) -> Response:
        return answer(parts={self.key: self.shown(call.org, self.find(call.org, record_id))})

    def update(self, call: ApiCall, record_id: str) -> Response:
        row = self.change(call, self.find(call.org, record_id), call.body())
        return answer(self.updated, parts={self.key: self.shown(call.org, row)})

    def delete(self, call: ApiCall, record_id: str) -> Response:
        self.remove(call, self.find(call.org, record_id))
        return answer(self.deleted)

    def upsert(self, call: ApiCall) -> Response:
        """https://www.zoho.com/books/api/v3/bills/#update-a-bill-using-a-custom-fields-unique-value and its like."""
        headers = call.request.headers
        api_name, value = headers.get("X-Unique-Identifier-Key", ""), headers.get("X-Unique-Identifier-Value", "")
        field = custom_fields.field_named(call.org, self.entity, api_name)
        if field is None or not field["is_unique"]:
            raise invalid("X-Unique-Identifier-Key")
        if not value:
            raise invalid("X-Unique-Identifier-Value")
        holder = call.org.unique.get((self.entity, field["customfield_id"], value.casefold()))
        known = self.table(call.org).get(holder)
        body = call.body()
        if known is not None:
            row = self.change(call, known, body)
            return answer(self.updated, parts={self.key: self.shown(call.org, row)})
        if headers.get("X-Upsert", "").lower() != "true":
            raise ZohoError(404, Unknown.NO_UPSERT_TARGET, f"{self.label} does not exist.")
        if call.simulator.switches.upsert_fills_field:
            given = {"customfield_id": field["customfield_id"], "value": value}
            body = {**body, "custom_fields": [*(body.get("custom_fields") or []), given]}
        row = self.make(call, body)
        return self._made(call, row, self.updated, call.simulator.switches.upsert_create_status)

    def find(self, org: Organisation, record_id: str) -> Item:
        row = self.table(org).get(record_id)
        if row is None:
            raise missing(self.label)
        return row

    def make(self, call: ApiCall, body: Item) -> Item:
        """A new record with its id and times, saved and told to the webhooks."""
        row = self.read(call, body, None)
        row.update(reference_cut(call, row))
        row["_custom"] = self._custom(call, body, {}, "")
        row[self.id_field] = call.org.new_id()
        row["_created"] = row["_modified"] = call.now
        row["_created_by"] = call.user
        return self.store(call, row, "created")

    def change(self, call: ApiCall, known: Item, body: Item) -> Item:
        """An existing record after a partial update."""
        row = self.read(call, body, known)
        row.update(reference_cut(call, row))
        for name in (self.id_field, "_created", "_created_by"):
            row[name] = known[name]
        row["_custom"] = self._custom(call, body, known["_custom"], known[self.id_field])
        return self.store(call, row, "edited")

    def store(self, call: ApiCall, row: Item, what: str) -> Item:
        row["_modified"] = call.now
        self.table(call.org).put(row[self.id_field], row)
        custom_fields.remember_unique(call.org, self.entity, row["_custom"], row[self.id_field])
        self.save(call.org, row)
        call.simulator.changed(call.org, self, what, row)
        return row

    def remove(self, call: ApiCall, row: Item) -> None:
        self.check_delete(call, row)
        call.simulator.changed(call.org, self, "deleted", row)
        self.table(call.org).remove(row[self.id_field])
        custom_fields.forget_unique(call.org, self.entity, row[self.id_field])
        self.drop(call.org, row)

    def times(self, org: Organisation, row: Item) -> dict[str, Any]:
        return {"created_time": org.stamp(row["_created"]), "last_modified_time": org.stamp(row["_modified"])}

    def custom(self, org: Organisation, row: Item) -> dict[str, Any]:
        values = row["_custom"]
        shown = custom_fields.values_shown(org, values)
        return {"custom_fields": shown, "custom_field_hash": custom_fields.values_hash(org, values)}

    def _custom(self, call: ApiCall, body: Item, known: Item, own_id: str) -> Item:
        values = custom_fields.values_read(call, self.entity, body, known)
        custom_fields.check_unique(call.org, self.entity, self.table(call.org), values, own_id)
        return values

    def _made(self, call: ApiCall, row: Item, message: str, status: int) -> Response:
        location = f"{self.create_location or self.path}/{row[self.id_field]}"
        return answer(message, status, location, {self.key: self.shown(call.org, row)})


def reference_cut(call: ApiCall, row: Item) -> Item:
    """The reference number of a row as it is stored: how long it may be is documented for few modules, and what
    happens to a longer one for none."""
    most = call.simulator.switches.references_cut_at
    return {"reference_number": row["reference_number"][:most]} if most and row.get("reference_number") else {}
