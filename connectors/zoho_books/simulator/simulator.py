"""How do the parts make one simulated Zoho: data centres, gate, routes, faults, state?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.wrappers import Request, Response

from connectors.simulation import Clock, Fault, Simulator
from connectors.zoho_books.simulator import control, control_records, control_tokens, control_webhooks, hosts, oauth
from connectors.zoho_books.simulator.actions import ACTIONS
from connectors.zoho_books.simulator.call import ApiCall, Route
from connectors.zoho_books.simulator.company import found_company
from connectors.zoho_books.simulator.delivery import Deliver, WebhookSender
from connectors.zoho_books.simulator.errors import Unknown, ZohoError, error_response, usual
from connectors.zoho_books.simulator.gate import Gate
from connectors.zoho_books.simulator.inspection import organisation_state
from connectors.zoho_books.simulator.limits import Limits
from connectors.zoho_books.simulator.organizations import OrganisationsApi
from connectors.zoho_books.simulator.resource import Resource
from connectors.zoho_books.simulator.routes import SELF, all_resources, api_routes, shared_map
from connectors.zoho_books.simulator.store import Item, Organisation, User
from connectors.zoho_books.simulator.switches import Switches
from connectors.zoho_books.simulator.tokens import CONNECTOR_SCOPES, Vault

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "/books/v3"
_CALL = "zoho.call"
_ORGANISATION = "zoho.organisation"
_TOO_MUCH = "zoho.too_much"
# Importing these registers what can be done behind the API's back.
BEHIND_THE_API = (control, control_records, control_tokens, control_webhooks)


class ZohoBooksSimulator(Simulator):
    """Zoho's accounts servers and Zoho Books v3 in all data centres, with the company of `company.py` in it.

    Mounted on the vendor's hosts it tells them apart by name; served on one address, that address is the home data
    centre, and `/dc/eu` and its like below it are the others. The same `seed` gives the same keys and ids. State is
    one per process: serve it over HTTP when more than one process calls.
    """

    key = "zoho_books"

    def __init__(
        self,
        *,
        seed: int = 0,
        today: date | None = None,
        clock: Clock | None = None,
        switches: Switches | None = None,
        home: str = "us",
        redirect_uris: tuple[str, ...] = ("http://127.0.0.1/oauth/callback",),
        deliver: Deliver | None = None,
    ) -> None:
        clock = clock or Clock()
        if today is not None:
            clock.advance(days=(today - clock.now().date()).days)
        self.home = home
        self.switches = switches or Switches()
        self.vault = Vault(seed, self.switches)
        self.limits = Limits(self.switches)
        self.organisations: dict[str, Organisation] = {}
        self.users: dict[str, User] = {}
        self.interruptions: list[control.Interruption] = []
        self.accounts_server = oauth.AccountsServer(self)
        self.organisations_api = OrganisationsApi(self)
        self.resources = {one.path: one for one in all_resources()}
        self.routes = api_routes(self)
        super().__init__(seed=seed, clock=clock)
        endpoints = [
            *self.accounts_server.endpoints(),
            ("GET", f"{PREFIX}/organizations", self._list_organisations),
            *((one.method, f"{PREFIX}{one.path}", self._endpoint(one)) for one in self.routes),
        ]
        self.handlers = [handler for _, _, handler in endpoints]
        self._map = shared_map(tuple((method, path) for method, path, _ in endpoints))
        self.gate = Gate(self)
        self.sender = WebhookSender(self, deliver)
        found_company(self)
        self.signed_in = next(one for one in self.users.values() if one.location == home)
        self.client = self.vault.add_client(home, redirect_uris)
        self.client.consents.add(self.signed_in.zuid)
        self.refresh_token = self.vault.add_refresh(
            self.client.id, self.signed_in.zuid, self.signed_in.location, CONNECTOR_SCOPES
        ).value

    def credentials(self) -> dict[str, str]:
        """What a connection to the home data centre needs, under Zoho's own names."""
        return {
            "client_id": self.client.id,
            "client_secret": self.client.secret,
            "refresh_token": self.refresh_token,
            "organization_id": self.signed_in.organisations[0],
            "location": self.home,
        }

    @property
    def organisation(self) -> Organisation:
        """The first organisation of the signed-in user."""
        return self.organisations[self.signed_in.organisations[0]]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        hosts.strip_prefix(environ)
        environ[SELF] = self
        org_id = Request(environ).args.get("organization_id", "")
        environ[_TOO_MUCH] = not self.gate.enter(org_id)
        try:
            return super().__call__(environ, start_response)
        finally:
            self.gate.leave(org_id)

    def before(self, request: Request) -> Response | None:
        for one in [one for one in self.interruptions if one.meets(request)]:
            ACTIONS[one.action](self, **one.arguments)
        part = hosts.place_of(request, self.home).part
        is_accounts = request.path.startswith(f"{oauth.PREFIX}/")
        if part != "both" and is_accounts != (part == "accounts"):
            raise NotFound
        if is_accounts:
            return None
        token = self.gate.token(request)
        if request.path == f"{PREFIX}/organizations":
            return None
        org = request.environ[_ORGANISATION] = self.gate.organisation(request, token)
        self.gate.admit(org, request.environ[_TOO_MUCH])
        request.environ[_CALL] = ApiCall(self, request, token, self.users[token.zuid], org)
        return None

    def after(self, request: Request, response: Response) -> Response:
        org: Organisation | None = request.environ.get(_ORGANISATION)
        if request.path.startswith(PREFIX) and response.status_code != 405:
            response.headers["Allow"] = self._allowed(request)
        if org is not None:
            was_served = _CALL in request.environ
            if was_served and response.status_code >= 400 and not self.switches.failed_calls_count:
                self.limits.give_back(org, self.clock.now())
            response.headers.update(self.limits.headers(org, self.clock.now()))
        return response

    def error(self, request: Request, error: HTTPException) -> Response:
        if isinstance(error, ZohoError):
            if error.vendor_code >= min(Unknown):
                error.vendor_code += self.switches.unknown_codes_shift
            return error_response(error)
        response = error_response(usual(error.code or 500))
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = self._allowed(request)
        return response

    def fault_response(self, request: Request, fault: Fault) -> Response:
        """A refusal that a test arranged without a body carries Zoho's own code for its status."""
        if fault.body or fault.kind != "status":
            return super().fault_response(request, fault)
        response = error_response(usual(fault.status))
        response.headers.update(fault.headers)
        return response

    def changed(self, org: Organisation, resource: Resource, what: str, row: Item) -> None:
        """A record was created, is edited or about to be deleted: whoever listens is told."""
        if len(org.webhooks):
            payload = {resource.key: resource.shown(org, row)}
            self.sender.emit(org, resource.entity, what, row[resource.id_field], payload)

    def start(self) -> None:
        self.sender.start()

    def stop(self) -> None:
        self.sender.stop()

    def state(self) -> Mapping[str, Any]:
        """Every organisation with its records, counts by stamp and trial balance; tokens, limits, switches."""
        return {
            "organisations": {org_id: organisation_state(one) for org_id, one in self.organisations.items()},
            "webhooks": [one.as_history(self.organisations[one.organisation_id]) for one in self.sender.messages],
            "credentials": self.vault.as_json(self.clock.now()),
            "limits": self.limits.as_json(),
            "switches": self.switches.as_json(),
        }

    def control(self, action: str, arguments: dict[str, Any]) -> Any:
        """Act as a person in Zoho's pages, or as bad luck; see the `control` modules."""
        with self.lock:
            return ACTIONS[action](self, **arguments)

    def call_as_person(self, org: Organisation | None = None) -> ApiCall:
        """A call that nobody sent: what the signed-in person does in Zoho's own pages."""
        org = org or self.organisation
        user = next(one for one in self.users.values() if org.id in one.organisations)
        token = self.vault.add_access(user.zuid, user.location, ("ZohoBooks.fullaccess.all",), self.clock.now())
        del self.vault.access_tokens[token.value]
        return ApiCall(self, Request({"REQUEST_METHOD": "GET", "QUERY_STRING": ""}), token, user, org)

    def _list_organisations(self, request: Request) -> Response:
        token = self.gate.token(request)
        self.gate.need_scope(token, None, "settings.READ")
        return self.organisations_api.list(request, token)

    def _allowed(self, request: Request) -> str:
        known = self._map.bind_to_environ(request.environ).allowed_methods()
        return ", ".join(one for one in ("OPTIONS", "DELETE", "POST", "GET", "PUT") if one == "OPTIONS" or one in known)

    def _endpoint(self, route: Route) -> Callable[..., Response]:
        def handler(request: Request, **values: str) -> Response:
            call: ApiCall = request.environ[_CALL]
            self.gate.need_scope(call.token, call.org, route.scope)
            return route.handler(call, **values)

        return handler
