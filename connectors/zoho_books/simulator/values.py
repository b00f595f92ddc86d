"""How does the simulator read what a body says? Every function takes one field and refuses it in Zoho's way."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

from connectors.zoho_books.simulator.errors import invalid
from connectors.zoho_books.simulator.store import Item

ZERO = Decimal(0)


def text(body: Item, name: str, default: str = "", *, limit: int | None = None, required: bool = False) -> str:
    """A text (a number is taken as one); 400/4 when it is longer than allowed, or empty although required."""
    value = body.get(name, default)
    value = "" if value is None else value
    if isinstance(value, dict | list | bool):
        raise invalid(name)
    found = str(value)
    if (required and not found.strip()) or (limit is not None and len(found) > limit):
        raise invalid(name)
    return found


def day(body: Item, name: str, default: str = "") -> str:
    """A date as `YYYY-MM-DD`; 400/4 for anything else, and for none where there is no default."""
    value = body.get(name) or default
    try:
        if len(str(value)) == 10:
            return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        pass
    raise invalid(name)


def number(body: Item, name: str, default: Decimal | None = None) -> Decimal:
    """A number, also as a text; 400/4 for anything else, and for none where there is no default."""
    value = body.get(name)
    if value is None or value == "":
        if default is None:
            raise invalid(name)
        return default
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise invalid(name)
    try:
        found = Decimal(value)
    except InvalidOperation as error:
        raise invalid(name) from error
    if not found.is_finite():
        raise invalid(name)
    return found


def flag(body: Item, name: str, default: bool = False) -> bool:
    value = body.get(name, default)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise invalid(name)
    return value


def items(body: Item, name: str, *, least: int = 0) -> list[Item]:
    """A list of objects; 400/4 for anything else or too few."""
    value = body.get(name) or []
    if not isinstance(value, list) or any(not isinstance(one, dict) for one in value) or len(value) < least:
        raise invalid(name)
    return value
