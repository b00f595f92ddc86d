"""What was put into ledgers, and what did the ledgers show? Postings, sightings, and what a person may say."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action, display

from audit.admin.base import FactAdmin, by_of, linked
from audit.admin.confirmed import confirm_page, told
from audit.admin.filters import DocumentTypeFilter, FlowFilter, SightedStateFilter, SightedTypeFilter
from audit.admin.forms import BindForm, ReasonForm
from audit.admin.lookups import Look, look_up
from audit.looks import POSTING_COLOURS
from audit.models import Posting, PostingState, Sighting
from audit.selectors import money_of, postings_shown
from audit.sync.replay import RefusedReplayError, posting_bind, posting_declare_absent

NOT_UNCERTAIN = "Only a document whose outcome is unknown is asked about; this one is {}."


@admin.register(Posting)
class PostingAdmin(FactAdmin):
    """Facts. An uncertain document may be bound to what stands in the ledger, or be declared absent."""

    list_display = ("key", "shown_state", "shown_type", "shown_amount", "day", "number", "ledger", "flow")
    list_filter = ("tenant", "state", DocumentTypeFilter, FlowFilter, ("posting_on", RangeDateFilter))
    list_filter_submit = True
    list_select_related = ("ledger", "flow")
    search_fields = ("=key", "number", "=entry_id")
    search_help_text = "Key, or number or id in the ledger"
    ordering = ("-id",)
    actions_detail = ("bind", "declare_absent")
    change_form_outer_before_template = "audit/posting.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        is_list = bool(request.resolver_match and str(request.resolver_match.url_name).endswith("_changelist"))
        return rows.defer("document") if is_list else rows.select_related("ledger", "flow", "record", "reverses")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        posting = self.row_or_404(request, object_id)
        context = {"title": posting.key, "shown": postings_shown([posting])[0], **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """A person is asked about uncertain documents alone."""
        is_open = self.row_or_404(request, str(object_id)).state == PostingState.UNCERTAIN
        return super().get_actions_detail(request, object_id) if is_open else []

    @display(description="State", label=POSTING_COLOURS, ordering="state")
    def shown_state(self, posting: Posting) -> str:
        return posting.get_state_display()

    @admin.display(description="Amount", ordering="amount")
    def shown_amount(self, posting: Posting) -> str:
        if posting.amount is None:
            return "-"
        return format_html('<span class="mlc-amount">{}</span>', money_of(posting.amount, posting.currency))

    @admin.display(description="Document", ordering="document_type")
    def shown_type(self, posting: Posting) -> str:
        return posting.document_type.replace("_", " ")

    @admin.display(description="Posting day", ordering="posting_on")
    def day(self, posting: Posting) -> str:
        return format_html('<span class="mlc-nowrap">{}</span>', posting.posting_on or "-")

    # --- what can be done about an uncertain one

    @action(description="Bind to a ledger document", url_path="bind", permissions=["work"], icon="link")
    def bind(self, request: HttpRequest, object_id: str) -> HttpResponse:
        posting = self.row_or_404(request, object_id)
        look = self._look(posting)
        first = look.found[0] if look is not None and look.found else None
        initial = {"entry_id": first.ledger_id, "number": first.number} if first else {}
        form = BindForm(request.POST if request.method == "POST" else None, initial=initial)
        reasons = self._against(posting)
        if not reasons and request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            try:
                posting_bind(
                    posting, entry_id=data["entry_id"], number=data["number"], by=by_of(request), reason=data["reason"]
                )
            except RefusedReplayError as error:
                reasons = (str(error),)
            else:
                told(self, request, f"Bound: {posting.key} is {data['number'] or data['entry_id']}.")
                return HttpResponseRedirect(self.page_url("change", posting.pk))
        return self._page(
            request, posting, look, form, reasons, title="Bind to a ledger document", button="Bind",
            text="You say that this document stands in the ledger under the id below. It counts as posted from then "
            "on and is not sent again.",
        )  # fmt: skip

    @action(description="Declare absent", url_path="declare-absent", permissions=["work"], icon="link_off")
    def declare_absent(self, request: HttpRequest, object_id: str) -> HttpResponse:
        posting = self.row_or_404(request, object_id)
        look = self._look(posting)
        form = ReasonForm(request.POST if request.method == "POST" else None)
        reasons = self._against(posting) or (look.against_absence if look else ())
        if not reasons and request.method == "POST" and form.is_valid():
            try:
                posting_declare_absent(posting, by=by_of(request), reason=form.cleaned_data["reason"])
            except RefusedReplayError as error:
                reasons = (str(error),)
            else:
                told(self, request, f"{posting.key} was declared absent; its record is decided anew.")
                return HttpResponseRedirect(self.page_url("change", posting.pk))
        return self._page(
            request, posting, look, form, reasons, title="Declare absent", button="Declare absent",
            text="You say that this document is not in the ledger. It is withdrawn, and its record is decided anew: "
            "if you are wrong, the ledger will hold it twice.",
        )  # fmt: skip

    def _look(self, posting: Posting) -> Look | None:
        return look_up(posting) if posting.state == PostingState.UNCERTAIN else None

    def _against(self, posting: Posting) -> tuple[str, ...]:
        if posting.state == PostingState.UNCERTAIN:
            return ()
        return (NOT_UNCERTAIN.format(posting.get_state_display()),)

    def _page(
        self, request: HttpRequest, posting: Posting, look: Look | None, form: Any, reasons: Any, **words: str
    ) -> HttpResponse:
        return confirm_page(
            self,
            request,
            title=f"{words['title']}: {posting.key}",
            text=words["text"],
            button=words["button"],
            back_url=self.page_url("change", posting.pk),
            form=None if reasons else form,
            reasons=reasons,
            template="admin/audit/posting_facts.html",
            shown=postings_shown([posting])[0],
            look=look,
        )


@admin.register(Sighting)
class SightingAdmin(FactAdmin):
    """Our documents as listings of the ledger showed them."""

    list_display = ("stamp", "entry_id", "type", "state", "posting_on", "shown_total", "number", "ledger", "seen_at")
    list_filter = ("tenant", SightedTypeFilter, SightedStateFilter, "ledger")
    list_select_related = ("ledger",)
    search_fields = ("=stamp", "=entry_id", "number")
    ordering = ("-id",)
    fields = ("ledger", "company", "stamp", "posting", "entry_id", "number", "type", "state", "posting_on",
              "shown_total", "seen_at")  # fmt: skip
    readonly_fields = fields

    @admin.display(description="Total", ordering="total")
    def shown_total(self, sighting: Sighting) -> str:
        return "-" if sighting.total is None else money_of(sighting.total, sighting.currency)

    @admin.display(description="Our posting")
    def posting(self, sighting: Sighting) -> str:
        ours = Posting.objects.filter(ledger_id=sighting.ledger_id, stamp=sighting.stamp).defer("document")
        return linked(ours.order_by("-id").first())
