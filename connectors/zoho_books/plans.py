"""How many calls has an organisation a day, and when does its day end? By plan and zone, where Zoho is silent.

https://www.zoho.com/books/api/v3/introduction/#api-call-limit; that the day ends at the organisation's midnight is what
recorded reset headers of live organisations point to."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.zoho_books.schema import Organization
from connectors.zoho_books.zones import until_midnight, zone_named

CALLS_A_DAY = {
    "FREE": 1_000,
    "STANDARD": 2_000,
    "PROFESSIONAL": 5_000,
    "PREMIUM": 10_000,
    "ELITE": 10_000,
    "ULTIMATE": 10_000,
}


def calls_a_day(row: Organization) -> int | None:
    """Of all programs together; None for a plan that is not published."""
    words = row.plan_name.upper().split()
    return next((calls for plan, calls in CALLS_A_DAY.items() if plan in words), None)


def day_left(row: Organization, now: datetime) -> timedelta | None:
    """Until the day of an organisation ends; None where its zone is not known."""
    zone = zone_named(row.time_zone)
    return until_midnight(now, zone) if zone else None
