"""What of ours, posted long ago, is looked up again because the ledger says that somebody touched it?

A ledger's word is a hint and never data: the document is read, compared with what was sent, and what is otherwise
becomes a problem for a person, the same that the hourly listing would make of it. Nothing is sent, and nothing of it
is taken back by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from itertools import groupby
from operator import or_
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet

from audit.models import Hint, LaneKind, Posting, PostingState, Problem, ProblemState
from audit.sync.frozen import document_of
from audit.sync.hinting import hints_add
from audit.sync.lanes import Lease, database_now, lanes_wake
from audit.sync.read import post_slots
from audit.sync.recorder import Cause, Recorder
from connectors.base import Ledger, Outcome, OutcomeState, Outgoing
from connectors.budget import ConnectionBudget
from connectors.errors import BlockedError, ConnectorError, RetryableError
from connectors.models import Connection

STREAM = ":documents"  # no stream of a source is called so
PROMPT = timedelta(minutes=2)
OURS_FOR = timedelta(seconds=60)  # what a ledger tells of the moment when we wrote it ourselves, clocks being apart
BATCH = 25
AGAIN = timedelta(minutes=10)
GIVEN_UP_AFTER = timedelta(hours=6)  # the hourly listing has seen it by then
KEPT_FOR_POSTING = Decimal("0.2")  # of a day's calls
LATER = timedelta(hours=1)
TOLD = ("changed_in_ledger", "gone_from_ledger", "twice_in_ledger")
NEW_VENDOR = "new_vendor"
LIVE = (PostingState.POSTED, PostingState.CREATED)


class Told(NamedTuple):
    """A ledger's word that the document with this stamp was touched at that moment."""

    connection_id: int
    stamp: str
    touched_at: datetime


def touched_at(changed_at: datetime | None, received_at: datetime) -> datetime:
    """When a document was touched, by the moment that the ledger tells and the one when it told. What is told long
    after the moment it names is news of something else: a deletion does not change when a document was last changed."""
    is_prompt = changed_at is not None and received_at - changed_at < PROMPT
    return changed_at if changed_at and is_prompt else received_at


def recheck_wanted(told: Collection[Told]) -> dict[Told, Posting]:
    """Our posting for each of these words about a document of ours. Strangers' documents, another connection's, and
    what is our own writing, have none. One query, however many were told; changes nothing."""
    stamps: dict[int, set[str]] = {}
    for one in told:
        stamps.setdefault(one.connection_id, set()).add(one.stamp)
    if not stamps:
        return {}
    named = reduce(or_, (Q(ledger=pk, stamp__in=sorted(some)) for pk, some in sorted(stamps.items())))
    rows = Posting.objects.filter(named, state__in=LIVE).select_related("ledger").defer("document", "rules")
    ours = {(row.ledger_id, row.stamp): row for row in rows}
    wanted = {}
    for one in told:
        posting = ours.get((one.connection_id, one.stamp))
        if posting and (posting.state != PostingState.POSTED or not _is_our_writing(posting, one.touched_at)):
            wanted[one] = posting
    return wanted


def recheck_ask(postings: Iterable[Posting]) -> None:
    """Have them looked up again soon. To be called inside a transaction; in one order for everybody, and lanes before
    postings, as who works a lane takes them."""
    listed = [one for _, one in sorted({one.pk: one for one in postings}.items())]
    created = [one for one in listed if one.state == PostingState.CREATED]
    posted = [one for one in listed if one.state == PostingState.POSTED]
    for ledger in sorted({one.ledger for one in created}, key=lambda one: one.pk):
        lanes_wake(ledger.pk, LaneKind.POST, slots=range(post_slots(ledger)))
    for ledger_id in sorted({one.ledger_id for one in posted}):
        lanes_wake(ledger_id, LaneKind.TELL)
    if created:  # they may be in the books by now: the post lane settles them as it does by the clock
        waiting = Posting.objects.filter(pk__in=[one.pk for one in created], state=PostingState.CREATED).order_by("pk")
        held = list(waiting.select_for_update(no_key=True).values_list("pk", flat=True))
        Posting.objects.filter(pk__in=held).update(settle_at=database_now())
    hints_add((one.tenant_id, one.ledger_id, STREAM, one.stamp) for one in posted)


def recheck_due(connection: Connection) -> datetime | None:
    """When a document is to be looked up next."""
    rows = _open(connection).order_by("due_at").values_list("due_at", flat=True)
    return rows.first()


def recheck_work(lease: Lease, connection: Connection, ledger: Ledger, actor: str) -> None:
    """Look up one batch. Raises RetryableError and BlockedError; safe to repeat.

    Late in a day whose calls are counted it waits: they are for posting."""
    hints = list(_open(connection).filter(due_at__lte=database_now()).order_by("due_at", "id")[:BATCH])
    if not hints:
        return
    left = ConnectionBudget(connection).left()
    if left and left[0] < left[1] * KEPT_FOR_POSTING:
        Hint.objects.filter(id__in=[one.pk for one in hints]).update(due_at=database_now() + LATER)
        return
    asked_at = database_now()
    postings = sorted(
        Posting.objects.filter(
            ledger=connection, stamp__in=[one.external_id for one in hints], state=PostingState.POSTED,
            reverses=None, settles=[],
        ).prefetch_related("record"),
        key=lambda one: (one.company, one.pk),
    )  # fmt: skip
    unclear: set[str] = set()
    for company, group in groupby(postings, key=lambda one: one.company):
        some = list(group)
        lease.renew(ledger.write_timeout.total_seconds())
        try:
            outcomes = _found(ledger, connection, company, some)
        except (RetryableError, BlockedError):
            raise
        except ConnectorError:
            unclear |= {one.stamp for one in some}
            continue
        with lease.commit():
            recorder = Recorder(connection.tenant_id, actor)
            for posting, outcome in zip(some, outcomes, strict=True):
                _conclude(posting, outcome, recorder)
                if outcome.state is OutcomeState.UNCERTAIN:
                    unclear.add(posting.stamp)
            recorder.flush()
    _finish(hints, unclear, asked_at)


def _found(ledger: Ledger, connection: Connection, company: str, postings: Sequence[Posting]) -> list[Outcome]:
    """Raises LookupBlindError where an absence cannot be believed: the same search does not show another one either."""
    others = Posting.objects.filter(ledger=connection, company=company, state=PostingState.POSTED)
    others = others.exclude(document_type=NEW_VENDOR).exclude(id__in=[one.pk for one in postings])
    known = others.order_by("-id").values_list("stamp", flat=True).first() or ""
    batch = [Outgoing(one.key, one.stamp, document_of(one), one.entry_id) for one in postings]
    return ledger.find(company, batch, known=known)


def _conclude(posting: Posting, outcome: Outcome, recorder: Recorder) -> None:
    """A problem where the ledger shows it otherwise; those that there are end where it shows it as it was sent."""
    name, said = posting.number or posting.key, ""
    code = "changed_in_ledger"
    if outcome.state is OutcomeState.ABSENT:
        code, said = "gone_from_ledger", f"{name} was posted and the ledger does not show it any more."
    elif outcome.state is OutcomeState.TWICE:
        code = "twice_in_ledger"
        said = f"{posting.stamp} stands {len(outcome.duplicates)} times: {', '.join(outcome.duplicates)}."
    elif outcome.state is OutcomeState.CANCELLED:
        said = f"{name} was cancelled in the ledger."
    elif outcome.state is OutcomeState.CREATED:
        said = f"{name} was taken out of the books: the ledger shows it, and has not posted it."
    elif outcome.state is OutcomeState.POSTED and outcome.differences:
        changes = " ".join(dict.fromkeys(one.message for one in outcome.differences))
        said = f"{name} was changed in the ledger: {changes}"
    if said:
        cause = Cause(code, said, value=posting.stamp, connection_id=posting.ledger_id)
        recorder.notice(cause, record_id=posting.record_id)
    elif outcome.state is OutcomeState.POSTED:
        rows = Problem.objects.filter(
            tenant_id=posting.tenant_id, connection_id=posting.ledger_id, state=ProblemState.OPEN, code__in=TOLD,
            facts__value=posting.stamp,
        )  # fmt: skip
        recorder.solve(list(rows.values_list("id", flat=True)), "The ledger shows it as it was sent.")


def _finish(hints: Sequence[Hint], unclear: set[str], asked_at: datetime) -> None:
    """What was told again meanwhile is looked up again; what got no answer too, for some hours."""
    with transaction.atomic():
        later = [one.pk for one in hints if one.external_id in unclear and one.created_at > asked_at - GIVEN_UP_AFTER]
        rows = Hint.objects.filter(id__in=[one.pk for one in hints], done_at__isnull=True, created_at__lte=asked_at)
        rows.filter(id__in=later).update(due_at=asked_at + AGAIN)
        rows.exclude(id__in=later).update(done_at=asked_at)


def _open(connection: Connection) -> QuerySet[Hint]:
    return Hint.objects.filter(connection=connection, stream=STREAM, done_at__isnull=True)


def _is_our_writing(posting: Posting, at: datetime) -> bool:
    return posting.posted_at is not None and at <= posting.posted_at + OURS_FOR
