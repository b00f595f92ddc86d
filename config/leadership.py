"""Which of several processes may do what only one may? The one whose PostgreSQL session holds the advisory lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psycopg
import structlog
from django.db import connection

LOOK_SECONDS = 1.0
# Two numbers of ours, so that no other user of the database meets this lock by chance.
NAMESPACE = 0x4D4C43  # "MLC"
BEAT = 1

logger = structlog.get_logger(__name__)


class Leadership:
    """A lock that lives exactly as long as one connection of its own. Needs a session: no transaction-pooling proxy."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._session: psycopg.Connection[tuple[object, ...]] | None = None

    def wait(self, should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Return True once we lead, False when ``should_stop`` says so first. A database that is away is waited for."""
        has_told = False
        while not should_stop():
            try:
                if self.try_once():
                    return True
                message = "another_process_leads"
            except psycopg.OperationalError:
                message = "database_unreachable"
                self.resign()
            if not has_told:
                logger.info(message, lock=self.number)
                has_told = True
            time.sleep(LOOK_SECONDS)
        return False

    def try_once(self) -> bool:
        """Take the lock if it is free. Raises psycopg.OperationalError when the database does not answer."""
        if self._session is None or self._session.closed:
            self._session = _session()
        row = self._session.execute("SELECT pg_try_advisory_lock(%s, %s)", (NAMESPACE, self.number)).fetchone()
        return bool(row and row[0])

    def is_held(self) -> bool:
        """Whether the session that holds the lock still answers."""
        if self._session is None:
            return False
        try:
            self._session.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def resign(self) -> None:
        """Give the lock back. Safe to repeat."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def watch(self, when_lost: Callable[[], None]) -> threading.Thread:
        """Look each second, and call ``when_lost`` once the lock is gone."""

        def look() -> None:
            while self.is_held():
                time.sleep(LOOK_SECONDS)
            when_lost()

        thread = threading.Thread(target=look, name=f"leadership-{self.number}", daemon=True)
        thread.start()
        return thread


def _session() -> psycopg.Connection[tuple[object, ...]]:
    given = connection.get_connection_params()
    wanted = {key: given[key] for key in ("dbname", "user", "password", "host", "port", "service") if given.get(key)}
    return psycopg.connect(
        **wanted,
        autocommit=True,
        connect_timeout=5,
        # A cut network is noticed within about 10 s on both sides, so that the next leader can follow.
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=2,
        tcp_user_timeout=10_000,
        options="-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=2",
        application_name=f"ml-connector leader {given.get('application_name', '')}".strip(),
    )
