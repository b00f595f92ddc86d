"""How does every HTTP exchange reach the audit? Collected during a turn and written with it, in bulk."""

from __future__ import annotations

from decimal import Decimal
from types import TracebackType

from audit.models import Exchange
from connectors.base import ExchangeNote
from connectors.models import Connection

WRITE_AT = 200


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
        Exchange.objects.bulk_create(
            [
                Exchange(
                    tenant_id=self.connection.tenant_id,
                    connection_id=self.connection.pk,
                    at=note.started_at,
                    method=note.method,
                    url=note.url,
                    status=note.status,
                    seconds=Decimal(f"{note.seconds:.3f}"),
                    request_id=note.request_id,
                    request_body=note.request_body,
                    response_body=note.response_body,
                    error=note.error,
                    is_write=note.is_write,
                )
                for note in notes
            ]
        )
