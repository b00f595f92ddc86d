"""What do people ask of records, postings and problems? Queries only, each a number of them that does not grow."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Min, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, prefetch_related_objects
from django.db.models.functions import Abs, Coalesce

from audit.models import (
    AuditEvent,
    FollowUp,
    Hold,
    Lane,
    Posting,
    Problem,
    ProblemState,
    RecordState,
    RecordVersion,
    Sighting,
    SyncRecord,
    SyncRun,
)
from audit.sync.changes import OF_VERSION
from audit.sync.intake import parse
from audit.sync.lanes import database_now
from audit.sync.links import TWIN_DAYS
from audit.sync.replay import PROPOSED, REPLAYABLE
from connectors.documents import document_from_json
from connectors.money import MoneyError, exponent
from connectors.records import SpendRecord
from connectors.registry import connector_get
from mappings.models import MappingRule
from mappings.translate.journal_text import render_journal

EVENTS_SHOWN = 200
CANDIDATES_SHOWN = 25
STUCK_AFTER = timedelta(minutes=15)
RULE_NAMED = re.compile(r"\bbecause rule (\d+):")

Money = Mapping[str, Decimal]


@dataclass(slots=True)
class Waiting:
    """What waits on a problem: records, money by currency without regard to signs, and since when."""

    records: int = 0
    money: dict[str, Decimal] = field(default_factory=dict)
    since: datetime | None = None


def waiting_on(problem_ids: Iterable[int]) -> dict[int, Waiting]:
    """What waits on each of these problems, from their open holds. One query."""
    found: dict[int, Waiting] = defaultdict(Waiting)
    rows = (
        Hold.objects.filter(problem_id__in=list(problem_ids), released_at__isnull=True)
        .values("problem_id", "record__currency")
        .annotate(records=Count("id"), money=Sum(Abs("record__amount")), since=Min("opened_at"))
        .order_by("problem_id", "record__currency")
    )
    for row in rows:
        waiting = found[row["problem_id"]]
        waiting.records += row["records"]
        if row["money"] is not None and row["record__currency"]:
            waiting.money[row["record__currency"]] = row["money"]
        waiting.since = min(waiting.since or row["since"], row["since"])
    return dict(found)


def by_waiting(problems: QuerySet[Any]) -> QuerySet[Any]:
    """Problems with `waiting_count`, so that a list can begin with the one that holds most records."""
    counts = (
        Hold.objects.filter(problem=OuterRef("pk"), released_at__isnull=True)
        .order_by()
        .values("problem")
        .annotate(number=Count("*"))
        .values("number")
    )
    counted: QuerySet[Any] = problems.annotate(waiting_count=Coalesce(Subquery(counts), 0))
    return counted


def waiting_records(problem: Problem) -> QuerySet[SyncRecord]:
    """The records that wait on a problem, the longest waiting first."""
    return SyncRecord.objects.filter(holds__problem=problem, holds__released_at__isnull=True).order_by(
        "holds__opened_at", "id"
    )


@dataclass(frozen=True, slots=True)
class Touched:
    """Records of one state that an action was asked for."""

    state: str
    label: str
    records: int
    money: Money
    is_replayed: bool


def touched_by_replay(records: QuerySet[SyncRecord]) -> list[Touched]:
    """What a replay of these records would decide anew, and what it leaves alone, with counts and money. One query."""
    rows = (
        records.order_by()
        .annotate(is_due=Q(due_at__isnull=False))
        .values("state", "currency", "is_due")
        .annotate(number=Count("id"), money=Sum(Abs("amount")))
        .values_list("state", "currency", "is_due", "number", "money")
    )
    found: dict[tuple[str, bool], tuple[int, dict[str, Decimal]]] = {}
    for state, currency, is_due, number, money in rows:
        is_replayed = state in REPLAYABLE or (state == RecordState.RECEIVED and is_due)
        count, sums = found.get((state, is_replayed), (0, {}))
        if currency and money is not None:
            sums[currency] = sums.get(currency, Decimal(0)) + money
        found[state, is_replayed] = count + number, sums
    order = {state: place for place, state in enumerate(RecordState.values)}
    return [
        Touched(state, RecordState(state).label, count, sums, is_replayed)
        for (state, is_replayed), (count, sums) in sorted(
            found.items(), key=lambda one: (not one[0][1], order[one[0][0]])
        )
    ]


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line of a frozen document with what led to it."""

    account: str
    role: str
    side: str
    amount: Decimal
    because: tuple[str, ...]
    rules: tuple[MappingRule, ...]


@dataclass(frozen=True, slots=True)
class ShownPosting:
    """A posting with its document as an accountant reads it, and the reasons behind each of its lines."""

    row: Posting
    journal: str
    lines: tuple[ShownLine, ...]
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True)
class RecordStory:
    """Everything about one record, from its source to the ledger and back."""

    record: SyncRecord
    versions: Sequence[RecordVersion]
    postings: Sequence[ShownPosting]
    holds: Sequence[Hold]
    follow_ups: Sequence[FollowUp]
    witnesses: Sequence[SyncRecord]
    events: Sequence[AuditEvent]
    has_more_events: bool


def record_story(record: SyncRecord) -> RecordStory:
    """The story of a record, without its payloads. Eight queries, whatever the record went through."""
    postings = list(record.postings.select_related("ledger", "flow", "reverses").order_by("id"))
    events = list(AuditEvent.objects.filter(record_id=record.pk).order_by("-id")[: EVENTS_SHOWN + 1])
    return RecordStory(
        record=record,
        versions=list(record.versions.defer("payload").order_by("-number")[:50]),
        postings=postings_shown(postings),
        holds=list(record.holds.select_related("problem", "problem__owner").order_by("-id")[:50]),
        follow_ups=list(record.follow_ups.select_related("connection").order_by("id")),
        witnesses=list(record.witnesses.order_by("id")[:50]),
        events=list(reversed(events[:EVENTS_SHOWN])),
        has_more_events=len(events) > EVENTS_SHOWN,
    )


def postings_shown(postings: Sequence[Posting]) -> list[ShownPosting]:
    """Postings with journals, the rules that their lines name, and what the ledger showed. Three queries."""
    prefetch_related_objects(postings, Prefetch("reversals", queryset=Posting.objects.only("key", "reverses_id")))
    reasons = {int(number) for one in postings for number in RULE_NAMED.findall(str(_because(one.document)))}
    tenants = {one.tenant_id for one in postings}
    rules = {
        rule.pk: rule
        for rule in MappingRule.objects.filter(pk__in=reasons, tenant__in=tenants).select_related("created_by", "value")
    }
    sightings: dict[tuple[int, str], list[Sighting]] = defaultdict(list)
    seen = Sighting.objects.filter(
        ledger__in={one.ledger_id for one in postings}, stamp__in=[one.stamp for one in postings], tenant__in=tenants
    )
    for sighting in seen.order_by("id"):
        sightings[sighting.ledger_id, sighting.stamp].append(sighting)
    return [
        ShownPosting(
            one,
            journal_of(one.document),
            _lines(one.document, rules),
            tuple(sightings[one.ledger_id, one.stamp]),
        )
        for one in postings
    ]


def journal_of(document: dict[str, Any]) -> str:
    """A frozen document as journal text; what cannot be read says so instead of hiding the rest of the page."""
    try:
        return render_journal(document_from_json(document))
    except (ValueError, KeyError) as error:
        return f"The stored document cannot be read: {type(error).__name__}.\n"


def _because(document: Mapping[str, Any]) -> list[str]:
    lines = document.get("lines") or ()
    return [str(reason) for line in lines for reason in line.get("because") or ()]


def _lines(document: Mapping[str, Any], rules: Mapping[int, MappingRule]) -> tuple[ShownLine, ...]:
    shown = []
    for line in document.get("lines") or ():
        account = line.get("account") or {}
        reasons = tuple(str(reason) for reason in line.get("because") or ())
        numbers = [int(number) for reason in reasons for number in RULE_NAMED.findall(reason)]
        shown.append(
            ShownLine(
                account=str(account.get("code") or account.get("id", "")),
                role=str(account.get("role", "")),
                side=str(line.get("side", "")),
                amount=Decimal(str(line.get("amount", "0"))),
                because=reasons,
                rules=tuple(rules[number] for number in numbers if number in rules),
            )
        )
    return tuple(shown)


def decided_of(record: SyncRecord) -> dict[str, str]:
    """What people decided for a record, by what was asked."""
    return {name: str(value) for name, value in record.choices.items() if name not in (PROPOSED, OF_VERSION)}


def proposal_of(record: SyncRecord) -> str:
    """What waits for a second person, in a sentence; empty if nothing does. Said of another version it is void."""
    proposed = record.choices.get(PROPOSED) or {}
    if not proposed or proposed.get("version") != record.version:
        return ""
    what = ", ".join(f"{name.replace('_', ' ')} = {value}" for name, value in proposed.get("choices", {}).items())
    return f"Waiting for a second person to decide the same: {what}, as {proposed['by']} did: {proposed['reason']}"


def partner_candidates(record: SyncRecord) -> list[SyncRecord]:
    """Records of the same source that may belong to this one: sharing an id, or the same amount on a near day."""
    near = Q()
    if record.links:
        near |= Q(links__overlap=record.links)
    if record.amount is not None and record.posting_on is not None:
        near |= Q(
            currency=record.currency,
            amount__in=[record.amount, -record.amount],
            posting_on__range=(record.posting_on - TWIN_DAYS, record.posting_on + TWIN_DAYS),
        )
    if not near:
        return []
    rows = SyncRecord.objects.filter(near, tenant_id=record.tenant_id, connection_id=record.connection_id)
    return list(rows.exclude(pk=record.pk).order_by("posting_on", "id")[:CANDIDATES_SHOWN])


@dataclass(frozen=True, slots=True)
class StateSum:
    """Records of one state: how many, and their money by currency."""

    state: str
    label: str
    records: int
    money: Money


def states_with_money(tenant_ids: Sequence[int] | None) -> list[StateSum]:
    """Records by state with money, of these tenants (None: of all). One query."""
    rows = SyncRecord.objects.all() if tenant_ids is None else SyncRecord.objects.filter(tenant_id__in=tenant_ids)
    counts: dict[str, int] = defaultdict(int)
    money: dict[str, dict[str, Decimal]] = defaultdict(dict)
    grouped = rows.order_by().values_list("state", "currency").annotate(number=Count("id"), total=Sum("amount"))
    for state, currency, number, total in grouped:
        counts[state] += number
        if currency and total is not None:
            money[state][currency] = total
    return [
        StateSum(state, label, counts[state], dict(sorted(money[state].items())))
        for state, label in RecordState.choices
    ]


def problems_by_waiting(tenant_ids: Sequence[int] | None, limit: int) -> list[tuple[Problem, Waiting]]:
    """The open problems that hold the most records, with their money. Two queries."""
    rows = Problem.objects.filter(state=ProblemState.OPEN)
    if tenant_ids is not None:
        rows = rows.filter(tenant_id__in=tenant_ids)
    problems = list(by_waiting(rows).select_related("owner", "flow", "tenant").order_by("-waiting_count", "id")[:limit])
    waiting = waiting_on(problem.pk for problem in problems)
    return [(problem, waiting.get(problem.pk, Waiting())) for problem in problems]


def runs_latest(tenant_ids: Sequence[int] | None, limit: int) -> list[SyncRun]:
    """The newest runs. One query."""
    rows = SyncRun.objects.select_related("flow", "connection", "tenant")
    if tenant_ids is not None:
        rows = rows.filter(tenant_id__in=tenant_ids)
    return list(rows.order_by("-started_at", "-id")[:limit])


def amount_as_spent(record: SyncRecord) -> str:
    """The amount in the currency it was spent in, from the stored payload; empty where the source tells none.

    A payload that cannot be read tells none: its page is the one that must open. One query."""
    payload = record.versions.filter(number=record.version).values_list("payload", flat=True).first()
    try:
        parsed = parse(connector_get(record.connection.vendor), record.stream, payload) if payload is not None else None
    except Exception:
        return ""
    original = parsed.original if isinstance(parsed, SpendRecord) else None
    return money_of(original.amount, original.currency) if original else ""


def days_of(record: SyncRecord) -> list[tuple[str, date | datetime | None]]:
    """All dates that are kept of a record, with what each is."""
    return [
        ("Posting day", record.posting_on),
        ("On the paper", record.document_on),
        ("First seen", record.first_seen_at),
        ("Changed", record.changed_at),
        ("Looked at again", record.due_at),
    ]


def money_text(money: Money) -> str:
    """`1,234.50 USD · 80 JPY`; a dash for none."""
    return (
        " · ".join(f"{amount_text(amount, currency)} {currency}" for currency, amount in sorted(money.items())) or "-"
    )


def money_of(amount: Decimal, currency: str) -> str:
    """`1,234.50 USD`."""
    return f"{amount_text(amount, currency)} {currency}"


def amount_text(amount: Decimal, currency: str) -> str:
    """An amount as people read it: thousands apart, as many decimals as the currency has, more where it has more."""
    try:
        places = exponent(currency)
    except MoneyError:
        places = 2
    rounded = round(amount, places)
    return f"{rounded if rounded == amount else amount.normalize():,f}"


def stuck_lanes(tenant_ids: Sequence[int] | None) -> QuerySet[Lane]:
    """Lanes of usable connections that have been due for a quarter of an hour and were not served since."""
    now = database_now()
    rows = Lane.objects.filter(
        Q(served_at__isnull=True) | Q(served_at__lt=F("due_at")),
        due_at__lt=now - STUCK_AFTER,
        connection__state__in=["new", "ok"],
    ).select_related("connection", "tenant")
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)
