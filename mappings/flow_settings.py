"""Which records does a flow take, and through which journals? The shapes of a flow's JSON columns; plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from connectors.records import Record, RecordKind, SpendRecord

REFERENCE_STREAMS: Mapping[str, str] = {"accounts": "account", "cost_centres": "cost_centre", "vendors": "vendor"}
"""Streams of a flow of reference values, each with the kind it carries: what was pulled from one side's books is
offered to the other side, by list and compare. Any connection has them, as they need no reading of records."""


class FlowFilter(BaseModel):
    """Record kinds, legal entities and accounts of the source that a flow takes; an empty list means all.

    With entities and accounts, the entity decides where a record names one, and the account where it names none (a
    card payment belongs to no purchase).

    The stored form leaves empty lists out and sorts the others, so that equal filters are equal in the database."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: tuple[RecordKind, ...] = ()
    legal_entities: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()

    @field_validator("kinds", "legal_entities", "accounts", mode="after")
    @classmethod
    def _sorted(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if any(not str(value).strip() for value in values):
            raise ValueError("a filter names no empty value")
        return tuple(sorted(set(values)))

    def stored(self) -> dict[str, Any]:
        return {key: value for key, value in self.model_dump(mode="json").items() if value}

    def takes(self, record: Record) -> bool:
        """Whether the record is this flow's. A kind nobody knows passes every list of kinds: it must be held (B36)."""
        if self.kinds and record.kind not in (*self.kinds, RecordKind.UNKNOWN):
            return False
        if not isinstance(record, SpendRecord):
            return True
        if self.legal_entities and record.billed_entity:
            return record.billed_entity in self.legal_entities
        if self.accounts:
            return record.source_account in self.accounts
        return not self.legal_entities

    @property
    def narrowness(self) -> int:
        """How many of the three lists are in use: of two flows that take a record the narrower one has it."""
        return sum(bool(values) for values in (self.kinds, self.legal_entities, self.accounts))


class FlowJournals(BaseModel):
    """Ledger journals by their ledger ids: of entries, of bills, and of payments by the money account they move."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entry: str = ""
    bill: str = ""
    payments: Mapping[str, str] = Field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        return {key: value for key, value in self.model_dump(mode="json").items() if value}
