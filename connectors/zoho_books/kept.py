"""For how long is an answer of Zoho known? By what it is about, in every process of its own.

Every call counts against the organisation's day, so answers are kept by the process and not by the ledger that asked:
an account and the rate of a recent day for five minutes, an older rate and what is demanded of documents for an hour,
a vendor for six, a lock for one minute. What was refused meanwhile, or seems wrong, is asked again before anybody is
told."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import TypeVar, cast

from connectors.zoho_books.auth import credentials_of
from connectors.zoho_books.client import ZohoClient

LOCKS_FRESH = 60.0
LISTS_FRESH = 300.0
DEMANDS_FRESH = 3600.0
CONTACTS_FRESH = 6 * 3600.0
RECENT_RATES_FRESH, RATES_FRESH = LISTS_FRESH, 3600.0  # one that a person corrects is of a recent day
RECENT = timedelta(days=10)
INDEXES = frozenset(
    {"standing bills", "required tags", "contacts asked", "reference lost"}
)  # not asked again before their time
T = TypeVar("T")


@dataclass(slots=True)
class Kept:
    """Answers by name, with the moment they were given; that there is none is kept for a minute at most."""

    answers: dict[str, tuple[float, object]] = field(default_factory=dict)
    doubted_at: float = float("-inf")

    def get(self, name: str, fresh: float, read: Callable[[], T]) -> T:
        at, answer = self.answers.get(name, (0.0, None))
        if name not in self.answers or time.monotonic() - at > (min(fresh, LOCKS_FRESH) if answer is None else fresh):
            answer = read()
            self.answers[name] = (time.monotonic(), answer)
        return cast(T, answer)

    def known(self, name: str, fresh: float) -> object | None:
        """What is known without asking; None for nothing."""
        at, answer = self.answers.get(name, (0.0, None))
        return answer if time.monotonic() - at <= fresh else None

    def put(self, name: str, answer: object) -> None:
        """Known by another question, as if it had been asked now."""
        self.answers[name] = (time.monotonic(), answer)

    def drop(self, name: str) -> None:
        self.answers.pop(name, None)

    def forget(self, older_than: float) -> bool:
        """Drop what is older than some seconds; whether anything was."""
        now = time.monotonic()
        known = list(self.answers.items())
        old = [name for name, (at, _) in known if now - at > older_than and name not in INDEXES]
        for name in old:
            self.answers.pop(name, None)
        return bool(old)

    def doubt(self, rest: float) -> None:
        """Drop everything, but for what was answered since the last doubt, if that was within some seconds."""
        now = time.monotonic()
        if now - self.doubted_at > rest:
            self.forget(-1.0)
            self.doubted_at = now


_kept: dict[tuple[str, str, str], Kept] = {}


def kept_for(client: ZohoClient, company: str) -> Kept:
    """What this process knows of an organisation, for those with the same credential; nothing is shared with others,
    nor between connections that a test answers in-process."""
    if client.context.transport is not None:
        return Kept()
    credentials = credentials_of(client.context)
    secret = credentials.refresh_token.get_secret_value() if credentials.refresh_token else ""
    slot = (client.context.address, company, sha256(f"{credentials.client_id}\n{secret}".encode()).hexdigest())
    return _kept.setdefault(slot, Kept())
