"""What does a vendor promise whose events are posted to us?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class SignatureError(Exception):
    """The delivery does not prove that the vendor sent it; the text is for the log, never for the sender."""


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """What a verified delivery says: records of a stream to read soon (`external_ids`; empty: poll the stream).

    Of a ledger also: documents that bear `stamps` of ours were touched at `changed_at` (None: it does not tell when),
    and `lists` of reference data changed, by kind."""

    kind: str
    stream: str
    external_ids: tuple[str, ...]
    account: str = ""  # the vendor's company id, to be compared with the connection's identity
    stamps: tuple[str, ...] = ()
    changed_at: datetime | None = None
    lists: tuple[str, ...] = ()


class WebhookReceiver(Protocol):
    """Pure functions over raw bytes; nothing is fetched here. Beside the headers comes the query of the address, under
    `:query`, which no header can be called."""

    def verify(self, raw: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> str:
        """The message id of an authentic delivery; raises SignatureError otherwise."""
        ...

    def message_id(self, headers: Mapping[str, str]) -> str: ...

    def parse(self, raw: bytes) -> list[ProviderEvent]:
        """Events of a verified body; unknown kinds give an event with an empty stream. Raises PayloadError."""
        ...
