"""Which value of the ledger does a value of the source lead to? Mapping rules, with conditions, dates and reasons."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from mappings.models.flows import Flow
from mappings.models.references import ReferenceValue


class Target(models.TextChoices):
    """What a rule answers, and of which kind its value is (see TARGET_KINDS)."""

    ACCOUNT = "account", "GL account"
    COST_CENTRE = "cost_centre", "cost centre"
    TAX = "tax", "tax code"
    VENDOR = "vendor", "vendor"
    EMPLOYEE = "employee", "employee"
    COUNTERPARTY = "counterparty", "counterparty of cash"
    PERSONAL = "personal", "personal expense"
    ENTITY = "entity", "company of a legal entity"


TARGET_KINDS: dict[str, frozenset[str]] = {
    Target.ACCOUNT: frozenset({"account"}),
    Target.COST_CENTRE: frozenset({"cost_centre"}),
    Target.TAX: frozenset({"tax"}),
    Target.VENDOR: frozenset({"vendor"}),
    Target.EMPLOYEE: frozenset({"employee", "vendor"}),
    Target.COUNTERPARTY: frozenset({"account", "vendor"}),
    Target.PERSONAL: frozenset({"account"}),
    Target.ENTITY: frozenset({"company"}),
}


class MappingRule(models.Model):
    """When all of 1 to 3 fields of a record or line have these values, the target has this value of the ledger.

    Of the rules that fit, the most specific wins: a flow's before a tenant's, more conditions before fewer, then the
    higher priority, then the newest `valid_from` that is not after the posting day. A tenant's rule may exist once
    for each ledger company, as the same account has another id in each, and for each plan of cost centres."""

    tenant = models.ForeignKey("connectors.Tenant", on_delete=models.PROTECT, related_name="+")
    flow = models.ForeignKey(
        Flow, on_delete=models.PROTECT, null=True, blank=True, related_name="rules", help_text="Empty: every flow."
    )
    target = models.CharField(max_length=12, choices=Target.choices)
    when = models.JSONField(help_text='One to three conditions: {"category": "cat_7", "department": "dep_2"}')
    valid_from = models.DateField(null=True, blank=True, help_text="First posting day; empty: always.")
    priority = models.SmallIntegerField(default=0, help_text="Of two equally specific rules the higher one wins.")
    value = models.ForeignKey(ReferenceValue, on_delete=models.PROTECT, related_name="rules")
    ledger = models.ForeignKey(
        "connectors.Connection", on_delete=models.PROTECT, editable=False, related_name="+", help_text="Of the value."
    )
    company = models.CharField(max_length=60, blank=True, editable=False, help_text="Of the value.")
    plan = models.CharField(max_length=200, blank=True, editable=False, help_text="Of a cost centre.")
    labels = models.JSONField(default=dict, blank=True, help_text="What people call the conditions' values.")
    reason = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = HistoricalRecords(history_change_reason_field=models.TextField(blank=True, default=""))

    class Meta:
        ordering = ["tenant_id", "target", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "flow", "target", "when", "valid_from", "ledger", "company", "plan"],
                condition=models.Q(archived_at=None),
                nulls_distinct=False,
                name="mappings_rule_uniq",
            ),
            models.CheckConstraint(
                condition=models.Q(target__in=[target.value for target in Target]), name="mappings_rule_target_known"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "target"], name="mappings_rule_tenant_target")]

    def __str__(self) -> str:
        return f"{self.get_target_display()} {self.value} when {self.conditions}"

    @property
    def conditions(self) -> str:
        """The conditions in words: "category Software, department Research"."""
        return ", ".join(f"{name} {self.labels.get(name) or value}" for name, value in sorted(self.when.items()))


class AccountMapping(MappingRule):
    """Rules that give GL accounts."""

    class Meta:
        proxy = True
        verbose_name = "account mapping"


class CostCentreMapping(MappingRule):
    """Rules that give cost centres."""

    class Meta:
        proxy = True
        verbose_name = "cost centre mapping"


class VendorMapping(MappingRule):
    """Rules that give vendors and employees."""

    class Meta:
        proxy = True
        verbose_name = "vendor mapping"


class FieldMapping(MappingRule):
    """All other rules: taxes, counterparties, personal expenses, companies."""

    class Meta:
        proxy = True
        verbose_name = "field mapping"
