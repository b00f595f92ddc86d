"""How does Odoo answer over XML-RPC and JSON-RPC, where the key travels in the arguments?"""

from __future__ import annotations

import json
import xmlrpc.client
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from xml.parsers.expat import ExpatError

from werkzeug.wrappers import Request, Response

from .errors import OdooError, access_denied
from .json2 import answer, double
from .registry import call_positional
from .schema import SCHEMA

if TYPE_CHECKING:
    from .simulator import OdooSimulator

NONE_FAULT = "cannot marshal None unless allow_none is enabled"
KEY_FAULT = "dictionary key must be string"
TRACEBACK = "Traceback (most recent call last):\n  ...\n"


def handle(simulator: OdooSimulator, request: Request, service: str) -> Response:
    """One XML-RPC call: always HTTP 200, faults 1 to 4 in the body."""
    try:
        arguments, method = xmlrpc.client.loads(request.get_data(cache=True))
    except (ExpatError, xmlrpc.client.ResponseError) as error:
        return Response(
            _fault(1, f"{TRACEBACK}{type(error).__name__}: {error}\n"), content_type="text/xml; charset=utf-8"
        )
    try:
        result = dispatch(simulator, request.environ, service, str(method), arguments)
        body = xmlrpc.client.dumps((_plain(result),), methodresponse=True)
    except OdooError as error:
        body = _fault(error.fault, _words(error))
    except TypeError as error:
        # The call is committed; only its answer cannot be written (observed on Odoo 19.0).
        body = _fault(1, f"{TRACEBACK}TypeError: {error}\n")
    return Response(body, content_type="text/xml; charset=utf-8")


def _fault(code: int, text: str) -> str:
    return xmlrpc.client.dumps(xmlrpc.client.Fault(code, text), methodresponse=True)


def _words(error: OdooError) -> str:
    if error.fault != 1:
        return error.message
    return f"{TRACEBACK}{error.name.removeprefix('builtins.')}: {error.message}\n"


def dispatch(
    simulator: OdooSimulator, environ: Mapping[str, Any], service: str, method: str, arguments: Sequence[Any]
) -> Any:
    if service == "common":
        return _common(simulator, method, arguments)
    if service == "db" and method == "list":
        return [simulator.database, *simulator.other_databases]
    if service != "object" or method not in ("execute", "execute_kw"):
        raise OdooError("builtins.ValueError", 500, 1, f"Method not found: {method}")
    database, uid, key, model, name, *rest = arguments
    _check_database(simulator, database)
    stale = simulator.switches.stale_key_cache
    user = simulator.keys.remembered(uid, str(key), simulator.clock.now(), stale=stale) if uid and key else None
    if user is None:
        raise access_denied()
    positional, named = (rest[0] if rest else [], dict(rest[1]) if len(rest) > 1 else {})
    if method == "execute":
        positional, named = rest, {}
    if model not in SCHEMA:
        raise OdooError("odoo.exceptions.UserError", 422, 2, f"Object {model} doesn't exist")
    context = named.pop("context", None) or {}
    try:
        work = partial(call_positional, model=model, name=name, positional=positional, named=named)
        entries = len(positional[0]) if positional and isinstance(positional[0], list) else 0
        result = simulator.execute(user, context, environ, work, str(name), entries)
    except OdooError as error:
        if error.name.endswith("NotFound"):
            raise OdooError("builtins.AttributeError", 500, 1, error.message) from None
        raise
    single = name == "create" and positional and isinstance(positional[0], dict)
    return result[0] if single else result


def _common(simulator: OdooSimulator, method: str, arguments: Sequence[Any]) -> Any:
    if method == "version":
        major, minor = simulator.switches.version
        return {
            "server_version": f"{major}.{minor}",
            "server_version_info": [major, minor, 0, "final", 0, ""],
            "server_serie": f"{major}.{minor}",
            "protocol_version": 1,
        }
    if method in ("authenticate", "login"):
        database, login, key, *_ = arguments
        _check_database(simulator, database)
        user = simulator.keys.user(str(key), simulator.clock.now())
        return user["id"] if user is not None and user["login"] == login else False
    raise OdooError("builtins.Exception", 500, 1, f"Method not found: {method}")


def _check_database(simulator: OdooSimulator, database: Any) -> None:
    if database != simulator.database:
        raise OdooError(
            "psycopg2.OperationalError",
            500,
            1,
            f'connection to server failed: FATAL:  database "{database}" does not exist\n',
        )


def _plain(value: Any) -> Any:
    """XML-RPC has doubles for amounts, and nothing for nothing."""
    if value is None:
        raise TypeError(NONE_FAULT)
    if isinstance(value, Decimal):
        return double(value)
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError(KEY_FAULT)
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def handle_jsonrpc(simulator: OdooSimulator, request: Request) -> Response:
    """The older JSON-RPC envelope: HTTP 200 always."""
    body = json.loads(request.get_data(cache=True), parse_float=Decimal)
    envelope = {"jsonrpc": "2.0", "id": body.get("id")}
    parameters = body.get("params") or {}
    try:
        result = dispatch(
            simulator,
            request.environ,
            str(parameters.get("service")),
            str(parameters.get("method")),
            parameters.get("args") or [],
        )
    except OdooError as error:
        return answer(
            {
                **envelope,
                "error": {
                    "code": 0,
                    "message": "Odoo Server Error",
                    "data": {
                        "name": error.name,
                        "message": error.message,
                        "arguments": error.arguments,
                        "context": {},
                        "debug": f"{TRACEBACK}{error.name}: {error.message}\n",
                    },
                },
            }
        )
    return answer({**envelope, "result": result})


def list_databases(simulator: OdooSimulator, request: Request) -> Response:
    return answer({"jsonrpc": "2.0", "id": None, "result": [simulator.database, *simulator.other_databases]})


def refuse_session(request: Request) -> Response:
    """A session login takes a password and refuses every API key; the simulator has no passwords."""
    return answer(
        {
            "jsonrpc": "2.0",
            "id": None,
            "error": {
                "code": 0,
                "message": "Odoo Server Error",
                "data": {
                    "name": "odoo.exceptions.AccessDenied",
                    "message": "Access Denied",
                    "arguments": ["Access Denied"],
                    "context": {},
                    "debug": f"{TRACEBACK}odoo.exceptions.AccessDenied: Access Denied\n",
                },
            },
        }
    )
