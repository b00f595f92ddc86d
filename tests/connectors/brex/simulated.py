"""How do the simulator's tests speak to it: one account, one caller, a clock that stands still?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import requests

from connectors.brex.simulator import BrexSimulator
from connectors.simulation import Clock, SimulatorTransport

HOST = "https://api.brex.com"
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


class Account:
    """A simulated account and a caller with its user token."""

    def __init__(self, clock: Clock | None = None, **parts: Any) -> None:
        self.simulator = BrexSimulator(seed=7, clock=clock or Clock(NOON), **parts)
        self.store = self.simulator.store
        self.switches = self.simulator.switches
        self.session = requests.Session()
        self.session.mount(HOST, SimulatorTransport(self.simulator))
        self.token = self.simulator.user_token

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        sent = {
            "Authorization": f"Bearer {self.token}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.session.request(method, HOST + path, json=body, headers=sent)

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, key: str = "") -> requests.Response:
        return self.call("POST", path, body, **({"Idempotency_Key": key} if key else {}))

    def do(self, action: str, **arguments: Any) -> Any:
        return self.simulator.control(action, arguments)

    def form(self, path: str, **values: str) -> requests.Response:
        own = {"client_id": self.simulator.client_id, "client_secret": self.simulator.client_secret}
        return self.session.post(f"{HOST}/oauth2/default/v1/{path}", data={**own, **values})

    def record(self, minor: int = 4840, **parts: Any) -> str:
        """A balanced card record; its id."""
        value = {"amount": minor / 100, "currency": "USD"}
        lines = [{"type": "DEBIT", "amount": value}, {"type": "CREDIT", "amount": value, "_offset": True}]
        made = self.do("add_record", record={"amount": value, "line_items": lines, **parts})
        return str(made["id"])

    def ids(self, path: str) -> list[str]:
        """Every id of a list, over all pages."""
        found: list[str] = []
        cursor = ""
        while True:
            page = self.get(path + cursor)
            found += [one["id"] for one in page["items"]]
            if not page["next_cursor"]:
                return found
            cursor = f"{'&' if '?' in path else '?'}cursor={page['next_cursor']}"
