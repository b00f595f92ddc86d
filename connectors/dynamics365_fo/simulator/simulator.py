"""How do the parts make one simulated environment: routing, gate, headers, faults, state?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from connectors.simulation import Clock, Fault, Simulator, json_response, json_text

from . import company, control_setup
from .access import Gate, Tokens, User
from .batch import Batches
from .books import trial_balance, vendor_balances
from .call import Answer, Call, refused
from .catalogue import Catalogue, catalogue
from .control import ACTIONS
from .entra import Application, Entra
from .errors import RefusedError, no_route
from .invoices import AttachmentLogic, InvoiceHeaderLogic, InvoiceLineLogic
from .job import PostingJob
from .journal_lines import LineLogic
from .journals import KINDS, HeaderLogic
from .limits import Limits
from .logic import Logic, Session
from .numbering import NumberSequences
from .posting import Posting
from .service import Service
from .store import Store, plain
from .switches import Switches
from .vendors import VendorLogic

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ARRIVAL = "dynamics.arrival"
# Importing these declares their control actions.
CONTROLS = (control_setup,)
PLAIN_IN_PATHS = "/()',=$"
METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


class DynamicsSimulator(Simulator):
    """One environment of Dynamics 365 F&O, and the Entra tenant that guards it, in one process.

    Its address serves `/data`, `/metadata`, `/api/services` and the token endpoints. The environment's own address is
    `environment_url`; the address it is really called at is accepted too, so that it may be served on any port. The
    same `seed` gives the same numbers, secrets and chances.
    """

    key = "dynamics365_fo"

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: Clock | None = None,
        environment_url: str = "https://cascade.operations.dynamics.com",
        login_url: str = "https://login.microsoftonline.com",
        switches: Switches | None = None,
    ) -> None:
        self.environment_url, self.login_url = environment_url, login_url
        self.switches = switches or Switches()
        self.chance = Random(f"dynamics {seed}")  # noqa: S311 - repeatable on purpose
        self.tenant = str(self.entra_id())
        self.tenant_domain = "cascaderobotics.onmicrosoft.com"
        self.whole = catalogue()
        self._shown: tuple[str, Catalogue] = ("", self.whole)
        self.store = Store()
        for one in self.whole.sets.values():
            self.store.declare(one.name, one.keys)
        self.sequences = NumberSequences()
        self.chart_id = self.store.new_id()
        self.customers: dict[str, dict[str, str]] = {}
        self.tokens = Tokens(seed)
        self.posting = Posting(self)
        self.service = Service(self)
        self.batches = Batches(self)
        self.job = PostingJob(self)
        self.limits = Limits(self)
        self.requests = 0
        self.entra = Entra(self, seed)
        super().__init__(seed=seed, clock=clock)
        self.gate = Gate(self)
        self._logics = {name: self._logic(name) for name in self.whole.sets}
        self.client_id = str(self.entra_id())
        self.client_secret = f"sim~{self.chance.getrandbits(160):040x}"
        self.entra.applications[self.client_id] = Application(self.client_id, self.client_secret)
        self.gate.users["mlconnector"] = User("mlconnector", "usmf")
        self.gate.users["Admin"] = User("Admin", "usmf")
        company.fill(self)
        self.store.insert(
            "SysAADClients", {"AADClientId": self.client_id, "Name": "ml-connector", "UserId": "mlconnector"}
        )

    def credentials(self) -> dict[str, str]:
        """What a connection is given; the address is where the simulator is served."""
        return {
            "tenant": self.tenant,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }

    def rules(self) -> Iterable[Rule]:
        yield from self.entra.rules()
        yield Rule("/data", endpoint=self._odata, methods=METHODS)
        yield Rule("/data/<path:rest>", endpoint=self._odata, methods=METHODS)
        yield Rule("/metadata/<path:rest>", endpoint=self._odata, methods=["GET"])
        yield Rule("/api/services/<group>/<service>/<operation>", endpoint=self._service, methods=["POST"])

    def entra_id(self) -> UUID:
        """A new object id, the same for a seed."""
        return UUID(int=self.chance.getrandbits(128), version=4)

    def logic(self, name: str) -> Logic:
        """The rules of one entity set."""
        return self._logics[name]

    def _logic(self, name: str) -> Logic:
        entity = self.whole.sets[name]
        for kind in KINDS:
            if name == kind.headers:
                return HeaderLogic(kind, Logic(entity))
            if name == kind.lines:
                return LineLogic(kind, Logic(entity))
        made: dict[str, Callable[..., Logic]] = {
            "VendorsV2": VendorLogic,
            "VendorsV3": VendorLogic,
            "VendorInvoiceHeaders": InvoiceHeaderLogic,
            "VendorInvoiceLines": InvoiceLineLogic,
            "VendorInvoiceDocumentAttachments": AttachmentLogic,
        }
        logic = made.get(name, Logic)(entity)
        if name.endswith("BiEntities"):
            logic.is_open = False
        return logic

    @property
    def shown(self) -> Catalogue:
        """What the environment has, after the switches took sets and fields away."""
        missing = f"{self.switches.missing_sets} {self.switches.missing_fields}"
        if self._shown[0] != missing:
            fields = frozenset((one.partition(".")[0], one.partition(".")[2]) for one in self.switches.missing_fields)
            self._shown = (missing, self.whole.without(frozenset(self.switches.missing_sets), fields))
        return self._shown[1]

    def session(self, user: str = "Admin") -> Session:
        """Work behind the service's back, as a person or a batch job of F&O does it."""
        call = Call("", "", {}, b"", self.environment_url, self.gate.users[user], "F&O", self.store.commits)
        return Session(self, call)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # What was committed when the request came in: line inserts that overlap meet by it.
        environ[ARRIVAL] = self.store.commits
        with self.limits.under_way():
            return super().__call__(environ, start_response)

    def before(self, request: Request) -> Response | None:
        self.requests += 1
        if self.requests == 1 and self.switches.first_call_seconds:
            time.sleep(self.switches.first_call_seconds)
        every = self.switches.post_after_calls
        if every and self.requests % every == 0:
            self.job.run()
        return None

    def start(self) -> None:
        """Let the posting job come by itself where `post_every_seconds` says so."""
        self.job.start()

    def stop(self) -> None:
        self.job.stop()

    def _odata(self, request: Request, rest: str = "") -> Response:
        base = request.host_url.rstrip("/")
        try:
            user = self.gate.admit(request.headers.get("Authorization", ""), base)
        except RefusedError as refusal:
            return self._respond(refused(refusal))
        if (overload := self.limits.refusal(user.id)) is not None:
            return self._respond(refused(overload))
        call = Call(
            method=request.method,
            url=f"{quote(request.path, safe=PLAIN_IN_PATHS)}?{request.query_string.decode('latin-1')}",
            headers={name.lower(): value for name, value in request.headers.items()},
            body=request.get_data(),
            base=base,
            user=user,
            writer=f"request {self.requests}",
            arrival=request.environ[ARRIVAL],
        )
        if request.method != "GET" and self.switches.seconds_per_write:
            time.sleep(self.switches.seconds_per_write)
        if call.path == "/data/$batch" and call.method == "POST":
            try:
                return self._respond(self.batches.run(call))
            except RefusedError as refusal:
                return self._respond(refused(refusal))
        return self._respond(self.service.run(call))

    def _service(self, request: Request, group: str, service: str, operation: str) -> Response:
        """The smoke test of token and registration; no other custom service is installed."""
        base = request.host_url.rstrip("/")
        try:
            user = self.gate.admit(request.headers.get("Authorization", ""), base)
            if (group, service, operation) != ("UserSessionService", "AifUserSessionService", "GetUserSessionInfo"):
                raise no_route(f"{base}{request.path}")
        except RefusedError as refusal:
            return self._respond(refused(refusal))
        language = self.switches.language
        facts = {"UserId": user.id, "Company": user.company, "UserLanguage": language, "CurrencyCode": "USD"}
        return self._respond(Answer(200, {"$id": "1", **facts}))

    def _respond(self, answer: Answer) -> Response:
        if answer.body is None:
            return Response("", status=answer.status, headers=answer.headers)
        whole = answer.body if isinstance(answer.body, str) else json_text(answer.body)
        kind = "text/plain" if isinstance(answer.body, str) and answer.status >= 400 else answer.content_type
        return Response(whole, status=answer.status, headers=answer.headers, content_type=kind)

    def after(self, request: Request, response: Response) -> Response:
        if not request.path.startswith(f"/{self.tenant}/"):
            response.headers["ms-dyn-aid"] = str(UUID(int=self.requests + (1 << 64)))
            response.headers["server-timing"] = "dur=12.5"
            response.headers["OData-Version"] = "4.0"
        return response

    def error(self, request: Request, error: HTTPException) -> Response:
        refusal = no_route(request.base_url)
        return json_response(refusal.body, error.code or 404)

    def fault_response(self, request: Request, fault: Fault) -> Response:
        """An arranged 429 without a body is the service's own."""
        if fault.kind == "status" and fault.status == 429 and not fault.body:
            response = self._respond(refused(self.limits.throttled()))
            response.headers.update(fault.headers)
            return self.after(request, response)
        return super().fault_response(request, fault)

    def state(self) -> Mapping[str, Any]:
        """Counts, journals with lines, pending invoices, balances, users and switches, as plain JSON."""
        tables = self.store.tables
        return {
            "counts": {name: len(table.rows) for name, table in tables.items() if table.rows},
            "journals": [
                self._journal(kind.headers, row) for kind in KINDS for row in tables[kind.headers].rows.values()
            ],
            "pending_invoices": [plain(one) for one in tables["VendorInvoiceHeaders"].rows.values()],
            "trial_balance": {one: trial_balance(self.store, one) for one in ("usmf", "demf")},
            "vendor_balances": {one: vendor_balances(self.store, one) for one in ("usmf", "demf")},
            "tokens_issued": self.entra.issued,
            "requests": self.requests,
            "switches": self.switches.as_json(),
        }

    def _journal(self, headers: str, row: dict[str, Any]) -> dict[str, Any]:
        kind = next(one for one in KINDS if one.headers == headers)
        lines = self.store.table(kind.lines).by("JournalBatchNumber", row["JournalBatchNumber"])
        own = [plain(one) for one in lines if one["dataAreaId"] == row["dataAreaId"]]
        return {"set": headers, **plain(row), "workflow": row["_workflow"], "problem": row["_problem"], "lines": own}

    def control(self, action: str, arguments: dict[str, Any]) -> Any:
        """Act as a person, an administrator or the machine; see `control.ACTIONS`. KeyError for an unknown action."""
        with self.lock:
            return ACTIONS[action](self, **arguments)
