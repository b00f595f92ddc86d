"""The engine room's rows, by subject."""

from audit.models.postings import Posting, PostingState, Sighting
from audit.models.problems import Hold, MappingGap, Problem, ProblemState
from audit.models.records import (
    CameBy,
    FollowUp,
    FollowUpKind,
    FollowUpState,
    RecordState,
    RecordVersion,
    SyncRecord,
)
from audit.models.trail import AuditEvent, Exchange, Seal, SealPart
from audit.models.work import HighWaterMark, Hint, Lane, LaneKind, SyncRun

__all__ = [
    "AuditEvent",
    "CameBy",
    "Exchange",
    "FollowUp",
    "FollowUpKind",
    "FollowUpState",
    "HighWaterMark",
    "Hint",
    "Hold",
    "Lane",
    "LaneKind",
    "MappingGap",
    "Posting",
    "PostingState",
    "Problem",
    "ProblemState",
    "RecordState",
    "RecordVersion",
    "Seal",
    "SealPart",
    "Sighting",
    "SyncRecord",
    "SyncRun",
]
