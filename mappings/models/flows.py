"""Which stream goes into which company's books, and which stream owns which family of money?"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from pydantic import ValidationError as ShapeError
from simple_history.models import HistoricalRecords

from connectors.records import Family
from mappings.flow_settings import FlowFilter, FlowJournals
from mappings.translate.context import Policies


class FlowState(models.TextChoices):
    OFF = "off", "off"
    DRY_RUN = "dry_run", "dry run"
    ON = "on", "on"
    ARCHIVED = "archived", "archived"


class DocumentKind(models.TextChoices):
    """`spend` leaves entry, bill or payment to the accounting policy, which decides kind by kind (G15)."""

    SPEND = "spend", "entries, bills and payments"
    VENDOR = "vendor", "vendors"
    REFERENCE = "reference", "reference values"


def shape_errors(error: ShapeError) -> list[str]:
    """The mistakes of a JSON column in sentences, without the values."""
    return [f"{'.'.join(str(part) for part in item['loc']) or 'value'}: {item['msg']}" for item in error.errors()]


class Flow(models.Model):
    """A stream of one connection routed to one company of another. Archived, never deleted.

    `rules_version` counts every change of what decides its documents: rules, roles, owners, reference values."""

    tenant = models.ForeignKey("connectors.Tenant", on_delete=models.PROTECT, related_name="flows")
    name = models.CharField(max_length=120)
    source = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, related_name="flows_out")
    stream = models.CharField(max_length=60)
    filter = models.JSONField(default=dict, blank=True, help_text="Kinds, legal entities, accounts; empty takes all.")
    ledger = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, related_name="flows_in")
    company = models.CharField(max_length=60, blank=True, help_text="The company by the ledger's own id.")
    document = models.CharField(max_length=12, choices=DocumentKind.choices, default=DocumentKind.SPEND)
    policies = models.JSONField(default=dict, blank=True)
    journals = models.JSONField(default=dict, blank=True, help_text="entry, bill and payments; empty takes the usual.")
    cost_centre = models.ForeignKey(
        "mappings.ReferenceValue",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Cost centre of fees, interest, rewards and exchange differences (G13).",
    )
    post_from = models.DateField(null=True, blank=True, help_text="Records dated before are skipped (G20).")
    state = models.CharField(max_length=8, choices=FlowState.choices, default=FlowState.OFF)
    first_on_at = models.DateTimeField(null=True, blank=True, editable=False)
    rules_version = models.PositiveBigIntegerField(default=1, editable=False)
    schedule = models.ForeignKey(
        "django_celery_beat.PeriodicTask", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    history = HistoricalRecords(
        excluded_fields=["rules_version"], history_change_reason_field=models.TextField(blank=True, default="")
    )

    class Meta:
        ordering = ["tenant_id", "name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["id", "tenant"], name="mappings_flow_id_tenant_uniq"),
            models.UniqueConstraint(
                fields=["source", "stream", "filter", "ledger", "company", "document"],
                condition=~models.Q(state="archived"),
                name="mappings_flow_route_uniq",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["off", "dry_run", "on", "archived"]), name="mappings_flow_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(document__in=["spend", "vendor", "reference"]), name="mappings_flow_document_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="on", first_on_at=None), name="mappings_flow_on_has_been_on"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises ValidationError for a filter, policies or journals that are not of their shape; stores them tidy."""
        problems: dict[str, list[str]] = {}
        for name, shape in (("filter", FlowFilter), ("policies", Policies), ("journals", FlowJournals)):
            try:
                parsed = shape.model_validate(getattr(self, name) or {})
            except ShapeError as error:
                problems[name] = shape_errors(error)
                continue
            if isinstance(parsed, Policies):
                self.policies = parsed.model_dump(mode="json", exclude_defaults=True)
            else:
                setattr(self, name, parsed.stored())
        if problems:
            raise ValidationError(problems)

    @property
    def takes(self) -> FlowFilter:
        return FlowFilter.model_validate(self.filter)

    @property
    def policy(self) -> Policies:
        return Policies.model_validate(self.policies)

    @property
    def uses_journals(self) -> FlowJournals:
        return FlowJournals.model_validate(self.journals)


class FamilyOwner(models.Model):
    """From a posting day on, this flow posts a family of a source's money into a company; all others are witnesses.

    No flow: the ledger itself does (its bank import, bills born there, people)."""

    tenant = models.ForeignKey("connectors.Tenant", on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, related_name="owners_out")
    ledger = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, related_name="owners_in")
    company = models.CharField(max_length=60, blank=True)
    family = models.CharField(
        max_length=3, choices=[(f.value, f"{f.value} {f.name.replace('_', ' ').lower()}") for f in Family]
    )
    flow = models.ForeignKey(Flow, on_delete=models.PROTECT, null=True, blank=True, related_name="owns")
    valid_from = models.DateField(null=True, blank=True, help_text="First posting day; empty: from the beginning.")

    history = HistoricalRecords(history_change_reason_field=models.TextField(blank=True, default=""))

    class Meta:
        verbose_name = "owner of a family"
        verbose_name_plural = "owners of families"
        ordering = ["source_id", "ledger_id", "company", "family", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "ledger", "company", "family", "valid_from"],
                nulls_distinct=False,
                name="mappings_owner_one_a_day",  # X1
            ),
        ]

    def __str__(self) -> str:
        since = f" from {self.valid_from}" if self.valid_from else ""
        return f"{self.family}: {self.flow or 'the ledger itself'}{since}"
