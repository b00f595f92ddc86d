"""What did the sources say, each time they said it, and what is left to do after posting?"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from connectors.fields import DecimalJSONField


class RecordState(models.TextChoices):
    RECEIVED = "received", "received"
    POSTING = "posting", "being posted"
    POSTED = "posted", "posted"
    HELD = "held", "held for a person"
    WITNESS = "witness", "witness of another record"
    SKIPPED = "skipped", "skipped by rule"
    FAILED = "failed", "failed"


class CameBy(models.TextChoices):
    POLL = "poll", "poll"
    HINT = "hint", "webhook"


class SyncRecord(models.Model):
    """One record of one stream: where it stands. Facts; written by the recorder only.

    Here and below, parents are held by the composite foreign keys alone (migration 0002) and found by indexes that
    begin with them: each further key costs a look-up and a row lock, each further index a write, for every row."""

    tenant = models.ForeignKey(
        "connectors.Tenant", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    connection = models.ForeignKey(
        "connectors.Connection", models.PROTECT, related_name="records", db_constraint=False, db_index=False
    )
    stream = models.CharField(max_length=80)
    external_id = models.CharField(max_length=200)
    scope = models.CharField(
        max_length=100, blank=True, default="", help_text="Where a vendor is made whom another ledger got first."
    )
    kind = models.CharField(max_length=40, blank=True, default="")
    family = models.CharField(max_length=4, blank=True, default="")
    flow = models.ForeignKey(
        "mappings.Flow", on_delete=models.PROTECT, null=True, related_name="records", db_constraint=False
    )
    state = models.CharField(max_length=10, choices=RecordState.choices, default=RecordState.RECEIVED)
    reason = models.TextField(blank=True, default="")
    version = models.PositiveIntegerField(default=1)
    content_hash = models.CharField(max_length=64)
    amount = models.DecimalField(max_digits=24, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    posting_on = models.DateField(null=True)
    document_on = models.DateField(null=True)
    label = models.CharField(max_length=200, blank=True, default="")
    receipt_count = models.PositiveSmallIntegerField(default=0)
    links = ArrayField(models.CharField(max_length=260), default=list, blank=True)
    due_at = models.DateTimeField(null=True, help_text="When the engine looks at it; empty: not before something new.")
    attempts = models.PositiveSmallIntegerField(default=0)
    waits_for = models.CharField(max_length=400, blank=True, default="", help_text="The key of a document to come.")
    witness_of = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="witnesses", db_constraint=False, db_index=False
    )
    choices = models.JSONField(default=dict, blank=True, help_text="What a person decided for this record.")
    first_seen_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "stream", "external_id", "scope"], name="record_once"),
            models.UniqueConstraint(fields=["id", "tenant"], name="record_id_tenant"),
        ]
        indexes = [
            models.Index(
                fields=["flow", "due_at", "id"],  # with the id: or all that are due at once are sorted each time
                name="record_received",
                condition=models.Q(state="received", due_at__isnull=False),
            ),
            models.Index(fields=["tenant", "state", "-id"], name="record_list"),
            models.Index(fields=["tenant", "-posting_on"], name="record_by_day"),
            models.Index(fields=["waits_for"], name="record_waits", condition=~models.Q(waits_for="")),
            models.Index(
                fields=["connection", "currency", "posting_on"],
                name="record_twins",
                condition=models.Q(family__in=["F3", "F4", "F8"]),
            ),
            models.Index(
                fields=["connection", "document_on"],
                name="record_doubles",
                condition=models.Q(kind__in=["claim_approved", "claim_cash", "card_purchase"]),
            ),
            models.Index(fields=["witness_of"], name="record_witness_of", condition=models.Q(witness_of__isnull=False)),
            GinIndex(fields=["links"], name="record_links"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.external_id}"


class RecordVersion(models.Model):
    """One payload as it came. Kept apart, so that no list touches payloads."""

    tenant = models.ForeignKey("connectors.Tenant", models.PROTECT, related_name="+", db_constraint=False)
    record = models.ForeignKey(
        SyncRecord, on_delete=models.PROTECT, related_name="versions", db_constraint=False, db_index=False
    )
    number = models.PositiveIntegerField()
    payload = DecimalJSONField()
    content_hash = models.CharField(max_length=64)
    came_by = models.CharField(max_length=8, choices=CameBy.choices)
    stored_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "number"], name="version_once")]

    def __str__(self) -> str:
        return f"version {self.number} of record {self.record_id}"


class FollowUpKind(models.TextChoices):
    TELL = "tell", "tell the source"
    ATTACH = "attach", "attach receipts"
    CONFIRM = "confirm", "confirm in the ledger"
    ACKNOWLEDGE = "acknowledge", "acknowledge"


class FollowUpState(models.TextChoices):
    DUE = "due", "due"
    DONE = "done", "done"
    DROPPED = "dropped", "not needed"
    FAILED = "failed", "failed"


class FollowUp(models.Model):
    """A step after posting, each repeatable by itself and looked up before it is repeated."""

    tenant = models.ForeignKey("connectors.Tenant", models.PROTECT, related_name="+", db_constraint=False)
    record = models.ForeignKey(
        SyncRecord, on_delete=models.PROTECT, related_name="follow_ups", db_constraint=False, db_index=False
    )
    connection = models.ForeignKey(
        "connectors.Connection", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=12, choices=FollowUpKind.choices)
    subject = models.CharField(max_length=260, help_text="The key or result it is about.")
    state = models.CharField(max_length=8, choices=FollowUpState.choices, default=FollowUpState.DUE)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True, default="")
    facts = models.JSONField(default=dict)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "kind", "subject"], name="follow_up_once")]
        indexes = [
            models.Index(fields=["connection", "due_at"], name="follow_up_due", condition=models.Q(state="due")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for record {self.record_id}"
