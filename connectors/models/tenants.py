"""Whose data is it, and who may do what with it?"""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from connectors.fields import DecimalJSONField


def time_zone_validate(name: str) -> None:
    """Raises ValidationError unless it is a name of the time zone database."""
    if name not in available_timezones():
        raise ValidationError(f"“{name}” is not a time zone; write it like Europe/Berlin.")


class Tenant(models.Model):
    """A customer: everything below belongs to exactly one."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(unique=True)
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[time_zone_validate],
        help_text="Turns instants into days where a flow does not say otherwise.",
    )
    thresholds = DecimalJSONField(
        default=dict, blank=True, help_text="second_person: an amount above which a decision needs two people."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Role(models.TextChoices):
    """What a person may do in a tenant; `connectors.tenancy` says which pages that means."""

    ADMINISTRATOR = "administrator", "Administrator"
    FINANCE = "finance", "Finance"
    OPERATIONS = "operations", "Operations"
    AUDITOR = "auditor", "Auditor (reads only)"


class Membership(models.Model):
    """A person's role in a tenant; no membership, no sight of it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    history = HistoricalRecords()

    class Meta:
        ordering = ["tenant__name", "user__username"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()} of {self.tenant}"
