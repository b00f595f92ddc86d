"""What must a person decide or mend, and which records wait on it?"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from connectors.emphasis import plain


class ProblemState(models.TextChoices):
    OPEN = "open", "open"
    SOLVED = "solved", "solved"


class Problem(models.Model):
    """One cause with its N records. Sums over it are queries on open holds, never counters."""

    tenant = models.ForeignKey("connectors.Tenant", on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=64)
    message = models.TextField()
    advice = models.TextField(blank=True, default="")
    facts = models.JSONField(default=dict)
    flow = models.ForeignKey("mappings.Flow", on_delete=models.PROTECT, null=True, related_name="problems")
    connection = models.ForeignKey(
        "connectors.Connection", on_delete=models.PROTECT, null=True, related_name="problems"
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=ProblemState.choices, default=ProblemState.OPEN)
    opened_at = models.DateTimeField(default=timezone.now)
    solved_at = models.DateTimeField(null=True)
    solved_by = models.CharField(max_length=150, blank=True, default="")
    resolution = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "fingerprint"],
                condition=models.Q(state="open"),
                name="problem_once_while_open",
            ),
            models.UniqueConstraint(fields=["id", "tenant"], name="problem_id_tenant"),
        ]
        indexes = [models.Index(fields=["tenant", "state", "-id"], name="problem_list")]

    def __str__(self) -> str:
        return plain(self.message)


class MappingGapManager(models.Manager["MappingGap"]):
    def get_queryset(self) -> models.QuerySet[MappingGap]:
        return super().get_queryset().filter(code="missing_mapping")


class MappingGap(Problem):
    """A source value that no rule leads anywhere; filling it frees what waits."""

    objects = MappingGapManager()  # type: ignore[misc] # a proxy that shows only its code

    class Meta:
        proxy = True


class Hold(models.Model):
    """One record waiting on one problem."""

    tenant = models.ForeignKey("connectors.Tenant", on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey("audit.SyncRecord", on_delete=models.PROTECT, related_name="holds")
    problem = models.ForeignKey(Problem, on_delete=models.PROTECT, related_name="holds")
    opened_at = models.DateTimeField(default=timezone.now)
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["record", "problem"],
                condition=models.Q(released_at__isnull=True),
                name="hold_once_while_open",
            )
        ]
        indexes = [
            models.Index(fields=["problem"], name="hold_open", condition=models.Q(released_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"record {self.record_id} waits on problem {self.problem_id}"
