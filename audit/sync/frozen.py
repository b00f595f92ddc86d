"""How does a document become a posting, and a posting its document again? Frozen, under its key and stamp."""

from __future__ import annotations

from collections.abc import Sequence

from audit.models import Posting
from audit.sync.bulk import row_new
from audit.sync.decide import Judge
from audit.sync.judged import Judged
from audit.sync.keys import document_hash
from audit.sync.links import open_roles
from connectors.documents import Document, NewVendor, document_from_json, document_to_json
from mappings.translate.context import Draft


def posting_new(
    judge: Judge, one: Judged, draft: Draft, rules: Sequence[str], reverses: Posting | None = None
) -> Posting:
    """A new posting, not written yet: the document of a draft, frozen under its key and stamp."""
    key, revision = one.key(draft, reverses)
    document = draft.document
    frozen = document_to_json(document)
    posting = row_new(
        Posting,
        tenant_id=one.row.tenant_id,
        record=one.row,
        flow=judge.flow,
        purpose=reverses.purpose if reverses else draft.purpose,
        revision=revision,
        reverses=reverses,
        ledger=judge.ledger_connection,
        company=document.company,
        key=key,
        stamp=judge.ledger.stamp(key),
        document_type=document.type,
        document=frozen,
        document_hash=document_hash(frozen),
        posting_on=None if isinstance(document, NewVendor) else document.posting_date,
        amount=None if isinstance(document, NewVendor) else document.total.amount,
        currency="" if isinstance(document, NewVendor) else document.currency,
        record_version=one.row.version,
        settles=list(getattr(document, "settles", ())),
        open_roles=open_roles(document),
        rules=list(rules or getattr(document, "rules", ())),
    )
    posting.in_hand = document
    return posting


def document_of(posting: Posting) -> Document:
    """The frozen document of a posting."""
    return posting.in_hand or document_from_json(posting.document)
