"""What would Odoo answer? Canned answers, in the order given, over the transport seam."""

from __future__ import annotations

import io
import json
from typing import Any

import requests
from requests.adapters import BaseAdapter

from connectors.base import ConnectionContext
from connectors.odoo.auth import OdooCredentials
from connectors.odoo.client import OdooClient
from connectors.odoo.versions import Version

CREDENTIALS = {"database": "finance", "login": "integration@example.com", "api_key": "ab" * 20}


class Scripted(BaseAdapter):
    """Each call takes the next answer: (status, content type, body)."""

    def __init__(self, *answers: tuple[int, str, str]) -> None:
        super().__init__()
        self.answers = list(answers)
        self.requests: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        self.requests.append(request)
        status, content_type, body = self.answers.pop(0)
        response = requests.Response()
        response.status_code = status
        response.headers.update({"Content-Type": content_type, "Set-Cookie": "session_id=abc; Path=/"})
        response.raw = io.BytesIO(body.encode())
        response.url = request.url or ""
        response.request = request
        return response

    def close(self) -> None:
        """Nothing is open."""


def json_answer(value: Any, status: int = 200) -> tuple[int, str, str]:
    return status, "application/json; charset=utf-8", json.dumps(value)


def error_answer(status: int, name: str, message: str) -> tuple[int, str, str]:
    body = {"name": name, "message": message, "arguments": [message], "context": {}, "debug": "Traceback …"}
    return json_answer(body, status)


def client(transport: BaseAdapter, version: Version | None = Version(19, "19.0"), **credentials: Any) -> OdooClient:  # noqa: B008
    context = ConnectionContext(
        address="https://acme.example.com",
        credentials=OdooCredentials.model_validate({**CREDENTIALS, **credentials}),
        transport=transport,
    )
    made = OdooClient(context)
    if version:
        made.version_set(version)
    return made
