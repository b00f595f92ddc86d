"""Which days are closed for which documents, and which were opened again for everybody or for us?

https://www.zoho.com/books/api/v3/transaction-locking/ publishes the fields and not all of their meaning. Where it is
silent a lock is read so that it closes more, never less: what is refused wrongly a person sees at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from connectors.zoho_books.schema_setup import LockRow

Span = tuple[date, date]
ALL = ("journal_entry", "vendor_bill", "payment")
OFF = ("disabled", "unlocked", "")


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock that applies to us: closed through a day, but for spans that were opened again in part."""

    kinds: tuple[str, ...]
    through: date
    spans: tuple[Span, ...] = ()
    excepted_accounts: int = 0

    def closes(self, kind: str, day: date) -> bool:
        """Whether a document of a kind may not be dated on a day; on the lock's own day neither: Zoho says both."""
        return kind in self.kinds and day <= self.through and not any(one <= day <= two for one, two in self.spans)


def locks_read(rows: Iterable[LockRow], user_id: str) -> list[Lock]:
    """The locks that bind this user. He is excepted where the lock names him; accounts that are excepted are not let
    through, as it is published nowhere whether one of them in a document is enough."""
    found = []
    for row in rows:
        through = row.transaction_lock_date or (row.end_date if row.accounting_period_id else None)
        if through is None or not _is_on(row) or (user_id and user_id in row.user_exceptions):
            continue
        if kinds := _kinds(row):
            found.append(Lock(kinds, through, _spans(row), len(row.account_exceptions)))
    return found


def names_users(rows: Iterable[LockRow]) -> bool:
    """Whether it matters who we are."""
    return any(row.user_exceptions and _is_on(row) for row in rows)


def closed_through(locks: Iterable[Lock]) -> dict[str, date]:
    """The last closed day by type of document."""
    closed: dict[str, date] = {}
    for lock in locks:
        for kind in lock.kinds:
            closed[kind] = max(lock.through, closed.get(kind, lock.through))
    return closed


def reopened(locks: Iterable[Lock]) -> Mapping[str, tuple[Span, ...]]:
    """Spans of closed days that every lock which reaches them leaves open, by type of document."""
    listed = list(locks)
    found = {
        kind: tuple(
            span
            for lock in listed
            if kind in lock.kinds
            for span in lock.spans
            if not any(_reaches(other, kind, span) for other in listed)
        )
        for kind in ALL
    }
    return {kind: spans for kind, spans in found.items() if spans}


def _reaches(lock: Lock, kind: str, span: Span) -> bool:
    """Whether a lock keeps some day of a span closed."""
    first, last = span
    return (
        kind in lock.kinds
        and first <= lock.through
        and not any(one <= first and last <= two for one, two in lock.spans)
    )


def _is_on(row: LockRow) -> bool:
    """`enabled_with_logging` is on: what else it lets through is published nowhere."""
    return (row.transaction_lock_status or row.lock_status).lower() not in OFF


def _spans(row: LockRow) -> tuple[Span, ...]:
    """What a partial unlock opened. A lock of an accounting period has the same two days, and they are the period's."""
    if row.accounting_period_id or not row.partial_lock_number or row.start_date is None or row.end_date is None:
        return ()
    return ((row.start_date, row.end_date),)


def _kinds(row: LockRow) -> tuple[str, ...]:
    """Which documents a lock closes: journals by the accountant's lock, the rest by that of purchases. One that names
    no module, or none that we know, closes all."""
    module = (row.transaction_lock_module or row.lock_module or row.lock_scope_formatted).lower()
    if "accountant" in module or "journal" in module:
        return ("journal_entry",)
    if "purchase" in module:
        return ("vendor_bill", "payment")
    if any(word in module for word in ("sales", "banking", "inventory")):
        return ()
    return ALL
