"""How does Odoo answer over JSON-2: `POST /json/2/<model>/<method>` with a bearer key?"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from .errors import OdooError, bad_request, not_found, unauthorized
from .registry import call_named

if TYPE_CHECKING:
    from .simulator import OdooSimulator

HINT = "Did you mean POST /json/2/<model>/<method>?"
NO_DATABASE = (
    "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>No database is selected and "
    "the requested URL was not found in the server-wide controllers.</p>\n"
)
UNSUPPORTED = (
    "<!doctype html>\n<html lang=en>\n<title>415 Unsupported Media Type</title>\n<h1>Unsupported Media Type</h1>\n"
)
COOKIE_CLASH = (
    "<!doctype html>\n<html lang=en>\n<title>403 Forbidden</title>\n<h1>Forbidden</h1>\n<p>Cannot use both the "
    "session_id cookie and the x-odoo-database header.</p>\n"
)
NOT_BEARER = "User not authenticated, use an API Key with a Bearer Authorization header."
NOT_INTERACTIVE = 'Missing "Authorization" or Sec-headers for interactive usage.'


DECODER = json.JSONDecoder(parse_float=Decimal)


def json_dumps(value: Any) -> str:
    """Odoo's own JSON: amounts leave as the shortest text of their double, `115.0` and not `115.00`."""
    return json.dumps(value, default=double)


def double(amount: Decimal) -> float:
    """An amount as the wire has it; zero has no sign."""
    return float(amount) or 0.0


def answer(value: Any, status: int = 200) -> Response:
    return Response(json_dumps(value), status=status, content_type="application/json; charset=utf-8")


def html(text: str, status: int) -> Response:
    return Response(text, status=status, content_type="text/html; charset=utf-8")


def error_answer(error: OdooError) -> Response:
    return answer(
        {
            "name": error.name,
            "message": error.message,
            "arguments": error.arguments,
            "context": {},
            "debug": f"Traceback (most recent call last):\n  ...\n{error.name}: {error.message}\n",
        },
        error.status,
    )


def handle(simulator: OdooSimulator, request: Request, model: str, method: str) -> Response:
    """One call: database, content type, key, body, then the method in one transaction."""
    refusal = _before(simulator, request)
    if refusal is not None:
        return refusal
    try:
        if request.method != "POST":
            raise not_found(HINT)
        user = simulator.keys.bearer(_key(simulator, request), simulator.clock.now())
        data = request.get_data(cache=True)
        if len(data) > simulator.switches.size_limit:
            raise OdooError(
                "werkzeug.exceptions.RequestEntityTooLarge",
                413,
                1,
                "The data value transmitted exceeds the capacity limit.",
                413,
            )
        body = _body(data)
        ids, context = body.pop("ids", ()), body.pop("context", None) or {}
        entries = len(ids) if isinstance(ids, list) else 1
        work = partial(call_named, model=model, name=method, ids=ids, arguments=body)
        return answer(simulator.execute(user, context, request.environ, work, method, entries))
    except OdooError as error:
        return error_answer(error)


def _before(simulator: OdooSimulator, request: Request) -> Response | None:
    database = request.headers.get("X-Odoo-Database")
    if database and database != simulator.database:
        return html(NO_DATABASE, 404)
    if database and request.cookies.get("session_id") in simulator.foreign_sessions:
        return html(COOKIE_CLASH, 403)
    if not database and simulator.other_databases:
        return html(NO_DATABASE, 404)
    if request.method == "POST" and request.get_data(cache=True) and request.mimetype != "application/json":
        return html(UNSUPPORTED, 415)
    return None


def _key(simulator: OdooSimulator, request: Request) -> str:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key:
        return key.strip()
    signed_in = request.cookies.get("session_id") in simulator.sessions
    raise unauthorized(NOT_INTERACTIVE if signed_in else NOT_BEARER)


def _body(data: bytes) -> dict[str, Any]:
    if not data:
        return {}
    try:
        body = DECODER.decode(data.decode())
    except ValueError as error:
        raise bad_request(f"could not parse the body as json: {error}") from None
    return body if isinstance(body, dict) else {}
