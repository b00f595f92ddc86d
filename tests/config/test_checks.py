import base64
import os

import pytest
from django.db import connection

from config import checks


def key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


@pytest.fixture
def sound(settings):
    settings.SECRET_KEY = "s" + key()
    settings.FINGERPRINT_KEY = key()
    settings.CREDENTIAL_KEYS = [key(), key()]
    settings.MLC_PUBLIC_URL = "https://connector.example.com"
    settings.MLC_SIMULATED_CONNECTIONS_ALLOWED = False
    settings.ALLOWED_HOSTS = ["connector.example.com"]
    return settings


def found(check) -> list[str]:
    return [message.id for message in check()]


def test_a_sound_installation_passes(sound):
    assert found(checks.check_keys) == []
    assert found(checks.check_production) == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("CREDENTIAL_KEYS", [], "mlc.E001"),
        ("CREDENTIAL_KEYS", ["change-me"], "mlc.E002"),
        ("CREDENTIAL_KEYS", ["A" * 43 + "="], "mlc.E002"),
        ("CREDENTIAL_KEYS", ["ä" * 44], "mlc.E002"),
        ("FINGERPRINT_KEY", "", "mlc.E003"),
        ("FINGERPRINT_KEY", "short", "mlc.E003"),
        ("FINGERPRINT_KEY", "x" * 64, "mlc.E003"),
    ],
)
def test_it_fails_for_missing_and_weak_keys(sound, name, value, expected):
    setattr(sound, name, value)
    assert found(checks.check_keys) == [expected]


def test_it_fails_when_one_secret_has_two_uses(sound):
    sound.FINGERPRINT_KEY = sound.CREDENTIAL_KEYS[0]
    assert found(checks.check_keys) == ["mlc.E004"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("MLC_SIMULATED_CONNECTIONS_ALLOWED", True, "mlc.E005"),
        ("MLC_PUBLIC_URL", "http://connector.example.com", "mlc.E006"),
        ("CREDENTIAL_KEYS", ["bWwtY29ubmVjdG9yIHRlc3Qga2V5LCBub3QgYSBzZWM="], "mlc.E007"),
        ("ALLOWED_HOSTS", ["*"], "mlc.W008"),
    ],
)
def test_it_fails_for_what_is_left_of_a_trial(sound, name, value, expected):
    setattr(sound, name, value)
    assert found(checks.check_production) == [expected]


@pytest.mark.django_db
def test_it_fails_for_a_database_that_loses_commits():
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        assert checks.check_database(databases=["default"]) == []
        cursor.execute("SET synchronous_commit = off")
    assert [message.id for message in checks.check_database(databases=["default"])] == ["mlc.E010"]


def test_the_database_is_not_asked_unless_wanted():
    assert checks.check_database(databases=None) == []
