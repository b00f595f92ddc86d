"""What does a whole simulated Odoo offer: its routes, its transactions, its state?"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from connectors.simulation import Clock, Simulator

from . import (
    attachments,
    chart,
    computed,
    generic,
    json2,
    loading,
    moves,
    partners,
    payments,
    posting,
    reconcile,
    register,
    reversal,
    settings,
    xmlrpc,
)
from .control import ACTIONS
from .environment import Environment
from .errors import not_found
from .keys import Keys
from .schema import SCHEMA
from .store import Record, Store
from .switches import Switches

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ARRIVAL = "odoo.arrival"
# Importing these declares their models' methods and computed fields.
BEHAVIOUR = (
    attachments,
    computed,
    generic,
    loading,
    moves,
    partners,
    payments,
    posting,
    reconcile,
    register,
    reversal,
    settings,
)


class OdooSimulator(Simulator):
    """Odoo 19.0 Community with three companies in memory; speaks JSON-2, XML-RPC and JSON-RPC.

    The same `seed` gives the same keys and ids. With `today` the clock runs on from that day, at the machine's time
    of day. State is one per process: serve it over HTTP when more than one process calls.
    """

    key = "odoo"

    def __init__(self, *, seed: int = 0, today: date | None = None, clock: Clock | None = None) -> None:
        clock = clock or Clock()
        if today is not None:
            clock.advance(days=(today - clock.now().date()).days)
        self.database = "finance"
        self.other_databases: list[str] = []
        # Cookies of signed-in users, and of sessions that belong to another database of the same server.
        self.sessions: set[str] = set()
        self.foreign_sessions: set[str] = set()
        self.switches = Switches()
        self.store = Store(SCHEMA)
        self.api_keys = chart.fill(self.store, seed, clock.now())
        self.store.commit()
        self.keys = Keys(self.store)
        self.open_transactions: dict[str, Any] = {}
        super().__init__(seed=seed, clock=clock)

    def rules(self) -> Iterable[Rule]:
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return [
            Rule("/json/2/<model>/<method>", endpoint=self._json2, methods=methods),
            Rule("/web/version", endpoint=self._version, methods=["GET"]),
            Rule("/json/version", endpoint=self._version, methods=["GET"]),
            Rule("/xmlrpc/2/<service>", endpoint=self._xmlrpc, methods=["POST"]),
            Rule("/jsonrpc", endpoint=self._jsonrpc, methods=["POST"]),
            Rule("/web/database/list", endpoint=self._databases, methods=["POST"]),
            Rule("/web/session/authenticate", endpoint=self._session, methods=["POST"]),
        ]

    def credentials(self) -> dict[str, str]:
        """What the integration signs in with; the address is where the simulator is served."""
        return {"database": self.database, "login": "integration@example.com", "api_key": self.api_keys["integration"]}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # A transaction sees what was committed when the call arrived, however long it waits for its turn.
        environ[ARRIVAL] = (self.clock.now(), self.store.commits)
        return super().__call__(environ, start_response)

    def execute(
        self,
        user: Record,
        context: Mapping[str, Any],
        environ: Mapping[str, Any],
        call: Callable[[Environment], Any],
        method: str = "",
        entries: int = 0,
    ) -> Any:
        """One call, one transaction: committed on return, undone on any exception.

        `method` and the number of `entries` it runs on are what the speed profile counts.
        """
        started, snapshot = environ.get(ARRIVAL) or (self.clock.now(), self.store.commits)
        with self.store.transaction():
            env = Environment(self.store, user, context, started.astimezone(UTC), self.switches)
            env.snapshot = snapshot
            result = call(env)
        self._spend(method, result, entries)
        return result

    def _spend(self, method: str, result: Any, entries: int) -> None:
        speed = self.switches
        if method in ("create", "load"):
            made = result.get("ids") if isinstance(result, dict) else result
            seconds = speed.seconds_per_create + speed.seconds_per_entry * (len(made) if made else 0)
        elif method == "action_post":
            seconds = speed.seconds_per_post + speed.seconds_per_entry * entries
        else:
            return
        if seconds:
            time.sleep(seconds)

    def _json2(self, request: Request, model: str, method: str) -> Response:
        if not self.switches.json2:
            return json2.html("<!doctype html><title>404 Not Found</title><h1>Not Found</h1>", 404)
        return json2.handle(self, request, model, method)

    def _xmlrpc(self, request: Request, service: str) -> Response:
        return xmlrpc.handle(self, request, service)

    def _jsonrpc(self, request: Request) -> Response:
        return xmlrpc.handle_jsonrpc(self, request)

    def _databases(self, request: Request) -> Response:
        return xmlrpc.list_databases(self, request)

    def _session(self, request: Request) -> Response:
        return xmlrpc.refuse_session(request)

    def _version(self, request: Request) -> Response:
        major, minor = self.switches.version
        if major < 19:
            return json2.html("<!doctype html><title>404 Not Found</title><h1>Not Found</h1>", 404)
        response = json2.answer({"version_info": [major, minor, 0, "final", 0, ""], "version": f"{major}.{minor}"})
        response.set_cookie("session_id", f"{self.seed:040x}", httponly=True)
        return response

    def after(self, request: Request, response: Response) -> Response:
        response.headers["Date"] = format_datetime(self.clock.now().astimezone(UTC), usegmt=True)
        return response

    def error(self, request: Request, error: HTTPException) -> Response:
        if request.path.startswith("/json/2"):
            return json2.error_answer(not_found(json2.HINT))
        return json2.html(
            f"<!doctype html><title>{error.code} {error.name}</title><h1>{error.name}</h1>", error.code or 500
        )

    def state(self) -> Mapping[str, Any]:
        """Counts by model; moves with their lines; payments and partners, as plain JSON."""
        tables = self.store.tables
        moves = Counter(
            f"{one['company_id']}:{one['move_type']}:{one['state']}" for one in tables["account.move"].values()
        )
        return {
            "counts": {model: len(table) for model, table in tables.items() if table},
            "moves_by_company_type_state": dict(moves),
            "moves": [self.move(id) for id in tables["account.move"]],
            "payments": [dict(one) for one in tables["account.payment"].values()],
            "partners": [dict(one) for one in tables["res.partner"].values()],
            "external_ids": {name: [known.model, known.id] for name, known in self.store.external_ids.items()},
        }

    def move(self, id: int) -> dict[str, Any]:
        """One move with its lines, money as Decimal."""
        record = self.store.tables["account.move"][id]
        lines = self.store.tables["account.move.line"]
        return {**record, "lines": [dict(lines[line]) for line in record["line_ids"]]}

    def control(self, action: str, arguments: dict[str, Any]) -> Any:
        """Act as an administrator, a person or the machine; see `control.ACTIONS`."""
        with self.lock:
            return ACTIONS[action](self, **arguments)
