"""How do the tests speak to the simulated Zoho: one organisation, one caller, a clock that stands still?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from connectors.codec import json_load
from connectors.simulation import Clock, SimulatorTransport
from connectors.zoho_books.simulator import Switches, ZohoBooksSimulator
from connectors.zoho_books.simulator.company import EU, US
from connectors.zoho_books.simulator.hosts import DATA_CENTRES

NOON = datetime(2026, 6, 15, 19, 0, tzinfo=UTC)  # noon in Los Angeles
ACCOUNTS = "https://accounts.zoho.com"
API = "https://www.zohoapis.com/books/v3"


class Books:
    """A simulated Zoho and a caller with a token that may do everything; limits are off until a test turns them on."""

    def __init__(self, clock: Clock | None = None, org: str = US, **parts: Any) -> None:
        self.clock = clock or Clock(NOON)
        switches = parts.pop("switches", Switches(requests_per_minute=None, requests_per_day=None))
        self.simulator = ZohoBooksSimulator(seed=7, clock=self.clock, switches=switches, **parts)
        self.switches = self.simulator.switches
        self.session = requests.Session()
        for centre in DATA_CENTRES.values():
            for host in (centre.accounts_host, centre.api_host):
                self.session.mount(f"https://{host}", SimulatorTransport(self.simulator))
        self.org_id = org
        self.token = self.do("add_access_token", scopes=["ZohoBooks.fullaccess.all"])
        self.simulator.vault.access_tokens[self.token].expires_at += timedelta(days=3650)

    @property
    def org(self) -> Any:
        return self.simulator.organisations[self.org_id]

    @property
    def credentials(self) -> dict[str, str]:
        return self.simulator.credentials()

    def do(self, action: str, **arguments: Any) -> Any:
        return self.simulator.control(action, arguments)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        files: Any = None,
        **query: Any,
    ) -> requests.Response:
        return self.session.request(
            method,
            API + path,
            params={"organization_id": self.org_id, **query},
            json=body,
            files=files,
            headers={"Authorization": f"Zoho-oauthtoken {self.token}", **(headers or {})},
        )

    def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The JSON of a call that must succeed."""
        answer = self.call(method, path, body, **more)
        assert answer.status_code < 300, (path, answer.text)
        value = json_load(answer.content)
        assert value["code"] == 0
        return value

    def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, int]:
        """Status and code of a call that must be refused."""
        answer = self.call(method, path, body, **more)
        assert answer.status_code >= 400, (path, answer.text)
        return answer.status_code, answer.json()["code"]

    def rows(self, path: str, **query: Any) -> list[Any]:
        """Every row of a list, over all its pages."""
        found: list[Any] = []
        page = 1
        while True:
            answer = self.ok("GET", path, page=page, **{"per_page": 200, **query})
            key = next(name for name, value in answer.items() if isinstance(value, list))
            found += answer[key]
            if not answer["page_context"]["has_more_page"]:
                return found
            page += 1

    def token_call(self, accounts: str = ACCOUNTS, as_query: bool = False, **values: str) -> requests.Response:
        own = {name: self.credentials[name] for name in ("client_id", "client_secret")}
        values = {**own, **values}
        where = {"params": values} if as_query else {"data": values}
        return self.session.post(f"{accounts}/oauth/v2/token", **where)  # type: ignore[arg-type]

    def refresh(self, token: str = "", accounts: str = ACCOUNTS, **values: str) -> requests.Response:
        token = token or self.credentials["refresh_token"]
        return self.token_call(accounts, grant_type="refresh_token", refresh_token=token, **values)

    # --- bodies

    def account(self, code: str) -> str:
        return str(self.org.account(code)["account_id"])

    def vendor(self, name: str = "Northwind Machining") -> str:
        return str(
            next(
                one["contact_id"]
                for one in self.org.contacts
                if one["contact_name"] == name and one["contact_type"] == "vendor"
            )
        )

    def currency(self, code: str) -> str:
        return str(self.org.currency(code)["currency_id"])

    def tag(self, name: str, option: str) -> dict[str, str]:
        tag = next(one for one in self.org.tags if one["tag_name"] == name)
        chosen = next(one for one in tag["_options"] if one["option_name"] == option)
        return {"tag_id": tag["tag_id"], "tag_option_id": chosen["option_id"]}

    def field(self, entity: str) -> str:
        return str(next(one["customfield_id"] for one in self.org.custom_fields if one["entity"] == entity))

    def journal(self, amount: float | str = "42.10", reference: str = "BRX-1", **parts: Any) -> dict[str, Any]:
        value = float(amount)
        lines = [
            {"account_id": self.account("600100"), "debit_or_credit": "debit", "amount": value, "description": "Paper"},
            {"account_id": self.account("201100"), "debit_or_credit": "credit", "amount": value},
        ]
        return {"journal_date": "2026-06-09", "reference_number": reference, "line_items": lines, **parts}

    def bill(self, number: str = "INV-1", rate: float = 100, **parts: Any) -> dict[str, Any]:
        lines = [{"account_id": self.account("600100"), "name": "Office supplies", "rate": rate}]
        usual = {"vendor_id": self.vendor(), "bill_number": number, "date": "2026-06-09", "due_date": "2026-07-09"}
        return {**usual, "line_items": lines, **parts}

    def expense(self, amount: float = 42.1, **parts: Any) -> dict[str, Any]:
        return {
            "account_id": self.account("600100"),
            "paid_through_account_id": self.account("201100"),
            "vendor_id": self.vendor(),
            "date": "2026-06-09",
            "amount": amount,
            "reference_number": "BRX-exp",
            **parts,
        }

    def balances(self) -> dict[str, Any]:
        """What is in the books by account code; the sum is nothing, always."""
        found = self.simulator.state()["organisations"][self.org_id]
        assert found["difference"] == 0
        return {code: amount for code, amount in found["trial_balance"].items() if amount}


__all__ = ["ACCOUNTS", "API", "EU", "NOON", "US", "Books"]
