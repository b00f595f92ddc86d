"""Is a token renewed by one process at a time, and stored before it is used?"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection as database
from django.utils import timezone

from connectors import registry, tokens
from connectors.auth import MemoryTokenStore
from connectors.base import AccessToken, Limit
from connectors.errors import AuthenticationError, RateLimitedError, TransportError
from connectors.fields import reveal
from connectors.models import Connection, Token
from connectors.services import connection_context, credentials_replace
from connectors.tokens import DatabaseTokenStore
from tests.connectors import fake
from tests.connectors.fake import FakeVendor
from tests.factories import connection_make, tenant_make

HOUR = timedelta(hours=1)


def fresh(value: str, refresh_token: str = "") -> Callable[[AccessToken | None], AccessToken]:
    return lambda _: AccessToken(value, timezone.now() + HOUR, refresh_token)


def never(_: AccessToken | None) -> AccessToken:
    raise AssertionError("the token server was asked")


def test_the_first_token_is_fetched_and_then_kept(connection: Connection) -> None:
    store = DatabaseTokenStore(connection.pk)
    assert store.current() is None
    assert store.refresh(fresh("at-1", "rt-1")).value == "at-1"
    kept = store.current()
    assert kept is not None
    assert (kept.value, kept.refresh_token) == ("at-1", "rt-1")
    assert store.refresh(never).value == "at-1"


def test_a_refused_token_is_renewed_with_the_rotated_refresh_token(connection: Connection) -> None:
    store = DatabaseTokenStore(connection.pk)
    store.refresh(fresh("at-1", "rt-1"))
    seen: list[str] = []

    def renew(stored: AccessToken | None) -> AccessToken:
        assert stored is not None
        seen.append(stored.refresh_token)
        return AccessToken("at-2", timezone.now() + HOUR, "rt-2")

    assert store.refresh(renew, rejected="at-1").value == "at-2"
    assert store.refresh(never, rejected="at-1").value == "at-2"  # somebody was faster
    assert seen == ["rt-1"]
    row = Token.objects.get()
    assert (row.version, row.lease, reveal(row, "refresh_token")) == (2, "", "rt-2")


def test_an_ended_token_is_renewed_without_a_refusal(connection: Connection) -> None:
    store = DatabaseTokenStore(connection.pk)
    store.refresh(lambda _: AccessToken("at-1", timezone.now() - HOUR))
    assert store.refresh(fresh("at-2")).value == "at-2"


def test_a_terminal_refusal_breaks_the_connection_with_its_reason(connection: Connection) -> None:
    context = connection_context(connection)
    assert context.tokens

    def refuse(_: AccessToken | None) -> AccessToken:
        raise AuthenticationError("The consent was withdrawn.")

    with pytest.raises(AuthenticationError):
        context.tokens.refresh(refuse)
    connection.refresh_from_db()
    assert (connection.state, connection.reason) == ("broken", "The consent was withdrawn.")
    assert Token.objects.get().lease == ""


def test_a_token_server_that_is_away_breaks_nothing_and_frees_the_lease(connection: Connection) -> None:
    context = connection_context(connection)
    assert context.tokens

    def fail(_: AccessToken | None) -> AccessToken:
        raise TransportError("Away.")

    with pytest.raises(TransportError):
        context.tokens.refresh(fail)
    connection.refresh_from_db()
    assert connection.state == "new"
    assert context.tokens.refresh(fresh("at-1")).value == "at-1"


def test_a_lease_of_a_dead_process_is_taken_over_when_it_ends(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "PATIENCE", 0.05)
    monkeypatch.setattr(tokens, "LOOK_EVERY", 0.01)
    store = DatabaseTokenStore(connection.pk)
    Token.objects.create(connection=connection, lease="dead", lease_until=timezone.now() + HOUR)
    with pytest.raises(TransportError, match="still renewing"):
        store.refresh(never)
    Token.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert store.refresh(fresh("at-1")).value == "at-1"


def test_who_comes_back_after_his_lease_does_not_overwrite_newer_tokens(connection: Connection) -> None:
    store = DatabaseTokenStore(connection.pk)

    def slow(_: AccessToken | None) -> AccessToken:
        Token.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        DatabaseTokenStore(connection.pk).refresh(fresh("newer", "rt-newer"))
        return AccessToken("older", timezone.now() + HOUR, "rt-older")

    assert store.refresh(slow).value == "newer"
    kept = store.current()
    assert kept is not None
    assert kept.refresh_token == "rt-newer"


def test_inside_a_transaction_tokens_live_in_the_process_where_that_loses_nothing(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(connection_context(connection).tokens, DatabaseTokenStore)
    monkeypatch.setattr(fake, "CONNECTOR", dataclasses.replace(fake.CONNECTOR, refresh_tokens_stay=True))
    registry.connector_get.cache_clear()
    first, second = connection_context(connection).tokens, connection_context(connection).tokens
    assert first is second
    assert isinstance(first, MemoryTokenStore)
    credentials_replace(connection, {"api_key": "another-key-0123"})
    assert connection_context(connection).tokens is not first


def test_a_vendor_that_counts_is_not_asked_too_often_refused_or_not(connection: Connection) -> None:
    store = DatabaseTokenStore(connection.pk, limit=Limit(2, timedelta(minutes=10)))

    def fail(_: AccessToken | None) -> AccessToken:
        raise TransportError("Away.")

    with pytest.raises(TransportError):
        store.refresh(fail)
    assert store.refresh(fresh("at-1")).value == "at-1"
    with pytest.raises(RateLimitedError) as caught:
        store.refresh(never, rejected="at-1")
    assert timedelta(minutes=9) < caught.value.retry_after <= timedelta(minutes=10)
    row = Token.objects.get()
    assert (row.lease, len(row.asked_at)) == ("", 2)
    Token.objects.update(asked_at=[at - timedelta(minutes=11) for at in row.asked_at])
    assert store.refresh(fresh("at-2"), rejected="at-1").value == "at-2"
    assert (store.asked_within(timedelta(minutes=10)), store.asked_within(timedelta(hours=1))) == (1, 3)
    Token.objects.update(asked_at=[at - timedelta(hours=1) for at in row.asked_at])
    assert store.refresh(fresh("at-3"), rejected="at-2").value == "at-3"
    assert len(Token.objects.get().asked_at) == 1


@pytest.mark.django_db(transaction=True)
def test_two_processes_ask_the_token_server_once(fake_vendor: FakeVendor, tmp_path: Path) -> None:
    row = connection_make(tenant_make(), "fake", address="https://x.example", credentials={"api_key": "key-0123456789"})
    Token.objects.create(
        connection=row, value="at-1", refresh_token="rt-1", expires_at=datetime(2099, 1, 1, tzinfo=UTC)
    )
    log = tmp_path / "asked"
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database.settings_dict['NAME']}").geturl()
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-m", "tests.connectors.refresher", str(row.pk), str(log)]
    processes = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert answers == ["at-2", "at-2"]
    assert log.read_text() == "rt-1\n"
    assert Token.objects.get().version == 1
