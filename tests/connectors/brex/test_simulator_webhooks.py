"""How does simulated Brex sign, deliver, retry, lose and forge webhooks?"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from connectors.brex.simulator.delivery import sign
from connectors.brex.simulator.switches import Switches
from connectors.simulation import Clock
from tests.connectors.brex.simulated import NOON, Account

URL = "https://connector.test/hooks/1"
EVENTS = ["ACCOUNTING_RECORD_READY_FOR_EXPORT", "USER_UPDATED", "TRANSFER_PROCESSED", "TRANSFER_FAILED"]


class Receiver:
    """What arrived, and what the receiver answers."""

    def __init__(self) -> None:
        self.status = 200
        self.answer: dict[str, str] = {}
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str]]:
        self.got.append((url, dict(headers), body))
        return self.status, self.answer

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.got]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def account(receiver: Receiver) -> Account:
    made = Account(deliver=receiver)
    made.post("/v1/webhooks", {"url": URL, "event_types": EVENTS}, "hook").raise_for_status()
    return made


def verify(account: Account, headers: Mapping[str, str], body: bytes) -> bool:
    """As a receiver does: any usable secret of the list, five minutes of tolerance, the simulator's clock."""
    seconds = int(headers["Webhook-Timestamp"])
    if abs(seconds - account.simulator.clock.now().timestamp()) > 300:
        return False
    secrets = [one["secret"] for one in account.get("/v1/webhooks/secrets") if one["status"] != "REVOKED"]
    keys = [base64.b64decode(one.removeprefix("whsec_")) for one in secrets]
    wanted = {f"v1,{sign(key, headers['Webhook-Id'], seconds, body)}" for key in keys}
    return bool(wanted & set(headers.get("Webhook-Signature", "").split()))


def test_the_signature_is_the_published_one() -> None:
    key = bytes(range(1, 33))
    body = (
        b'{"event_type":"ACCOUNTING_RECORD_READY_FOR_EXPORT","accountingRecordIds":["accr_sim0001","accr_sim0002"],'
        b'"companyId":"cuacc_sim0001"}'
    )
    made = sign(key, "msg_2yBrexSimVector0000000001", 1767225600, body)
    assert made == "YFTItE+jE19DVUY+3/baittLb11kd40CGjYFeOZFJ9A="
    other = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    public = sign(other, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert public == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_public_library_accepts_a_delivery(receiver: Receiver) -> None:
    account = Account(Clock(), deliver=receiver)  # the library reads the machine's clock
    account.post("/v1/webhooks", {"url": URL, "event_types": EVENTS}, "hook")
    account.do("send_webhook", ids=["accr_1"])
    account.simulator.sender.flush()
    _, headers, body = receiver.got[0]
    secret = account.get("/v1/webhooks/secrets")[0]["secret"]
    lowered = {name.lower(): value for name, value in headers.items()}
    assert Webhook(secret).verify(body, lowered)["accountingRecordIds"] == ["accr_1"]
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", lowered)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"url": "https://c.test/h", "event_types": ["USER_UPDATED"]}, 200),
        ({"url": "http://c.test/h", "event_types": ["USER_UPDATED"]}, 400),
        ({"url": "ftp://c.test/h", "event_types": ["USER_UPDATED"]}, 400),
        ({"url": "https://c.test/h", "event_types": []}, 400),
        ({"url": "https://c.test/h", "event_types": ["VENDOR_CREATED"]}, 400),
        ({"url": "https://c.test/h", "event_types": ["USER_UPDATED"], "group_id": "wg_none"}, 400),
    ],
)
def test_only_known_events_and_https_addresses_are_registered(body: dict[str, Any], status: int) -> None:
    account = Account(switches=Switches(webhook_http="never"))
    assert account.post("/v1/webhooks", body, "w").status_code == status


@pytest.mark.parametrize(
    ("switch", "url", "status"),
    [
        ("loopback", "http://127.0.0.1:8000/h", 200),
        ("loopback", "http://c.test/h", 400),
        ("never", "http://localhost/h", 400),
        ("any", "http://c.test/h", 200),
    ],
)
def test_which_plain_http_addresses_are_taken_is_a_switch(switch: str, url: str, status: int) -> None:
    account = Account(switches=Switches(webhook_http=switch))
    assert account.post("/v1/webhooks", {"url": url, "event_types": ["USER_UPDATED"]}, "w").status_code == status


def test_payment_updates_need_a_card_administrator(account: Account) -> None:
    body = {"url": URL, "event_types": ["EXPENSE_PAYMENT_UPDATED"]}
    assert account.post("/v1/webhooks", body, "a").status_code == 200
    account.token = account.do("add_token", role="BOOKKEEPER")
    assert account.post("/v1/webhooks", body, "b").status_code == 403


def test_a_pending_authorization_is_told_with_a_growing_version(account: Account, receiver: Receiver) -> None:
    account.post("/v1/webhooks", {"url": URL, "event_types": ["EXPENSE_PAYMENT_UPDATED"]}, "a")
    money = {"amount": 24840, "currency": "USD"}
    merchant = {"raw_descriptor": "RACKSHOP", "mcc": "5732", "country": "FRA"}
    parts = {"_merchant": merchant, "billing_amount": money, "original_amount": money}
    expense = account.do("add_expense", expense=parts)["id"]
    account.do("pending_payment", expense_id=expense)
    account.do("pending_payment", expense_id=expense, payment_status="DECLINED", reason="CARD_EXPIRED")
    account.simulator.sender.flush()
    told = [(one["payment_status"], one["payment_type"], one["version"]) for one in receiver.bodies]
    assert told == [("PENDING", "PURCHASE", 1), ("DECLINED", "DECLINED", 2)]


def test_an_event_needs_the_read_scope_of_its_resource(account: Account) -> None:
    account.token = account.do("add_token", scopes=["users.readonly"])
    assert account.post("/v1/webhooks", {"url": URL, "event_types": ["USER_UPDATED"]}, "a").status_code == 200
    assert account.post("/v1/webhooks", {"url": URL, "event_types": EVENTS}, "b").status_code == 403


def test_a_subscription_is_replaced_and_deleted_and_belongs_to_its_credential(account: Account) -> None:
    hook = account.get("/v1/webhooks")["items"][0]
    path = f"/v1/webhooks/{hook['id']}"
    assert account.call("PUT", path, {"url": URL, "event_types": ["USER_UPDATED"]}).status_code == 400
    changed = account.call(
        "PUT", path, {"url": URL + "2", "event_types": ["USER_UPDATED"], "status": "INACTIVE"}
    ).json()
    assert (changed["url"], changed["status"], changed["group_id"]) == (URL + "2", "INACTIVE", None)
    other = account.form("token", grant_type="refresh_token", refresh_token=account.simulator.refresh_token).json()
    account.token = other["access_token"]
    assert account.ids("/v1/webhooks") == []
    assert account.call("DELETE", path).status_code == 404
    account.token = account.simulator.user_token
    assert account.call("DELETE", path).status_code == 200
    assert account.ids("/v1/webhooks") == []


def test_approval_sends_one_event_for_all_records(account: Account, receiver: Receiver) -> None:
    ids = [account.record() for _ in range(3)]
    account.do("approve", ids=ids)
    account.simulator.sender.flush()
    company = account.get("/v2/company")["id"]
    assert receiver.bodies == [
        {"event_type": "ACCOUNTING_RECORD_READY_FOR_EXPORT", "accountingRecordIds": ids, "companyId": company}
    ]
    url, headers, body = receiver.got[0]
    assert url == URL
    assert headers["Content-Type"] == "application/json"
    assert verify(account, headers, body)


def test_bills_become_ready_without_a_webhook(account: Account, receiver: Receiver) -> None:
    bill = account.record(source_type="BILL", type="BILL_EXPENSE")
    account.do("approve", ids=[bill])
    account.switches.webhook_for_bills = True
    account.do("approve", ids=[bill])
    account.simulator.sender.flush()
    assert len(receiver.got) == 1


def test_only_active_subscriptions_to_the_type_are_served(account: Account, receiver: Receiver) -> None:
    account.post("/v1/webhooks", {"url": URL + "users", "event_types": ["USER_UPDATED"]}, "u")
    user = account.do("add_user", first_name="A", last_name="B", email="a@b.test")
    account.do("approve", ids=[account.record()])
    account.do("change_user", id=user["id"], changes={"department_id": "dep_1", "title_id": "t"})
    account.simulator.sender.flush()
    assert [url for url, _, _ in receiver.got] == [URL, URL, URL + "users"]
    assert receiver.bodies[1]["updated_attributes"] == ["DEPARTMENT_ID"]


@pytest.mark.parametrize(
    ("style", "names"), [("webhook", {"Webhook-Id"}), ("svix", {"svix-id"}), ("both", {"Webhook-Id", "svix-id"})]
)
def test_header_names_are_a_switch(account: Account, receiver: Receiver, style: str, names: set[str]) -> None:
    account.switches.webhook_headers = style
    account.do("send_webhook")
    account.simulator.sender.flush()
    assert {name for name in receiver.got[0][1] if name.lower().endswith("-id")} == names


def test_the_secret_can_come_without_its_prefix(account: Account) -> None:
    secret = account.get("/v1/webhooks/secrets")[0]["secret"]
    account.switches.secret_prefix = False
    assert account.get("/v1/webhooks/secrets") == [{"secret": secret.removeprefix("whsec_"), "status": "ACTIVE"}]


def test_a_rotation_signs_with_both_keys_until_the_old_one_is_revoked(account: Account, receiver: Receiver) -> None:
    old = account.get("/v1/webhooks/secrets")
    account.do("rotate_webhook_secret")
    during = account.get("/v1/webhooks/secrets")
    assert [one["status"] for one in during] == ["PENDING_REVOKE", "ACTIVE"]
    assert during[0]["secret"] == old[0]["secret"]
    account.do("send_webhook")
    account.simulator.sender.flush()
    assert len(receiver.got[0][1]["Webhook-Signature"].split()) == 2
    account.simulator.clock.advance(hours=24)
    assert [one["status"] for one in account.get("/v1/webhooks/secrets")] == ["REVOKED", "ACTIVE"]
    account.do("send_webhook")
    account.simulator.sender.flush()
    assert len(receiver.got[1][1]["Webhook-Signature"].split()) == 1
    assert verify(account, *receiver.got[1][1:])


def test_retries_follow_the_published_schedule_with_one_id_and_fresh_stamps(
    account: Account, receiver: Receiver
) -> None:
    receiver.status = 503
    account.do("send_webhook")
    waits = []
    for _ in range(8):
        start = account.simulator.clock.now()
        while not account.simulator.sender.flush():
            account.simulator.clock.advance(seconds=5)
            assert account.simulator.clock.now() - start < timedelta(hours=11)
        waits.append(int((account.simulator.clock.now() - start).total_seconds()))
    assert waits == [0, 5, 300, 1800, 7200, 18_000, 36_000, 36_000]
    account.simulator.clock.advance(days=2)
    assert account.simulator.sender.flush() == 0
    assert account.simulator.sender.messages[0].status == "failed"
    assert len({headers["Webhook-Id"] for _, headers, _ in receiver.got}) == 1
    assert len({headers["Webhook-Timestamp"] for _, headers, _ in receiver.got}) == 8
    assert len({headers["Webhook-Signature"] for _, headers, _ in receiver.got}) == 8


@pytest.mark.parametrize(
    ("status", "answer", "next_in"),
    [
        (302, {}, 5),
        (500, {"Retry-After": "8"}, 8),
        (500, {"Retry-After": "1000"}, 10),
        (429, {}, 60),
        (0, {}, 60),
        (500, {"webhook-delivery": "abort-message"}, None),
    ],
)
def test_what_the_receiver_answers_moves_the_next_attempt(
    account: Account, receiver: Receiver, status: int, answer: dict[str, str], next_in: int | None
) -> None:
    receiver.status, receiver.answer = status, answer
    account.do("send_webhook")
    account.simulator.sender.flush()
    message = account.simulator.sender.messages[0]
    if next_in is None:
        assert message.status == "failed"
    else:
        assert message.due_at == NOON + timedelta(seconds=next_in)


def test_a_time_scale_shortens_the_schedule(account: Account, receiver: Receiver) -> None:
    receiver.status = 500
    account.do("webhook_pace", time_scale=0.001)
    account.do("send_webhook")
    account.simulator.sender.flush()
    assert account.simulator.sender.messages[0].due_at == NOON + timedelta(milliseconds=5)


def test_an_endpoint_that_fails_for_five_days_is_disabled(account: Account, receiver: Receiver) -> None:
    receiver.status = 500
    for _ in range(6):
        account.do("send_webhook")
        account.simulator.sender.flush()
        account.simulator.clock.advance(days=1)
    assert account.get("/v1/webhooks")["items"][0]["status"] == "INACTIVE"
    assert account.do("send_webhook") == []


@pytest.mark.parametrize(
    ("variant", "genuine"),
    [
        ("plain", True),
        ("unknown_version_first", True),
        ("stale", False),
        ("forged", False),
        ("unsigned", False),
        ("malformed_signature", False),
        ("secret_text_as_key", False),
    ],
)
def test_forgeries_of_every_kind_can_be_sent(account: Account, receiver: Receiver, variant: str, genuine: bool) -> None:
    account.do("send_webhook", variant=variant)
    account.simulator.sender.flush()
    assert verify(account, *receiver.got[0][1:]) is genuine


def test_odd_contents_can_be_sent(account: Account, receiver: Receiver) -> None:
    sent = account.do("send_webhook", ids=["accr_1"], duplicates=2)
    account.do("send_webhook", count=600)
    account.do("send_webhook", ids=["accr_2"], company_id="cuacc_other")
    account.do("send_webhook", event_type="SOMETHING_NEW", payload={"note": "Zürich 渋谷"})
    account.do("send_webhook", body="not json")
    account.simulator.sender.flush()
    ids = [headers["Webhook-Id"] for _, headers, _ in receiver.got]
    assert ids[:3] == sent * 3
    assert len(json.loads(receiver.got[3][2])["accountingRecordIds"]) == 600
    assert json.loads(receiver.got[4][2])["companyId"] == "cuacc_other"
    assert "Zürich 渋谷".encode() in receiver.got[5][2]
    assert receiver.got[6][2] == b"not json"
    assert all(verify(account, headers, body) for _, headers, body in receiver.got)


def test_messages_can_arrive_in_the_wrong_order(account: Account, receiver: Receiver) -> None:
    for one in ("accr_1", "accr_2", "accr_3"):
        account.do("send_webhook", ids=[one])
    account.do("flush_webhooks", newest_first=True)
    account.simulator.sender.flush()
    assert [one["accountingRecordIds"] for one in receiver.bodies] == [["accr_3"], ["accr_2"], ["accr_1"]]


def test_a_lost_webhook_leaves_the_record_to_the_poll(account: Account, receiver: Receiver) -> None:
    account.do("lose_webhooks", count=1)
    lost, told = account.record(), account.record()
    account.do("approve", ids=[lost])
    account.do("approve", ids=[told])
    account.simulator.sender.flush()
    assert [one["accountingRecordIds"] for one in receiver.bodies] == [[told]]
    assert set(account.ids("/v3/accounting/records?review_status=READY_FOR_EXPORT")) == {lost, told}
    assert [one["status"] for one in account.simulator.state()["webhooks"]] == ["lost", "delivered"]


def test_a_large_batch_is_cut_into_several_events(account: Account, receiver: Receiver) -> None:
    account.switches.webhook_batch = 2
    ids = [account.record() for _ in range(5)]
    account.do("approve", ids=ids)
    account.simulator.sender.flush()
    assert [len(one["accountingRecordIds"]) for one in receiver.bodies] == [2, 2, 1]


@pytest.fixture
def endpoint() -> Iterator[tuple[str, list[bytes]]]:
    """A real HTTP receiver that fails once."""
    got: list[bytes] = []

    def app(environ: Any, start_response: Any) -> Any:
        got.append(Request(environ).get_data())
        return Response(status=500 if len(got) == 1 else 204)(environ, start_response)

    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", got
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_sender_delivers_over_http_in_its_own_thread_and_stops(endpoint: tuple[str, list[bytes]]) -> None:
    url, got = endpoint
    account = Account(Clock())
    account.post("/v1/webhooks", {"url": url, "event_types": EVENTS}, "hook").raise_for_status()
    account.do("webhook_pace", time_scale=0.001)
    account.simulator.sender.start()
    account.do("send_webhook", ids=["accr_1"])
    ends = time.monotonic() + 10
    while account.simulator.sender.messages[0].status != "delivered" and time.monotonic() < ends:
        time.sleep(0.01)
    account.simulator.sender.stop()
    assert [json.loads(one)["accountingRecordIds"] for one in got] == [["accr_1"], ["accr_1"]]
    assert [one["status"] for one in account.simulator.sender.messages[0].attempts] == [500, 204]
    assert "brex-webhooks" not in {one.name for one in threading.enumerate()}
