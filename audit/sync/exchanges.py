"""How does every HTTP exchange reach the audit? Collected during a turn and written with it, in bulk."""

from __future__ import annotations

from types import TracebackType

from audit.sync.bulk import rows_copy
from connectors.base import ExchangeNote
from connectors.models import Connection

WRITE_AT = 200
COLUMNS = (
    "tenant_id", "connection_id", "at", "method", "url", "status", "seconds",
    "request_id", "request_body", "response_body", "error", "is_write",
)  # fmt: skip


class ExchangeLog:
    """The observer of one turn; a crash loses at most the notes that were not written yet, never a result."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.notes: list[ExchangeNote] = []

    def __enter__(self) -> ExchangeLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.write()

    def observe(self, note: ExchangeNote) -> None:
        self.notes.append(note)
        if len(self.notes) >= WRITE_AT:
            self.write()

    def write(self) -> None:
        notes, self.notes = self.notes, []
        if not notes:
            return
        tenant_id, connection_id = self.connection.tenant_id, self.connection.pk
        rows_copy(
            "audit_exchange",
            COLUMNS,
            (
                (tenant_id, connection_id, note.started_at, note.method, note.url, note.status, f"{note.seconds:.3f}",
                 note.request_id, note.request_body, note.response_body, note.error, note.is_write)
                for note in notes
            ),
        )  # fmt: skip
