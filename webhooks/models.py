"""Where do vendors post their events, with which secrets do they sign, and what did they post?"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from connectors.fields import DecimalJSONField, SecretField, reveal

LONGEST_MESSAGE_ID = 200


def opaque_new() -> str:
    """32 characters that nobody guesses and that tell nothing."""
    return secrets.token_urlsafe(24)


class EndpointState(models.TextChoices):
    NEW = "new", "Not registered"
    ACTIVE = "active", "Registered"
    OFF = "off", "Switched off"


class Endpoint(models.Model):
    """One address that one connection's vendor posts to. Switched off, never deleted.

    After a rotation the previous address answers until `previous_until`."""

    tenant = models.ForeignKey("connectors.Tenant", models.PROTECT, related_name="+")
    connection = models.ForeignKey("connectors.Connection", models.PROTECT, related_name="endpoints")
    opaque = models.CharField(max_length=43, unique=True, default=opaque_new, editable=False)
    previous_opaque = models.CharField(max_length=43, unique=True, null=True, editable=False)
    previous_until = models.DateTimeField(null=True, editable=False)
    event_types = ArrayField(
        models.CharField(max_length=80), default=list, blank=True, help_text="Empty: all that the connector uses."
    )
    subscription_id = models.CharField(max_length=120, blank=True, help_text="The vendor's own id of the subscription.")
    state = models.CharField(max_length=8, choices=EndpointState.choices, default=EndpointState.NEW)
    created_at = models.DateTimeField(default=timezone.now)
    registered_at = models.DateTimeField(null=True)
    secrets_fetched_at = models.DateTimeField(null=True, help_text="When the vendor last told its secrets.")
    secrets_asked_at = models.DateTimeField(null=True, help_text="When it was last asked for them.")
    secrets_wanted_at = models.DateTimeField(null=True, help_text="A delivery could not be verified: ask again.")
    secrets_error = models.TextField(blank=True, help_text="Why they could not be fetched, in a sentence.")

    class Meta:
        ordering = ["connection__name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["id", "tenant"], name="endpoint_id_tenant"),
            models.CheckConstraint(condition=Q(state__in=EndpointState.values), name="endpoint_state_known"),
            models.CheckConstraint(
                condition=Q(previous_opaque__isnull=True) | Q(previous_until__isnull=False), name="endpoint_grace_ends"
            ),
        ]

    def __str__(self) -> str:
        return f"Webhooks of {self.connection}"

    @property
    def path(self) -> str:
        return f"/hooks/{self.opaque}/"

    @property
    def url(self) -> str:
        """What the vendor is given."""
        return f"{settings.MLC_PUBLIC_URL}{self.path}"


class SecretState(models.TextChoices):
    USABLE = "usable", "Usable"
    RETIRED = "retired", "No longer named by the vendor"


class EndpointSecret(models.Model):
    """A secret that deliveries may be signed with. Retired ones are kept by fingerprint alone."""

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="secrets")
    value = SecretField("signing secret", bound_to="endpoint_id", null=True)
    fingerprint = models.CharField(max_length=64, help_text="Keyed: tells whether two are the same, to us alone.")
    last4 = models.CharField(max_length=4, blank=True)
    state = models.CharField(max_length=8, choices=SecretState.choices, default=SecretState.USABLE)
    fetched_at = models.DateTimeField(help_text="When the vendor last named it.")
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "fingerprint"], name="endpoint_secret_once"),
            models.CheckConstraint(
                condition=Q(state=SecretState.USABLE, value__isnull=False, retired_at__isnull=True)
                | Q(state=SecretState.RETIRED, value__isnull=True, retired_at__isnull=False),
                name="endpoint_secret_usable_or_gone",
            ),
        ]

    def __str__(self) -> str:
        return f"…{self.last4}" if self.last4 else self.fingerprint[:12]

    def plain(self) -> str:
        """The secret in clear, for the verifier alone. Raises DecryptionError."""
        return reveal(self, "value") or ""


class Verdict(models.TextChoices):
    VERIFIED = "verified", "Verified"
    STALE = "stale", "Signed by the vendor, but not now"
    UNVERIFIED = "unverified", "Not proven"


class DeliveryState(models.TextChoices):
    NEW = "new", "New"
    DONE = "done", "Handed over"
    FAILED = "failed", "Failed"
    IGNORED = "ignored", "Ignored"


class WebhookDelivery(models.Model):
    """One message as it came. Only a verified one occupies its message id and is worked on.

    Its parents are held by one composite foreign key alone (migration 0002): each further one would cost a look-up
    and a row lock for every delivery."""

    tenant = models.ForeignKey("connectors.Tenant", models.DO_NOTHING, related_name="+", db_constraint=False)
    endpoint = models.ForeignKey(Endpoint, models.PROTECT, related_name="deliveries", db_constraint=False)
    message_id = models.CharField(max_length=LONGEST_MESSAGE_ID)
    headers = DecimalJSONField(default=dict, help_text="Those that verifying needs, and what the sender calls itself.")
    body = models.BinaryField(help_text="Byte for byte as it came.")
    body_size = models.PositiveIntegerField()
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    refusal = models.CharField(max_length=200, blank=True, help_text="Why it is not verified.")
    received_at = models.DateTimeField(default=timezone.now)
    repeats = models.PositiveIntegerField(default=0, help_text="How often the same message came again.")
    state = models.CharField(max_length=8, choices=DeliveryState.choices, default=DeliveryState.NEW)
    due_at = models.DateTimeField(null=True, help_text="When it is to be worked on; empty: not any more.")
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    events = models.CharField(max_length=300, blank=True, help_text="What it said, in short.")
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "message_id"], condition=Q(verdict="verified"), name="delivery_message_once"
            ),
            models.CheckConstraint(condition=Q(verdict__in=Verdict.values), name="delivery_verdict_known"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
            models.CheckConstraint(
                condition=Q(verdict="verified") | Q(state="ignored", due_at__isnull=True),
                name="delivery_unverified_never_worked",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="delivery_due", condition=Q(due_at__isnull=False)),
            models.Index(
                fields=["endpoint", "received_at", "body_size"],
                name="delivery_unverified",
                condition=~Q(verdict="verified"),
            ),
            models.Index(fields=["tenant", "-id"], name="delivery_list"),
        ]

    def __str__(self) -> str:
        return self.message_id
