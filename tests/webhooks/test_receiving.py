"""Does the address take what the vendor signed, once, and refuse the rest cheaply and without a hint?"""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import OperationalError, connection
from django.http import HttpRequest
from django.test import Client

from tests.factories import tenant_make
from tests.webhooks.sender import CURRENT, OLD, Sender, event, house_make, signature
from webhooks import intake
from webhooks.lookup import doors_forget
from webhooks.models import Endpoint, EndpointSecret, WebhookDelivery
from webhooks.services import endpoint_switch
from webhooks.signing import secrets_keep

# The vector of Brex's signature, confirmed with standardwebhooks, svix and openssl.
AT = datetime(2026, 1, 1, tzinfo=UTC)
MESSAGE = "msg_2yBrexSimVector0000000001"
BODY = (
    b'{"event_type":"ACCOUNTING_RECORD_READY_FOR_EXPORT","accountingRecordIds":["accr_sim0001","accr_sim0002"],'
    b'"companyId":"cuacc_sim0001"}'
)
GOOD = "v1,YFTItE+jE19DVUY+3/baittLb11kd40CGjYFeOZFJ9A="
BY_OLD = "v1,BZSm167hB1ZIuaUVs0gvrhGTHDp26CIcFIpBNPnOzOE="
WRONG_KEY = "v1,gH8xCY6LF4eBdZhbfhMEqZVPhSkw2IKp3Ld13oEppXU="
BARE = CURRENT.removeprefix("whsec_")


def vector(signed: str = GOOD, *, prefix: str = "Webhook", **changes: str | None) -> dict[str, str]:
    whole = {"Id": MESSAGE, "Timestamp": "1767225600", "Signature": signed, **changes}
    return {f"{prefix}-{name}": value for name, value in whole.items() if value is not None}


@pytest.mark.parametrize(
    ("headers", "secrets", "body", "shift", "status"),
    [
        (vector(), [CURRENT], BODY, 0, 202),
        (vector(), [BARE], BODY, 0, 202),
        (vector(prefix="svix"), [CURRENT], BODY, 0, 202),
        (vector(f"{BY_OLD} {GOOD}"), [CURRENT], BODY, 0, 202),
        (vector(f"{BY_OLD} {GOOD}"), [OLD], BODY, 0, 202),
        (vector(BY_OLD), [OLD, CURRENT], BODY, 0, 202),
        (vector(f"v2,AAAA {GOOD}"), [CURRENT], BODY, 0, 202),
        (vector(f"v1a,AAAA {GOOD}"), [CURRENT], BODY, 0, 202),
        (vector(), [CURRENT], BODY, 300, 202),
        (vector(), [CURRENT], BODY, -300, 202),
        (vector(), [OLD], BODY, 0, 401),
        (vector(WRONG_KEY), [CURRENT], BODY, 0, 401),
        (vector(), [CURRENT], BODY, 301, 401),
        (vector(), [CURRENT], BODY, -301, 401),
        (vector(), [CURRENT], BODY + b" ", 0, 401),
        (vector(), [CURRENT], json.dumps(json.loads(BODY)).encode(), 0, 401),
        (vector(Id=None), [CURRENT], BODY, 0, 401),
        (vector(Timestamp=None), [CURRENT], BODY, 0, 401),
        (vector(Signature=None), [CURRENT], BODY, 0, 401),
        (vector(Timestamp="abc"), [CURRENT], BODY, 0, 401),
        (vector("garbage"), [CURRENT], BODY, 0, 401),
        ({**vector("v1,AAAA"), **vector(prefix="svix")}, [CURRENT], BODY, 0, 401),
    ],
)
def test_vectors(
    sender: Sender, headers: dict[str, str], secrets: list[str], body: bytes, shift: int, status: int
) -> None:
    secrets_keep(sender.endpoint, secrets, by="test")
    doors_forget()
    with time_machine.travel(AT + timedelta(seconds=shift), tick=False):
        answer = sender.send(body, headers)
    assert (answer.status_code, answer.content) == (status, b"")
    assert WebhookDelivery.objects.filter(verdict="verified").count() == (status == 202)


def test_the_public_vector_of_the_scheme_is_taken(sender: Sender) -> None:
    """Of https://github.com/svix/svix-webhooks, whose secret has no prefix."""
    secrets_keep(sender.endpoint, ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], by="test")
    headers = {
        "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "svix-timestamp": "1614265330",
        "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    with time_machine.travel(datetime.fromtimestamp(1614265330, UTC), tick=False):
        assert sender.send(b'{"test": 2432232314}', headers).status_code == 202


def test_an_authentic_delivery_is_stored_as_it_came(sender: Sender, woken: list[str]) -> None:
    raw = event("accr_1", "accr_2", note="Müller, 3.10")
    answer = sender.post(raw, "msg_42")
    assert (answer.status_code, answer.content) == (202, b"")
    row = sender.delivery
    assert bytes(row.body) == raw
    assert (row.message_id, row.verdict, row.state, row.repeats) == ("msg_42", "verified", "new", 0)
    assert row.tenant_id == sender.endpoint.tenant_id
    assert woken == ["webhooks.deliveries_work"]


def test_only_headers_that_verifying_needs_are_kept(sender: Sender) -> None:
    raw = event("accr_1")
    more = {
        "Authorization": "Bearer x",
        "Cookie": "sessionid=1",
        "User-Agent": "Svix-Webhooks/1",
        "X-Forwarded-For": "1",
    }
    sender.send(raw, {**sender.headers(raw, "msg_1"), **more})
    assert sorted(sender.delivery.headers) == [
        "content-type",
        "user-agent",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    ]


def test_the_same_message_again_is_welcome_and_one(sender: Sender) -> None:
    assert [sender.post(event("accr_1"), "msg_42").status_code for _ in range(3)] == [202, 200, 200]
    assert sender.delivery.repeats == 2


@pytest.mark.django_db(transaction=True)
def test_the_same_message_from_two_sides_at_once_is_one_row(sender: Sender) -> None:
    together, statuses = threading.Barrier(2), []

    def deliver() -> None:
        mine = Sender(sender.endpoint)
        raw = event("accr_1")
        headers = mine.headers(raw, "msg_42")
        together.wait()
        statuses.append(mine.send(raw, headers).status_code)
        connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert sorted(statuses) == [200, 202]
    assert sender.delivery.repeats == 1


# --- refusals


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head", "options"])
def test_only_post_is_answered(sender: Sender, method: str) -> None:
    assert getattr(sender.browser, method)(sender.endpoint.path).status_code == 405


@pytest.mark.parametrize(
    ("size", "status"), [(intake.LARGEST_BODY, 202), (intake.LARGEST_BODY + 1, 413), (3_000_000, 413)]
)
def test_a_body_of_a_megabyte_is_the_largest(sender: Sender, size: int, status: int) -> None:
    start = event("accr_1")
    assert sender.post(start + b" " * (size - len(start))).status_code == status
    assert WebhookDelivery.objects.count() == (status == 202)


@pytest.mark.parametrize(("length", "status"), [("", 411), ("many", 411), ("-1", 411), ("9" * 30, 413)])
def test_a_body_without_an_honest_length_is_not_read(sender: Sender, length: str, status: int) -> None:
    raw = event("accr_1")
    answer = sender.browser.post(
        sender.endpoint.path, raw, "application/json", headers=sender.headers(raw, "m"), CONTENT_LENGTH=length
    )
    assert answer.status_code == status


@pytest.mark.parametrize("path", ["/hooks/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/", "/hooks/short/", "/hooks/"])
def test_an_unknown_address_is_not_found(sender: Sender, path: str) -> None:
    assert sender.post(event("accr_1"), path=path).status_code == 404
    assert not WebhookDelivery.objects.exists()


def test_an_address_without_its_last_slash_is_answered_and_never_redirected(sender: Sender) -> None:
    assert sender.post(event("accr_1"), path=sender.endpoint.path.rstrip("/")).status_code == 202


def test_an_endpoint_that_is_off_is_not_found(sender: Sender) -> None:
    sender.post(event("accr_1"))
    endpoint_switch(sender.endpoint, is_on=False, by="test")
    assert sender.post(event("accr_2"), "msg_2").status_code == 404


@pytest.mark.parametrize("message_id", ["m" * 201, "a\nb", "a\x00b"])
def test_a_message_id_that_cannot_be_stored_is_refused(sender: Sender, message_id: str) -> None:
    raw = event("accr_1")
    headers = {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in sender.headers(raw, message_id).items()
    }
    answer = sender.browser.post(sender.endpoint.path, raw, "application/json", **headers)
    assert answer.status_code == 401
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("accept", ["text/plain", "application/xml", "nonsense", ""])
def test_what_a_sender_accepts_and_calls_its_body_does_not_matter(sender: Sender, accept: str) -> None:
    raw = event("accr_1")
    for number, media_type in enumerate(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]):
        headers = {**sender.headers(raw, f"msg_{number}"), "Accept": accept}
        assert sender.send(raw, headers, media_type=media_type).status_code == 202


def test_a_proven_body_that_is_no_json_is_stored_all_the_same(sender: Sender) -> None:
    assert sender.post(b"\xff\x00<html>").status_code == 202
    assert bytes(sender.delivery.body) == b"\xff\x00<html>"


def test_a_forger_does_not_occupy_a_message_id(sender: Sender) -> None:
    raw = event("accr_evil")
    assert sender.post(raw, "msg_42", signature="v1,AAAA").status_code == 401
    assert sender.post(event("accr_1"), "msg_42").status_code == 202
    verdicts = WebhookDelivery.objects.order_by("id").values_list("verdict", "state", "refusal", "due_at")
    assert [row[:3] for row in verdicts] == [
        ("unverified", "ignored", "no signature matches"),
        ("verified", "new", ""),
    ]
    assert verdicts[0][3] is None


def test_what_was_signed_long_ago_is_told_from_what_was_never_signed(sender: Sender) -> None:
    assert sender.post(event("accr_1"), "old", shift=-3600).status_code == 401
    assert sender.post(event("accr_1"), "new", shift=3600).status_code == 401
    assert sender.post(event("accr_1"), "forged", shift=-3600, signature="v1,AAAA").status_code == 401
    found = dict(WebhookDelivery.objects.values_list("message_id", "verdict"))
    assert found == {"old": "stale", "new": "stale", "forged": "unverified"}


def test_unproven_bodies_are_capped_by_number_and_by_bytes(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "UNVERIFIED_AT_MOST", 3)
    monkeypatch.setattr(intake, "UNVERIFIED_BYTES_AT_MOST", 1000)
    sizes = [100, 950, 100, 100, 100, 100]
    statuses = {sender.post(b"x" * size, f"m{size}", signature="v1,AAAA").status_code for size in sizes}
    assert statuses == {401}
    assert list(WebhookDelivery.objects.values_list("body_size", flat=True)) == [100, 100, 100]
    assert sender.post(event("accr_1")).status_code == 202


# --- our own faults


def test_while_the_database_is_away_the_sender_keeps_it(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("server closed the connection, password=hunter2")

    sender.post(event("accr_0"), "msg_0")
    monkeypatch.setattr(intake, "_store", away)
    answer = sender.post(event("accr_1"))
    assert (answer.status_code, answer.content) == (500, b"")
    monkeypatch.undo()
    assert sender.post(event("accr_1")).status_code == 202


def test_a_database_that_is_away_from_the_first_query_on_is_our_fault(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("no connection")

    monkeypatch.setattr("webhooks.lookup._read", away)
    assert sender.post(event("accr_1")).status_code == 500


def test_secrets_that_our_keys_do_not_open_are_our_fault_and_fetched_anew(
    sender: Sender, settings, woken: list[str]
) -> None:
    settings.CREDENTIAL_KEYS = ["YW4gZW50aXJlbHkgb3RoZXIga2V5LCAzMiBieXRlcyE="]
    assert sender.post(event("accr_1")).status_code == 500
    assert Endpoint.objects.get().secrets_wanted_at is not None
    assert woken == ["webhooks.deliveries_work"]


def test_one_secret_of_two_that_cannot_be_read_makes_a_refusal_our_fault(sender: Sender) -> None:
    lost = EndpointSecret(endpoint=sender.endpoint, fingerprint="f", fetched_at=datetime.now(UTC))
    lost.value = "anything"
    lost.save()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE webhooks_endpointsecret SET value = 'damaged' WHERE id = %s", [lost.pk])
    doors_forget()
    assert sender.post(event("accr_1"), "msg_1").status_code == 202
    sender.secrets = [OLD]
    assert sender.post(event("accr_1"), "msg_2").status_code == 500


def test_an_endpoint_without_secrets_proves_nothing_and_says_so_to_us(sender: Sender) -> None:
    EndpointSecret.objects.all().delete()
    assert sender.post(event("accr_1")).status_code == 500


def test_a_secret_that_another_process_fetched_is_used_at_once(sender: Sender) -> None:
    assert sender.post(event("accr_1")).status_code == 202
    EndpointSecret.objects.all().delete()
    row = EndpointSecret(endpoint=sender.endpoint, fingerprint="f", fetched_at=datetime.now(UTC))
    row.value = OLD
    row.save()
    sender.secrets = [OLD]
    assert sender.post(event("accr_2"), "msg_2").status_code == 202


def test_an_answer_is_two_queries_at_first_and_then_one(sender: Sender, django_assert_num_queries) -> None:
    doors_forget()
    with django_assert_num_queries(3):
        sender.post(event("accr_1"), "msg_1")
    with django_assert_num_queries(1):
        sender.post(event("accr_1"), "msg_2")


# --- tenants


def test_one_tenants_secret_opens_no_other_tenants_address(sender: Sender) -> None:
    other = house_make(tenant_make("globex"))
    secrets_keep(other.endpoint, [OLD], by="test")
    doors_forget()
    raw = event("accr_1")
    assert sender.post(raw, path=other.endpoint.path).status_code == 401
    stamp = sender.headers(raw, "msg_1")["Webhook-Timestamp"]
    assert sender.post(raw, path=other.endpoint.path, signature=signature(OLD, "msg_1", stamp, raw)).status_code == 202
    assert sender.post(raw).status_code == 202
    rows = WebhookDelivery.objects.filter(verdict="verified").values_list("tenant__slug", "message_id")
    assert sorted(rows) == [("acme", "msg_1"), ("globex", "msg_1")]


def test_a_delivery_takes_the_short_way_and_pages_do_not(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    real = SessionMiddleware.process_request

    def watched(self: SessionMiddleware, request: HttpRequest) -> None:
        seen.append(request.path)
        real(self, request)

    monkeypatch.setattr(SessionMiddleware, "process_request", watched)
    browser = Client()
    answer = Sender(sender.endpoint, browser=browser).post(event("accr_1"))
    assert answer.status_code == 202
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert browser.get("/hooks/no such address").status_code == 404
    assert browser.get("/admin/login/").status_code == 200
    assert seen == ["/hooks/no such address", "/admin/login/"]


def test_cookies_and_sessions_mean_nothing(sender: Sender) -> None:
    strict = Client(enforce_csrf_checks=True)
    raw = event("accr_1")
    answer = strict.post(sender.endpoint.path, raw, "application/json", headers=sender.headers(raw, "msg_1"))
    assert answer.status_code == 202
    assert not answer.cookies
