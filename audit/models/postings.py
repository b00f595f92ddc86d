"""What did we put, or mean to put, into a ledger? Postings with their frozen documents, and what the ledger shows."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from connectors.fields import DecimalJSONField


class PostingState(models.TextChoices):
    INTENDED = "intended", "intended"
    SENDING = "sending", "being sent"
    UNCERTAIN = "uncertain", "outcome unknown"
    CREATED = "created", "in the ledger, not in the books"
    POSTED = "posted", "posted"
    REJECTED = "rejected", "refused by the ledger"
    VOID = "void", "withdrawn"
    REVERSED = "reversed", "reversed"


OPEN_STATES = (PostingState.INTENDED, PostingState.SENDING, PostingState.UNCERTAIN, PostingState.CREATED)


class Posting(models.Model):
    """One document of one record for one ledger: frozen before it leaves the house, never changed under its key."""

    in_hand: Any = None  # what `document` was frozen from a moment ago, so that it need not be read again to be sent

    tenant = models.ForeignKey(
        "connectors.Tenant", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    record = models.ForeignKey("audit.SyncRecord", models.PROTECT, related_name="postings", db_constraint=False)
    flow = models.ForeignKey("mappings.Flow", models.PROTECT, related_name="postings", db_constraint=False)
    purpose = models.CharField(max_length=8, blank=True, default="")
    revision = models.PositiveSmallIntegerField(default=1)
    reverses = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="reversals", db_constraint=False, db_index=False
    )
    ledger = models.ForeignKey(
        "connectors.Connection", models.PROTECT, related_name="postings", db_constraint=False, db_index=False
    )
    company = models.CharField(max_length=80)
    key = models.CharField(max_length=400)
    stamp = models.CharField(max_length=260)
    document_type = models.CharField(max_length=20)
    document = DecimalJSONField()
    document_hash = models.CharField(max_length=64)
    posting_on = models.DateField(null=True)
    amount = models.DecimalField(max_digits=24, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    company_amount = models.DecimalField(
        max_digits=24, decimal_places=4, null=True, help_text="Of a foreign payment, as the ledger booked it."
    )
    record_version = models.PositiveIntegerField()
    settles = ArrayField(models.CharField(max_length=400), default=list, blank=True)
    open_roles = ArrayField(
        models.CharField(max_length=10),
        default=list,
        blank=True,
        help_text="Roles whose lines are settled later (B32).",
    )
    rules = models.JSONField(default=list, help_text="The rules that made it: B4, G7.")
    state = models.CharField(max_length=10, choices=PostingState.choices, default=PostingState.INTENDED)
    attempts = models.PositiveSmallIntegerField(default=0)
    absences = models.PositiveSmallIntegerField(default=0, help_text="Look-ups that showed nothing of ours.")
    settle_at = models.DateTimeField(null=True, help_text="When to send it, or to look it up, next.")
    entry_id = models.CharField(max_length=80, blank=True, default="", help_text="The document's id in the ledger.")
    number = models.CharField(max_length=120, blank=True, default="")
    link = models.URLField(max_length=500, blank=True, default="")
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    posted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ledger", "stamp"],
                condition=~models.Q(state__in=["rejected", "void"]),
                name="posting_once_while_live",
            ),
            models.UniqueConstraint(
                fields=["reverses"],
                condition=models.Q(reverses__isnull=False) & ~models.Q(state__in=["rejected", "void"]),
                name="posting_reversed_once",
            ),
            models.UniqueConstraint(fields=["id", "tenant"], name="posting_id_tenant"),
        ]
        indexes = [
            models.Index(
                fields=["ledger", "settle_at"],
                name="posting_open",
                condition=models.Q(state__in=["intended", "sending", "uncertain", "created"]),
            ),
            models.Index(fields=["tenant", "-id"], name="posting_list"),
            models.Index(fields=["reverses"], name="posting_reverses", condition=models.Q(reverses__isnull=False)),
            GinIndex(fields=["settles"], name="posting_settles", condition=~models.Q(settles=[])),
            GinIndex(fields=["open_roles"], name="posting_open_roles", condition=~models.Q(open_roles=[])),
        ]

    def __str__(self) -> str:
        return self.key


class Sighting(models.Model):
    """One of our documents as a listing of the ledger showed it."""

    tenant = models.ForeignKey("connectors.Tenant", on_delete=models.PROTECT, related_name="+")
    ledger = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, related_name="sightings")
    company = models.CharField(max_length=80)
    stamp = models.CharField(max_length=260)
    entry_id = models.CharField(max_length=80)
    type = models.CharField(max_length=20, default="journal_entry")
    state = models.CharField(max_length=12)
    posting_on = models.DateField(null=True)
    total = models.DecimalField(max_digits=24, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    number = models.CharField(max_length=120, blank=True, default="")
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ledger", "stamp", "entry_id"], name="sighting_once")]

    def __str__(self) -> str:
        return f"{self.stamp} = {self.entry_id}"
