"""What holds for every write to Brex: the Idempotency-Key and the characters that a POST may contain?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from connectors.brex.simulator.call import ApiCall, Route
from connectors.brex.simulator.errors import ACCOUNTING_PREFIX, ApiError, invalid

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator

_EXEMPT_FROM_ASCII = ("/v1/webhooks", ACCOUNTING_PREFIX)


@dataclass(slots=True)
class _Answered:
    fingerprint: str
    status: int
    body: bytes
    until: float


class Once:
    """Remembers what was answered under which key; only successes are remembered.

    https://developer.brex.com/docs/idempotency says that a duplicate is not executed, not what it answers.
    """

    def __init__(self, simulator: BrexSimulator) -> None:
        self.simulator = simulator
        self._answered: dict[tuple[str, str], _Answered] = {}

    def run(self, call: ApiCall, route: Route, execute: Callable[[], Response]) -> Response:
        """Idempotency-Key on every POST and PUT; only successes are remembered.

        https://developer.brex.com/docs/idempotency says that a duplicate is not executed, not what it answers.
        """
        key, switches = call.request.headers.get("Idempotency-Key"), self.simulator.switches
        if not key:
            if route.key_required and switches.idempotency_key_enforced:
                raise invalid("The Idempotency-Key header is required")
            return execute()
        now = self.simulator.clock.now()
        place = (call.token.principal, key)
        fingerprint = hashlib.sha256(
            f"{call.request.method} {call.request.path}\n".encode() + call.request.get_data()
        ).hexdigest()
        known = self._answered.get(place)
        if known is not None and known.until > now.timestamp():
            if known.fingerprint != fingerprint and switches.idempotent_other_body == "refuse":
                raise invalid("The Idempotency-Key was used with another request")
            if known.fingerprint == fingerprint and switches.idempotent_duplicate == "conflict":
                raise ApiError(409, "A request with this Idempotency-Key was already processed")
            if known.fingerprint == fingerprint or switches.idempotent_other_body == "replay":
                return Response(known.body, status=known.status, content_type="application/json")
        response = execute()
        until = now + timedelta(seconds=switches.idempotency_retention_seconds)
        if response.status_code < 300:
            self._answered[place] = _Answered(fingerprint, response.status_code, response.get_data(), until.timestamp())
        return response


def check_ascii(call: ApiCall) -> None:
    """Free text with other characters in a POST was answered `[Field name] is invalid` (error page, 2022)."""
    if (
        not call.simulator.switches.ascii_only
        or call.request.path.startswith(_EXEMPT_FROM_ASCII)
        or not call.request.data
    ):
        return
    name = _first_foreign(call.body())
    if name:
        raise invalid(f"[{name}] is invalid")


def _first_foreign(value: Any, name: str = "") -> str | None:
    if isinstance(value, str):
        return None if value.isascii() else name
    parts = (
        value.items() if isinstance(value, dict) else [(name, one) for one in value] if isinstance(value, list) else []
    )
    return next((found for inner, one in parts if (found := _first_foreign(one, inner))), None)
