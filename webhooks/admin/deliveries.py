"""What did vendors post, what became of it, and can it be worked again?"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.html import format_html
from unfold.decorators import action, display

from audit.admin.base import FactAdmin
from connectors.models import Role
from webhooks.models import DeliveryState, Verdict, WebhookDelivery
from webhooks.selectors import replay_points
from webhooks.services import delivery_replay

SHOWN_CHARACTERS = 4000
REPLAYED_AT_ONCE = 500
VERDICTS = {Verdict.VERIFIED.label: "success", Verdict.STALE.label: "warning", Verdict.UNVERIFIED.label: "danger"}
STATES = {
    DeliveryState.NEW.label: "info",
    DeliveryState.DONE.label: "success",
    DeliveryState.FAILED.label: "danger",
    DeliveryState.IGNORED.label: "warning",
}


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(FactAdmin):
    """Facts: nobody edits them. Operations may have them worked again."""

    replay_roles = frozenset({Role.OPERATIONS})
    list_display = ("message_id", "endpoint", "tenant", "shown_verdict", "shown_state", "events", "received_at")
    list_filter = ("tenant", "endpoint", "verdict", "state")
    list_select_related = ("tenant", "endpoint__connection")
    search_fields = ("message_id__startswith",)
    ordering = ("-id",)
    actions = ("replay_selected",)
    actions_detail = ("replay",)
    fields = (
        "message_id", "endpoint", "tenant", "received_at", "shown_verdict", "refusal", "shown_state", "events", "error",
        "attempts", "repeats", "due_at", "done_at", "shown_headers", "body_size", "shown_body",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("body")

    @display(description="Verdict", label=VERDICTS, ordering="verdict")
    def shown_verdict(self, delivery: WebhookDelivery) -> str:
        return delivery.get_verdict_display()

    @display(description="State", label=STATES, ordering="state")
    def shown_state(self, delivery: WebhookDelivery) -> str:
        return delivery.get_state_display()

    @admin.display(description="Headers kept")
    def shown_headers(self, delivery: WebhookDelivery) -> str:
        return format_html("<pre>{}</pre>", "\n".join(f"{name}: {value}" for name, value in delivery.headers.items()))

    @admin.display(description="Body")
    def shown_body(self, delivery: WebhookDelivery) -> str:
        text = bytes(delivery.body[: SHOWN_CHARACTERS * 4]).decode("utf-8", "replace")
        rest = " …" if len(text) > SHOWN_CHARACTERS else ""
        return format_html('<pre class="whitespace-pre-wrap break-all">{}{}</pre>', text[:SHOWN_CHARACTERS], rest)

    # --- replay

    def has_replay_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_role(request, self.replay_roles, obj)

    @action(description="Replay", url_path="replay", permissions=["replay"], icon="replay")
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row_or_404(request, object_id)
        return self._confirm(request, [row.pk], reverse(f"{self._base}_change", args=[row.pk]))

    @action(description="Replay the selected", permissions=["replay"])
    def replay_selected(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> HttpResponse:
        ids = queryset.values_list("pk", flat=True)[:REPLAYED_AT_ONCE]
        chosen = ",".join(str(pk) for pk in ids)
        return HttpResponseRedirect(f"{reverse(f'{self._base}_replay_selected')}?ids={chosen}")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.replay_selected_view)
        found: list[URLPattern] = super().get_urls()
        return [path("replay-selected/", view, name="webhooks_webhookdelivery_replay_selected"), *found]

    def replay_selected_view(self, request: HttpRequest) -> HttpResponse:
        """The confirmation of what was selected; ids of others' deliveries are as good as none."""
        ids = [int(one) for one in request.GET.get("ids", "").split(",") if one.isdecimal() and len(one) < 19]
        return self._confirm(request, ids[:REPLAYED_AT_ONCE], reverse(f"{self._base}_changelist"))

    def _confirm(self, request: HttpRequest, ids: list[int], back_url: str) -> HttpResponse:
        mine = self.rows_with_role(request, self.get_queryset(request).filter(pk__in=ids), self.replay_roles)
        proven = mine.filter(verdict=Verdict.VERIFIED)
        if request.method == "POST":
            person: Any = request.user
            count = delivery_replay(proven.values_list("pk", flat=True), by=person.get_username())
            self.message_user(request, f"{count} deliveries are worked again.", messages.SUCCESS)
            return HttpResponseRedirect(back_url)
        reasons = [] if proven.exists() else ["None of them is proven to be the vendor's and yours to replay."]
        context = {
            **self.admin_site.each_context(request),
            "title": "Replay webhooks",
            "opts": self.model._meta,
            "text": "What they name is read again at the vendor. Records that did not change stay as they are, "
            "and nothing is posted twice.",
            "points": replay_points(proven, left_out=len(ids) - proven.count()),
            "reasons": reasons,
            "button": "Replay",
            "back_url": back_url,
        }
        return TemplateResponse(request, "admin/mappings/confirm.html", context)

    @property
    def _base(self) -> str:
        return f"{self.admin_site.name}:webhooks_webhookdelivery"
