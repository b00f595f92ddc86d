"""What does a person see first? Where the money stands, what waits, whether the connections live, and what ran."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from audit.admin.base import sees_several_tenants, tenant_ids_of
from audit.admin.work import run_outcome
from audit.looks import RECORD_COLOURS
from audit.selectors import money_text, problems_by_waiting, runs_latest, states_with_money, stuck_lanes
from connectors.models import Connection
from connectors.selectors import connection_expiry
from connectors.tenancy.admin import ALL_ROLES, holds_anywhere

PROBLEMS_SHOWN = 10
RUNS_SHOWN = 8
SOON = timedelta(days=30)
CONNECTION_COLOURS = {"new": "info", "ok": "success", "broken": "danger", "off": "warning"}

admin.site.index_template = "admin/audit/dashboard.html"


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """UNFOLD's DASHBOARD_CALLBACK: everything is of the user's tenants. A dozen queries, however much there is."""
    is_member = holds_anywhere(request, ALL_ROLES)
    context.update(title="Dashboard", is_member=is_member)
    if not is_member:
        return context
    tenants = tenant_ids_of(request)
    records = reverse("admin:audit_syncrecord_changelist")
    context.update(
        states=[
            {
                "label": one.label,
                "colour": RECORD_COLOURS.get(one.label, "default"),
                "records": one.records,
                "money": money_text(one.money),
                "url": f"{records}?state__exact={one.state}",
            }
            for one in states_with_money(tenants)
        ],
        problems=problems_by_waiting(tenants, PROBLEMS_SHOWN),
        connections=_connections(tenants),
        runs=[(run, run_outcome(run)) for run in runs_latest(tenants, RUNS_SHOWN)],
        says_whose=sees_several_tenants(request),
        stuck=list(stuck_lanes(tenants)[:5]),
    )
    return context


def _connections(tenants: list[int] | None) -> list[dict[str, Any]]:
    rows = Connection.objects.filter(archived_at=None).select_related("tenant", "credential")
    if tenants is not None:
        rows = rows.filter(tenant_id__in=tenants)
    now = timezone.now()
    shown = []
    for row in rows:
        expiry = connection_expiry(row)
        shown.append(
            {
                "row": row,
                "colour": CONNECTION_COLOURS[row.state],
                "expiry": expiry,
                "is_soon": expiry is not None and expiry.expires_at - now < SOON,
                "closed": row.closed_until if row.closed_until and row.closed_until > now else None,
            }
        )
    return shown
