"""What may a person do about records? Replay, decide, skip - each on a page that says what it touches."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.decorators import action

from audit.admin.base import WORKERS, by_of
from audit.admin.confirmed import confirm_page, told
from audit.admin.decisions import choices_offered
from audit.admin.forms import DecideForm, OptionalReasonForm, ReasonForm
from audit.models import RecordState, SyncRecord
from audit.selectors import partner_candidates, touched_by_replay
from audit.sync.preview import Preview, preview_records
from audit.sync.replay import REPLAYABLE, RefusedReplayError, Replayed, record_choose, record_skip, replay
from connectors.errors import ConnectorError

REPLAYED_AT_ONCE = 5_000
REPLAY_TEXT = (
    "These records are decided anew from their stored payloads under today's mappings. "
    "What is posted, or being posted, is left alone; nothing is sent twice."
)

SAID = {
    True: "Decided: {record} is looked at anew.",
    False: "Proposed: {record} waits until a second person decides the same, as its amount is above the threshold.",
}


class RecordActions:
    """For the admin of records: buttons of the page and of the list."""

    actions = ("replay_selected",)
    actions_detail = ("replay_one", "decide", "skip")

    @action(description="Replay", url_path="replay", permissions=["work"], icon="replay")
    def replay_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        record = self.row_or_404(request, object_id)  # type: ignore[attr-defined]
        back = self.page_url("change", record.pk)  # type: ignore[attr-defined]
        return self._replay_page(request, SyncRecord.objects.filter(pk=record.pk), back, f"Replay {record}")

    @admin.action(description="Replay the selected records", permissions=["work"])
    def replay_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """The list's selection, cut down to the tenants where the user may work."""
        mine = self.rows_with_role(request, queryset, WORKERS)  # type: ignore[attr-defined]
        ids = list(mine.order_by("pk").values_list("pk", flat=True)[: REPLAYED_AT_ONCE + 1])
        if len(ids) > REPLAYED_AT_ONCE:
            told(self, request, f"At most {REPLAYED_AT_ONCE} records at once; narrow the list down.", is_good=False)  # type: ignore[arg-type]
            return None
        hidden = [
            ("action", "replay_selected"),
            ("select_across", request.POST.get("select_across", "0")),
            *((ACTION_CHECKBOX_NAME, str(pk)) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)),
        ]
        records = SyncRecord.objects.filter(pk__in=ids)
        return self._replay_page(request, records, request.get_full_path(), f"Replay {len(ids)} records", hidden)

    def _replay_page(
        self, request: HttpRequest, records: QuerySet[SyncRecord], back: str, title: str, hidden: Any = ()
    ) -> HttpResponse:
        is_asked = request.method == "POST" and "confirmed" in request.POST
        form = OptionalReasonForm(request.POST if is_asked else None)
        touched = touched_by_replay(records)
        can = any(one.is_replayed for one in touched)
        if is_asked and can and form.is_valid():
            done = replay(
                list(records.values_list("pk", flat=True)), by=by_of(request), reason=form.cleaned_data["reason"]
            )
            told(self, request, _said(done))  # type: ignore[arg-type]
            return HttpResponseRedirect(back)
        return confirm_page(
            self,  # type: ignore[arg-type]
            request,
            title=title,
            text=REPLAY_TEXT,
            button="Replay",
            back_url=back,
            form=form if can else None,
            reasons=() if can else ("Nothing of this selection can be replayed.",),
            touched=touched,
            hidden=hidden,
        )

    @action(description="Decide", url_path="decide", permissions=["work"], icon="gavel")
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        record = self.row_or_404(request, object_id)  # type: ignore[attr-defined]
        back = self.page_url("change", record.pk)  # type: ignore[attr-defined]
        holds = list(record.holds.filter(released_at__isnull=True).select_related("problem").order_by("id"))
        codes = problem_codes(record)
        offered = choices_offered(record, codes)
        reasons: tuple[str, ...] = ()
        previews: list[Preview] = []
        if not offered:
            return confirm_page(
                self, request, title=f"Decide {record}", text=record.reason, button="Decide", back_url=back,  # type: ignore[arg-type]
                holds=holds, reasons=("No decision about this record alone would help: mend the cause, then replay.",),
            )  # fmt: skip
        is_sent = request.method == "POST"
        form = DecideForm(
            request.POST if is_sent else None, record=record, codes=codes, candidates=partner_candidates(record)
        )
        is_previewed = False
        if is_sent and form.is_valid():
            if "confirmed" in request.POST:
                try:
                    holds_now = record_choose(
                        record, form.chosen(), by=by_of(request), reason=form.cleaned_data["reason"]
                    )
                except RefusedReplayError as error:
                    reasons = (str(error),)
                else:
                    told(self, request, SAID[holds_now].format(record=record))  # type: ignore[arg-type]
                    return HttpResponseRedirect(back)
            else:
                is_previewed = True
                try:
                    previews = preview_records(record.flow, [record.pk], choices=form.chosen()) if record.flow else []
                except ConnectorError as error:
                    reasons = (f"The entry cannot be shown, as the ledger's facts cannot be read: {error.message}",)
        return confirm_page(
            self,  # type: ignore[arg-type]
            request,
            title=f"Decide {record}",
            text="What you decide holds for this record alone, and is kept with your name and reason.",
            button="Decide",
            back_url=back,
            form=form,
            holds=holds,
            warnings=reasons,
            previews=previews,
            asks_preview=True,
            is_previewed=is_previewed,
        )

    @action(description="Skip", url_path="skip", permissions=["work"], icon="block")
    def skip(self, request: HttpRequest, object_id: str) -> HttpResponse:
        record = self.row_or_404(request, object_id)  # type: ignore[attr-defined]
        back = self.page_url("change", record.pk)  # type: ignore[attr-defined]
        is_sent = request.method == "POST"
        form = ReasonForm(request.POST if is_sent else None)
        reasons: tuple[str, ...] = ()
        if record.state not in (RecordState.HELD, RecordState.FAILED):
            reasons = (f"A record that is {record.get_state_display()} cannot be skipped.",)
        elif is_sent and form.is_valid():
            try:
                record_skip(record, by=by_of(request), reason=form.cleaned_data["reason"])
            except RefusedReplayError as error:
                reasons = (str(error),)
            else:
                told(self, request, f"Skipped: {record}.")  # type: ignore[arg-type]
                return HttpResponseRedirect(back)
        return confirm_page(
            self,  # type: ignore[arg-type]
            request,
            title=f"Skip {record}",
            text="It is not posted, for good, unless somebody replays it. The reason stays with it.",
            button="Skip",
            back_url=back,
            form=None if reasons else form,
            reasons=reasons,
            touched=touched_by_replay(SyncRecord.objects.filter(pk=record.pk)) if not reasons else (),
        )


def _said(done: Replayed) -> str:
    left = ", ".join(f"{number} {label}" for label, number in sorted(done.left_alone.items()))
    return f"{done.records} records are decided anew.{f' Left alone: {left}.' if left else ''}"


def problem_codes(record: SyncRecord) -> list[tuple[str, str]]:
    """The open problems of a record: code, and what a rule would have to give."""
    holds = record.holds.filter(released_at__isnull=True).select_related("problem").order_by("id")
    return [(hold.problem.code, str(hold.problem.facts.get("target", ""))) for hold in holds]


def actions_fitting(record: SyncRecord) -> frozenset[str]:
    """The actions that can do something about a record as it stands."""
    fitting = set()
    if record.state in REPLAYABLE or (record.state == RecordState.RECEIVED and record.due_at):
        fitting.add("replay_one")
    if record.state in (RecordState.HELD, RecordState.FAILED):
        fitting.add("skip")
    if choices_offered(record, problem_codes(record)):
        fitting.add("decide")
    return frozenset(fitting)
