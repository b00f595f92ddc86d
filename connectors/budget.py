"""How many calls has the day left? As the vendor last told, on the connection's row, where every process finds it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from connectors.models import Connection

WRITE_EVERY = timedelta(seconds=20)
WRITE_AT = 25  # calls by which the row may be behind


class ConnectionBudget:
    """A `connectors.base.Budget`. What one worker was told the others know some calls later."""

    def __init__(self, connection: Connection) -> None:
        self._pk = connection.pk
        self._known: tuple[int, int, datetime] | None = None
        self._written: tuple[int, datetime] | None = None
        if connection.calls_left is not None and connection.calls_allowed and connection.calls_until:
            self._known = (connection.calls_left, connection.calls_allowed, connection.calls_until)

    def noted(self, left: int, allowed: int, seconds: int) -> None:
        now = timezone.now()
        until = now + timedelta(seconds=seconds)
        self._known = (left, allowed, until)
        if self._written and abs(self._written[0] - left) < WRITE_AT and now - self._written[1] < WRITE_EVERY:
            return
        Connection.objects.filter(pk=self._pk).update(calls_left=left, calls_allowed=allowed, calls_until=until)
        self._written = (left, now)

    def counted(self, allowed: int, seconds: int) -> None:
        """Written each time, as nobody corrects what is lost; all processes count on the row."""
        now = timezone.now()
        rows = Connection.objects.filter(pk=self._pk)
        today = rows.filter(calls_until__gt=now, calls_left__isnull=False)
        if not today.update(calls_left=Greatest(F("calls_left") - 1, 0)):
            until = now + timedelta(seconds=seconds)
            rows.update(calls_left=max(0, allowed - 1), calls_allowed=allowed, calls_until=until)
        left, most, ends = rows.values_list("calls_left", "calls_allowed", "calls_until").get()
        self._known = (left, most, ends) if left is not None and most and ends else None

    def left(self) -> tuple[int, int] | None:
        if self._known is None or self._known[2] <= timezone.now():
            return None
        return self._known[0], self._known[1]
