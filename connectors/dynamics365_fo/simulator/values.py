"""How do values travel: JSON to stored ones and back, keys in addresses, days at noon?

Stored: text as str, numbers as Decimal or int, days and moments as the text that is shown, enumerations by member name.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from .catalogue import Catalogue, EntitySet, Property
from .errors import bad_request

UNSET_DAY = "1900-01-01T12:00:00Z"
UNSET_MOMENT = "1900-01-01T00:00:00Z"
NEVER = "2154-12-31T23:59:59Z"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
NO_GUID = "00000000-0000-0000-0000-000000000000"


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def noon(day: str) -> str:
    """A day (YYYY-MM-DD) as F&O shows it."""
    return f"{day}T12:00:00Z"


def parse_moment(text: str) -> datetime:
    """Raises ValueError for what is no moment with a zone."""
    if not MOMENT.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def default_of(field: Property, shown: Catalogue) -> Any:
    """What an unset field holds."""
    if field.is_enum:
        return shown.default_member(field.type)
    match field.type:
        case "Decimal":
            return Decimal(0)
        case "Int32" | "Int64":
            return 0
        case "Boolean":
            return False
        case "Guid":
            return NO_GUID
        case "DateTimeOffset":
            return UNSET_MOMENT if field.is_moment else UNSET_DAY
        case "Binary":
            return None
    return ""


def from_json(field: Property, value: Any, shown: Catalogue, shift_hours: int) -> Any:
    """A sent value as it is stored. Raises RefusedError (400) when it is not of the field's type."""
    if value is None:
        if field.nullable:
            return default_of(field, shown)
        raise bad_request(
            f"A null value was found for the property named '{field.name}', which has the expected type "
            f"'{field.full_type}[Nullable=False]'. The expected type does not allow null values."
        )
    if field.is_enum:
        if isinstance(value, str) and value in shown.enums[field.type]:
            return value
        raise _cannot(value, field)
    match field.type:
        case "String" if isinstance(value, str):
            return value
        case "Decimal" if isinstance(value, Decimal | int) and not isinstance(value, bool):
            return Decimal(value)
        case "Int32" | "Int64" if isinstance(value, int) and not isinstance(value, bool):
            return value
        case "Boolean" if isinstance(value, bool):
            return value
        case "Guid" | "Binary" | "DateTimeOffset" if isinstance(value, str):
            try:
                return _from_text(field, value, shift_hours)
            except (ValueError, OverflowError) as error:
                raise _cannot(value, field) from error
    raise _cannot(value, field)


def _from_text(field: Property, value: str, shift_hours: int) -> str:
    if field.type == "Guid":
        return str(UUID(value))
    if field.type == "Binary":
        try:
            base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise ValueError(value) from error
        return value
    moment = parse_moment(value)
    if field.is_moment:
        return stamp(moment)
    if value in (UNSET_DAY, UNSET_MOMENT):
        return UNSET_DAY
    return noon((moment.astimezone(UTC) + timedelta(hours=shift_hours)).strftime("%Y-%m-%d"))


def _cannot(value: Any, field: Property) -> Exception:
    return bad_request(f"Cannot convert the literal '{value}' to the expected type '{field.full_type}'.")


def to_json(value: Any) -> Any:
    """A stored value as it is shown: amounts without trailing zeros."""
    if isinstance(value, Decimal):
        plain = value.normalize()
        return plain.quantize(Decimal(1)) if plain == plain.to_integral_value() else plain
    return value


def shown_row(
    row: dict[str, Any], entity: EntitySet, shown: Catalogue, select: list[str], *, null_enums: bool = False
) -> dict[str, Any]:
    """The record as JSON: every public field, or the selected ones, in metadata order."""
    if null_enums:
        unset = {one.name: None for one in entity.properties.values() if one.is_enum and one.nullable}
        row = {**unset, **row}
    fields = [field for field in entity.properties.values() if not select or field.name in select]
    return {field.name: to_json(row[field.name] if field.name in row else default_of(field, shown)) for field in fields}


def etag(row: dict[str, Any], sources: int = 1) -> str:
    """Weak; base64 of `'<recVersion>,<recId>'`, with a pair per data source where there are several."""
    pairs = [f"{row['_version']},{row['_id'] + number}" for number in range(sources)]
    inner = pairs[0] if sources == 1 else ";".join([*pairs, "0,0"])
    return 'W/"' + base64.b64encode(f"'{inner}'".encode()).decode() + '"'


def key_text(row: dict[str, Any], entity: EntitySet) -> str:
    """`(dataAreaId='usmf',LineNumber=1)`, as a Location shows it."""
    parts = []
    for name in entity.keys:
        field, value = entity.properties[name], row[name]
        if field.is_enum:
            parts.append(f"{name}={field.full_type}'{value}'")
        elif field.type == "String":
            quoted = value.replace("'", "''")
            parts.append(f"{name}='{quoted}'")
        else:
            parts.append(f"{name}={to_json(value)}")
    return "(" + ",".join(parts) + ")"
