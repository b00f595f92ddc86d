"""Which transitions do the tables of states know? Whatever is not here is refused."""

from __future__ import annotations

from audit.models import PostingState, RecordState

R, P = RecordState, PostingState

RECORD_MOVES: dict[str, frozenset[str]] = {
    R.RECEIVED: frozenset({R.POSTING, R.POSTED, R.HELD, R.WITNESS, R.SKIPPED, R.FAILED, R.RECEIVED}),
    R.POSTING: frozenset({R.POSTED, R.HELD, R.FAILED, R.RECEIVED}),
    R.HELD: frozenset({R.RECEIVED, R.SKIPPED, R.HELD}),
    R.FAILED: frozenset({R.RECEIVED, R.SKIPPED, R.FAILED}),
    R.POSTED: frozenset({R.RECEIVED}),
    R.WITNESS: frozenset({R.RECEIVED}),
    R.SKIPPED: frozenset({R.RECEIVED}),
}
POSTING_MOVES: dict[str, frozenset[str]] = {
    P.INTENDED: frozenset({P.SENDING, P.VOID, P.INTENDED}),
    P.SENDING: frozenset({P.POSTED, P.CREATED, P.REJECTED, P.INTENDED, P.UNCERTAIN}),
    P.UNCERTAIN: frozenset({P.POSTED, P.CREATED, P.INTENDED, P.VOID, P.UNCERTAIN}),
    P.CREATED: frozenset({P.POSTED, P.VOID, P.REJECTED, P.CREATED}),
    P.POSTED: frozenset({P.REVERSED}),
    P.REJECTED: frozenset(),
    P.VOID: frozenset(),
    P.REVERSED: frozenset(),
}


class IllegalMoveError(Exception):
    """A transition that the tables of states do not allow: our bug, never the data's."""
