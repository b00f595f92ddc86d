"""In which time zone does an organisation keep its days? In one that it names as the world does, or nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone_named(name: str) -> ZoneInfo | None:
    """The zone of an IANA name, as live organisations tell it; None for any other name, such as the `PST` of
    https://www.zoho.com/books/api/v3/organizations/."""
    try:
        return ZoneInfo(name.strip()) if name.strip() else None
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown, a path, or a folder of the zones' files
        return None


def until_midnight(now: datetime, zone: ZoneInfo) -> timedelta:
    """From a moment to the next midnight of a zone, by the clock's hours that really pass."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time.min, zone).astimezone(UTC) - now.astimezone(UTC)
