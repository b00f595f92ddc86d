"""What of a month's spending is still held when it is over? Accrued if the flow says so, reversed the next day (G19).

Worked by the post lane as postings of their own: the held record stays held, and its real entry comes when it is free.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from audit.models import Posting, PostingState, RecordState, SyncRecord
from audit.sync.decide import Judge
from audit.sync.frozen import posting_new
from audit.sync.judged import Judged
from audit.sync.keys import document_key
from audit.sync.lanes import Lease
from audit.sync.links import posted_document
from audit.sync.recorder import Cause, Recorder
from connectors.base import Ledger
from connectors.documents import Account, Role
from connectors.models import Connection
from connectors.records import SpendRecord
from mappings.models import Flow
from mappings.translate.accrual import accrual_reversed, accrue
from mappings.translate.context import Draft, Post

PURPOSE = "acc"
BATCH = 100


def month_end_before(day: date) -> date:
    """The last day of the month before a day's."""
    return day.replace(day=1) - timedelta(days=1)


def accruals_work(
    lease: Lease,
    connection: Connection,
    ledger: Ledger,
    flows: Sequence[Flow],
    actor: str,
    *,
    today: date | None = None,
) -> bool:
    """Accrue what is held, once for each record and month, and reverse what was accrued; answers whether there was any.

    Safe to repeat: a record that has its accrual of that month gets no other."""
    worked = False
    for flow in flows:
        if flow.policy.month_end_accrual:
            end = month_end_before(today or datetime.now(UTC).astimezone(ZoneInfo(flow.tenant.time_zone)).date())
            judge = Judge(flow, connection, ledger, actor)
            worked = _accrue(judge, lease, end) or worked
            worked = _reverse(judge, lease) or worked
    return worked


def _accrue(judge: Judge, lease: Lease, end: date) -> bool:
    account = judge.setup.accounts_by_code.get(judge.setup.policies.accrual_account)
    if account is None:
        recorder = Recorder(lease.tenant_id, judge.actor)
        said = f"{judge.flow} accrues at month end, but no account was chosen for it."
        recorder.notice(Cause("missing_role", said, value="accrual_account", flow_id=judge.flow.pk))
        recorder.flush()
        return False
    last, worked = 0, False
    while rows := list(
        SyncRecord.objects.filter(flow=judge.flow, state=RecordState.HELD, posting_on__lte=end, id__gt=last)
        .exclude(postings__purpose=PURPOSE, postings__posting_on=end)
        .order_by("id")[:BATCH]
    ):
        last = rows[-1].pk
        lease.renew()
        judged = judge.judge(rows, preflight=False)
        before = _months_before(rows)
        with lease.commit():
            recorder = Recorder(lease.tenant_id, judge.actor)
            for one in judged:
                if one.known is not None:  # each month's accrual has a key of its own
                    key = document_key(one.base, revision=before[one.row.pk] + 1)
                    one.known = replace(one.known, key=key)
                worked = _intend(judge, one, Account(Role.EXP, account.id, account.code), end, recorder) or worked
            recorder.flush()
    return worked


def _months_before(rows: Sequence[SyncRecord]) -> Counter[int]:
    """How many accruals each record has had."""
    had = Posting.objects.filter(record__in=rows, purpose=PURPOSE, reverses__isnull=True)
    return Counter(
        had.exclude(state__in=[PostingState.REJECTED, PostingState.VOID]).values_list("record_id", flat=True)
    )


def _intend(judge: Judge, one: Judged, account: Account, end: date, recorder: Recorder) -> bool:
    if not isinstance(one.record, SpendRecord) or one.known is None:
        return False
    decision = accrue(one.record, judge.setup, one.known, account=account, on=end)
    if not isinstance(decision, Post):
        return False
    for draft in decision.drafts:
        posting = posting_new(judge, one, draft, decision.rules)
        posting.settle_at = recorder.now
        recorder.intend(posting)
    return bool(decision.drafts)


def _reverse(judge: Judge, lease: Lease) -> bool:
    """Every accrual that is in the books gets its mirror, dated the day after."""
    standing = Posting.objects.filter(
        flow=judge.flow, purpose=PURPOSE, state=PostingState.POSTED, reverses__isnull=True
    ).exclude(reversals__state__in=["intended", "sending", "uncertain", "created", "posted"])
    rows = list(standing.select_related("record").order_by("id")[:BATCH])
    if not rows:
        return False
    with lease.commit():
        recorder = Recorder(lease.tenant_id, judge.actor)
        for original in rows:
            drafts: tuple[Draft, ...] = accrual_reversed(posted_document(original))
            for draft in drafts:
                one = Judged(original.record, judge.base(original.record))
                posting = posting_new(judge, one, draft, ("G19",), reverses=original)
                posting.settle_at = recorder.now
                recorder.intend(posting)
        recorder.flush()
    return True
