"""Does the client say to Odoo what it should, in the words of the version that answers?"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.answers import ApiResponse
from connectors.errors import ConfigurationError
from connectors.odoo import client as module
from connectors.odoo.auth import OdooCredentials
from connectors.odoo.schema import AccountRow, CurrencyRow, Move, PaymentRow
from connectors.odoo.versions import Version
from connectors.odoo.xmlrpc import _answer  # the reading of an answer is all that is asked here
from tests.connectors.odoo.scripted import CREDENTIALS, Scripted, client, json_answer


@pytest.fixture(autouse=True)
def _nothing_is_known_of_field_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_names", {})


def sent(transport: Scripted, number: int = -1) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(transport.requests[number].body or b"{}")
    return body


def test_a_call_carries_key_database_one_company_and_english_and_no_cookie() -> None:
    transport = Scripted(json_answer({"version": "19.0"}), json_answer([7]), json_answer([]))
    speaker = client(transport, None)
    speaker.call("account.move", "create", company="2", writes=True, vals_list=[{"amount": Decimal("10.10")}])
    speaker.call("account.move", "search", company="2", domain=[])
    discovery, create, search = transport.requests
    assert discovery.url == "https://acme.example.com/web/version"
    assert "Authorization" not in discovery.headers
    assert create.url == "https://acme.example.com/json/2/account.move/create"
    assert create.headers["Authorization"] == f"bearer {CREDENTIALS['api_key']}"
    assert create.headers["X-Odoo-Database"] == "finance"
    assert json.loads(create.body or b"")["context"] == {"lang": "en_US", "allowed_company_ids": [2]}
    assert b'"amount":10.10' in (create.body or b"")  # type: ignore[operator]
    assert "Cookie" not in search.headers, "a session beside a key is refused by Odoo"


def test_a_record_method_without_ids_is_refused_because_odoo_would_silently_do_nothing() -> None:
    with pytest.raises(ValueError, match="silently do nothing"):
        client(Scripted()).call("account.move", "action_post", ids=[], writes=True)


@pytest.mark.parametrize(
    ("told", "number"), [("19.0", 19), ("saas~19.2", 19), ("17.0+e", 17), ("20.0", 20), ("saas~18.4+e", 18)]
)
def test_the_version_is_the_first_number(told: str, number: int) -> None:
    assert Version.read(told).number == number
    assert Version.read(told).has_json2 is (number >= 19)


def test_below_19_the_version_comes_by_xmlrpc() -> None:
    told = (
        "<?xml version='1.0'?><methodResponse><params><param><value><struct><member><name>server_version</name>"
        "<value><string>17.0</string></value></member></struct></value></param></params></methodResponse>"
    )
    transport = Scripted((404, "text/html", "<h1>Not Found</h1>"), (200, "text/xml", told))
    assert client(transport, None).version == Version(17, "17.0")


@pytest.mark.parametrize(
    "answers",
    [
        [(200, "text/html", "<h1>Welcome to our shop</h1>")],
        [(404, "text/html", "nothing here"), (404, "text/html", "nothing here")],
        [json_answer({"hello": "world"})],
        [json_answer({"version": "unreleased"})],
    ],
)
def test_an_address_that_is_no_odoo_is_named_so(answers: list[tuple[int, str, str]]) -> None:
    with pytest.raises(ConfigurationError, match=r"No Odoo answers|no Odoo API"):
        _ = client(Scripted(*answers), None).version


def test_names_of_18_are_used_and_read_back_as_those_of_19() -> None:
    account = {"id": 3, "code": "6000", "name": "Costs", "account_type": "expense", "reconcile": False}
    account |= {"deprecated": True, "currency_id": False, "company_id": [1, "Acme"]}
    transport = Scripted(json_answer({"deprecated": {}, "company_id": {}}), json_answer([account]))
    rows = client(transport).rows(AccountRow, [["company_ids", "in", [1]]], company="1")
    assert (rows[0].active, rows[0].company_ids) == (False, [1])
    assert "deprecated" in sent(transport)["fields"]
    assert "active" not in sent(transport)["fields"]
    assert sent(transport)["domain"] == [["company_id", "in", [1]]]


def test_a_payment_of_17_reads_its_memo_and_states_as_those_of_19() -> None:
    payment = {"id": 1, "name": "P1", "state": "posted", "ref": "brex:x:pay", "payment_type": "outbound"}
    payment |= {"partner_type": "supplier", "date": "2026-10-01", "amount": 10.0, "journal_id": [6, "Bank"]}
    payment |= {"partner_id": [9, "V"], "currency_id": [1, "USD"], "move_id": [4, "M"]}
    payment |= {"outstanding_account_id": [49, "O"], "destination_account_id": [15, "P"]}
    transport = Scripted(json_answer({"ref": {}}), json_answer([payment]))
    row = client(transport).rows(PaymentRow, [["memo", "in", ["brex:x:pay"]]], company="1")[0]
    assert (row.memo, row.state, row.amount, row.move_id) == ("brex:x:pay", "in_process", Decimal("10.0"), 4)
    assert sent(transport)["domain"] == [["ref", "in", ["brex:x:pay"]]]


def test_a_column_that_a_version_lacks_is_not_asked_for() -> None:
    transport = Scripted(json_answer({"payment_id": {}}), json_answer([]))
    speaker = client(transport)
    speaker.rows(Move, [], company="1")
    assert "payment_id" in sent(transport)["fields"]
    assert "invoice_currency_rate" in speaker.names("account.move").missing


def test_pages_go_by_id_and_end() -> None:
    def row(number: int) -> dict[str, Any]:
        return {"id": number, "name": f"C{number}", "active": True, "decimal_places": 2}

    transport = Scripted(json_answer([row(1), row(5)]), json_answer([row(9)]))
    pages = list(client(transport).pages(CurrencyRow, [["active", "=", True]], size=2))
    assert [[one.id for one in page] for page in pages] == [[1, 5], [9]]
    assert [sent(transport, number)["domain"][-1] for number in (0, 1)] == [["id", ">", 0], ["id", ">", 5]]
    assert sent(transport)["order"] == "id"


def test_amounts_of_xmlrpc_are_decimals() -> None:
    body = (
        "<?xml version='1.0'?><methodResponse><params><param><value><array><data><value><double>1234.10</double>"
        "</value><value><int>3</int></value></data></array></value></param></params></methodResponse>"
    )
    assert _answer(ApiResponse(200, {}, body, body.encode())) == [Decimal("1234.10"), 3]


@pytest.mark.parametrize(
    "wrong", [{"database": ""}, {"api_key": " "}, {"api_key": "x", "password": "y"}, {"key_expires_on": "soon"}]
)
def test_credentials_with_mistakes_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        OdooCredentials.model_validate({**CREDENTIALS, **wrong})


def test_the_key_is_never_shown() -> None:
    credentials = OdooCredentials.model_validate(CREDENTIALS)
    assert CREDENTIALS["api_key"] not in repr(credentials)
    assert CREDENTIALS["api_key"] not in credentials.model_dump_json()
