"""Did Zoho keep what a document is found by? The reference number and the key field, read from the answer to a write.

Neither's length is documented everywhere, and Zoho drops or changes a field without a word. A document whose reference
number is another one answers to no later search: it would be taken for absent, and sent again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.base import Finding
from connectors.zoho_books.schema import Rows, Text
from connectors.zoho_books.stamps import is_stamp

REFERENCE = "reference number"
KEY_FIELD = "key field"


class FieldValue(BaseModel):
    """The value of a custom field on a record; the field's id goes by three names."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    customfield_id: Text = ""
    custom_field_id: Text = ""
    field_id: Text = ""
    value: Text = ""

    @property
    def id(self) -> str:
        return self.customfield_id or self.custom_field_id or self.field_id


class Written(BaseModel):
    """What any record is found by, as the answer to a write shows it."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    reference_number: Text = ""
    custom_fields: Annotated[list[FieldValue], Rows] = []


def lost_keys(body: Any, answer: Mapping[str, Any]) -> list[Finding]:
    """What of the keys in a body reads otherwise in the answer to it: nothing, or one finding each."""
    if not isinstance(body, dict) or not ({"reference_number", "custom_fields"} & body.keys()):
        return []
    record = next(_records(answer), None)
    return [] if record is None else [*_reference(body, record), *_values(body, record)]


def _records(answer: Mapping[str, Any]) -> Iterator[Written]:
    """The record in an envelope, under whatever name; a refund may come as a list of one."""
    for value in answer.values():
        one = value[0] if isinstance(value, list) and value else value
        if isinstance(one, dict):
            try:
                yield Written.model_validate(one)
            except ValidationError:
                continue


def _reference(body: Mapping[str, Any], record: Written) -> Iterator[Finding]:
    """An answer that does not speak of it says nothing: whether that to a refund does is not documented."""
    sent = str(body.get("reference_number") or "")
    is_told = "reference_number" in record.model_fields_set
    if is_stamp(sent) and is_told and record.reference_number != sent:
        yield _lost(REFERENCE, record.reference_number, sent)


def _values(body: Mapping[str, Any], record: Written) -> Iterator[Finding]:
    there = {one.id: one.value for one in record.custom_fields}
    for field in body.get("custom_fields") or []:
        sent = str(field["value"])
        read = there.get(str(field["customfield_id"]), "")
        if is_stamp(sent) and read != sent:
            yield _lost(KEY_FIELD, read, sent)


def _lost(what: str, read: str, sent: str) -> Finding:
    return Finding("document_altered", f"The {what} reads {read or 'empty'}, sent was {sent}.", what)
