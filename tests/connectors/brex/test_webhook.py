"""Do we accept what Brex signed and nothing else? The vectors hold with standardwebhooks, svix and openssl too."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import ProviderEvent, SignatureError
from connectors.brex.connector import CONNECTOR
from connectors.brex.errors import FeatureDeniedError
from connectors.brex.streams import ACCOUNTING_RECORDS, CASH_TRANSACTIONS, EXPENSES
from connectors.brex.subscriptions import ACCOUNTING_EVENT, EVENT_TYPES, register_webhook, webhook_secrets
from connectors.brex.webhook import BrexWebhooks
from connectors.errors import PayloadError, RejectedError
from tests.cases.webhook_cases import WebhookCases
from tests.connectors.brex.desk import account, add_record, context

CURRENT = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
OLD = "whsec_ZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8fX5/gIGCg4Q="
MESSAGE = "msg_2yBrexSimVector0000000001"
AT = datetime(2026, 1, 1, tzinfo=UTC)
BODY = (
    b'{"event_type":"ACCOUNTING_RECORD_READY_FOR_EXPORT","accountingRecordIds":["accr_sim0001","accr_sim0002"],'
    b'"companyId":"cuacc_sim0001"}'
)
BY_CURRENT = "v1,YFTItE+jE19DVUY+3/baittLb11kd40CGjYFeOZFJ9A="
BY_OLD = "v1,BZSm167hB1ZIuaUVs0gvrhGTHDp26CIcFIpBNPnOzOE="
BY_SECRET_TEXT = "v1,gH8xCY6LF4eBdZhbfhMEqZVPhSkw2IKp3Ld13oEppXU="
RECEIVER = BrexWebhooks()


def headers(signature: str = BY_CURRENT, prefix: str = "Webhook", **changes: str) -> dict[str, str]:
    whole = {"Id": MESSAGE, "Timestamp": "1767225600", "Signature": signature, **changes}
    return {f"{prefix}-{name}": value for name, value in whole.items()}


def accepts(given: dict[str, str], secrets: list[str], body: bytes = BODY, shift: int = 0) -> bool:
    try:
        return RECEIVER.verify(body, given, secrets, AT + timedelta(seconds=shift)) == MESSAGE
    except SignatureError:
        return False


def test_the_vector_is_the_one_that_was_confirmed_elsewhere() -> None:
    assert hashlib.sha256(BODY).hexdigest() == "bcc11544e0e153ba587280648f08339cc30d94761cb806cdbd08cb52ae7f4cd1"
    assert len(BODY) == 133


@pytest.mark.parametrize(
    ("signature", "secrets", "is_accepted"),
    [
        (BY_CURRENT, [CURRENT], True),
        (BY_CURRENT, [CURRENT.removeprefix("whsec_")], True),
        (BY_OLD, [OLD], True),
        (f"{BY_OLD} {BY_CURRENT}", [CURRENT], True),
        (f"{BY_OLD} {BY_CURRENT}", [OLD], True),
        (BY_CURRENT, [OLD, CURRENT], True),
        (f"v2,AAAA {BY_CURRENT}", [CURRENT], True),
        (f"v1a,AAAA {BY_CURRENT}", [CURRENT], True),
        (BY_CURRENT, [OLD], False),
        (BY_OLD, [CURRENT], False),
        (BY_SECRET_TEXT, [CURRENT], False),
        (BY_CURRENT.replace("v1,", "v2,"), [CURRENT], False),
        (BY_CURRENT.replace("v1,", "v1 "), [CURRENT], False),
        ("garbage", [CURRENT], False),
        (BY_CURRENT, ["whsec_not base64!"], False),
        (BY_CURRENT, ["whsec_not base64!", CURRENT], True),
        (BY_CURRENT, [], False),
    ],
)
def test_signatures(signature: str, secrets: list[str], is_accepted: bool) -> None:
    assert accepts(headers(signature), secrets) is is_accepted
    assert accepts(headers(signature, prefix="svix"), secrets) is is_accepted


@pytest.mark.parametrize(("shift", "is_accepted"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_the_clock_may_differ_by_five_minutes(shift: int, is_accepted: bool) -> None:
    assert accepts(headers(), [CURRENT], shift=shift) is is_accepted


@pytest.mark.parametrize("body", [BODY + b" ", json.dumps(json.loads(BODY)).encode()])
def test_another_body_is_refused(body: bytes) -> None:
    assert not accepts(headers(), [CURRENT], body=body)


@pytest.mark.parametrize("missing", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_a_missing_header_is_refused(missing: str) -> None:
    assert not accepts({name: value for name, value in headers().items() if name != missing}, [CURRENT])


@pytest.mark.parametrize("timestamp", ["abc", "", "1767225600.5", "+1767225600", "١٧٦٧٢٢٥٦٠٠"])
def test_a_timestamp_that_is_no_number_is_refused(timestamp: str) -> None:
    assert not accepts(headers(Timestamp=timestamp), [CURRENT])


def test_with_both_header_sets_only_the_webhook_ones_count() -> None:
    assert accepts({**headers(), **headers("v1,AAAA", prefix="svix")}, [CURRENT])
    assert not accepts({**headers("v1,AAAA"), **headers(prefix="svix")}, [CURRENT])
    assert not accepts({"Webhook-Id": MESSAGE, **headers(prefix="svix")}, [CURRENT])


def test_the_public_vector_is_accepted() -> None:
    given = {
        "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "svix-timestamp": "1614265330",
        "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    now = datetime.fromtimestamp(1614265330, UTC)
    assert RECEIVER.verify(b'{"test": 2432232314}', given, ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], now)


class TestBrexWebhooks(WebhookCases):
    receiver = RECEIVER
    secret = CURRENT
    other_secret = OLD
    body = BODY
    known_ids = ("accr_sim0001", "accr_sim0002")
    unknown_kind = b'{"event_type": "PARTNERSHIP_INTEGRATION_CONNECTION_UPDATED", "company_id": "cuacc_9"}'

    def signed(self, raw: bytes, secrets: list[str], at: datetime, message_id: str = "msg_1") -> dict[str, str]:
        timestamp = str(int(at.timestamp()))
        text = message_id.encode() + b"." + timestamp.encode() + b"." + raw
        keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]
        macs = [base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode() for key in keys]
        return {
            "Webhook-Id": message_id,
            "Webhook-Timestamp": timestamp,
            "Webhook-Signature": " ".join(f"v1,{mac}" for mac in macs),
        }


@pytest.mark.parametrize(
    ("body", "event"),
    [
        (
            {"event_type": ACCOUNTING_EVENT, "accountingRecordIds": ["a", "b", "a"], "companyId": "cuacc_9"},
            ProviderEvent(ACCOUNTING_EVENT, ACCOUNTING_RECORDS, ("a", "b"), "cuacc_9"),
        ),
        (
            {"event_type": ACCOUNTING_EVENT, "accounting_record_ids": ["a"], "company_id": "cuacc_9"},
            ProviderEvent(ACCOUNTING_EVENT, ACCOUNTING_RECORDS, ("a",), "cuacc_9"),
        ),
        (
            {"event_type": ACCOUNTING_EVENT, "companyId": "cuacc_9"},
            ProviderEvent(ACCOUNTING_EVENT, ACCOUNTING_RECORDS, (), "cuacc_9"),
        ),
        (
            {"event_type": "EXPENSE_PAYMENT_UPDATED", "expense_id": "expense_1", "version": 1, "company_id": "cuacc_9"},
            ProviderEvent("EXPENSE_PAYMENT_UPDATED", EXPENSES, (), "cuacc_9"),
        ),
        (
            {"event_type": "TRANSFER_FAILED", "transfer_id": "dptx_9", "payment_type": "ACH", "company_id": "cuacc_9"},
            ProviderEvent("TRANSFER_FAILED", CASH_TRANSACTIONS, (), "cuacc_9"),
        ),
        (
            {"event_type": "TRANSFER_PROCESSED", "transfer_id": "x", "payment_type": "ACH_RETURN", "company_id": "c"},
            ProviderEvent("TRANSFER_PROCESSED", CASH_TRANSACTIONS, (), "c"),
        ),
        (
            {"event_type": "USER_UPDATED", "user_id": "cuuser_55", "company_id": "cuacc_9"},
            ProviderEvent("USER_UPDATED", "", (), "cuacc_9"),
        ),
        ({"event_type": "SOMETHING_NEW"}, ProviderEvent("SOMETHING_NEW", "", (), "")),
    ],
)
def test_events_in_both_spellings(body: dict[str, Any], event: ProviderEvent) -> None:
    assert RECEIVER.parse(json.dumps(body).encode()) == [event]


@pytest.mark.parametrize("ids", ["accr_1", [1], [None], [""], {"a": 1}])
def test_ids_that_are_no_ids_are_an_error(ids: Any) -> None:
    with pytest.raises(PayloadError):
        RECEIVER.parse(json.dumps({"event_type": ACCOUNTING_EVENT, "accountingRecordIds": ids}).encode())


# --- subscriptions, over the simulator

URL = "https://connector.test/hooks/1"


def test_registering_twice_leaves_one_subscription() -> None:
    simulator = account()
    assert CONNECTOR.register_webhook
    first = CONNECTOR.register_webhook(context(simulator), URL, ())
    assert CONNECTOR.register_webhook(context(simulator), URL, ()) == first
    (held,) = simulator.store.subscriptions
    assert (held["url"], set(held["event_types"]), held["status"]) == (URL, set(EVENT_TYPES), "ACTIVE")


def test_a_lost_answer_leaves_one_subscription() -> None:
    simulator = account()
    simulator.fail("commit_then_drop", "/v1/webhooks$", method="POST")
    register_webhook(context(simulator), URL, ())
    assert len(list(simulator.store.subscriptions)) == 1


def test_other_event_types_replace_the_subscription() -> None:
    simulator = account()
    first = register_webhook(context(simulator), URL, ["TRANSFER_FAILED"])
    assert register_webhook(context(simulator), URL, ["TRANSFER_FAILED", "USER_UPDATED"]) == first
    (held,) = simulator.store.subscriptions
    assert set(held["event_types"]) == {"TRANSFER_FAILED", "USER_UPDATED"}


def test_without_the_accounting_scope_the_other_events_are_subscribed() -> None:
    simulator = account()
    token = simulator.control("add_token", {"scopes": ["transfers.readonly", "users.readonly"]})
    credentials = type(context(simulator).credentials)(user_token=token)
    register_webhook(context(simulator, credentials=credentials), URL, ())
    (held,) = simulator.store.subscriptions
    assert ACCOUNTING_EVENT not in held["event_types"]
    with pytest.raises((FeatureDeniedError, RejectedError)):
        register_webhook(context(simulator, credentials=credentials), URL + "2", [ACCOUNTING_EVENT])


def test_a_plain_http_address_is_refused_before_brex_is_asked() -> None:
    simulator = account()
    with pytest.raises(RejectedError, match="https"):
        register_webhook(context(simulator), "http://connector.test/hooks/1", ())
    assert simulator.call_count == 0


@pytest.mark.parametrize("prefix", [True, False])
def test_a_delivery_of_the_simulator_is_accepted_with_the_secrets_it_lists(prefix: bool) -> None:
    delivered: list[tuple[dict[str, str], bytes]] = []

    def deliver(url: str, headers: dict[str, str], body: bytes) -> Any:
        delivered.append((dict(headers), body))
        return 200, {}

    simulator = account(deliver=deliver)
    simulator.switches.secret_prefix = prefix
    register_webhook(context(simulator), URL, ())
    record = add_record(simulator, review_status="REVIEW")
    simulator.control("rotate_webhook_secret", {})
    simulator.control("approve", {"ids": [record]})
    simulator.sender.flush()
    given, raw = delivered[0]
    secrets = webhook_secrets(context(simulator))
    assert len(secrets) == 2
    for secret in secrets:
        assert RECEIVER.verify(raw, given, [secret], simulator.clock.now()) == RECEIVER.message_id(given)
    (event,) = RECEIVER.parse(raw)
    assert event == ProviderEvent(ACCOUNTING_EVENT, ACCOUNTING_RECORDS, (record,), simulator.store.company["id"])
