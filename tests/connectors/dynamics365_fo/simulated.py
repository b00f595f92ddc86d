"""How do the simulator's tests speak to it: one environment, one caller, a clock that stands still?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import requests

from connectors.dynamics365_fo.simulator import DynamicsSimulator
from connectors.simulation import Clock, SimulatorTransport, json_text

HOST = "https://cascade.operations.dynamics.com"
LOGIN = "https://login.microsoftonline.com"
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
DAY = "2026-03-02T12:00:00Z"


class Environment:
    """A simulated environment and a caller who signed in as its application."""

    def __init__(self, clock: Clock | None = None, **parts: Any) -> None:
        self.simulator = DynamicsSimulator(seed=7, clock=clock or Clock(NOON), **parts)
        self.store = self.simulator.store
        self.switches = self.simulator.switches
        self.session = requests.Session()
        for address in (HOST, LOGIN):
            self.session.mount(address, SimulatorTransport(self.simulator))
        self.token = self.sign_in().json()["access_token"]

    def sign_in(self, version: str = "v2.0/", tenant: str = "", headers: Any = None, **form: str) -> requests.Response:
        """Ask for a token as the simulator's own application; `form` replaces single fields ("" leaves one out)."""
        wanted = {"scope": f"{HOST}/.default"} if version else {"resource": HOST}
        own = {"client_id": self.simulator.client_id, "client_secret": self.simulator.client_secret}
        whole = {**own, "grant_type": "client_credentials", **wanted, **form}
        sent = {name: value for name, value in whole.items() if value}
        place = f"{LOGIN}/{tenant or self.simulator.tenant}/oauth2/{version}token"
        return self.session.post(place, data=sent, headers=headers)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, str | bytes) or body is None else json_text(body)
        return self.session.request(
            method, HOST + path, data=data.encode() if isinstance(data, str) else data, headers=sent
        )

    def get(self, path: str, **query: str) -> Any:
        """The JSON of a read that must succeed, fractions as Decimal; `query` without dollar signs."""
        answer = self.list(path, **query)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_float=Decimal)

    def list(self, path: str, **query: str) -> requests.Response:
        parts = [f"${name}={quote(value)}" for name, value in query.items()]
        sign = "&" if "?" in path else "?"
        return self.call("GET", f"/data/{path}" + (sign + "&".join(parts) if parts else ""))

    def rows(self, path: str, **query: str) -> list[dict[str, Any]]:
        """The records of a list over all companies."""
        sign = "&" if "?" in path else "?"
        return list(self.get(f"{path}{sign}cross-company=true", **query)["value"])

    def post(self, name: str, body: Any) -> requests.Response:
        return self.call("POST", f"/data/{name}?cross-company=true", body)

    def made(self, name: str, body: Any) -> dict[str, Any]:
        """A created record."""
        answer = self.post(name, body)
        assert answer.status_code == 201, answer.text
        return dict(json.loads(answer.text, parse_float=Decimal))

    def refused(self, name: str, body: Any) -> str:
        """The inner message of a creation that must be refused by the entity's logic."""
        return infolog(self.post(name, body))

    def header(self, company: str = "usmf", **parts: Any) -> dict[str, Any]:
        """A general journal header."""
        return self.made("LedgerJournalHeaders", {"dataAreaId": company, "JournalName": "GenJrn", **parts})

    def line(self, header: dict[str, Any], **parts: Any) -> dict[str, Any]:
        """A line that balances by its own offset: cost against the credit card account."""
        return self.made("LedgerJournalLines", line_body(header, **parts))

    def do(self, action: str, **arguments: Any) -> Any:
        return self.simulator.control(action, arguments)

    def batch(self, body: str, boundary: str = "batch_1") -> requests.Response:
        return self.call("POST", "/data/$batch", body, Content_Type=f"multipart/mixed; boundary={boundary}")


def line_body(header: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {
        "dataAreaId": header["dataAreaId"],
        "JournalBatchNumber": header["JournalBatchNumber"],
        "LineNumber": 1,
        "TransDate": DAY,
        "AccountType": "Ledger",
        "AccountDisplayValue": "605110-001-ENG-APO",
        "DebitAmount": Decimal("42.50"),
        "CurrencyCode": "USD",
        "OffsetAccountType": "Ledger",
        "OffsetAccountDisplayValue": "201100---",
        "Text": "Blue Bottle / A. Lee",
        "Document": "BX-000017",
        **parts,
    }


def infolog(answer: requests.Response) -> str:
    """The only place where F&O says why: the inner message of the one error envelope."""
    assert answer.status_code >= 400, answer.text
    error = answer.json()["error"]
    assert (error["code"], error["message"]) == ("", "An error has occurred.")
    return str(error["innererror"]["message"])


def operation(number: int, method: str, path: str, body: Any = None, line_end: str = "\r\n") -> str:
    """One HTTP request as a part of a batch; `path` as the caller writes it."""
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary", f"Content-ID: {number}", ""]
    request = [f"{method} {path} HTTP/1.1", "Content-Type: application/json;odata.metadata=minimal", ""]
    return line_end.join([*head, *request, "" if body is None else json_text(body), ""])


def changeset(*operations: str, boundary: str = "changeset_1", line_end: str = "\r\n", closed: bool = True) -> str:
    parts = [f"Content-Type: multipart/mixed; boundary={boundary}", ""]
    for one in operations:
        parts += [f"--{boundary}", one]
    return line_end.join([*parts, f"--{boundary}--" if closed else "", ""])


def batch(*parts: str, boundary: str = "batch_1", line_end: str = "\r\n") -> str:
    lines: list[str] = []
    for one in parts:
        lines += [f"--{boundary}", one]
    return line_end.join([*lines, f"--{boundary}--", ""])
