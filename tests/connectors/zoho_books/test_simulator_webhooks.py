"""Do webhooks leave the simulated Zoho as its documentation says: body, signature, retries, log?"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from connectors.zoho_books.simulator.delivery import SIGNATURE, sign
from tests.connectors.zoho_books.simulated import Books

SECRET = "s3cretToken2026"
RAW = b'{"bill":{"bill_id":"460000000098765","status":"open","total":120.5}}'


class Receiver:
    """Takes deliveries and answers what it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, dict[str, str], bytes]] = []
        self.status = 200

    def __call__(self, method: str, url: str, headers: Any, body: bytes) -> int:
        self.got.append((method, url, dict(headers), body))
        return self.status


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def books(receiver: Receiver) -> Books:
    return Books(deliver=receiver)


def hook(books: Books, **parts: Any) -> dict[str, Any]:
    usual = {"webhook_name": "ours", "entity": "bill", "url": "https://hooks.test/z", "secret": SECRET}
    made: dict[str, Any] = books.ok("POST", "/settings/webhooks", {**usual, **parts})["webhook"]
    return made


@pytest.mark.parametrize(
    ("query", "form", "raw", "signature"),
    [
        ("", "", RAW, "d21a996de02ab4219b3e9ac43c8453aedb4546e6a54cf53e0099694dcd12d38f"),
        ("source=zoho&conn=42", "", RAW, "c141b40b9eb169f266af17ccfefa0f942635358fb6220bf64ff546879d3e60f5"),
        (
            "conn=42",
            "bill_id=460000000098765&status=paid+in+full",
            b"",
            "e83de76b85cd9820da177c55fedebe233f6f6a9e1076a9510093ab793214a5a2",
        ),
    ],
)
def test_the_signature_passes_the_test_vectors(query: str, form: str, raw: bytes, signature: str) -> None:
    assert sign(SECRET, query, form, raw) == signature


def test_a_change_is_told_with_the_whole_record_and_signed(books: Books, receiver: Receiver) -> None:
    hook(books, headers=[{"param_name": "X-Conn", "param_value": "42"}])
    bill = books.ok("POST", "/bills", books.bill())["bill"]
    books.ok("POST", "/journals", books.journal())
    books.ok("PUT", f"/bills/{bill['bill_id']}", {"notes": "x"})
    books.ok("DELETE", f"/bills/{bill['bill_id']}")
    assert books.simulator.sender.flush() == 3
    method, url, headers, body = receiver.got[0]
    assert (method, url, headers["X-Conn"]) == ("POST", "https://hooks.test/z", "42")
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body)["bill"]["bill_number"] == "INV-1"
    assert headers[SIGNATURE] == sign(SECRET, "", "", body)
    assert not {name for name in headers if "id" in name.lower().split("-") or "timestamp" in name.lower()}


def test_without_a_secret_there_is_no_signature(books: Books, receiver: Receiver) -> None:
    hook(books, secret="")
    books.ok("POST", "/bills", books.bill())
    books.simulator.sender.flush()
    assert SIGNATURE not in receiver.got[0][2]


def test_query_parameters_and_forms_are_part_of_the_signature(books: Books, receiver: Receiver) -> None:
    pairs = [{"param_name": "bill_id", "param_value": "${BILL.bill_id}"}, {"param_name": "by", "param_value": "a b"}]
    query = [{"param_name": "conn", "param_value": "42"}]
    hook(books, body_type="form", form_data=pairs, query_parameters=query, url="https://hooks.test/z?a=1")
    bill = books.ok("POST", "/bills", books.bill())["bill"]
    books.simulator.sender.flush()
    _, url, headers, body = receiver.got[0]
    assert url == "https://hooks.test/z?a=1&conn=42"
    assert body.decode() == f"bill_id={bill['bill_id']}&by=a+b"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert headers[SIGNATURE] == sign(SECRET, urlsplit(url).query, body.decode(), b"")


def test_a_raw_body_is_sent_as_it_was_written(books: Books, receiver: Receiver) -> None:
    hook(books, body_type="raw", raw_data='{"source": "zoho"}')
    books.ok("POST", "/bills", books.bill())
    books.simulator.sender.flush()
    assert receiver.got[0][3] == b'{"source": "zoho"}'


def test_a_failed_delivery_is_tried_again_after_one_five_and_fifteen_minutes(books: Books, receiver: Receiver) -> None:
    hook(books)
    receiver.status = 500
    books.ok("POST", "/bills", books.bill())
    tries = [books.simulator.sender.flush()]
    for minutes in (1, 5, 15, 60):
        books.clock.advance(minutes=minutes, seconds=-1)
        assert books.simulator.sender.flush() == 0
        books.clock.advance(seconds=1)
        tries.append(books.simulator.sender.flush())
    assert tries == [1, 1, 1, 1, 0]
    log = books.ok("GET", "/settings/webhooks/histories", filter_by="Status.Failed")["histories"]
    assert [(one["retry_count"], one["response_code"], one["entity"]) for one in log] == [(3, 500, "bill")]
    receiver.status = 204
    books.ok("POST", f"/settings/webhooks/histories/{log[0]['history_id']}/resend")
    assert books.simulator.sender.flush() == 1
    assert books.ok("GET", f"/settings/webhooks/histories/{log[0]['history_id']}")["history"]["status"] == "success"
    assert len({body for *_, body in receiver.got}) == 1


def test_messages_can_be_forged_repeated_lost_and_turned_around(books: Books, receiver: Receiver) -> None:
    hook(books)
    bill = books.ok("POST", "/bills", books.bill())["bill"]
    books.simulator.sender.flush()
    receiver.got.clear()
    for variant in ("forged", "unsigned", "upper_case"):
        books.do("send_webhook", entity="bill", record_id=bill["bill_id"], variant=variant)
    books.simulator.sender.flush()
    right = [sign(SECRET, "", "", body) == headers.get(SIGNATURE) for _, _, headers, body in receiver.got]
    assert right == [False, False, False]
    assert books.do("send_webhook", entity="bill", record_id=bill["bill_id"], duplicates=2) == 3
    books.do("lose_webhooks", count=1)
    books.do("send_webhook", entity="bill", payload={"bill": {"bill_id": "lost"}})
    receiver.got.clear()
    assert books.simulator.sender.flush() == 3
    for name in ("first", "second"):
        books.do("send_webhook", entity="bill", payload={"bill": {"bill_id": name}})
    books.do("flush_webhooks", newest_first=True)
    receiver.got.clear()
    books.simulator.sender.flush()
    assert [json.loads(body)["bill"]["bill_id"] for *_, body in receiver.got] == ["second", "first"]


def test_a_webhook_may_need_a_workflow_rule_to_fire(books: Books, receiver: Receiver) -> None:
    books.switches.webhook_needs_workflow = True
    made = hook(books)
    books.ok("POST", "/bills", books.bill("A"))
    assert books.simulator.sender.flush() == 0
    actions = [{"action_type": "webhook", "action_id": made["webhook_id"]}]
    rule = {"workflow_name": "Bills", "rule_type": "event", "entity": "bill", "actions": actions}
    workflow = books.ok("POST", "/settings/workflows", rule)["workflow"]
    books.ok("POST", "/bills", books.bill("B"))
    assert books.simulator.sender.flush() == 1
    assert len(books.ok("GET", "/settings/workflows")["workflows"]) == 1
    books.ok("DELETE", f"/settings/workflows/{workflow['workflow_id']}")
    books.ok("POST", "/bills", books.bill("C"))
    assert books.simulator.sender.flush() == 0


def test_webhooks_are_kept_changed_and_deleted(books: Books, receiver: Receiver) -> None:
    made = hook(books)
    assert "secret" not in made
    place = f"/settings/webhooks/{made['webhook_id']}"
    assert books.ok("PUT", place, {"url": "https://hooks.test/y"})["webhook"]["entity"] == "bill"
    books.ok("POST", "/bills", books.bill())
    books.simulator.sender.flush()
    assert receiver.got[0][1] == "https://hooks.test/y"
    assert SIGNATURE in receiver.got[0][2]
    assert len(books.ok("GET", "/settings/webhooks")["webhooks"]) == 1
    books.ok("DELETE", place)
    assert books.refused("GET", place) == (404, 1002)


@pytest.mark.parametrize(
    "change",
    [
        {"secret": "tooshort"},
        {"secret": "with spaces in it"},
        {"secret": "x" * 51},
        {"url": ""},
        {"url": "http://hooks.test/z"},
        {"entity": "dream"},
        {"webhook_name": "x" * 51},
        {"method": "GET"},
    ],
)
def test_a_wrong_webhook_is_refused(books: Books, change: dict[str, Any]) -> None:
    body = {"webhook_name": "ours", "entity": "bill", "url": "https://hooks.test/z", "secret": SECRET, **change}
    assert books.refused("POST", "/settings/webhooks", body) == (400, 4)


@pytest.mark.parametrize("entity", ["contact", "expense", "journal", "vendorpayment", "vendor_credit"])
def test_every_kind_of_record_that_matters_is_told(books: Books, receiver: Receiver, entity: str) -> None:
    hook(books, entity=entity)
    lines = [{"account_id": books.account("600100"), "rate": 5}]
    money = {"vendor_id": books.vendor(), "amount": 5, "paid_through_account_id": books.account("101401")}
    paths: dict[str, tuple[str, dict[str, Any]]] = {
        "contact": ("/contacts", {"contact_name": "A", "contact_type": "vendor"}),
        "expense": ("/expenses", books.expense()),
        "journal": ("/journals", books.journal()),
        "vendorpayment": ("/vendorpayments", money),
        "vendor_credit": ("/vendorcredits", {"vendor_id": books.vendor(), "line_items": lines}),
    }
    path, body = paths[entity]
    books.ok("POST", path, body)
    assert books.simulator.sender.flush() == 1
    assert list(json.loads(receiver.got[0][3])) == [entity]
