"""Where are source values mapped to the ledger's? One page for each kind of rule, over one table."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from connectors.models import Role
from connectors.tenancy import TenantScopedAdmin, tenants_of
from mappings.admin.confirmed import ConfirmedActions
from mappings.forms import RuleForm
from mappings.models import (
    AccountMapping,
    CostCentreMapping,
    FieldMapping,
    Flow,
    MappingRule,
    Target,
    VendorMapping,
)
from mappings.offers import OfferedValues, kinds_of, offer_for
from mappings.services import rule_archive, rule_update
from mappings.services.rules import rule_store

CHANGED = ("value", "when", "labels", "valid_from", "priority", "flow", "target")


class InForce(admin.SimpleListFilter):
    """Rules in force; those whose value the ledger archived; archived rules."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("gone", "value archived in the ledger"), ("archived", "archived"), ("all", "all")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": "in force"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "archived":
                return queryset.exclude(archived_at=None)
            case "gone":
                return queryset.filter(archived_at=None, value__is_active=False)
            case "all":
                return queryset
        return queryset.filter(archived_at=None)


class RuleAdmin(TenantScopedAdmin, ConfirmedActions, SimpleHistoryAdmin, ModelAdmin):  # type: ignore[misc]
    """Finance maps. Rules are archived, never deleted; an archived one can only be read."""

    targets: ClassVar[tuple[Target, ...]] = ()
    form = RuleForm
    change_roles = frozenset({Role.FINANCE})
    delete_roles = frozenset[str]()
    list_display = ("conditions", "target", "leads_to", "flow", "valid_from", "priority", "tenant")
    list_filter = (InForce, "tenant", "flow")
    list_select_related = ("tenant", "flow", "value")
    search_fields = ("value__code", "value__name", "reason")
    autocomplete_fields = ("value",)
    actions = ("archive_selected",)
    actions_detail = ("archive",)
    readonly_fields = ("created_by", "created_at", "archived_at")
    fieldsets = (
        (None, {"fields": ("tenant", "flow", "target")}),
        (
            "When",
            {
                "fields": (
                    ("field_1", "value_1", "label_1"),
                    ("field_2", "value_2", "label_2"),
                    ("field_3", "value_3", "label_3"),
                )
            },
        ),
        ("Then", {"fields": ("value", "valid_from", "priority", "reason")}),
        ("Trail", {"fields": ("created_by", "created_at", "archived_at")}),
    )

    def __init__(self, model: type[MappingRule], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        # django-simple-history 3.13 looks for its manager's name on the proxy, where it never put it.
        model._meta.simple_history_manager_attribute = "history"  # type: ignore[attr-defined]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(target__in=self.targets)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if isinstance(obj, MappingRule) and obj.archived_at:
            return False
        return super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "tenant") if obj else self.readonly_fields

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look sees the conditions as text: the fields of the form are not the model's."""
        if obj is None or self.has_change_permission(request, obj):
            return self.fieldsets
        return [("Rule", {"fields": ("tenant", "flow", "target", "conditions", "value", "valid_from", "priority",
                                     "reason", *self.readonly_fields)})]  # fmt: skip

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        request.rule_shown = obj  # type: ignore[attr-defined]
        form = super().get_form(request, obj, change=change, **kwargs)
        if target := form.base_fields.get("target"):
            target.choices = [(one.value, one.label) for one in self.targets]
            if len(self.targets) == 1:
                target.initial = self.targets[0].value
        return form

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "value":
            kwargs["widget"] = OfferedValues(db_field, self.admin_site)
            kwargs["widget"].offer = self._offer(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def _offer(self, request: HttpRequest) -> dict[str, str]:
        """Values of the rule's flow; of the flow or tenant the address names; of the user's only tenant."""
        rule = getattr(request, "rule_shown", None)
        kinds = kinds_of(self.targets)
        if rule is not None:
            return offer_for(kinds=kinds, tenant_id=rule.tenant_id, flow=rule.flow)
        named = request.GET.get("flow", "")
        flow = Flow.objects.filter(pk=named, tenant__in=tenants_of(request.user)).first() if named.isdigit() else None
        mine = list(tenants_of(request.user).values_list("pk", flat=True)[:2])
        return offer_for(kinds=kinds, tenant_id=mine[0] if len(mine) == 1 else None, flow=flow)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.write_check(request, obj)
        by: Any = request.user
        if change:
            rule_update(obj, by=by, reason=obj.reason, **{name: getattr(obj, name) for name in CHANGED})
        else:
            obj.created_by = by
            obj.pk = rule_store(obj, by=by, reason=obj.reason).pk

    @display(description="Leads to", label={"archived": "danger", "": "info"})
    def leads_to(self, rule: MappingRule) -> tuple[str, str]:
        return ("" if rule.value.is_active else "archived", str(rule.value))

    @action(description="Archive", url_path="archive", permissions=["change"])
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.confirmed(
            request,
            object_id,
            title="Archive",
            text="The rule no longer answers; records that need one are held. What is posted stays as it is.",
            act=lambda rule, by, reason: rule_archive(rule, by=by, reason=reason or "archived in the admin"),
            asks_reason=True,
        )

    @admin.action(description="Archive the selected rules", permissions=["change"])
    def archive_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        by: Any = request.user
        rules = list(self.rows_with_role(request, queryset, self.change_roles).filter(archived_at=None))
        for rule in rules:
            rule_archive(rule, by=by, reason="archived in the admin")
        self.message_user(request, f"{len(rules)} rules were archived.", messages.SUCCESS)


@admin.register(AccountMapping)
class AccountMappingAdmin(RuleAdmin):
    targets = (Target.ACCOUNT,)


@admin.register(CostCentreMapping)
class CostCentreMappingAdmin(RuleAdmin):
    targets = (Target.COST_CENTRE,)


@admin.register(VendorMapping)
class VendorMappingAdmin(RuleAdmin):
    targets = (Target.VENDOR, Target.EMPLOYEE)


@admin.register(FieldMapping)
class FieldMappingAdmin(RuleAdmin):
    targets = (Target.TAX, Target.COUNTERPARTY, Target.PERSONAL, Target.ENTITY)
