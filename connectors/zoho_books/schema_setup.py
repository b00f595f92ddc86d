"""What of an organisation's set-up is read: tags, locks, locations, custom fields, and the user whose consent it is?"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from connectors.zoho_books.schema import Day, Row, Rows, Text


def _ids(value: Any) -> list[str]:
    """Ids of a list whose entries are ids or records: users and accounts come both ways in Zoho's lists."""
    entries = value if isinstance(value, list) else []
    found = [
        next((one[key] for key in one if key.endswith("_id")), "") if isinstance(one, dict) else one for one in entries
    ]
    return [str(one) for one in found if one]


class TagModule(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    entity_name: Text = ""
    is_enabled: bool = True


class TagPreference(BaseModel):
    """Where a tag is set, on lines or on whole documents, and of which modules."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    preference: Text = ""
    entities: Annotated[list[TagModule], Rows] = []


class TagRow(Row):
    """A reporting tag. For which modules it is mandatory is documented for writing it; a list may not tell."""

    id_field = "tag_id"
    tag_id: Text
    tag_name: Text = ""
    is_active: bool = True
    is_mandatory: bool = False
    is_draft: bool = False
    multi_preference_entities: TagPreference | None = None

    def is_for(self, module: str) -> bool | None:
        """Whether documents of a module (Purchases, Journal) carry it; None where Zoho does not tell."""
        told = self.multi_preference_entities
        if told is None or not told.entities:
            return None
        names = {one.entity_name.lower().rstrip("s") for one in told.entities if one.is_enabled}
        return module.lower().rstrip("s") in names


class OptionRow(Row):
    id_field = "option_id"
    option_id: Text
    option_name: Text = ""
    is_active: bool = True
    parent_id: Text = ""
    children: Annotated[list[OptionRow], Rows] = []


class LockRow(Row):
    """A lock of transactions. Which module it closes is documented for writing it only, so every name is looked for."""

    id_field = "transaction_lock_id"
    transaction_lock_id: Text = ""
    transaction_lock_status: Text = ""
    lock_status: Text = ""
    transaction_lock_date: Day = None
    transaction_lock_module: Text = ""
    lock_module: Text = ""
    lock_scope_formatted: Text = ""
    accounting_period_id: Text = ""
    partial_lock_number: int = 0
    start_date: Day = None
    end_date: Day = None
    user_exceptions: Annotated[list[str], BeforeValidator(_ids)] = []
    account_exceptions: Annotated[list[str], BeforeValidator(_ids)] = []


class LocationRow(Row):
    """A location (branch); one of `line_item_only` may not stand on a whole document. Whether it is active or primary
    is published for one that is made, and not for the list."""

    id_field = "location_id"
    location_id: Text
    location_name: Text = ""
    type: Text = ""
    status: Text = ""
    is_primary: bool = False

    @property
    def is_usable(self) -> bool:
        return self.status.lower() != "inactive" and self.type != "line_item_only"


class UserRow(Row):
    """The user whose consent this is; his id is another one in each organisation, his address is not."""

    id_field = "user_id"
    user_id: Text = ""
    name: Text = ""
    user_role: Text = ""
    email_ids: Annotated[list[dict[str, Any]], Rows] = []

    @property
    def email(self) -> str:
        chosen = [one for one in self.email_ids if one.get("is_selected")] or self.email_ids
        return str(chosen[0].get("email") or "") if chosen else ""


class FieldRow(Row):
    """A custom field; its id goes by two names."""

    id_field = "id"
    customfield_id: Text = ""
    field_id: Text = ""
    api_name: Text = ""
    label: Text = ""
    is_active: bool = True
    is_mandatory: bool = False
    default_value: Text = ""

    @property
    def id(self) -> str:
        return self.customfield_id or self.field_id
