"""Whose key is this, and is it still good?"""

from __future__ import annotations

from datetime import datetime

from .errors import unauthorized
from .store import Record, Store


class Keys:
    """API keys as Odoo checks them: unknown, expired, scoped and orphaned keys are one and the same refusal."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: set[tuple[int, str]] = set()

    def bearer(self, key: str, now: datetime) -> Record:
        """The user of a key, for JSON-2: every call looks at the database."""
        user = self.user(key, now)
        if user is None:
            raise unauthorized("Invalid apikey")
        return user

    def user(self, key: str, now: datetime) -> Record | None:
        moment = now.strftime("%Y-%m-%d %H:%M:%S.%f")
        for record in self._store.tables["res.users.apikeys"].values():
            if record["key"] != key or record["scope"] not in (False, "rpc"):
                continue
            if record["expiration_date"] and record["expiration_date"] <= moment:
                continue
            user = self._store.tables["res.users"][record["user_id"]]
            return user if user["active"] else None
        return None

    def remembered(self, uid: int, key: str, now: datetime, *, stale: bool) -> Record | None:
        """The user for XML-RPC: a process goes on accepting a key it has seen (observed on Odoo 19.0)."""
        if stale and (uid, key) in self._seen:
            return self._store.tables["res.users"].get(uid)
        user = self.user(key, now)
        if user is None or user["id"] != uid:
            return None
        self._seen.add((uid, key))
        return user

    def forget(self) -> None:
        """A restarted process has seen nothing."""
        self._seen.clear()
