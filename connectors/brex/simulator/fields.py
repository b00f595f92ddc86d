"""How does the simulated Fields API hold custom fields and their values?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from connectors.brex.simulator.call import ApiCall, Route, items_of, optional_text, required_text
from connectors.brex.simulator.errors import ApiError, invalid, not_found
from connectors.brex.simulator.state import Item, Store, public
from connectors.simulation import json_response

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator

GROUPS = ("ACCOUNTING", "USER", "ERP", "TRAVEL")
_NAMES = ("brex_id", "value_id", "remote_id")


class FieldsApi:
    """`/v1/fields` and values (beta). https://developer.brex.com/openapi/fields_api"""

    def __init__(self, simulator: BrexSimulator) -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        read, write = ("fields.read", "fields.write"), ("fields.write",)
        values_read, values_write = ("field_values.read", "field_values.write"), ("field_values.write",)
        values = "/v1/fields/<field_id>/values"
        return [
            Route("GET", "/v1/fields", self.list_fields, read),
            Route("POST", "/v1/fields", self.create_field, write, key_required=True),
            Route("GET", "/v1/fields/<field_id>", self.get_field, read),
            Route("PUT", "/v1/fields/<field_id>", self.change_field, write),
            Route("DELETE", "/v1/fields/<field_id>", self.delete_field, write),
            Route("GET", values, self.list_values, values_read),
            Route("POST", values, self.create_values, values_write, key_required=True),
            Route("PUT", values, self.change_values, values_write),
            Route("DELETE", values, self.delete_values, write),  # the specification asks for fields.write here
            Route("GET", f"{values}/<brex_id>", self.get_value, values_read),
        ]

    def list_fields(self, call: ApiCall) -> Response:
        wanted = set(call.many("field_id[]"))
        return call.page_response(
            self.simulator.store.fields, match=lambda one: not wanted or one["id"] in wanted, show=_show_field
        )

    def get_field(self, call: ApiCall, field_id: str) -> Response:
        return json_response(_show_field(self._field(field_id)))

    def create_field(self, call: ApiCall) -> Response:
        body = call.body()
        name, group, remote_id = required_text(body, "name"), body.get("group"), optional_text(body, "remote_id")
        integration_id = optional_text(body, "integration_id")
        if group not in GROUPS:
            raise invalid("[group] is invalid")
        if group == "ERP" and not integration_id:
            raise invalid("[integration_id] is required for fields of the group ERP")
        if group != "ERP" and integration_id:
            raise invalid("[integration_id] is only allowed for fields of the group ERP")
        if integration_id and integration_id not in self.simulator.store.integrations:
            raise ApiError(404, "Integration not found")
        self._check_remote(self.simulator.store.fields, remote_id)
        field = self.new_field(name, group, remote_id, is_disabled=_flag(body))
        return json_response(_show_field(field))

    def new_field(self, name: str, group: str, remote_id: str | None, is_disabled: bool = False) -> Item:
        store = self.simulator.store
        return store.fields.put(
            {
                "id": store.new_id("extended_field"),
                "name": name,
                "group": group,
                "remote_id": remote_id,
                "is_disabled": is_disabled,
                "updated_at": self.simulator.stamp(),
                "_seq": store.sequence(),
            }
        )

    def new_value(
        self, field_id: str, value: str, value_id: str | None, remote_id: str | None, is_disabled: bool = False
    ) -> Item:
        store = self.simulator.store
        return store.values_of(field_id).put(
            {
                "id": store.new_id("efo"),
                "field_id": field_id,
                "value": value,
                "value_id": value_id,
                "remote_id": remote_id,
                "is_disabled": is_disabled,
                "updated_at": self.simulator.stamp(),
                "_seq": store.sequence(),
            }
        )

    def change_field(self, call: ApiCall, field_id: str) -> Response:
        field, body = self._field(field_id), call.body()
        if body.get("name") is not None:
            field["name"] = required_text(body, "name")
        if body.get("is_disabled") is not None:
            field["is_disabled"] = _flag(body)
        field["updated_at"] = self.simulator.stamp()
        return json_response(_show_field(field))

    def delete_field(self, call: ApiCall, field_id: str) -> Response:
        self.simulator.store.fields.remove(self._field(field_id)["id"])
        self.simulator.store.field_values.pop(field_id, None)
        return Response(status=200)

    def list_values(self, call: ApiCall, field_id: str) -> Response:
        self._field(field_id)
        wanted = [("id", set(call.many("brex_id[]")))]
        wanted += [(name, set(call.many(f"{name}[]"))) for name in ("value_id", "remote_id")]
        text = call.one("value")

        def match(one: Item) -> bool:
            return all(not ids or one[name] in ids for name, ids in wanted) and (text is None or one["value"] == text)

        return call.page_response(self.simulator.store.values_of(field_id), match=match, show=_show_value)

    def get_value(self, call: ApiCall, field_id: str, brex_id: str) -> Response:
        self._field(field_id)
        found = self.simulator.store.values_of(field_id).get(brex_id)
        if found is None:
            raise not_found()
        return json_response(_show_value(found))

    def create_values(self, call: ApiCall, field_id: str) -> Response:
        """All or nothing: one bad item refuses the batch."""
        self._field(field_id)
        store, items = self.simulator.store.values_of(field_id), items_of(call.body())
        seen: set[str] = set()
        for one in items:
            required_text(one, "value")
            optional_text(one, "value_id")
            _flag(one)
            remote_id = optional_text(one, "remote_id")
            if remote_id in seen and self.simulator.switches.duplicate_remote_id == "refuse":
                raise invalid("[remote_id] is used twice")
            self._check_remote(store, remote_id)
            if remote_id:
                seen.add(remote_id)
        made = [
            self.new_value(field_id, one["value"], one.get("value_id"), one.get("remote_id"), _flag(one))
            for one in items
        ]
        return json_response({"items": [_show_value(one) for one in made]})

    def change_values(self, call: ApiCall, field_id: str) -> Response:
        items = items_of(call.body())
        found = [self._value(field_id, one) for one in items]
        for one in items:
            if not isinstance(one.get("data"), dict):
                raise invalid("[data] is required")
        for value, one in zip(found, items, strict=True):
            data = one["data"]
            if data.get("value") is not None:
                value["value"] = required_text(data, "value")
            if data.get("is_disabled") is not None:
                value["is_disabled"] = _flag(data)
            value["updated_at"] = self.simulator.stamp()
        return json_response({"items": [_show_value(one) for one in found]})

    def delete_values(self, call: ApiCall, field_id: str) -> Response:
        found = [self._value(field_id, one) for one in items_of(call.body())]
        for value in found:
            self.simulator.store.values_of(field_id).remove(value["id"])
        return json_response({})

    def _value(self, field_id: str, item: Item) -> Item:
        self._field(field_id)
        names = [name for name in _NAMES if item.get(name)]
        if len(names) != 1:
            raise invalid("an item names exactly one of brex_id, value_id and remote_id")
        key = "id" if names[0] == "brex_id" else names[0]
        for value in self.simulator.store.values_of(field_id):
            if value[key] == item[names[0]]:
                return value
        raise ApiError(404, "Field value not found")

    def _field(self, field_id: str) -> Item:
        found = self.simulator.store.fields.get(field_id)
        if found is None:
            raise not_found()
        return found

    def _check_remote(self, store: Store, remote_id: str | None) -> None:
        refuse = self.simulator.switches.duplicate_remote_id == "refuse"
        if refuse and remote_id and any(one["remote_id"] == remote_id for one in store):
            raise invalid("[remote_id] is already in use")


def _flag(body: Item) -> bool:
    value: Any = body.get("is_disabled")
    if not isinstance(value, bool | None):
        raise invalid("[is_disabled] is invalid")
    return bool(value)


def _show_field(field: Item) -> Item:
    names = ("name", "remote_id", "updated_at", "is_disabled", "group")
    return {"brex_id": field["id"], **{name: field[name] for name in names}}


def _show_value(value: Item) -> Item:
    shown = public(value)
    return {"brex_id": shown.pop("id"), **shown}
