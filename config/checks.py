"""Is this installation safe to run? Checks with ids; ``manage.py check --deploy`` adds those of a production."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection

OLDEST_POSTGRESQL = 150000
SHORTEST_SECRET = 32


@register(Tags.security)
def check_keys(**_: Any) -> list[CheckMessage]:
    """mlc.E001 to E004: the keys that guard credentials are there, sound, and each has one use."""
    return list(_key_problems())


def _key_problems() -> Iterator[CheckMessage]:
    keys: list[str] = settings.CREDENTIAL_KEYS
    if not keys:
        yield Error(
            "CREDENTIAL_KEYS is not set: credentials cannot be encrypted.",
            hint="Make one: python3 -c 'import base64,os;print(base64.urlsafe_b64encode(os.urandom(32)).decode())'",
            id="mlc.E001",
        )
    for number, key in enumerate(keys, start=1):
        if not _is_sound_key(key):
            yield Error(
                f"Key {number} of CREDENTIAL_KEYS is not 32 random bytes in URL-safe base64.",
                hint="Examples and keys typed by hand protect nothing; make one as the hint of mlc.E001 says.",
                id="mlc.E002",
            )
    fingerprint: str = settings.FINGERPRINT_KEY
    if len(fingerprint) < SHORTEST_SECRET or len(set(fingerprint)) < 8:
        yield Error(
            f"FINGERPRINT_KEY is missing or weak: at least {SHORTEST_SECRET} random characters are needed.",
            id="mlc.E003",
        )
    secrets = [settings.SECRET_KEY, fingerprint, *keys]
    if len(set(secrets)) != len(secrets):
        yield Error("SECRET_KEY, FINGERPRINT_KEY and each of CREDENTIAL_KEYS must differ.", id="mlc.E004")


def _is_sound_key(key: str) -> bool:
    try:
        raw = base64.b64decode(key, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) == 32 and len(set(raw)) >= 8


@register(Tags.security, deploy=True)
def check_production(**_: Any) -> list[CheckMessage]:
    """mlc.E005 to W007: nothing of the trial is left in production."""
    found: list[CheckMessage] = []
    if settings.MLC_SIMULATED_CONNECTIONS_ALLOWED:
        found.append(
            Error("Simulated connections are allowed: they would show money that nobody spent.", id="mlc.E005")
        )
    if not settings.MLC_PUBLIC_URL.startswith("https://"):
        found.append(Error("MLC_PUBLIC_URL must begin with https://: vendors post webhooks to it.", id="mlc.E006"))
    if any(is_known_from_tests(key) for key in settings.CREDENTIAL_KEYS):
        found.append(Error("CREDENTIAL_KEYS holds a key that is published with the source.", id="mlc.E007"))
    if "*" in settings.ALLOWED_HOSTS:
        found.append(Warning("ALLOWED_HOSTS accepts any host name.", id="mlc.W008"))
    return found


def is_known_from_tests(key: str) -> bool:
    """The keys of config.settings.test spell out what they are."""
    try:
        return b"test key" in base64.urlsafe_b64decode(key)
    except (binascii.Error, ValueError):
        return False


@register(Tags.database)
def check_database(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """mlc.E009 and E010: PostgreSQL is new enough, and a commit means that it is on disk."""
    if not databases or "default" not in databases:
        return []
    found: list[CheckMessage] = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('synchronous_commit')")
        version, synchronous = cursor.fetchone()
    if version < OLDEST_POSTGRESQL:
        found.append(Error(f"PostgreSQL 15 or newer is needed; this one is {version // 10000}.", id="mlc.E009"))
    if synchronous == "off":
        found.append(
            Error("synchronous_commit is off: an intent could be lost after its document was sent.", id="mlc.E010")
        )
    return found
