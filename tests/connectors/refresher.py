"""One process of several that all find a connection's token refused: run by test_tokens with DATABASE_URL set."""

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django

django.setup()

from connectors.base import AccessToken  # noqa: E402 - Django comes first
from connectors.tokens import DatabaseTokenStore  # noqa: E402

connection_id, log = int(sys.argv[1]), Path(sys.argv[2])


def renew(stored: AccessToken | None) -> AccessToken:
    """A token server that takes its time and rotates the refresh token."""
    with log.open("a") as out:
        out.write(f"{stored.refresh_token if stored else '-'}\n")
    time.sleep(0.5)
    return AccessToken("at-2", datetime.now(UTC) + timedelta(hours=1), "rt-2")


sys.stdout.write("ready\n")
sys.stdout.flush()
sys.stdin.readline()
sys.stdout.write(DatabaseTokenStore(connection_id).refresh(renew, rejected="at-1").value)
