"""What does an environment hold whose own job posts journals, and how is that job waited for?

No data entity posts a journal, so a ledger that is to answer *posted* asks again until the job came by."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.base import ConnectionContext, Outcome, OutcomeState, Outgoing
from connectors.dynamics365_fo.ledger import DynamicsLedger

LOOKS = 20  # at most, and evenly, in the time in which the job comes by


@dataclass(frozen=True, slots=True)
class Environment:
    """What one company holds for these tests, by the names that it has there."""

    company: str
    currency: str
    journal: str
    bill_journal: str
    idle_bill_journal: str
    payment_journal: str
    expense: str
    card: str
    tax: str
    money: str
    suspended: str
    foreign: tuple[str, Decimal]
    without_rate: tuple[str, str]
    closed_through: date
    posted_within: float
    """Seconds after which its job came by for sure."""


@dataclass(frozen=True, slots=True)
class Job:
    """What posts there, within so many seconds; `sleep` lets time pass."""

    within: float
    sleep: Callable[[float], object] = time.sleep

    def may_come(self, since: float) -> bool:
        """Let a part of that time pass; False where all of it has passed since then."""
        if time.monotonic() - since > self.within:
            return False
        self.sleep(self.within / LOOKS)
        return True


class WaitingLedger(DynamicsLedger):
    """The ledger, which does not answer before the job came by, or should have. Its own calls are as ever: `watcher` is
    who looks meanwhile."""

    def __init__(self, context: ConnectionContext, watcher: DynamicsLedger, job: Job) -> None:
        super().__init__(context)
        self.watcher, self.job = watcher, job

    def post(self, company: str, batch: Sequence[Outgoing]) -> list[Outcome]:
        return self._waited(company, batch, super().post(company, batch))

    def find(self, company: str, batch: Sequence[Outgoing], *, known: str = "") -> list[Outcome]:
        return self._waited(company, batch, super().find(company, batch, known=known))

    def _waited(self, company: str, batch: Sequence[Outgoing], outcomes: list[Outcome]) -> list[Outcome]:
        since = time.monotonic()
        while waiting := [one for one, its in zip(batch, outcomes, strict=True) if waits_for_job(its)]:
            if not self.job.may_come(since):
                break
            found = {its.key: its for its in self.watcher.find(company, waiting)}
            outcomes = [found.get(its.key, its) for its in outcomes]
        return outcomes


def waits_for_job(outcome: Outcome) -> bool:
    """Whether a document is not in the books yet; what is there and settles nothing waits for a person."""
    is_booked = any(one.code == "not_reconciled" for one in outcome.differences)
    return outcome.state is OutcomeState.CREATED and not is_booked
