"""How is Brex told what became of its records? At most 100 results a call, and looking before repeating.

A refused call has changed nothing, and a told record cannot be told again
(https://developer.brex.com/openapi/accounting_api): so after any refusal or unclear answer the records are read,
those that are done or gone are taken out, and the rest is sent again.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.base import ExportResult, TellOutcome
from connectors.brex.client import RESULTS_PER_CALL, BrexClient, Json
from connectors.brex.lookups import chunks
from connectors.errors import BlockedError, OutcomeUnknownError, RejectedError, RetryableError

LOOK_AGAIN = (400, 404, 409, 422)
LONGEST_REASON = 500


def export_tell(client: BrexClient, results: Sequence[ExportResult]) -> list[TellOutcome]:
    """One outcome per record, in order; of two results for one record the last counts. Safe to repeat. Raises
    BlockedError and RetryableError only when nothing at all was told."""
    latest = {result.external_id: result for result in results}
    outcomes: dict[str, TellOutcome] = {}
    for part in chunks(list(latest.values()), RESULTS_PER_CALL):
        try:
            _tell_part(client, part, outcomes)
        except (BlockedError, RetryableError):
            if not outcomes:
                raise
            break
    return [outcomes.get(one) or TellOutcome(one, "later", "Brex was not reached.") for one in latest]


def _tell_part(client: BrexClient, part: list[ExportResult], outcomes: dict[str, TellOutcome]) -> None:
    try:
        client.export_results([_wire(result) for result in part])
    except OutcomeUnknownError as error:
        _settle_unclear(client, part, outcomes, error.message)
    except RejectedError as error:
        if error.status not in LOOK_AGAIN:
            outcomes.update(_all(part, "refused", error.message))
            return
        left = _settle(client, part, outcomes, has_sent=False, reason=error.message)
        if len(left) < len(part):
            if left:
                _tell_part(client, left, outcomes)
        elif len(left) == 1:
            outcomes.update(_all(left, "refused", error.message))
        else:  # nobody could be singled out by reading: the halves are told apart
            middle = len(left) // 2
            _tell_part(client, left[:middle], outcomes)
            _tell_part(client, left[middle:], outcomes)
    else:
        outcomes.update(_all(part, "told"))


def _settle_unclear(
    client: BrexClient, part: list[ExportResult], outcomes: dict[str, TellOutcome], reason: str
) -> None:
    """A call without an answer may still be at work: what is not told yet is told in a later run."""
    try:
        left = _settle(client, part, outcomes, has_sent=True, reason=reason)
    except (BlockedError, RetryableError):
        outcomes.update(_all(part, "uncertain", reason))
    else:
        outcomes.update(_all(left, "later", reason))


def _all(part: Sequence[ExportResult], state: str, reason: str = "") -> dict[str, TellOutcome]:
    return {result.external_id: TellOutcome(result.external_id, state, reason) for result in part}


def _settle(
    client: BrexClient,
    asked: list[ExportResult],
    outcomes: dict[str, TellOutcome],
    *,
    has_sent: bool,
    reason: str,
) -> list[ExportResult]:
    """Read the records back; answers those that still wait to be told."""
    statuses = {
        str(record.get("id")): str(record.get("review_status") or "")
        for page in client.records_by_id([result.external_id for result in asked])
        for record in page
    }
    left = []
    for result in asked:
        status = statuses.get(result.external_id)
        if status == "READY_FOR_EXPORT":
            left.append(result)
        else:
            outcomes[result.external_id] = _outcome(result, status, has_sent=has_sent, reason=reason)
    return left


def _outcome(result: ExportResult, status: str | None, *, has_sent: bool, reason: str) -> TellOutcome:
    """What a record that waits no longer says about our result."""
    if status is None:
        return TellOutcome(result.external_id, "gone", "Brex does not know the record any more.")
    is_exported = status == "EXPORTED"
    if is_exported and not result.failure:
        return TellOutcome(result.external_id, "told" if has_sent else "already")
    if is_exported:
        return TellOutcome(result.external_id, "refused", "Brex already holds it as exported.")
    if result.failure:  # where a failed record goes is not documented; it has left the queue
        return TellOutcome(result.external_id, "told" if has_sent else "already")
    return TellOutcome(result.external_id, "refused", f"The record is {status} in Brex. {reason}".strip())


def _wire(result: ExportResult) -> Json:
    if result.failure:
        failure = {"error_message": result.failure[:LONGEST_REASON]}
        return {"accounting_record_id": result.external_id, "failure": failure}
    success: Json = {"reference_id": result.reference} if result.reference else {}
    if result.link:  # may be absent, but not null
        success["deep_link_url"] = result.link
    return {"accounting_record_id": result.external_id, "success": success}
