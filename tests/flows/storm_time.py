"""How does time pass in a storm? What waits for minutes waits for seconds, and nobody alive loses what he holds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models.functions import Now

from audit.demo.watching import standing
from audit.models import FollowUp, Lane, LaneKind, Posting, PostingState, SyncRecord
from audit.sync.replay import posting_declare_absent
from connectors.models import Connection
from connectors.services import connection_ledger
from tests.flows.storm_faults import LATE_SECONDS

if TYPE_CHECKING:
    from tests.flows.storm_count import Company
    from tests.flows.storm_faults import Storm

LOOKS_AT_REST = 4
NUDGE_SECONDS = 1.5
LOOKED_UP_AFTER = timedelta(seconds=2 + LATE_SECONDS)  # by then no call of before is under way any more


@dataclass(slots=True)
class Hurry:
    """One company at work. The killed are buried as they die, and the person who is asked looks into the ledger."""

    company: Company
    storm: Storm
    declared_absent: int = 0
    quiet: int = 0
    _buried: int = 0
    _nudged: float = field(default_factory=time.monotonic)
    _ledger: Connection = field(init=False)
    _settling: timedelta = field(init=False)

    def __post_init__(self) -> None:
        rows = Connection.objects.select_related("tenant", "credential")
        self._ledger = rows.get(tenant__slug=self.company.slug, name=self.company.ledger)
        self._settling = connection_ledger(self._ledger).settling_time

    def look(self) -> bool:
        """A moment passes; answers whether a few looks in a row found nothing to do."""
        self._bury()
        self._look_up_soon()
        is_followed = FollowUp.objects.filter(tenant=self._ledger.tenant, state="due").exists()
        if time.monotonic() > self._nudged + NUDGE_SECONDS:
            self._nudged = time.monotonic()
            self._nudge(is_followed)
        is_at_rest = standing([self._ledger.tenant]).is_at_rest and not is_followed
        self.quiet = self.quiet + 1 if is_at_rest else 0
        return self.quiet >= LOOKS_AT_REST

    def open_rows(self) -> dict[str, list[Any]]:
        """What is not at rest, for whoever gave up."""
        of_tenant = {"tenant": self._ledger.tenant}
        rows = Posting.objects.filter(ledger=self._ledger).exclude(state="posted")
        return {
            "postings": list(rows.values_list("key", "state", "error", "settle_at")[:20]),
            "follow_ups": list(FollowUp.objects.filter(state="due", **of_tenant).values()[:5]),
            "lanes": list(Lane.objects.filter(**of_tenant).values()),
            "connections": list(Connection.objects.filter(**of_tenant).values("name", "state", "reason")),
        }

    def _lanes(self, *kinds: LaneKind) -> None:
        """Due now; a worker that holds one looks again."""
        Lane.objects.filter(tenant=self._ledger.tenant, kind__in=kinds).update(due_at=Now())

    def _bury(self) -> None:
        """The lease of a killed process ends: it held the only lane of its kind, and it is surely dead."""
        for kill in self.storm.kills[self._buried :]:
            kind = LaneKind.TELL if kill.is_attachment else LaneKind.POST
            held = Lane.objects.filter(connection=self._ledger, kind=kind, lease_until__gt=Now())
            held.update(lease_until=Now(), due_at=Now())
            self._buried += 1

    def _look_up_soon(self) -> None:
        """What nobody knows the outcome of is looked up in seconds."""
        uncertain = Posting.objects.filter(ledger=self._ledger, state=PostingState.UNCERTAIN, settle_at__gt=Now())
        if uncertain.filter(settle_at__lt=Now() + self._settling - LOOKED_UP_AFTER).update(settle_at=Now()):
            self._lanes(LaneKind.POST)

    def _nudge(self, is_followed: bool) -> None:
        """Waiting times end, and what a person is asked is answered."""
        tenant = self._ledger.tenant
        Connection.objects.filter(tenant=tenant).update(closed_until=None)
        self._answer()
        if not SyncRecord.objects.filter(tenant=tenant, state="received", due_at__lte=Now()).exists():
            states = [PostingState.INTENDED, PostingState.CREATED]
            waiting = Posting.objects.filter(ledger=self._ledger, state__in=states, settle_at__gt=Now())
            if waiting.update(settle_at=Now()):
                self._lanes(LaneKind.POST)
        if is_followed:
            FollowUp.objects.filter(tenant=tenant, state="due", due_at__gt=Now()).update(due_at=Now())
            self._lanes(LaneKind.TELL)

    def _answer(self) -> None:
        """A document that was looked for twice in vain: a person looks himself, and says so only if it is not there."""
        asked = Posting.objects.filter(ledger=self._ledger, state=PostingState.UNCERTAIN, absences__gte=2)
        asked = list(asked.filter(settle_at=None).select_related("record"))
        there = {one.stamp for one in self.company.held()} if asked else set()
        for one in asked:
            if one.stamp not in there:
                posting_declare_absent(one, by="storm", reason="It is not in the ledger.")
                self.declared_absent += 1
