"""What was decided for one record? Everything that led to it, the keys of its documents, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from audit.models import Posting, SyncRecord
from audit.sync.keys import document_key
from audit.sync.recorder import Cause
from connectors.records import Record
from mappings.translate.context import Decision, Draft, Hold, Known, Post, Skip, Undo, Wait, Witness


@dataclass(slots=True)
class Judged:
    """One record with what was decided for it and everything that led to it."""

    row: SyncRecord
    base: str  # the key of the record, from which those of its documents are made
    record: Record | None = None
    known: Known | None = None
    decision: Decision | None = None
    failure: Cause | None = None
    standing: list[Posting] = field(default_factory=list)
    drafts: tuple[Draft, ...] = ()  # what must be sent: not the ones that stand already
    reversals: tuple[tuple[Posting, Draft], ...] = ()

    def key(self, draft: Draft, reverses: Posting | None = None) -> tuple[str, int]:
        """A document's key and revision: the record's, or those of the document that it mirrors."""
        if reverses is not None:
            key = document_key(self.base, purpose=reverses.purpose, revision=reverses.revision, is_reversal=True)
            return key, reverses.revision
        revision = self.known.revision if self.known else 1
        return document_key(self.base, purpose=draft.purpose, revision=revision), revision


def describe(decision: Decision | None) -> str:
    """A decision in a sentence, for the dry run and the preview."""
    match decision:
        case Post(drafts=drafts, rules=rules):
            kinds = ", ".join(draft.document.type.replace("_", " ") for draft in drafts)
            return f"would post {kinds or 'nothing new'} by {', '.join(rules)}."
        case Hold(needs=needs):
            return "would hold: " + " ".join(need.message for need in needs)
        case Witness(reason=reason):
            return f"would keep it as a witness: {reason}"
        case Skip(reason=reason):
            return f"would skip it: {reason}"
        case Wait(reason=reason):
            return f"would wait: {reason}"
        case Undo(reason=reason):
            return f"would reverse what is posted: {reason}"
        case None:
            return "could not decide."
        case _:
            assert_never(decision)
