"""Which problem does a cause open or join, which records wait on it, and when is it solved?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit.models import Hold, Problem, ProblemState
from audit.sync.keys import fingerprint


@dataclass(frozen=True, slots=True)
class Cause:
    """What opens or joins a problem: `code`, `scope` and `value` make it one with its like."""

    code: str
    message: str
    value: str = ""
    scope: str = ""
    advice: str = ""
    flow_id: int | None = None
    connection_id: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def fingerprint(self, tenant_id: int) -> str:
        return fingerprint(tenant_id, self.code, self.connection_id or "", self.flow_id or "", self.scope, self.value)


@dataclass(frozen=True, slots=True)
class Problems:
    """The problems of one tenant, as the recorder writes them: inside its transaction, with its events."""

    tenant_id: int
    actor: str
    now: datetime
    event: Callable[..., None]

    def hold(
        self, settled: AbstractSet[int], causes: Mapping[int, Sequence[Cause]], moved_on: AbstractSet[int]
    ) -> None:
        """Make each settled record's open holds agree with its causes; solve problems on which nothing waits."""
        problems = self.opened([cause for some in causes.values() for cause in some])
        wanted = {
            (record_id, problems[cause.fingerprint(self.tenant_id)])
            for record_id, some in causes.items()
            for cause in some
        }
        open_holds = {
            (hold.record_id, hold.problem_id): hold
            for hold in Hold.objects.filter(record_id__among=settled, released_at__isnull=True)
        }
        released = [hold for pair, hold in open_holds.items() if pair not in wanted and hold.record_id in moved_on]
        if released:
            Hold.objects.filter(id__in=[hold.pk for hold in released]).update(released_at=self.now)
            self._solve_idle({hold.problem_id for hold in released})
        Hold.objects.bulk_create(
            [
                Hold(tenant_id=self.tenant_id, record_id=record_id, problem_id=problem_id, opened_at=self.now)
                for record_id, problem_id in sorted(wanted - open_holds.keys())
            ],
            ignore_conflicts=True,
        )

    def opened(self, causes: Iterable[Cause]) -> dict[str, int]:
        """Fingerprint to id of the open problems of these causes, opened where they are missing."""
        by_print = {cause.fingerprint(self.tenant_id): cause for cause in causes}
        if not by_print:
            return {}
        found = self._open(by_print)
        missing = [print_ for print_ in sorted(by_print) if print_ not in found]
        if missing:
            Problem.objects.bulk_create(
                [self._made(print_, by_print[print_]) for print_ in missing], ignore_conflicts=True
            )
            found = self._open(by_print)
            for print_ in missing:
                self.event("problem.opened", by_print[print_].message, subject="problem", subject_id=found[print_])
        return found

    def _made(self, print_: str, cause: Cause) -> Problem:
        return Problem(
            tenant_id=self.tenant_id,
            code=cause.code,
            fingerprint=print_,
            message=cause.message,
            advice=cause.advice,
            facts={"value": cause.value, **cause.facts},
            flow_id=cause.flow_id,
            connection_id=cause.connection_id,
            opened_at=self.now,
        )

    def _open(self, prints: Iterable[str]) -> dict[str, int]:
        """The row locks keep a problem from being solved between this look and the hold on it."""
        rows = (
            Problem.objects.select_for_update(of=("self",), no_key=True)
            .filter(tenant_id=self.tenant_id, fingerprint__in=list(prints), state=ProblemState.OPEN)
            .order_by("id")
        )
        return {problem.fingerprint: problem.pk for problem in rows}

    def _solve_idle(self, problem_ids: set[int]) -> None:
        held = Hold.objects.filter(problem_id__in=problem_ids, released_at__isnull=True)
        busy = set(held.values_list("problem_id", flat=True))
        self.solve(problem_ids - busy, "Nothing waits on it any more.")

    def solve(self, problem_ids: Iterable[int], resolution: str) -> None:
        """Solve these problems, those that are open still, at once."""
        rows = Problem.objects.select_for_update().filter(id__among=problem_ids, state=ProblemState.OPEN)
        for problem in rows.order_by("id"):
            problem.state, problem.solved_at, problem.solved_by = ProblemState.SOLVED, self.now, self.actor
            problem.resolution = problem.resolution or resolution
            problem.save(update_fields=["state", "solved_at", "solved_by", "resolution"])
            self.event("problem.solved", problem.message, subject="problem", subject_id=problem.pk)
