"""How many calls may an organisation make: in a minute, in its day, at once?

https://www.zoho.com/books/api/v3/introduction/#api-call-limit; the day ends at midnight in the organisation's zone
and the reset header tells the seconds until then (both observed).
"""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from connectors.zoho_books.simulator.errors import blocked, per_day, per_minute
from connectors.zoho_books.simulator.store import CALLS_AT_ONCE, CALLS_PER_DAY, Organisation

if TYPE_CHECKING:
    from connectors.zoho_books.simulator.switches import Switches


class Limits:
    """Counters of every organisation; refused calls do not count against the minute."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self._minutes: dict[str, deque[datetime]] = defaultdict(deque)
        self._days: dict[str, tuple[date, int]] = {}
        self._blocked_until: dict[str, datetime] = {}
        self.refused: dict[str, int] = defaultdict(int)  # "<organisation> <code>" -> how often

    def admit(self, org: Organisation, now: datetime) -> None:
        """Counts one call. Raises ZohoError 43, 44 or 45."""
        if self._blocked_until.get(org.id, now) > now:
            self.refused[f"{org.id} 43"] += 1
            raise blocked(int((self._blocked_until[org.id] - now).total_seconds()) or 1)
        minute = self._minutes[org.id]
        is_rolling = self.switches.minute_window == "rolling"
        begin = now - timedelta(minutes=1) if is_rolling else now.replace(second=0, microsecond=0)
        while minute and (minute[0] <= begin if is_rolling else minute[0] < begin):
            minute.popleft()
        allowed = self.switches.requests_per_minute
        if allowed is not None and len(minute) >= allowed:
            self.refused[f"{org.id} {self.switches.minute_refusal}"] += 1
            if self.switches.minute_refusal == "43":
                self._blocked_until[org.id] = now + timedelta(seconds=self.switches.block_seconds)
                raise blocked(self.switches.block_seconds)
            raise per_minute()
        daily = self.allowance(org)
        if daily is not None and self.used(org, now) >= daily:
            self.refused[f"{org.id} 45"] += 1
            raise per_day(daily)
        minute.append(now)
        self._days[org.id] = (self._today(org, now), self.used(org, now) + 1)

    def give_back(self, org: Organisation, now: datetime) -> None:
        """A failed call does not count, where the switch says so."""
        self._days[org.id] = (self._today(org, now), max(0, self.used(org, now) - 1))

    def allowance(self, org: Organisation) -> int | None:
        allowed = self.switches.requests_per_day
        return CALLS_PER_DAY.get(org.plan, 10_000) if allowed == -1 else allowed

    def at_once(self, org: Organisation) -> int | None:
        allowed = self.switches.concurrent_requests
        return CALLS_AT_ONCE.get(org.plan, 10) if allowed == -1 else allowed

    def used(self, org: Organisation, now: datetime) -> int:
        today = self._today(org, now)
        day, count = self._days.get(org.id, (today, 0))
        return count if day == today else 0

    def use(self, org: Organisation, now: datetime, calls: int) -> None:
        """As if so many calls had been made today by others."""
        self._days[org.id] = (self._today(org, now), self.used(org, now) + calls)

    def headers(self, org: Organisation, now: datetime) -> dict[str, str]:
        daily = self.allowance(org)
        if daily is None or not self.switches.rate_headers:
            return {}
        midnight = datetime.combine(self._today(org, now) + timedelta(days=1), datetime.min.time(), self._zone(org))
        return {
            "X-Rate-Limit-Limit": str(daily),
            "X-Rate-Limit-Remaining": str(max(0, daily - self.used(org, now))),
            "X-Rate-Limit-Reset": str(int((midnight - now).total_seconds())),
        }

    def _zone(self, org: Organisation) -> ZoneInfo:
        return ZoneInfo(self.switches.day_zone) if self.switches.day_zone else org.zone

    def _today(self, org: Organisation, now: datetime) -> date:
        return now.astimezone(self._zone(org)).date()

    def as_json(self) -> dict[str, Any]:
        return {"today": {org: count for org, (_, count) in self._days.items()}, "refused": dict(self.refused)}
