"""What must be mended, how much waits on it, and who looks after it? One cause with its records, not N errors."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.timesince import timesince
from unfold.decorators import action, display

from audit.admin.base import FactAdmin, by_of, linked
from audit.admin.confirmed import confirm_page, told
from audit.admin.filters import FlowFilter, OpenFirst
from audit.admin.forms import AssignForm, ResolutionForm
from audit.admin.mapping import Gap, MapsGaps
from audit.looks import PROBLEM_COLOURS
from audit.models import Hold, MappingGap, Problem, ProblemState
from audit.selectors import Waiting, by_waiting, money_text, touched_by_replay, waiting_on, waiting_records
from audit.sync.assign import problem_assign
from audit.sync.replay import problem_solve
from mappings.errors import PROBLEM_CODES

RECORDS_SHOWN = 25


class WaitingList(ChangeList):
    """A page of problems with what waits on each, counted for the page in one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        waiting = waiting_on(problem.pk for problem in self.result_list)
        for problem in self.result_list:
            problem.waiting = waiting.get(problem.pk, Waiting())


class ProblemPages(MapsGaps, FactAdmin):
    """What problems and gaps share."""

    list_display = ("shown_message", "shown_state", "waiting_number", "waiting_money", "oldest", "owner", "flow")
    list_filter: Any = ("tenant", OpenFirst, FlowFilter, "code")
    list_select_related = ("owner", "flow", "connection")
    search_fields = ("message", "facts__value")
    actions_detail = ("map", "solve", "assign")
    actions = ("take_selected",)
    change_form_outer_before_template = "audit/problem.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return by_waiting(super().get_queryset(request)).order_by("-waiting_count", "-id")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WaitingList

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        problem = self.row_or_404(request, object_id)
        context = {"title": str(problem), **self.facts_of(problem), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def facts_of(self, problem: Problem) -> dict[str, Any]:
        """What a problem's page shows of it."""
        return {
            "problem": problem,
            "meaning": PROBLEM_CODES.get(problem.code, ""),
            "waiting": waiting_on([problem.pk]).get(problem.pk, Waiting()),
            "records": list(waiting_records(problem).select_related("flow")[:RECORDS_SHOWN]),
            "facts": [
                (name, value)
                for name, value in problem.facts.items()
                if value and value != problem.message and name != "traceback"
            ],
            "traceback": problem.facts.get("traceback", ""),
            "state_colour": PROBLEM_COLOURS[problem.state],
            "gap": Gap.of(problem) if problem.state == ProblemState.OPEN else None,
        }

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only the buttons that can do something now."""
        problem = self.row_or_404(request, str(object_id))
        if problem.state != ProblemState.OPEN:
            return []
        unfit = () if Gap.of(problem) else ("map",)
        offered = super().get_actions_detail(request, object_id)
        return [one for one in offered if one.method.original_function_name not in unfit]

    # --- columns

    @display(description="Problem", header=True, ordering="message")
    def shown_message(self, problem: Problem) -> tuple[str, str]:
        text = str(problem)
        return (f"{text[:110]}…" if len(text) > 110 else text, PROBLEM_CODES.get(problem.code, problem.code))

    @display(description="State", label=PROBLEM_COLOURS, ordering="state")
    def shown_state(self, problem: Problem) -> str:
        return problem.get_state_display()

    @admin.display(description="Records", ordering="waiting_count")
    def waiting_number(self, problem: Any) -> int:
        number: int = problem.waiting.records
        return number

    @admin.display(description="Money waiting")
    def waiting_money(self, problem: Any) -> str:
        return format_html('<span class="mlc-amount">{}</span>', money_text(problem.waiting.money))

    @admin.display(description="Oldest")
    def oldest(self, problem: Any) -> str:
        since = problem.waiting.since
        return timesince(since, depth=1) if since else "-"

    # --- what can be done

    @action(description="Solve and replay", url_path="solve", permissions=["work"], icon="task_alt")
    def solve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        problem = self.row_or_404(request, object_id)
        back = self.page_url("change", problem.pk)
        form = ResolutionForm(request.POST if request.method == "POST" else None)
        reasons = () if problem.state == ProblemState.OPEN else ("It is solved already.",)
        if not reasons and request.method == "POST" and form.is_valid():
            freed = problem_solve(problem, by=by_of(request), resolution=form.cleaned_data["reason"])
            told(self, request, f"Solved; {freed} records are decided anew.")
            return HttpResponseRedirect(back)
        return confirm_page(
            self,
            request,
            title="Solve and replay",
            text=f"{problem.message} - the records that wait on it are decided anew. "
            "If the cause is still there, they come back to it.",
            button="Solve and replay",
            back_url=back,
            form=None if reasons else form,
            reasons=reasons,
            touched=touched_by_replay(waiting_records(problem)),
        )

    @action(description="Assign", url_path="assign", permissions=["work"], icon="person")
    def assign(self, request: HttpRequest, object_id: str) -> HttpResponse:
        problem = self.row_or_404(request, object_id)
        back = self.page_url("change", problem.pk)
        form = AssignForm(request.POST if request.method == "POST" else None, problem=problem)
        if request.method == "POST" and form.is_valid():
            problem_assign(problem, owner=form.cleaned_data["owner"], by=by_of(request))
            told(self, request, f"{form.cleaned_data['owner'] or 'Nobody'} looks after it now.")
            return HttpResponseRedirect(back)
        return confirm_page(
            self, request, title="Assign", text=problem.message, button="Assign", back_url=back, form=form
        )

    @admin.action(description="Look after the selected problems myself", permissions=["work"])
    def take_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        mine = list(self.rows_with_role(request, queryset, self.work_roles))
        for problem in mine:
            problem_assign(problem, owner=request.user, by=by_of(request))
        told(self, request, f"You look after {len(mine)} problems now.")


@admin.register(Problem)
class ProblemAdmin(ProblemPages):
    """All problems."""


@admin.register(MappingGap)
class MappingGapAdmin(ProblemPages):
    """Values that no rule leads anywhere, those that hold most records first."""

    list_filter = ("tenant", OpenFirst, FlowFilter)


@admin.register(Hold)
class HoldAdmin(FactAdmin):
    """Which record waited on which problem, and when it was freed."""

    list_display = ("record", "problem", "opened_at", "released_at")
    list_filter = ("tenant", ("released_at", admin.EmptyFieldListFilter))
    list_select_related = ("record", "problem")
    search_fields = ("record__external_id",)
    ordering = ("-id",)
    fields = ("record_link", "problem_link", "opened_at", "released_at")
    readonly_fields = fields

    @admin.display(description="Record")
    def record_link(self, hold: Hold) -> str:
        return linked(hold.record)

    @admin.display(description="Problem")
    def problem_link(self, hold: Hold) -> str:
        return linked(hold.problem)
