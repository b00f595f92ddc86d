"""What may a person decide about a record? Only what its open problems ask for, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audit.models import RecordState, SyncRecord


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing to decide: the name that translation knows it by, and how it is asked."""

    label: str
    help_text: str = ""
    options: tuple[tuple[str, str], ...] = ()


DECISIONS = {
    "account": Decision("Account", "For all cost lines of this record alone. A rule would answer for all alike."),
    "day": Decision("Post on this day", "An open day of the ledger; the original date stays on the line."),
    "kind": Decision("What it is", "The kind whose rule is applied to this record."),
    "direction": Decision("Sign", options=(("swap", "the sign is right: turn debit and credit around"),)),
    "partner_record": Decision("It belongs to", "Records with a shared id, or the same amount within five days."),
    "refund": Decision(
        "Refund",
        options=(
            ("same_accounts", "onto the accounts of the purchase all the same"),
            ("unlink", "by its own coding, without the purchase"),
        ),
    ),
    "duplicate": Decision(
        "Duplicate",
        options=(
            ("same", "the same: it is posted already"),
            ("different", "different: post it"),
        ),
    ),
    "changed_after_posting": Decision(
        "Changed after posting",
        options=(
            ("reverse", "reverse what is posted and post anew"),
            ("accept", "accept what is posted as it stands"),
        ),
    ),
    "outcome": Decision("Dispute", options=(("won", "won: close it"),)),
    "outcome_on": Decision("Closed on", "The day the dispute was decided."),
}

BY_CODE: dict[str, tuple[str, ...]] = {
    "missing_mapping": ("account",),
    "inactive_value": ("account",),
    "unknown_kind": ("kind",),
    "sign_contradicts_kind": ("direction", "kind"),
    "closed_period": ("day",),
    "fiscal_year_end": ("day",),
    "missing_link": ("partner_record", "account"),
    "ambiguous_link": ("partner_record", "account"),
    "refund_exceeds_purchase": ("refund", "account"),
    "possible_duplicate": ("duplicate",),
    "duplicate_reference": ("duplicate",),
    "changed_after_posting": ("changed_after_posting",),
}
DECIDABLE = (RecordState.HELD, RecordState.FAILED, RecordState.POSTED)
ACCOUNT_TARGETS = ("account", "counterparty", "")


def choices_offered(record: SyncRecord, codes: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The decisions that make sense for a record with these open problems (code, target), each once."""
    if record.state not in DECIDABLE:
        return ()
    wanted: list[str] = []
    for code, target in codes:
        names = BY_CODE.get(code, ())
        wanted += [
            name for name in names if name != "account" or target in ACCOUNT_TARGETS or code != "missing_mapping"
        ]
    if record.kind == "chargeback" and record.state == RecordState.POSTED:
        wanted += ["outcome", "outcome_on"]
    if record.flow_id is None:
        wanted = [name for name in wanted if name != "account"]
    return tuple(dict.fromkeys(wanted))
