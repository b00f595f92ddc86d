"""How does a person find his desk? The sidebar by work, with only the pages that he may open."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst

from connectors.tenancy import TenantScopedAdmin
from connectors.tenancy.admin import ALL_ROLES, holds_anywhere

DESKS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Desk",
        (
            ("audit.mappinggap", "alt_route"),
            ("audit.problem", "error"),
            ("audit.syncrecord", "receipt_long"),
            ("audit.posting", "menu_book"),
            ("audit.followup", "task_alt"),
        ),
    ),
    (
        "Mappings",
        (
            ("mappings.flow", "sync_alt"),
            ("mappings.accountmapping", "account_balance"),
            ("mappings.costcentremapping", "account_tree"),
            ("mappings.vendormapping", "storefront"),
            ("mappings.fieldmapping", "tune"),
            ("mappings.familyowner", "workspace_premium"),
            ("mappings.roleaccount", "badge"),
            ("mappings.referencevalue", "list_alt"),
        ),
    ),
    (
        "Connections",
        (
            ("connectors.connection", "cable"),
            ("webhooks.endpoint", "webhook"),
            ("webhooks.webhookdelivery", "move_to_inbox"),
            ("audit.exchange", "http"),
        ),
    ),
    (
        "Trail",
        (
            ("audit.auditevent", "history"),
            ("audit.syncrun", "play_circle"),
            ("audit.seal", "verified"),
        ),
    ),
    (
        "Engine room",
        (
            ("audit.lane", "directions_run"),
            ("audit.highwatermark", "water"),
            ("audit.hint", "lightbulb"),
            ("audit.recordversion", "layers"),
            ("audit.hold", "pan_tool"),
            ("audit.sighting", "visibility"),
            ("audit.sealpart", "extension"),
        ),
    ),
    (
        "People",
        (
            ("connectors.tenant", "domain"),
            ("connectors.membership", "group"),
            ("auth.user", "person"),
            ("auth.group", "groups"),
        ),
    ),
)
ALWAYS_OPEN = ("Desk", "Mappings", "Connections")


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """UNFOLD's navigation; one look at the user's roles, as the scoped pages all ask the same."""
    if not request.user.is_authenticated:
        return []
    is_member = holds_anywhere(request, ALL_ROLES)
    registered = {model._meta.label_lower: page for model, page in admin.site._registry.items()}
    placed: set[str] = set()
    groups: list[dict[str, Any]] = [
        {"title": "", "items": [{"title": "Dashboard", "icon": "dashboard", "link": reverse("admin:index")}]}
    ]
    for title, pages in DESKS:
        placed |= {label for label, _ in pages}
        items = [
            _item(registered[label], icon)
            for label, icon in pages
            if label in registered and _may_open(registered[label], request, is_member)
        ]
        groups.append(_group(title, items))
    others = [
        _item(page, "settings")
        for label, page in sorted(registered.items())
        if label not in placed and _may_open(page, request, is_member)
    ]
    groups.append(_group("Installation", others))
    return [group for group in groups if group["items"]]


def _group(title: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"title": title, "separator": True, "collapsible": title not in ALWAYS_OPEN, "items": items}


def _item(page: ModelAdmin[Any], icon: str) -> dict[str, Any]:
    opts = page.model._meta
    link = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    return {"title": capfirst(str(opts.verbose_name_plural)), "icon": icon, "link": link}


def _may_open(page: ModelAdmin[Any], request: HttpRequest, is_member: bool) -> bool:
    if isinstance(page, TenantScopedAdmin):
        return is_member
    return page.has_module_permission(request)
