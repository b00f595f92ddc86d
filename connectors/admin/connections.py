"""How is a vendor connected in minutes? The vendor's own fields, *Test connection*, and nothing that shows a secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from connectors import services
from connectors.admin.authorization import AuthorizingAdmin
from connectors.budget import ConnectionBudget
from connectors.emphasis import emphasised
from connectors.forms import CREDENTIAL, SETTING, ConnectionForm, connection_form_for, field_names
from connectors.models import Connection, ConnectionState, Role
from connectors.registry import connector_get
from connectors.selectors import connection_expiry
from connectors.tenancy import TenantScopedAdmin

STATE_COLOURS = {
    ConnectionState.NEW.label: "info",
    ConnectionState.OK.label: "success",
    ConnectionState.BROKEN.label: "danger",
    ConnectionState.OFF.label: "warning",
}


@admin.register(Connection)
class ConnectionAdmin(AuthorizingAdmin, TenantScopedAdmin, SimpleHistoryAdmin, ModelAdmin):  # type: ignore[misc]
    """Administrators set connections up, operations may test them. Archived, never deleted."""

    form = ConnectionForm
    delete_roles = frozenset[str]()
    test_roles = frozenset({Role.OPERATIONS})
    list_display = ("name", "tenant", "vendor", "shown_state", "identity", "expiry", "last_success_at")
    list_filter = ("tenant", "state")
    list_select_related = ("tenant", "credential")
    search_fields = ("name", "identity", "address")
    actions_detail = ("test_connection", "authorize", "switch_on", "switch_off", "archive")
    facts = (
        "shown_state",
        "shown_reason",
        "account",
        "stored_credential",
        "expiry",
        "last_success_at",
        "closed_until",
        "calls_of_the_day",
        "found",
        "missing",
    )
    readonly_fields = (*facts, "state", "checked_at")

    # --- the form

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs["form"] = connection_form_for(obj if self._may_change(request, obj) else None)
        form = super().get_form(request, obj, change=change, **kwargs)
        if "address" in form.base_fields:
            form.base_fields["address"].required = False
            form.base_fields["address"].help_text += " Empty: the vendor's usual address."
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "tenant", "vendor") if obj else self.readonly_fields

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        who = ("tenant", "vendor", "name", "address")
        if obj is None:
            text = "The vendor's own fields follow when this is saved."
            return [(None, {"fields": who, "description": text})]
        found: list[Any] = [(None, {"fields": (*who, "identity")}), ("Now", {"fields": self.facts})]
        if self._may_change(request, obj):
            form = connection_form_for(obj)
            docs = format_html(
                '<a class="text-primary-600 underline" href="{}">Where to find them</a>',
                connector_get(obj.vendor).docs_url,
            )
            names = [*field_names(form, CREDENTIAL), "forget_stored"]
            found.insert(1, ("Credentials", {"fields": names, "description": docs}))
            if settings := field_names(form, SETTING):
                found.insert(2, ("Settings", {"fields": settings}))
        return found

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the services, which delete secrets whose address changed and store the ones that were typed."""
        self.write_check(request, obj)
        before = Connection.objects.filter(pk=obj.pk).values_list("address", flat=True).first()
        person: Any = request.user
        services.connection_update(obj, chosen=form.chosen() if change else {}, by=person)
        forget = bool(form.cleaned_data.get("forget_stored"))
        if change and (form.given() or forget):
            services.credentials_replace(obj, form.given(), keep=not forget, by=person)
        elif before and before != obj.address:
            text = "The address changed, so the stored credentials were deleted: enter them again."
            self.message_user(request, text, messages.WARNING)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        self.message_user(request, f"{obj} was added. Now enter its credentials, then test it.", messages.SUCCESS)
        return HttpResponseRedirect(self._url("change", obj.pk))

    # --- what is shown

    @display(description="State", label=STATE_COLOURS, ordering="state")
    def shown_state(self, connection: Connection) -> str:
        return connection.get_state_display()

    @admin.display(description="Reason")
    def shown_reason(self, connection: Connection) -> str:
        return emphasised(connection.reason or "-")

    @admin.display(description="Credential")
    def stored_credential(self, connection: Connection) -> str:
        stored = getattr(connection, "credential", None)
        if stored is None:
            return "none yet"
        entered = timezone.localtime(stored.rotated_at).strftime("%Y-%m-%d %H:%M")
        return f"…{stored.last4}, fingerprint {stored.fingerprint[:12]}, entered {entered}"

    @admin.display(description="Credential ends")
    def expiry(self, connection: Connection) -> str:
        expiry = connection_expiry(connection)
        if expiry is None:
            return "-"
        return f"{timezone.localtime(expiry.expires_at):%Y-%m-%d} ({expiry.reason})"

    @admin.display(description="Calls of the day")
    def calls_of_the_day(self, connection: Connection) -> str:
        told = ConnectionBudget(connection).left()
        if told is None:
            return "-"
        until = timezone.localtime(connection.calls_until).strftime("%Y-%m-%d %H:%M")
        return f"{told[0]} of {told[1]} are left until {until}"

    @admin.display(description="Last test")
    def found(self, connection: Connection) -> str:
        if not connection.checklist:
            return "not tested yet"
        told = [one for one in connection.checklist if one["state"] != "ok"]
        fine = [one for one in connection.checklist if one["state"] == "ok"]
        return format_html(
            "{}<details><summary>{}</summary>{}</details>", _listed(told), f"{len(fine)} are ok", _listed(fine)
        )

    @admin.display(description="Streams not available")
    def missing(self, connection: Connection) -> str:
        if not connection.unavailable:
            return "-"
        rows = ((stream, emphasised(reason)) for stream, reason in sorted(connection.unavailable.items()))
        return format_html_join("", "<div>{}: {}</div>", rows)

    # --- what can be done

    def has_test_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_role(request, self.test_roles, obj)

    @action(description="Test connection", url_path="test", permissions=["test"], icon="network_check")
    def test_connection(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The checklist; a POST runs it anew. It writes nothing at the vendor."""
        row = self.row_or_404(request, object_id)
        if request.method == "POST":
            person: Any = request.user
            services.connection_verify(row, by=person)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Test {row}",
            "opts": self.model._meta,
            "connection": row,
            "was_run": request.method == "POST",
            "change_url": self._url("change", row.pk),
        }
        return TemplateResponse(request, "admin/connectors/test_connection.html", context)

    def has_switch_on_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_act(request, obj, is_off=True)

    def has_switch_off_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_act(request, obj, is_off=False)

    def has_archive_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_act(request, obj)

    @action(description="Switch on", url_path="switch-on", permissions=["switch_on"])
    def switch_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = "Work on it starts again with the next tick; test it first if you are unsure of its credentials."
        return self._confirmed(request, object_id, "Switch on", text, lambda row, by: _switch(row, True, by))

    @action(description="Switch off", url_path="switch-off", permissions=["switch_off"])
    def switch_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = "Nothing is read from it and nothing is posted to it until it is switched on again. Records wait."
        return self._confirmed(request, object_id, "Switch off", text, lambda row, by: _switch(row, False, by))

    @action(description="Archive", url_path="archive", permissions=["archive"])
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = "It is switched off for good and its credentials are deleted. Its records and postings stay."
        return self._confirmed(
            request, object_id, "Archive", text, lambda row, by: services.connection_archive(row, by=by)
        )

    def _confirmed(
        self, request: HttpRequest, object_id: str, title: str, text: str, act: Callable[[Connection, Any], None]
    ) -> HttpResponse:
        row = self.row_or_404(request, object_id)
        if request.method == "POST":
            act(row, request.user)
            self.message_user(request, f"{title}: {row}.", messages.SUCCESS)
            return HttpResponseRedirect(self._url("change", row.pk))
        context = {
            **self.admin_site.each_context(request),
            "title": f"{title}: {row}",
            "opts": self.model._meta,
            "text": text,
            "button": title,
            "back_url": self._url("change", row.pk),
        }
        return TemplateResponse(request, "admin/connectors/confirm.html", context)

    def _may_act(self, request: HttpRequest, obj: Any, *, is_off: bool | None = None) -> bool:
        """Whether an action on a connection (or its id) makes sense and is the user's to take."""
        if obj is None or not self.has_change_permission(request, obj):
            return False
        row = obj if isinstance(obj, Connection) else self.row_or_404(request, str(obj))
        return row.archived_at is None and is_off in (None, row.state == ConnectionState.OFF)

    def _may_change(self, request: HttpRequest, obj: Any) -> bool:
        return self.has_change_permission(request, obj) if obj is not None else self.has_add_permission(request)

    def _url(self, page: str, *args: Any) -> str:
        return reverse(f"{self.admin_site.name}:connectors_connection_{page}", args=args)


def _listed(checks: list[dict[str, str]]) -> str:
    rows = (
        (one["state"], capfirst(one["name"]), emphasised(f"{one['message']} {one['cure']}".strip())) for one in checks
    )
    return format_html_join("", "<div><b>{}</b> {}: {}</div>", rows)


def _switch(row: Connection, is_on: bool, by: Any) -> None:
    services.connection_switch(row, is_on=is_on, by=by)
