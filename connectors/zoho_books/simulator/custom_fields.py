"""Which custom fields has an organisation, how are their values written, and which of them may not repeat?

https://www.zoho.com/books/api/v3/custom-fields/; the documented shapes of a value differ from page to page, so all of
them are taken.
"""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import Unknown, invalid, refused
from connectors.zoho_books.simulator.store import Item, Organisation, Table
from connectors.zoho_books.simulator.values import flag, items, text

Values = dict[str, Any]


class CustomFieldsApi:
    def routes(self) -> list[Route]:
        return [
            Route("GET", "/settings/fields", self.fields, "settings.READ"),
            Route("POST", "/settings/fields", self.create, "settings.CREATE"),
        ]

    def fields(self, call: ApiCall) -> Response:
        entity = call.query("entity")
        found = [field_shown(one) for one in call.org.custom_fields if entity in (None, one["entity"])]
        return answer(fields=found)

    def create(self, call: ApiCall) -> Response:
        """A new field never refuses duplicates: that is set by hand in Zoho's pages."""
        body = call.body()
        flag(body, "show_on_pdf")
        made = field_add(
            call.org,
            text(body, "entity", required=True),
            text(body, "label", required=True),
            data_type=text(body, "data_type", required=True),
        )
        return answer("The custom field has been created.", 201, field=field_shown(made))


def field_shown(field: Item) -> Item:
    """Whether a field refuses duplicates is not shown: how Zoho would tell it is not known."""
    names = ("customfield_id", "label", "api_name", "data_type", "entity", "index", "is_active", "is_mandatory")
    told = {name: field[name] for name in (*names, "default_value")}
    return {**told, "field_id": field["customfield_id"]}


def field_add(
    org: Organisation,
    entity: str,
    label: str,
    *,
    data_type: str = "string",
    is_unique: bool = False,
    is_mandatory: bool = False,
    default_value: str = "",
) -> Item:
    """A field of an entity (bill, expense, contact, journal, vendorpayment ...), named `cf_` and its label."""
    index = 1 + sum(one["entity"] == entity for one in org.custom_fields)
    field = {
        "customfield_id": org.new_id(),
        "label": label,
        "api_name": "cf_" + "_".join(label.lower().split()),
        "data_type": data_type,
        "entity": entity,
        "index": index,
        "is_active": True,
        "is_unique": is_unique,
        "is_mandatory": is_mandatory,
        "default_value": default_value,
    }
    return org.custom_fields.put(field["customfield_id"], field)


def field_named(org: Organisation, entity: str, api_name: str) -> Item | None:
    return next((one for one in org.custom_fields if (one["entity"], one["api_name"]) == (entity, api_name)), None)


def values_read(call: ApiCall, entity: str, body: Item, known: Values) -> Values:
    """The values of a record after a write: those it had, those the body names, and defaults. Whether Zoho refuses a
    record of the API that lacks a mandatory one is not known: it does, or not by switch."""
    values = dict(known)
    sent = items(body, "custom_fields")
    for one in sent if call.simulator.switches.custom_field_values == "keep" else ():
        field = _meant(call.org, entity, one)
        if field is not None:
            values[field["customfield_id"]] = one.get("value", "")
        elif call.simulator.switches.unknown_custom_field == "refuse":
            raise invalid("custom_fields")
    for field in call.org.custom_fields:
        if field["entity"] != entity or values.get(field["customfield_id"]):
            continue
        if field["default_value"]:
            values[field["customfield_id"]] = field["default_value"]
        elif field["is_mandatory"] and field["is_active"] and call.simulator.switches.mandatory_fields == "refuse":
            raise refused(Unknown.FIELD, f"Enter a value for {field['label']}")
    return values


def _meant(org: Organisation, entity: str, value: Item) -> Item | None:
    own = [one for one in org.custom_fields if one["entity"] == entity]
    for ours, theirs in (
        ("customfield_id", "customfield_id"),
        ("customfield_id", "custom_field_id"),
        ("api_name", "api_name"),
        ("index", "index"),
        ("label", "label"),
    ):
        if theirs in value:
            return next((one for one in own if str(one[ours]) == str(value[theirs])), None)
    return None


def check_unique(org: Organisation, entity: str, table: Table, values: Values, own_id: str) -> None:
    """Raises 990007 when another record of the entity has the same value in a field that may not repeat."""
    for field in org.custom_fields:
        value = str(values.get(field["customfield_id"]) or "")
        if field["entity"] == entity and field["is_unique"] and value:
            holder = org.unique.get((entity, field["customfield_id"], value.casefold()))
            if holder is not None and holder != own_id and table.get(holder) is not None:
                raise refused(Unknown.NOT_UNIQUE, f"The value of {field['label']} exists in another record.")


def remember_unique(org: Organisation, entity: str, values: Values, record_id: str) -> None:
    """Note which record has which values, so that finding one by its value needs no scan."""
    forget_unique(org, entity, record_id)
    keys = [(entity, field_id, str(value).casefold()) for field_id, value in values.items() if value not in ("", None)]
    for key in keys:
        org.unique.setdefault(key, record_id)
    org.unique_keys[entity, record_id] = [key for key in keys if org.unique[key] == record_id]


def forget_unique(org: Organisation, entity: str, record_id: str) -> None:
    for key in org.unique_keys.pop((entity, record_id), ()):
        org.unique.pop(key, None)


def values_shown(org: Organisation, values: Values) -> list[Item]:
    shown = []
    for field_id, value in values.items():
        field = org.custom_fields.get(field_id)
        if field is not None:
            one = {name: field[name] for name in ("customfield_id", "index", "label", "api_name")}
            shown.append({**one, "value": value})
    return shown


def values_hash(org: Organisation, values: Values) -> Item:
    """`custom_field_hash`: values by the fields' API names."""
    named = [(org.custom_fields.get(field_id), value) for field_id, value in values.items()]
    return {field["api_name"]: value for field, value in named if field is not None}
