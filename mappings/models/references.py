"""What do the two sides call things? Values pulled from vendors, and the accounts that play the roles."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from simple_history.models import HistoricalRecords

from connectors.documents import Role


class ReferenceValue(models.Model):
    """One account, cost centre, tax, journal, vendor ... of a connection, as it was last listed there.

    A fact: written by `reference_refresh` alone. `group` narrows the kind (a plan, a journal's type); `facts` are
    texts that checks need: `type`, `reconcile`, `currency` of accounts; `email`, `tax_id` of vendors."""

    tenant = models.ForeignKey("connectors.Tenant", on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, related_name="reference_values")
    company = models.CharField(max_length=60, blank=True, db_default="")
    kind = models.CharField(max_length=30)
    external_id = models.CharField(max_length=200)
    code = models.CharField(max_length=120, blank=True, db_default="")
    name = models.CharField(max_length=300, blank=True, db_default="")
    group = models.CharField(max_length=200, blank=True, db_default="")
    is_active = models.BooleanField(default=True)
    facts = models.JSONField(default=dict, blank=True)
    seen_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["kind", "code", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "company", "kind", "external_id"], name="mappings_reference_uniq"
            ),
            models.UniqueConstraint(fields=["id", "tenant"], name="mappings_reference_id_tenant_uniq"),
            models.UniqueConstraint(
                fields=["id", "connection", "tenant"], name="mappings_reference_id_connection_uniq"
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "kind", "company", "changed_at"], name="mappings_reference_changed"),
        ]

    def __str__(self) -> str:
        label = " ".join(part for part in (self.code, self.name) if part) or self.external_id
        place = getattr(self, "place", "")  # annotated where values of several companies are offered side by side
        return f"{label}{f' · {place}' if place else ''}{'' if self.is_active else ' (archived)'}"


class RoleAccount(models.Model):
    """Which account plays a role in a ledger company. `what_for` is an account of the source, a currency or a tax
    code; empty is the general one."""

    tenant = models.ForeignKey("connectors.Tenant", on_delete=models.PROTECT, related_name="+")
    ledger = models.ForeignKey("connectors.Connection", on_delete=models.PROTECT, related_name="role_accounts")
    company = models.CharField(max_length=60, blank=True)
    role = models.CharField(max_length=8, choices=[(role.value, role.value) for role in Role if role is not Role.EXP])
    what_for = models.CharField(
        max_length=120, blank=True, help_text="Card or cash account of the source, currency or tax code; empty: all."
    )
    account = models.ForeignKey(ReferenceValue, on_delete=models.PROTECT, related_name="roles")
    has_statements = models.BooleanField(
        default=False, help_text="The ledger imports this account's statements itself, so no feed may write it (X2)."
    )

    history = HistoricalRecords(history_change_reason_field=models.TextField(blank=True, default=""))

    class Meta:
        verbose_name = "account role"
        ordering = ["ledger_id", "company", "role", "what_for"]
        constraints = [
            models.UniqueConstraint(fields=["ledger", "company", "role", "what_for"], name="mappings_role_uniq"),
        ]

    def __str__(self) -> str:
        return f"{self.role}{f' for {self.what_for}' if self.what_for else ''}: {self.account}"
