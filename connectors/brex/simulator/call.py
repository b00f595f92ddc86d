"""What does one call to the simulated API bring along: its token, its page, its filters, its body?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from connectors.brex.simulator.errors import ApiError, invalid
from connectors.brex.simulator.state import Item, Store, decode_cursor, encode_cursor, filter_digest, public, stamp
from connectors.simulation import json_response

if TYPE_CHECKING:
    from connectors.brex.simulator.auth import Token
    from connectors.brex.simulator.simulator import BrexSimulator

Handler = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: any one of `scopes` suffices; `key_required` as the specification marks the header."""

    method: str
    path: str
    handler: Handler
    scopes: tuple[str, ...] = ()
    key_required: bool = False


@dataclass(slots=True)
class ApiCall:
    """A request whose credential was accepted."""

    simulator: BrexSimulator
    request: Request
    token: Token

    def one(self, name: str) -> str | None:
        return self.request.args.get(name)

    def many(self, name: str) -> list[str]:
        return self.request.args.getlist(name)

    def flag(self, name: str) -> bool:
        value = self.request.args.get(name, "false").lower()
        if value not in ("true", "false"):
            raise invalid(f"{name} must be a boolean")
        return value == "true"

    def choice(self, name: str, allowed: Iterable[str]) -> str | None:
        value = self.request.args.get(name)
        if value is not None and value not in allowed:
            raise invalid(f"{name} is not one of the known values")
        return value

    def choices(self, name: str, allowed: Iterable[str]) -> list[str]:
        values = self.request.args.getlist(name)
        if any(value not in allowed for value in values):
            raise invalid(f"{name} is not one of the known values")
        return values

    def moment(self, name: str) -> str | None:
        """A query instant in the stores' own spelling; no zone means UTC, a plain date its midnight."""
        text = self.request.args.get(name)
        return None if text is None else stamp(parse_moment(text, name))

    def body(self) -> Item:
        """The JSON object sent; 400 for anything else."""
        try:
            value = json.loads(self.request.get_data() or b"null", parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            raise invalid("The request body is not valid JSON.") from error
        if not isinstance(value, dict):
            raise invalid("The request body must be a JSON object.")
        return value

    def limit(self, maximum: int) -> int:
        text = self.request.args.get("limit")
        if text is None:
            return min(self.simulator.switches.default_limit, maximum)
        if not text.isdigit() or not 1 <= int(text) <= maximum:
            raise invalid(f"limit must be between 1 and {maximum}")
        return int(text)

    def page(
        self,
        store: Store,
        *,
        maximum: int = 1000,
        match: Callable[[Item], bool] = lambda _: True,
        show: Callable[[Item], Item] = public,
        low: str = "",
        high: str = "",
        group: str | None = None,
        reverse: bool = False,
    ) -> Item:
        """`next_cursor` and `items`, keyset paged: an object added or moved meanwhile shifts no other."""
        switches = self.simulator.switches
        limit = self.limit(maximum)
        filters = json.dumps(
            sorted((k, v) for k, v in self.request.args.items(multi=True) if k not in ("cursor", "limit"))
        )
        after = None
        if cursor := self.request.args.get("cursor"):
            try:
                after, digest = decode_cursor(cursor)
            except ValueError as error:
                raise ApiError(switches.bad_cursor_status, "cursor is invalid") from error
            if switches.cursor_bound_to_filters and digest != filter_digest(filters):
                raise ApiError(switches.bad_cursor_status, "cursor does not belong to these filters")
        found: list[Item] = []
        next_cursor = None
        for item in store.scan(after=after, low=low, high=high, group=group, reverse=reverse):
            if not match(item):
                continue
            if len(found) == limit:
                next_cursor = encode_cursor(store.key_of(found[-1]["id"]), filters)
                break
            found.append(item)
        return {"next_cursor": next_cursor, "items": [show(item) for item in found]}

    def page_response(self, store: Store, **how: Any) -> Response:
        return json_response(self.page(store, **how))


def parse_moment(text: str, name: str = "date") -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise invalid(f"{name} is not a valid date-time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def required_text(body: Item, name: str, longest: int | None = None) -> str:
    """A text that must be there; 400 otherwise."""
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise invalid(f"[{name}] is required")
    if longest is not None and len(value) > longest:
        raise invalid(f"[{name}] is longer than {longest} characters")
    return value


def optional_text(body: Item, name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid(f"[{name}] is invalid")
    return value


def items_of(body: Item, most: int = 1000) -> list[Item]:
    """The `items` of a batch body, 1 to `most` objects; 400 otherwise."""
    items = body.get("items")
    if not isinstance(items, list) or not 1 <= len(items) <= most or not all(isinstance(one, dict) for one in items):
        raise invalid(f"[items] must hold 1 to {most} objects")
    return items
