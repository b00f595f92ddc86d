"""What does every simulated vendor share: routing, clock, faults, and the two ways of reaching it?

A simulator is a WSGI application with state. It is reached in-process through `SimulatorTransport` (a requests
adapter) or over HTTP through `serve()`; the faults behave the same in both. The control plane is a second WSGI
application, so that a client of the vendor's address can never reach it.
"""

from __future__ import annotations

import io
import json
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Handler = Callable[..., Response]


class Clock:
    """The simulator's own time: the machine's, moved by `advance`, or frozen by `freeze`."""

    def __init__(self, start: datetime | None = None) -> None:
        self._frozen = start
        self._shift = timedelta()

    def now(self) -> datetime:
        return (self._frozen or datetime.now(UTC)) + self._shift

    def advance(self, **parts: float) -> None:
        self._shift += timedelta(**parts)

    def freeze(self, at: datetime) -> None:
        self._frozen, self._shift = at, timedelta()


@dataclass(slots=True)
class Fault:
    """One misbehaviour: which calls it meets, how often, and what happens to them.

    `kind` is one of: `status` (answer `status` with `body`, nothing done), `commit_then_status` (done, then that
    answer), `commit_then_drop` (done, connection closed without an answer), `drop` (nothing done, connection
    closed), `commit_late` (connection closed at once, done `delay` seconds later), `slow` (answered after `delay`),
    `truncated` (the answer is cut in the middle), `html` (a proxy's HTML page with `status`).
    """

    kind: str
    path: str = ".*"
    method: str = ".*"
    times: int = 1
    skip: int = 0
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    delay: float = 0.0

    def meets(self, request: Request) -> bool:
        if self.times <= 0 or not re.fullmatch(self.method, request.method) or not re.search(self.path, request.path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass(frozen=True, slots=True)
class Call:
    """One request that reached the simulator, as the control plane lists it."""

    at: str
    method: str
    path: str
    status: int
    fault: str = ""


class ConnectionDroppedError(Exception):
    """The simulator closes the connection without an answer."""


class Simulator:
    """Base of all simulated vendors: a WSGI application whose routes run one at a time under `lock`.

    Subclasses give `rules()` and may override `before` (authentication, limits: return a Response to refuse),
    `after` (headers on every answer), `error` (the vendor's shape of a routing error), `state()` and `control()`.
    """

    key = "simulator"

    def __init__(self, *, seed: int = 0, clock: Clock | None = None) -> None:
        self.seed = seed
        self.clock = clock or Clock()
        self.lock = threading.RLock()
        self.faults: list[Fault] = []
        self.calls: deque[Call] = deque(maxlen=100_000)
        self.call_count = 0
        self.seconds_per_call = 0.0
        self._map = Map(list(self.rules()), strict_slashes=False)

    def rules(self) -> Iterable[Rule]:
        """Routes; `endpoint` is the handler `(request, **path_values) -> Response`."""
        return ()

    def before(self, request: Request) -> Response | None:
        return None

    def after(self, request: Request, response: Response) -> Response:
        return response

    def error(self, request: Request, error: HTTPException) -> Response:
        return Response(error.description or "", status=error.code or 500)

    def fault_response(self, request: Request, fault: Fault) -> Response:
        """The answer of a `status` or `html` fault; override to give an empty one the vendor's own shape."""
        body = fault.body or ("<html><body><h1>Bad gateway</h1></body></html>" if fault.kind == "html" else "")
        content_type = "text/html" if fault.kind == "html" else "application/json"
        return Response(body, status=fault.status, headers=fault.headers, content_type=content_type)

    def state(self) -> Mapping[str, Any]:
        """Everything a test may want to count, as plain JSON."""
        return {}

    def control(self, action: str, arguments: dict[str, Any]) -> Any:
        """A vendor's own control actions (move a record on, rotate a key, send a webhook)."""
        raise KeyError(action)

    def start(self) -> None:
        """Begin what runs beside the requests (a webhook sender); `serve` calls it. Safe to repeat."""

    def stop(self) -> None:
        """End what `start` began; `serve` calls it when its block ends."""

    def fail(self, kind: str, path: str = ".*", **parts: Any) -> Fault:
        """Arrange one fault; returns it, so that a test may look at what is left of `times`."""
        fault = Fault(kind, path, **parts)
        with self.lock:
            self.faults.append(fault)
        return fault

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.get_data(cache=True)
        try:
            response = self._answer(request)
        except ConnectionDroppedError:
            _close_socket(environ)
            raise
        finally:
            request.close()  # files of a form are open until then
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        with self.lock:
            fault = next((one for one in self.faults if one.meets(request)), None)
            self.faults = [one for one in self.faults if one.times > 0]
        kind = fault.kind if fault else ""
        if self.seconds_per_call:
            time.sleep(self.seconds_per_call)
        if fault and kind == "slow":
            time.sleep(fault.delay)
        if fault and kind in ("drop", "commit_late"):
            if kind == "commit_late":
                timer = threading.Timer(fault.delay, self._run, [request])
                timer.daemon = True
                timer.start()
            self._note(request, 0, kind)
            raise ConnectionDroppedError
        if fault and kind in ("status", "html"):
            self._note(request, fault.status, kind)
            return self.fault_response(request, fault)
        response = self._run(request)
        self._note(request, response.status_code, kind)
        if fault and kind == "commit_then_drop":
            raise ConnectionDroppedError
        if fault and kind == "commit_then_status":
            return Response(fault.body, status=fault.status, headers=fault.headers, content_type="text/html")
        if fault and kind == "truncated":
            data = response.get_data()
            return Response(data[: len(data) // 2], status=response.status_code, content_type=response.content_type)
        return response

    def _run(self, request: Request) -> Response:
        with self.lock:
            try:
                refusal = self.before(request)
                if refusal is not None:
                    return self.after(request, refusal)
                endpoint, values = self._map.bind_to_environ(request.environ).match()
                return self.after(request, endpoint(request, **values))
            except HTTPException as error:
                return self.after(request, self.error(request, error))

    def _note(self, request: Request, status: int, fault: str) -> None:
        self.call_count += 1
        self.calls.append(Call(self.clock.now().isoformat(), request.method, request.path, status, fault))


def json_response(value: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer; Decimals are written as JSON numbers with their own digits."""
    response = Response(json_text(value), status=status, content_type="application/json")
    response.headers.update(headers)
    return response


def json_text(value: Any) -> str:
    """JSON text in which a Decimal is a number and not a string, digit for digit."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return _NUMBER_MARK.sub(r"\1", text) if "\\u0000" in text else text


# A Decimal travels through the encoder as a text between two NUL characters, which no JSON text of a vendor holds.
_NUMBER_MARK = re.compile(r'"\\u0000(-?[0-9.]+)\\u0000"')


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"\x00{value:f}\x00"
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


class SimulatorTransport(BaseAdapter):
    """A requests adapter that calls a simulator in this process; mount it on the simulator's address."""

    def __init__(self, simulator: Callable[..., Iterable[bytes]]) -> None:
        super().__init__()
        self.simulator = simulator

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, timeout: Any = None, **_: Any
    ) -> requests.Response:
        url = urlsplit(request.url or "")
        body = request.body or b""
        builder = EnvironBuilder(
            path=url.path,
            query_string=url.query,
            method=request.method or "GET",
            headers=list(request.headers.items()),
            data=body.encode() if isinstance(body, str) else body,
            base_url=f"{url.scheme}://{url.netloc}",
        )
        try:
            chunks, status, headers = run_wsgi_app(self.simulator, builder.get_environ(), buffered=True)
        except ConnectionDroppedError as error:
            raise requests.ConnectionError("Connection aborted: remote end closed without response") from error
        response = requests.Response()
        response.status_code = int(status.split(" ", 1)[0])
        response.headers.update(dict(headers))
        response.raw = io.BytesIO(b"".join(chunks))
        response.url = request.url or ""
        response.request = request
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        """Nothing is held open."""


def control_app(simulator: Simulator) -> Callable[..., Iterable[bytes]]:
    """The control plane: `GET /state|/calls`, `POST /fault|/clock|/do/<action>` with a JSON object.

    A call that makes no sense is answered 400 with the reason, so that a typing mistake shows where it was made.
    """

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            with simulator.lock:
                answer = _controlled(simulator, request.path, json.loads(request.get_data() or b"{}"))
                response = json_response(answer)
        except LookupError as error:
            response = json_response({"error": f"unknown: {error}"}, 404 if request.path == error.args[0] else 400)
        except (TypeError, ValueError, HTTPException) as error:
            response = json_response({"error": str(error)}, 400)
        return response(environ, start_response)

    return app


def _controlled(simulator: Simulator, path: str, arguments: dict[str, Any]) -> Any:
    if path == "/state":
        return simulator.state()
    if path == "/calls":
        return {"count": simulator.call_count, "calls": [asdict(call) for call in simulator.calls]}
    if path == "/fault":
        simulator.fail(**arguments)
        return {"ok": True}
    if path == "/clock":
        simulator.clock.advance(**arguments)
        return {"now": simulator.clock.now().isoformat()}
    if path.startswith("/do/"):
        return simulator.control(path.removeprefix("/do/"), arguments)
    raise LookupError(path)


class _QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes; waiting for an acknowledgement between costs 40 ms

    def log(self, type: str, message: str, *args: Any) -> None:
        """A simulator lists its calls itself."""

    def run_wsgi(self) -> None:
        try:
            super().run_wsgi()
        except ConnectionDroppedError:
            self.close_connection = True


def _close_socket(environ: Mapping[str, Any]) -> None:
    connection = environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


@dataclass(frozen=True, slots=True)
class Served:
    """Where a served simulator answers: the vendor's address and the control plane's."""

    url: str
    control_url: str
    simulator: Simulator


@contextmanager
def serve(simulator: Simulator, port: int = 0, control_port: int = 0) -> Iterator[Served]:
    """Serve a simulator and its control plane on loopback until the block ends."""
    servers: list[BaseWSGIServer] = [
        make_server("127.0.0.1", wanted, application, threaded=True, request_handler=_QuietHandler)
        for wanted, application in ((port, simulator), (control_port, control_app(simulator)))
    ]
    threads = [threading.Thread(target=one.serve_forever, args=(0.05,), daemon=True) for one in servers]
    for thread in threads:
        thread.start()
    simulator.start()
    try:
        addresses = [f"http://127.0.0.1:{one.server_port}" for one in servers]
        yield Served(addresses[0], addresses[1], simulator)
    finally:
        simulator.stop()
        for server in servers:
            server.shutdown()
            server.server_close()
