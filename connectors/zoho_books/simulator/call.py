"""What does one call to the simulated API bring along, and how is it answered?"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from connectors.simulation import json_text
from connectors.zoho_books.simulator.errors import CONTENT_TYPE, ZohoError
from connectors.zoho_books.simulator.store import Item, Organisation, User

if TYPE_CHECKING:
    from connectors.zoho_books.simulator.simulator import ZohoBooksSimulator
    from connectors.zoho_books.simulator.tokens import AccessToken

Handler = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint under `/books/v3`; `scope` is such as `bills.CREATE`."""

    method: str
    path: str
    handler: Handler
    scope: str


@dataclass(slots=True)
class ApiCall:
    """A request whose token was accepted; `org` is that of `organization_id`."""

    simulator: ZohoBooksSimulator
    request: Request
    token: AccessToken
    user: User
    org: Organisation

    @property
    def now(self) -> datetime:
        return self.simulator.clock.now()

    @property
    def today(self) -> date:
        return self.org.today(self.now)

    def query(self, name: str) -> str | None:
        return self.request.args.get(name)

    def body(self) -> Item:
        """The JSON object sent, as the body or in the old form field `JSONString`; {} for none."""
        value = self.json()
        if not isinstance(value, dict):
            raise ZohoError(400, 1038, "JSON is not well formed")
        return value

    def json(self) -> Any:
        text: str | bytes = self.request.form.get("JSONString", "") or b""
        if not text and not self.request.form and not self.request.files:
            text = self.request.get_data()
        if not text.strip():
            return {}
        try:
            return json.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            raise ZohoError(400, 1038, "JSON is not well formed") from error


def answer(
    message: str = "success", status: int = 200, location: str = "", parts: Item | None = None, **named: Any
) -> Response:
    """The envelope `{code: 0, message, ...}`; numbers as live answers write them (100, 42.1)."""
    body = {"code": 0, "message": message, **(parts or {}), **named}
    response = Response(json_text(numbers(body)), status=status)
    response.content_type = CONTENT_TYPE
    response.headers["Content-Disposition"] = "attachment;"
    response.headers["Cache-Control"] = "no-store, no-cache, must-revalidate, private"
    if location:
        response.headers["Location"] = f"/api/v3/{location}"
        response.autocorrect_location_header = False
    return response


def numbers(value: Any) -> Any:
    """Decimals without trailing zeros, whole ones as integers; what begins with an underscore is nobody's business."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value.normalize()
    if isinstance(value, dict):
        return {key: numbers(one) for key, one in value.items() if not key.startswith("_")}
    return [numbers(one) for one in value] if isinstance(value, list | tuple) else value
