"""Who works on what, and from where is read on? Lanes, marks, hints, runs and follow-ups, to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from audit.admin.base import FactAdmin, linked, said
from audit.models import FollowUp, HighWaterMark, Hint, Lane, SyncRun

FOLLOW_UP_COLOURS = {"due": "info", "done": "success", "not needed": "default", "failed": "danger"}
STOPPED = said("stopped_reason", "Stopped because")
WHY = said("reason", "Why")


@admin.register(Lane)
class LaneAdmin(FactAdmin):
    """One worker at a time works a lane; a due lane that nobody serves means that no worker runs."""

    list_display = ("connection", "kind", "slot", "due_at", "served_at", "lease_until", STOPPED)
    list_filter = ("tenant", "kind", "connection")
    list_select_related = ("connection",)
    ordering = ("connection", "kind", "slot")
    fields = ("connection", "kind", "slot", "due_at", "served_at", "lease_until", "in_hand", STOPPED)
    readonly_fields = fields


@admin.register(HighWaterMark)
class HighWaterMarkAdmin(FactAdmin):
    """Up to where each stream has been read and stored."""

    list_display = ("connection", "stream", "mark", "due_at", "last_read_at", "last_new_at")
    list_filter = ("tenant", "connection")
    list_select_related = ("connection",)
    search_fields = ("stream",)
    ordering = ("connection", "stream")
    fields = (
        "connection", "stream", "mark", "window_since", "window_until", "due_at", "last_read_at", "last_new_at",
    )  # fmt: skip
    readonly_fields = fields


@admin.register(Hint)
class HintAdmin(FactAdmin):
    """Reasons to read a record, or a stream, soon."""

    list_display = ("stream", "external_id", "connection", "created_at", "done_at")
    list_filter = ("tenant", ("done_at", admin.EmptyFieldListFilter), "connection")
    list_select_related = ("connection",)
    search_fields = ("=external_id", "stream")
    ordering = ("-id",)
    fields = ("connection", "stream", "external_id", "created_at", "done_at")
    readonly_fields = fields


@admin.register(SyncRun)
class SyncRunAdmin(FactAdmin):
    """What was asked for, by whom, and what came of it."""

    list_display = ("kind", "flow", "connection", "by", "started_at", "finished_at", "outcome")
    list_filter = ("tenant", "kind", "flow")
    list_select_related = ("flow", "connection")
    search_fields = ("by",)
    ordering = ("-started_at", "-id")
    fields = ("kind", "flow", "connection", "by", "started_at", "finished_at", "outcome", said("message", "Message"))
    readonly_fields = fields

    @admin.display(description="Outcome")
    def outcome(self, run: SyncRun) -> str:
        return run_outcome(run)


@admin.register(FollowUp)
class FollowUpAdmin(FactAdmin):
    """Steps after posting: sources told, receipts attached, documents confirmed."""

    list_display = ("subject", "kind", "shown_state", "record", "connection", "due_at", "attempts", WHY)
    list_filter = ("tenant", "state", "kind", "connection")
    list_select_related = ("record", "connection")
    search_fields = ("subject", "record__external_id")
    ordering = ("-id",)
    fields = ("record_link", "connection", "kind", "subject", "state", "due_at", "attempts", WHY, "done_at")
    readonly_fields = fields

    @display(description="State", label=FOLLOW_UP_COLOURS, ordering="state")
    def shown_state(self, follow_up: FollowUp) -> str:
        return follow_up.get_state_display()

    @admin.display(description="Record")
    def record_link(self, follow_up: FollowUp) -> str:
        return linked(follow_up.record)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("facts")


def run_outcome(run: SyncRun) -> str:
    """A run's counts in words."""
    counts = run.counts or {}
    named = [f"{counts[name]} {name.replace('_', ' ')}" for name in COUNTS if counts.get(name)]
    return ", ".join(named) or ("-" if run.finished_at is None else "nothing to do")


COUNTS = ("received", "posted", "witness", "held", "skipped", "failed", "in_work", "not_final")
