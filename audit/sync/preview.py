"""What would records become under other rules, or by another decision? Stored payloads translated twice.

Nothing is written, and of the ledger only its facts (locks, rates) are read, once for both translations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import cast

from audit.models import SyncRecord
from audit.sync.decide import Judge
from audit.sync.judged import Judged, describe
from audit.sync.vendors import vendors_pending
from connectors.base import Ledger, LedgerFacts, StandingBill
from connectors.services import connection_ledger
from mappings.models import Flow
from mappings.resolver import RuleRow
from mappings.setup import setup_with_rules
from mappings.translate import render_journal
from mappings.translate.context import Post, Setup
from mappings.vendors import LedgerPartnerBook

PREVIEWS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What translation says of a record: in a sentence, and its documents as journals."""

    sentence: str
    journal: str = ""

    @property
    def text(self) -> str:
        return f"{self.sentence}\n\n{self.journal}" if self.journal else self.sentence


@dataclass(frozen=True, slots=True)
class Preview:
    """One record, today and as it would be."""

    record: SyncRecord
    before: Answer
    after: Answer

    @property
    def is_changed(self) -> bool:
        return self.before != self.after


@dataclass(slots=True)
class FactsOnly:
    """A ledger that can only be asked what it knows; asked twice for the same, it answers from memory."""

    ledger: Ledger
    known: dict[tuple[str, frozenset[tuple[str, date]]], LedgerFacts] = field(default_factory=dict)
    known_bills: dict[tuple[str, tuple[str, ...]], list[StandingBill]] = field(default_factory=dict)

    def facts(self, company: str, rates: frozenset[tuple[str, date]]) -> LedgerFacts:
        if (company, rates) not in self.known:
            self.known[company, rates] = self.ledger.facts(company, rates)
        return self.known[company, rates]

    def bills(self, company: str, numbers: Sequence[str]) -> list[StandingBill]:
        wanted = tuple(numbers)
        if (company, wanted) not in self.known_bills:
            self.known_bills[company, wanted] = self.ledger.bills(company, numbers)
        return self.known_bills[company, wanted]

    def stamp(self, key: str) -> str:
        return self.ledger.stamp(key)


def preview_records(
    flow: Flow,
    record_ids: Iterable[int],
    rules: Sequence[RuleRow] | None = None,
    *,
    choices: Mapping[str, str] | None = None,
) -> list[Preview]:
    """For each record what it becomes today, and under `rules` in place of the stored ones or with these choices.

    Records of other flows are left out; at most PREVIEWS_AT_ONCE. Raises ConnectorError when the ledger's facts
    cannot be read."""
    rows = list(SyncRecord.objects.filter(flow=flow, id__in=list(record_ids)).order_by("id")[:PREVIEWS_AT_ONCE])
    if not rows:
        return []
    ledger = cast("Ledger", FactsOnly(connection_ledger(flow.ledger)))
    judge = Judge(flow, flow.ledger, ledger, "preview")
    before = [answer_of(one) for one in judge.judge(rows, preflight=False)]
    if rules is not None:
        judge.setup = _setup(flow, rules)
    changed = [_with_choices(row, choices) for row in rows] if choices else rows
    after = [answer_of(one) for one in judge.judge(changed, preflight=False)]
    return [Preview(row, old, new) for row, old, new in zip(rows, before, after, strict=True)]


def answer_of(one: Judged) -> Answer:
    """A judged record for people: what would happen, and the documents that it takes."""
    if one.failure is not None:
        return Answer(f"would fail: {one.failure.message}")
    if one.reversals:
        documents = [draft.document for _, draft in one.reversals]
        sentence = "would reverse what is posted, then post anew."
    else:
        documents = [draft.document for draft in one.decision.drafts] if isinstance(one.decision, Post) else []
        sentence = describe(one.decision)
    return Answer(sentence, "\n".join(render_journal(document) for document in documents))


def _setup(flow: Flow, rules: Sequence[RuleRow]) -> Setup:
    setup = setup_with_rules(flow, rules)
    if isinstance(setup.partners, LedgerPartnerBook):
        setup = replace(setup, partners=setup.partners.with_pending(vendors_pending(flow)))
    return setup


def _with_choices(row: SyncRecord, choices: Mapping[str, str]) -> SyncRecord:
    """A copy of the row, never saved, with a person's decision on it."""
    values = {one.attname: getattr(row, one.attname) for one in SyncRecord._meta.concrete_fields}
    return SyncRecord(**{**values, "choices": {**row.choices, **choices}})
