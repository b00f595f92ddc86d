"""Which accounts at which vendors do we reach, and with which keys?"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from connectors.codec import json_load, json_text
from connectors.fields import DecimalJSONField, SecretField, reveal
from connectors.models.tenants import Tenant
from connectors.registry import connector_choices

SIMULATOR = "simulator:"


class ConnectionState(models.TextChoices):
    NEW = "new", "Not tested yet"
    OK = "ok", "Working"
    BROKEN = "broken", "Broken"
    OFF = "off", "Switched off"


class Connection(models.Model):
    """One tenant's account at one vendor. Archived, never deleted: postings and keys refer to it.

    `account` is what the vendor called the account at the last good test (empty: not asked since the address was
    typed). `identity` names it in posting keys: proposed from it, a person may choose another, frozen once something is
    posted, so it outlives a move of the server. `closed_until` is the vendor's own pause (429, daily quota);
    `calls_left` of `calls_allowed` may be made until `calls_until`, as the vendor last told."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="connections")
    vendor = models.CharField(max_length=32, choices=connector_choices)
    name = models.CharField(max_length=120)
    address = models.CharField(
        max_length=255, help_text="https://… as the vendor gives it; simulator:name for a simulated vendor."
    )
    account = models.CharField(max_length=120, blank=True, help_text="The account's own id, as the vendor told it.")
    identity = models.CharField(
        max_length=120, blank=True, help_text="Names the account in posting keys; empty: what the vendor tells."
    )
    state = models.CharField(max_length=8, choices=ConnectionState.choices, default=ConnectionState.NEW)
    reason = models.TextField(blank=True, help_text="Why it is broken, in a sentence.")
    closed_until = models.DateTimeField(null=True, blank=True)
    calls_left = models.PositiveIntegerField(null=True, blank=True)
    calls_allowed = models.PositiveIntegerField(null=True, blank=True)
    calls_until = models.DateTimeField(null=True, blank=True)
    settings = DecimalJSONField(default=dict, blank=True)
    checklist = DecimalJSONField(default=list, blank=True, help_text="What the last test of the connection found.")
    checked_at = models.DateTimeField(null=True, blank=True)
    unavailable = DecimalJSONField(default=dict, blank=True, help_text="Streams the vendor has not granted, and why.")
    last_success_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    history = HistoricalRecords(
        excluded_fields=[
            "closed_until",
            "checklist",
            "checked_at",
            "unavailable",
            "last_success_at",
            "calls_left",
            "calls_allowed",
            "calls_until",
        ]
    )

    class Meta:
        ordering = ["tenant__name", "name"]
        constraints = [
            models.UniqueConstraint(fields=["id", "tenant"], name="connection_with_tenant"),
            models.UniqueConstraint(
                fields=["tenant", "vendor", "identity"],
                condition=~Q(identity="") & Q(archived_at=None),
                name="connection_identity_once",
                violation_error_message="There is a connection to this account already.",
            ),
            models.UniqueConstraint(
                fields=["tenant", "name"],
                condition=Q(archived_at=None),
                name="connection_name_once",
                violation_error_message="There is a connection of this name already.",
            ),
            models.CheckConstraint(condition=Q(state__in=ConnectionState.values), name="connection_state_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_simulated(self) -> bool:
        return self.address.startswith(SIMULATOR)

    @property
    def is_usable(self) -> bool:
        """Whether lanes may work on it: tested or still new, not broken, off or archived."""
        return self.archived_at is None and self.state in (ConnectionState.NEW, ConnectionState.OK)


class Credential(models.Model):
    """The keys of a connection as one encrypted JSON document in the vendor's own schema; written, never shown.

    `fingerprint` (keyed) tells whether two are the same, `last4` is what a person may compare."""

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="credential")
    secret = SecretField("credential", bound_to="connection_id")
    fingerprint = models.CharField(max_length=64)
    last4 = models.CharField(max_length=4, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    rotated_at = models.DateTimeField(help_text="When the credential was entered.")

    def __str__(self) -> str:
        return f"…{self.last4}"

    def reveal(self) -> dict[str, Any]:
        """The document in clear. Raises DecryptionError."""
        document = json_load(reveal(self, "secret") or "{}")
        return document if isinstance(document, dict) else {}

    def seal(self, document: dict[str, Any]) -> None:
        """Take a new document; it is encrypted when the row is saved."""
        self.secret = json_text(document, sort_keys=True)


class Token(models.Model):
    """The OAuth tokens of a connection, and the lease of the one process that may be renewing them.

    `asked_at` are the latest times a token was asked for: some vendors count them."""

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="token")
    value = SecretField("access token", bound_to="connection_id", null=True)
    refresh_token = SecretField("refresh token", bound_to="connection_id", null=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)
    lease = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    asked_at = ArrayField(models.DateTimeField(), default=list, blank=True)

    def __str__(self) -> str:
        return f"token {self.version} of {self.connection}"
