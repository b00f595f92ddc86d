"""Do the commands do what the admin does, and say it in words and exit codes?"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest
import requests
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection as database

from connectors.base import Check
from connectors.fields import reveal
from connectors.models import Connection, Credential, Token
from tests.connectors.fake import FakeVendor
from tests.factories import connection_make

KEY = "key-0123456789abcdef"


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


# --- verify_connection


def test_verify_connection_prints_the_checklist(connection: Connection) -> None:
    lines = run("verify_connection", f"acme/{connection.name}").splitlines()
    assert lines == [
        f"acme/{connection.name}: ok, account acct-1",
        "  ok      Key: Works.",
        "  ok      Account: Account acct-1.",
    ]
    assert json.loads(run("verify_connection", "--all", "--json"))[0]["state"] == "ok"


def test_verify_connection_fails_when_a_check_fails(connection: Connection, fake_vendor: FakeVendor) -> None:
    fake_vendor.checks = [Check("Key", "failed", "Revoked.", "Make a new one.")]
    out = io.StringIO()
    with pytest.raises(CommandError, match="A check failed"):
        call_command("verify_connection", str(connection.pk), stdout=out)
    assert "  failed  Key: Revoked. Make a new one." in out.getvalue()


@pytest.mark.parametrize("arguments", [["acme/nobody"], ["999999"], []])
def test_verify_connection_names_the_connections_there_are(connection: Connection, arguments: list[str]) -> None:
    with pytest.raises(CommandError, match=r"acme/fake|Which connection"):
        run("verify_connection", *arguments)


# --- rotate_credential_keys


def stored() -> dict[str, str]:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT 'credential ' || id, secret FROM connectors_credential"
            " UNION ALL SELECT 'token ' || id, value FROM connectors_token"
        )
        return dict(cursor.fetchall())


def test_a_new_first_key_takes_over_and_the_old_one_may_go(connection: Connection, settings: Any) -> None:
    Token.objects.create(connection=connection, value="access", refresh_token="refresh")
    connection_make(connection.tenant, "fake", address="https://y.example", credentials={"api_key": "second-key-1234"})
    before, new = stored(), Fernet.generate_key().decode()
    settings.CREDENTIAL_KEYS = [new, *settings.CREDENTIAL_KEYS]
    assert run("rotate_credential_keys", "--check") == "4 to rotate, 0 already under the first key, 0 unreadable.\n"
    assert stored() == before
    assert run("rotate_credential_keys") == "4 rotated, 0 already under the first key, 0 unreadable.\n"
    assert run("rotate_credential_keys") == "0 rotated, 4 already under the first key, 0 unreadable.\n"
    settings.CREDENTIAL_KEYS = [new]
    assert Credential.objects.get(connection=connection).reveal()["api_key"] == KEY
    assert reveal(Token.objects.get(), "refresh_token") == "refresh"
    assert not set(stored().values()) & set(before.values())


def test_unreadable_secrets_are_named_and_the_others_rotated(connection: Connection, settings: Any) -> None:
    lost = connection_make(
        connection.tenant, "fake", address="https://y.example", credentials={"api_key": "second-key-1234"}
    )
    with database.cursor() as cursor:
        cursor.execute("UPDATE connectors_credential SET secret = 'gAAAA' WHERE connection_id = %s", [lost.pk])
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode(), *settings.CREDENTIAL_KEYS]
    out = io.StringIO()
    with pytest.raises(CommandError, match=f"connectors.Credential {lost.credential.pk}"):
        call_command("rotate_credential_keys", stdout=out)
    assert out.getvalue() == "1 rotated, 0 already under the first key, 1 unreadable.\n"


# --- simulate


def test_simulate_serves_vendors_until_it_is_told_to_stop() -> None:
    command = [sys.executable, "manage.py", "simulate", "brex", "odoo", "--json", "--seed", "7"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": django_settings.SETTINGS_MODULE}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    with subprocess.Popen(
        command, env=environment, cwd=django_settings.BASE_DIR, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        served = json.loads(process.stdout.readline())
        token = served["brex"]["credentials"]["user_token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{served['brex']['url']}/v2/users/me", headers=headers, timeout=10).status_code == 200
        assert requests.get(f"{served['brex']['control_url']}/calls", timeout=10).json()["count"] == 1
        assert requests.get(f"{served['odoo']['url']}/web/version", timeout=10).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


@pytest.mark.parametrize(("arguments", "message"), [(["nobody"], "no connector"), (["fake"], "has no simulator")])
def test_simulate_says_what_it_cannot(fake_vendor: FakeVendor, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run("simulate", *arguments)
