"""How does a person connect a vendor by giving his consent there? A link away, the way back, or a code to paste."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.decorators import action

from connectors import services
from connectors.emphasis import plain
from connectors.errors import ConnectorError
from connectors.models import Connection

KEPT = "connectors_authorization"  # the state of the consent that was begun in this session


class AuthorizingAdmin:
    """Mix into the admin of connections. Only who may change a connection may connect it."""

    admin_site: Any
    model: Any
    has_change_permission: Any
    message_user: Any
    row_or_404: Any
    write_check: Any

    def get_urls(self) -> list[Any]:
        back = path("authorized/", self.admin_site.admin_view(self.authorized), name="connectors_connection_authorized")
        return [back, *super().get_urls()]  # type: ignore[misc]

    def has_authorize_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None or not self.has_change_permission(request, obj):
            return False
        row = obj if isinstance(obj, Connection) else self.row_or_404(request, str(obj))
        return row.archived_at is None and services.authorization_of(row) is not None

    @action(description="Connect", url_path="authorize", permissions=["authorize"], icon="link")
    def authorize(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The way to the vendor, fresh each time; a POST brings a code that the person got there himself."""
        row = self.row_or_404(request, object_id)
        if request.method == "POST":
            return self._finish(request, row, {"code": request.POST.get("code", "").strip()}, redirect_uri="")
        person: Any = request.user
        consent_url = problem = ""
        redirect_uri = self._redirect_uri(request)
        try:
            state = services.state_make(row, person)
            consent_url = services.authorization_url(row, redirect_uri=redirect_uri, state=state)
            request.session[KEPT] = state
        except ConnectorError as error:
            problem = error.message
        vendor = services.authorization_of(row)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Connect {row}",
            "opts": self.model._meta,
            "connection": row,
            "consent_url": consent_url,
            "redirect_uri": redirect_uri,
            "remark": vendor.remark if vendor else "",
            "warning": services.consents_warning(row) if vendor else "",
            "pasted": vendor.pasted if vendor else "",
            "problem": problem,
            "back_url": self._change_url(row),
        }
        return TemplateResponse(request, "admin/connectors/authorize.html", context)

    def authorized(self, request: HttpRequest) -> HttpResponse:
        """The way back. The state is taken out of the session whatever it says, so that it is good once."""
        kept = request.session.pop(KEPT, "")
        person: Any = request.user
        answer = {name: str(value) for name, value in request.GET.items()}
        try:
            pk = services.state_open(answer.get("state", ""), kept, person)
        except ConnectorError as error:
            self.message_user(request, plain(error.message), messages.ERROR)
            return HttpResponseRedirect(reverse(f"{self.admin_site.name}:connectors_connection_changelist"))
        row = self.row_or_404(request, str(pk))
        return self._finish(request, row, answer, redirect_uri=self._redirect_uri(request))

    def _finish(
        self, request: HttpRequest, row: Connection, answer: dict[str, str], *, redirect_uri: str
    ) -> HttpResponse:
        person: Any = request.user
        self.write_check(request, row)
        try:
            services.authorization_finish(row, answer, redirect_uri=redirect_uri, by=person)
        except ConnectorError as error:
            self.message_user(request, plain(error.message), messages.ERROR)
        except ValidationError as error:
            self.message_user(request, plain(" ".join(error.messages)), messages.ERROR)
        else:
            self.message_user(request, f"{row} is connected. Now test it.", messages.SUCCESS)
        return HttpResponseRedirect(self._change_url(row))

    def _redirect_uri(self, request: HttpRequest) -> str:
        return request.build_absolute_uri(reverse(f"{self.admin_site.name}:connectors_connection_authorized"))

    def _change_url(self, row: Connection) -> str:
        return reverse(f"{self.admin_site.name}:connectors_connection_change", args=[row.pk])
