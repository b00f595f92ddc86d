"""What does the environment say? Every variable is read here, once, and typed.

An empty variable counts as absent. Secrets and addresses are taken from the environment as they are: django-environ
reads a value that begins with ``$`` as the name of another variable.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """All that an operator may set. ``.env.example`` says what each means."""

    secret_key: str
    secret_key_fallbacks: list[str]
    credential_keys: list[str]
    fingerprint_key: str
    database: dict[str, object]
    redis_url: str
    broker_url: str
    public_url: str
    allowed_hosts: list[str]
    is_behind_proxy: bool
    hsts_seconds: int
    allow_private_addresses: bool
    allow_simulated_connections: bool
    simulators: dict[str, str]
    has_debug_pages: bool
    log_level: str
    log_format: str
    web_workers: int
    web_threads: int
    worker_processes: int
    database_connection_seconds: int
    lease_margin_seconds: int


def read(
    variables: Mapping[str, str],
    *,
    defaults: Mapping[str, str] | None = None,
    required: tuple[str, ...] = (),
) -> Environment:
    """The typed environment. ``defaults`` stand in for absent variables.

    Raises ImproperlyConfigured that names all that is missing or malformed at once, never a value.
    """
    reader = _Reader({**(defaults or {}), **{name: value for name, value in variables.items() if value.strip()}})
    reader.problems += [f"{name} is not set" for name in required if name not in reader.given]
    public_url = reader.url("MLC_PUBLIC_URL", "http://127.0.0.1:8000", {"http", "https"})
    redis_url = reader.url("REDIS_URL", "redis://127.0.0.1:6379/0", {"redis", "rediss", "unix", "redis+socket"})
    result = Environment(
        secret_key=reader.text("SECRET_KEY"),
        secret_key_fallbacks=reader.items("SECRET_KEY_FALLBACKS"),
        credential_keys=reader.items("CREDENTIAL_KEYS"),
        fingerprint_key=reader.text("FINGERPRINT_KEY"),
        database=reader.database("DATABASE_URL", "postgresql://127.0.0.1/ml_connector"),
        redis_url=for_redis_py(redis_url),
        broker_url=for_kombu(for_redis_py(redis_url)),
        public_url=public_url.rstrip("/"),
        allowed_hosts=reader.items("ALLOWED_HOSTS") or [urlsplit(public_url).hostname or ""],
        is_behind_proxy=reader.flag("MLC_BEHIND_PROXY", default=False),
        hsts_seconds=reader.number("MLC_HSTS_SECONDS", 31_536_000),
        allow_private_addresses=reader.flag("MLC_ALLOW_PRIVATE_ADDRESSES", default=False),
        allow_simulated_connections=reader.flag("MLC_SIMULATED_CONNECTIONS_ALLOWED", default=False),
        simulators=reader.pairs("MLC_SIMULATORS"),
        has_debug_pages=reader.flag("MLC_DEBUG", default=False),
        log_level=reader.choice("MLC_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
        log_format=reader.choice("MLC_LOG_FORMAT", "json", ("json", "console")),
        web_workers=reader.number("MLC_WEB_WORKERS", 2, at_least=1),
        web_threads=reader.number("MLC_WEB_THREADS", 4, at_least=1),
        worker_processes=reader.number("MLC_WORKER_PROCESSES", 2, at_least=1),
        database_connection_seconds=reader.number("MLC_DATABASE_CONNECTION_SECONDS", 600),
        lease_margin_seconds=reader.number("MLC_LEASE_MARGIN_SECONDS", 60, at_least=1),
    )
    if reader.problems:
        raise ImproperlyConfigured("The environment is not complete: " + "; ".join(reader.problems) + ".")
    return result


_loaded: Environment | None = None


def load(*, defaults: Mapping[str, str] | None = None, required: tuple[str, ...] = ()) -> Environment:
    """Read the process's environment and keep it for ``loaded``. Raises as ``read``."""
    global _loaded
    _loaded = read(os.environ, defaults=defaults, required=required)
    return _loaded


def loaded() -> Environment:
    """What ``load`` read; the settings that an installation runs with call it first."""
    if _loaded is None:
        raise ImproperlyConfigured("Choose config.settings.local, test or production; base is not complete alone.")
    return _loaded


def for_redis_py(url: str) -> str:
    """The address as redis-py and Django's cache want it: sockets are ``unix://``, and their database a ``db``."""
    return url.replace("redis+socket://", "unix://", 1).replace("?virtual_host=", "?db=", 1)


def for_kombu(url: str) -> str:
    """The address as Celery wants it: sockets are ``redis+socket://``, and their database a ``virtual_host``."""
    if not url.startswith("unix://"):
        return url
    return url.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)


@dataclass(slots=True)
class _Reader:
    given: Mapping[str, str]
    problems: list[str] = field(default_factory=list)

    def text(self, name: str, default: str = "") -> str:
        return self.given.get(name, default).strip()

    def items(self, name: str) -> list[str]:
        return [item.strip() for item in self.text(name).split(",") if item.strip()]

    def pairs(self, name: str) -> dict[str, str]:
        split = [item.partition("=") for item in self.items(name)]
        if not all(key and value for key, _, value in split):
            self.problems.append(f"{name} must look like key=value,key=value")
        return {key.strip(): value.strip() for key, _, value in split}

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in allowed:
            self.problems.append(f"{name} must be one of {', '.join(allowed)}")
        return value

    def url(self, name: str, default: str, schemes: set[str]) -> str:
        value = self.text(name, default)
        if urlsplit(value).scheme not in schemes:
            self.problems.append(f"{name} must begin with one of {', '.join(sorted(s + '://' for s in schemes))}")
        return value

    def number(self, name: str, default: int, at_least: int = 0) -> int:
        number = self._parsed(name, default, int, "must be a whole number")
        if number < at_least:
            self.problems.append(f"{name} must be at least {at_least}")
        return number

    def flag(self, name: str, *, default: bool) -> bool:
        return self._parsed(name, default, _boolean, "must be true or false")

    def database(self, name: str, default: str) -> dict[str, object]:
        config: dict[str, object] = environ.Env.db_url_config(default)
        config = self._parsed(name, config, environ.Env.db_url_config, "is not the address of a database")
        if config.get("ENGINE") != "django.db.backends.postgresql":
            self.problems.append(f"{name} must begin with postgresql://")
        return config

    def _parsed(self, name: str, default: T, parse: Callable[[str], T], complaint: str) -> T:
        if name not in self.given:
            return default
        try:
            return parse(self.text(name))
        except Exception:  # whatever a parser stumbles over, its words may hold a password
            self.problems.append(f"{name} {complaint}")
            return default


def _boolean(value: str) -> bool:
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    return words[value.lower()]
