"""What happened, in an order that cannot be rewritten? Events, exchanges, and the seals over them.

Events have no foreign keys: they outlive what they tell of, and writing them locks nothing else.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from connectors.emphasis import plain
from connectors.fields import DecimalJSONField


class AuditEvent(models.Model):
    """One thing that happened. Append-only: triggers refuse UPDATE and DELETE."""

    tenant_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=60)
    actor = models.CharField(max_length=150)
    subject = models.CharField(max_length=60, blank=True, default="", help_text="What it is about: record, rule …")
    subject_id = models.BigIntegerField(null=True)
    record_id = models.BigIntegerField(null=True)
    message = models.TextField(blank=True, default="")
    facts = DecimalJSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["record_id"], name="event_of_record", condition=models.Q(record_id__isnull=False)),
            models.Index(fields=["tenant_id", "-id"], name="event_list"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {plain(self.message)}"


class Exchange(models.Model):
    """One HTTP call, redacted; kept 30 days."""

    tenant_id = models.BigIntegerField(null=True)
    connection_id = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)
    method = models.CharField(max_length=8)
    url = models.TextField()
    status = models.PositiveSmallIntegerField(null=True)
    seconds = models.DecimalField(max_digits=9, decimal_places=3)
    request_id = models.CharField(max_length=120, blank=True, default="")
    request_body = models.TextField(blank=True, default="")
    response_body = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")
    is_write = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["connection_id", "-id"], name="exchange_list"),
            models.Index(fields=["at"], name="exchange_age"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.url} {self.status or self.error}"


class Seal(models.Model):
    """One link of the chain: it holds the hash of the one before it and of its parts."""

    number = models.BigIntegerField(unique=True)
    at = models.DateTimeField(default=timezone.now)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"seal {self.number}"


class SealPart(models.Model):
    """What one seal covers of one tenant's rows in one table: id ranges and eight bytes of each row's digest."""

    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="parts")
    tenant_id = models.BigIntegerField(null=True)
    table = models.CharField(max_length=80)
    ranges = models.JSONField(help_text="Pairs of first and last id.")
    digests = models.BinaryField(help_text="Eight bytes a row, in the order of the ranges.")
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seal", "tenant_id", "table"], name="seal_part_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"part of seal {self.seal_id}: {self.table}"
