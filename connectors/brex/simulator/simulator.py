"""How do the parts make one simulated Brex: routing, gate, idempotency, trace ids, state?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from connectors.brex.simulator import oauth
from connectors.brex.simulator.accounting import AccountingApi
from connectors.brex.simulator.auth import Gate, Token
from connectors.brex.simulator.call import ApiCall, Route
from connectors.brex.simulator.control import Control
from connectors.brex.simulator.conventions import Once, check_ascii
from connectors.brex.simulator.delivery import Deliver, WebhookSender
from connectors.brex.simulator.errors import ACCOUNTING_PREFIX, ApiError, error_response
from connectors.brex.simulator.expenses import ExpensesApi
from connectors.brex.simulator.fields import FieldsApi
from connectors.brex.simulator.files import PREFIX as FILES_PREFIX
from connectors.brex.simulator.files import FileHost
from connectors.brex.simulator.injection import Injection, put
from connectors.brex.simulator.integrations import IntegrationsApi
from connectors.brex.simulator.state import Item, State, stamp
from connectors.brex.simulator.switches import Switches
from connectors.brex.simulator.team import TeamApi
from connectors.brex.simulator.transactions import TransactionsApi
from connectors.brex.simulator.transfers import TransfersApi
from connectors.brex.simulator.vendors import VendorsApi
from connectors.brex.simulator.webhooks import WebhooksApi
from connectors.simulation import Clock, Fault, Simulator, json_text

_CALLER = "brex.caller"


class BrexSimulator(Simulator):
    """One Brex account in memory. Its address serves the API, `/oauth2/default` and `/files`.

    `user_token`, `client_id` and `client_secret` are accepted from the start; without them they are made from `seed`.
    `switches` holds every behaviour that is not documented. Webhooks leave through `sender`: in its own
    thread after `start()` (which `serve` calls), or in the caller's by `sender.flush()`; `deliver` replaces HTTP.
    """

    key = "brex"

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: Clock | None = None,
        user_token: str = "",
        client_id: str = "",
        client_secret: str = "",
        redirect_uris: tuple[str, ...] = ("http://127.0.0.1/oauth/callback",),
        deliver: Deliver | None = None,
        switches: Switches | None = None,
    ) -> None:
        self.switches = switches or Switches()
        self.store = State(seed)
        self.injections: list[Injection] = []
        self._once = Once(self)
        self._trace = Random(seed)  # noqa: S311 - repeatable on purpose
        self.files = FileHost(self)
        self.oauth = oauth.AuthorizationServer(self)
        self.integrations = IntegrationsApi(self)
        self.accounting = AccountingApi(self)
        self.expenses = ExpensesApi(self)
        self.transactions = TransactionsApi(self)
        self.vendors = VendorsApi(self)
        self.transfers = TransfersApi(self)
        self.team = TeamApi(self)
        self.fields = FieldsApi(self)
        self.webhooks = WebhooksApi(self)
        super().__init__(seed=seed, clock=clock)
        self.gate = Gate(self)
        self.sender = WebhookSender(self, deliver)
        self._control = Control(self)
        self.admin_id = self._found_company()
        self.user_token = self.gate.add_user_token(user_token, self.admin_id).value
        self.client_id = client_id or f"brex_client_{seed}"
        self.client_secret = client_secret or self.gate.secret_text("sec_")
        self.gate.add_client(self.client_id, self.client_secret, redirect_uris, self.admin_id)
        self.refresh_token = self.oauth.new_refresh(self.client_id).value

    @classmethod
    def demo(cls, *, seed: int = 2026, records: int = 1000, today: date | None = None, **parts: Any) -> BrexSimulator:
        """The believable company of `company.py`; its credentials are `credentials()`."""
        from connectors.brex.simulator.company import seed_company

        simulator = cls(seed=seed, **parts)
        seed_company(simulator, records=records, today=today, seed=seed)
        return simulator

    def credentials(self) -> dict[str, str]:
        """What a connection needs, under the vendor's own names."""
        return {
            "user_token": self.user_token,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": self.refresh_token,
            "token_path": f"{oauth.PREFIX}/v1/token",
        }

    def start(self) -> None:
        self.sender.start()

    def stop(self) -> None:
        self.sender.stop()

    def rules(self) -> Iterable[Rule]:
        yield from self.oauth.rules()
        yield from self.files.rules()
        apis = (
            self.integrations,
            self.accounting,
            self.expenses,
            self.transactions,
            self.vendors,
            self.transfers,
            self.team,
            self.fields,
            self.webhooks,
        )
        for api in apis:
            for route in api.routes():
                yield Rule(route.path, methods=[route.method], endpoint=self._endpoint(route))

    def before(self, request: Request) -> Response | None:
        if request.path.startswith((f"{oauth.PREFIX}/", f"{FILES_PREFIX}/")):
            return None
        request.environ[_CALLER] = self.gate.admit(request)
        if request.path.startswith(ACCOUNTING_PREFIX) and not self.switches.accounting_granted:
            raise ApiError(403, "This account does not have access to the Accounting API.")
        return None

    def after(self, request: Request, response: Response) -> Response:
        response.headers["X-Brex-Trace-Id"] = str(self._trace.getrandbits(63))
        if response.status_code == 429 and self.switches.retry_after_on_429 is not None:
            response.headers["Retry-After"] = str(self.switches.retry_after_on_429)
        for one in [one for one in self.injections if one.times > 0 and re.search(one.path, request.path)]:
            if response.status_code == 200 and response.content_type == "application/json":
                body = json.loads(response.get_data(), parse_float=Decimal)
                if put(body, one.where.split("."), one.value):
                    one.times -= 1
                    response.set_data(json_text(body))
        return response

    def error(self, request: Request, error: HTTPException) -> Response:
        if not isinstance(error, ApiError):
            error = ApiError(error.code or 500, "Not Found" if error.code == 404 else error.name)
        return error_response(request.path, error)

    def fault_response(self, request: Request, fault: Fault) -> Response:
        """A refusal that a test arranged without a body carries the vendor's own shape."""
        if fault.body or fault.kind != "status":
            return super().fault_response(request, fault)
        response = error_response(request.path, ApiError(fault.status, "The request could not be served."))
        response.headers.update(fault.headers)
        return self.after(request, response)

    def inject(self, path: str, where: str, value: Any, times: int = 1) -> Injection:
        """Put an unknown enum value or property into coming answers: `inject("/records", "items.*.type", "NEW")`."""
        injection = Injection(path, where, value, times)
        self.injections.append(injection)
        return injection

    def state(self) -> Mapping[str, Any]:
        stores = {name: list(items) for name, items in self.store.stores().items()}
        return {
            "counts": {name: len(items) for name, items in stores.items()},
            "company": self.store.company,
            **stores,
            "webhooks": [one.as_json() for one in self.sender.messages],
            "credentials": self.gate.credentials.as_json(),
            "switches": self.switches.as_json(),
        }

    def control(self, action: str, arguments: dict[str, Any]) -> Any:
        """A control action by name (`control.py` lists them); KeyError for a name that is none."""
        return self._control.run(action, arguments)

    def stamp(self) -> str:
        return stamp(self.clock.now())

    def add_cash(self, account_id: str, kind: str | None, amount: int | None, day: str, text: str, **more: Any) -> Item:
        """A settled cash transaction in minor units (positive: money in); the balance follows."""
        account = next(one for one in self.store.cash_accounts if one["id"] == account_id)
        currency = account["current_balance"]["currency"]
        for name in ("current_balance", "available_balance"):
            account[name] = {"amount": account[name]["amount"] + (amount or 0), "currency": currency}
        item = {
            "id": self.store.new_id("pacte"),
            "description": text,
            "amount": None if amount is None else {"amount": amount, "currency": currency},
            "initiated_at_date": more.pop("initiated", day),
            "posted_at_date": day,
            "type": kind,
            "transfer_id": more.pop("transfer_id", None),
            **more,
        }
        return self.store.cash_of(account_id).put(item)

    def add_card(self, kind: str | None, amount: int, currency: str, day: str, text: str, **more: Any) -> Item:
        """A settled card transaction in minor units (positive: owed to Brex); its account's balance follows."""
        for account in self.store.card_accounts:
            if account["current_balance"]["currency"] == currency:
                account["current_balance"] = {
                    "amount": account["current_balance"]["amount"] + amount,
                    "currency": currency,
                }
        item = {
            "id": self.store.new_id("pste"),
            "card_id": more.pop("card_id", None),
            "description": text,
            "amount": {"amount": amount, "currency": currency},
            "initiated_at_date": more.pop("initiated", day),
            "posted_at_date": day,
            "type": kind,
            "merchant": more.pop("merchant", None),
            "card_metadata": None,
            "card_transaction_operation_reference_id": self.store.new_id("op"),
            **more,
        }
        return self.store.card_transactions.put(item)

    def _found_company(self) -> str:
        """The least an account has: itself and its administrator."""
        address = {
            "line1": "548 Market St",
            "city": "San Francisco",
            "state": "CA",
            "country": "US",
            "postal_code": "94104",
        }
        self.store.company = {
            "id": self.store.new_id("cuacc"),
            "legal_name": "Cascade Robotics Inc",
            "mailing_address": address,
            "accountType": "BREX_EMPOWER",
        }
        admin = self.team.new_user("Dana", "Whitfield", "dana.whitfield@cascade.test")
        admin["_role"] = "ACCOUNT_ADMIN"
        return str(admin["id"])

    def _endpoint(self, route: Route) -> Callable[..., Response]:
        def handler(request: Request, **values: str) -> Response:
            token: Token = request.environ[_CALLER]
            self.gate.need_scope(token, route.scopes)
            call = ApiCall(self, request, token)
            if route.method == "POST":
                check_ascii(call)
            if route.method not in ("POST", "PUT"):
                return route.handler(call, **values)
            return self._once.run(call, route, lambda: route.handler(call, **values))

        return handler
