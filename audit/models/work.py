"""Who works on what, and from where do we read on? Lanes, marks, hints and runs."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class LaneKind(models.TextChoices):
    READ = "read", "read"
    POST = "post", "post"
    TELL = "tell", "tell"


class Lane(models.Model):
    """One worker at a time works a lane; the lease is by the database's clock."""

    tenant = models.ForeignKey("connectors.Tenant", on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, related_name="lanes")
    kind = models.CharField(max_length=8, choices=LaneKind.choices)
    slot = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, help_text="When the lane has something to do; empty: nothing known.")
    served_at = models.DateTimeField(null=True)
    token = models.UUIDField(null=True, help_text="The worker that holds the lease.")
    lease_until = models.DateTimeField(null=True)
    in_hand = models.JSONField(default=list, blank=True)
    flow_served = models.BigIntegerField(null=True, help_text="The flow that was served last; others come before it.")
    deaths = models.JSONField(default=dict, blank=True, help_text="Record id: workers that died alone with it.")
    stopped_reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind", "slot"], name="lane_once"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="lane_due", condition=models.Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} lane {self.slot} of {self.connection_id}"


class HighWaterMark(models.Model):
    """Up to where a stream has been read and stored, by the vendor's clock; moves only when a window ended well."""

    tenant = models.ForeignKey("connectors.Tenant", on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, related_name="marks")
    stream = models.CharField(max_length=80)
    since = models.DateTimeField(null=True, help_text="From where it was first read.")
    mark = models.DateTimeField(null=True)
    window_since = models.DateTimeField(null=True, help_text="The window that is being read.")
    window_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField(default=timezone.now)
    last_read_at = models.DateTimeField(null=True)
    last_new_at = models.DateTimeField(null=True, help_text="When something new came; silence is an alarm.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "stream"], name="mark_once")]

    def __str__(self) -> str:
        return f"{self.stream} read up to {self.mark}"


class Hint(models.Model):
    """A reason to read a record (or, with an empty id, a stream) soon; hints of one record coalesce."""

    tenant = models.ForeignKey("connectors.Tenant", on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, related_name="hints")
    stream = models.CharField(max_length=80)
    external_id = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, help_text="When it was last given.")
    due_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "stream", "external_id"],
                condition=models.Q(done_at__isnull=True),
                name="hint_once_while_open",
            )
        ]

    def __str__(self) -> str:
        return f"read {self.stream} {self.external_id or 'soon'}"


class SyncRun(models.Model):
    """One stretch of work that a person or the schedule asked for, with what came of it."""

    tenant = models.ForeignKey("connectors.Tenant", on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, null=True, related_name="runs")
    flow = models.ForeignKey("mappings.Flow", on_delete=models.PROTECT, null=True, related_name="runs")
    kind = models.CharField(max_length=20)
    by = models.CharField(max_length=150, help_text="Who or what asked for it.")
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)
    message = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["tenant", "-started_at"], name="run_newest")]

    def __str__(self) -> str:
        return f"{self.kind} by {self.by}"
