"""How is a vendor told where to post? Make an address, register it, and see that its secrets are known, not what."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html_join
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from connectors.emphasis import emphasised
from connectors.models import Connection, Role
from connectors.registry import connector_get
from connectors.tenancy import TenantScopedAdmin
from connectors.tenancy.admin import TenantScopedForm
from mappings.admin.confirmed import ConfirmedActions
from mappings.refusals import RefusedError
from webhooks import services
from webhooks.models import Endpoint, EndpointState, Verdict
from webhooks.signing import secrets_refresh

COLOURS = {
    EndpointState.NEW.label: "info",
    EndpointState.ACTIVE.label: "success",
    EndpointState.OFF.label: "warning",
}


class EndpointForm(TenantScopedForm):
    """Which connection, and which events if not all."""

    def clean_connection(self) -> Connection:
        connection: Connection = self.cleaned_data["connection"]
        if connector_get(connection.vendor).webhook is None:
            raise forms.ValidationError("This vendor sends no webhooks that are understood here.")
        return connection


@admin.register(Endpoint)
class EndpointAdmin(TenantScopedAdmin, ConfirmedActions, ModelAdmin):  # type: ignore[misc]
    """Administrators make and register addresses, operations may ask for secrets. Switched off, never deleted."""

    form = EndpointForm
    delete_roles = frozenset[str]()
    refresh_roles = frozenset({Role.OPERATIONS})
    list_display = ("connection", "tenant", "shown_state", "registered_at", "secrets_fetched_at", "secrets_error")
    list_filter = ("tenant", "state")
    list_select_related = ("tenant", "connection")
    search_fields = ("connection__name", "subscription_id")
    actions_detail = ("register", "refresh_secrets", "rotate", "switch_on", "switch_off")
    now = ("shown_state", "address", "old_address", "by_hand", "subscription_id", "registered_at")
    signing = ("shown_secrets", "secrets_fetched_at", "secrets_error", "unproven")
    readonly_fields = (*now, *signing)

    # --- the form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        chosen = (None, {"fields": ("tenant", "connection", "event_types")})
        return (
            [chosen] if obj is None else [chosen, ("Now", {"fields": self.now}), ("Secrets", {"fields": self.signing})]
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "tenant", "connection") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.write_check(request, obj)
        if change:
            services.endpoint_update(obj, event_types=obj.event_types, by=_name(request.user))
            return
        made = services.endpoint_create(connection=obj.connection, event_types=obj.event_types, by=_name(request.user))
        obj.pk = made.pk
        obj.refresh_from_db()

    # --- what is shown

    @display(description="State", label=COLOURS, ordering="state")
    def shown_state(self, endpoint: Endpoint) -> str:
        return endpoint.get_state_display()

    @admin.display(description="Address")
    def address(self, endpoint: Endpoint) -> str:
        return endpoint.url

    @admin.display(description="Address before")
    def old_address(self, endpoint: Endpoint) -> str:
        if not endpoint.previous_until or endpoint.previous_until < timezone.now():
            return "-"
        return f"answers until {endpoint.previous_until:%Y-%m-%d %H:%M} UTC"

    @admin.display(description="To be done by hand")
    def by_hand(self, endpoint: Endpoint) -> str:
        """What a person does at a vendor that has no call for it."""
        steps = map(emphasised, connector_get(endpoint.connection.vendor).webhook_steps)
        return format_html_join("", "<div>{}. {}</div>", enumerate(steps, 1)) or "nothing: register it at the vendor"

    @admin.display(description="Known secrets")
    def shown_secrets(self, endpoint: Endpoint) -> str:
        rows = (
            (f"…{one.last4}", one.fingerprint[:12], one.get_state_display(), f"{one.fetched_at:%Y-%m-%d %H:%M}")
            for one in endpoint.secrets.defer("value")
        )
        return format_html_join("", "<div>{} fingerprint {}, {}, named by the vendor {} UTC</div>", rows) or "none yet"

    @admin.display(description="Refused in the last days")
    def unproven(self, endpoint: Endpoint) -> int:
        return endpoint.deliveries.exclude(verdict=Verdict.VERIFIED).count()

    # --- what can be done

    def has_refresh_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_role(request, self.refresh_roles, obj)

    @action(description="Register at the vendor", url_path="register", permissions=["change"], icon="webhook")
    def register(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.confirmed(
            request,
            object_id,
            title="Register",
            text="The vendor is asked to post its events to this address, and for the secrets that it signs with.",
            points=lambda row: [row.url, f"Events: {', '.join(row.event_types) or 'all that are used'}"],
            against=services.registration_reasons,
            act=lambda row, user, reason: services.endpoint_register(row, by=_name(user)),
        )

    @action(description="Refresh secrets", url_path="refresh-secrets", permissions=["refresh"], icon="key")
    def refresh_secrets(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def refresh(row: Endpoint, user: Any, reason: str) -> None:
            if not secrets_refresh(row, by=_name(user), is_urgent=True):
                row.refresh_from_db()
                raise RefusedError(row.secrets_error or "This vendor tells no secrets.")

        return self.confirmed(
            request,
            object_id,
            title="Refresh secrets",
            text="The vendor is asked which secrets it signs with now. Those that it names no more are forgotten.",
            act=refresh,
        )

    @action(description="New address", url_path="rotate", permissions=["change"], icon="autorenew")
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        hours = int(services.GRACE.total_seconds() // 3600)
        return self.confirmed(
            request,
            object_id,
            title="New address",
            text=f"For an address that has become known. The present one answers for {hours} hours more; "
            "register the new one at the vendor before that, and delete the old subscription there.",
            act=lambda row, user, reason: services.endpoint_rotate(row, by=_name(user)),
        )

    @action(description="Switch on", url_path="switch-on", permissions=["change"])
    def switch_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._switch(request, object_id, True, "Its address answers again.")

    @action(description="Switch off", url_path="switch-off", permissions=["change"])
    def switch_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = "Its address is unknown to everybody until it is switched on again. Records are still read by the clock."
        return self._switch(request, object_id, False, text)

    def _switch(self, request: HttpRequest, object_id: str, is_on: bool, text: str) -> HttpResponse:
        return self.confirmed(
            request,
            object_id,
            title="Switch on" if is_on else "Switch off",
            text=text,
            act=lambda row, user, reason: services.endpoint_switch(row, is_on=is_on, by=_name(user)),
        )

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        self.message_user(request, f"{obj} were added. Now register the address at the vendor.", messages.SUCCESS)
        return self.response_post_save_change(request, obj)  # type: ignore[no-any-return]


def _name(user: Any) -> str:
    return str(user.get_username())
