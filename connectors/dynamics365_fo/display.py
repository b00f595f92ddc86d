"""How does Dynamics itself write an account with its dimensions? It is asked where our own rule might be wrong.

The two actions need no knowledge of the format, and not every environment has them
(https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/odata#actions; their names and
parameters as public code sends them). One call for a text, each text once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.codec import json_load
from connectors.dynamics365_fo.client import DynamicsClient
from connectors.dynamics365_fo.dimensions import LEDGER
from connectors.errors import ConfigurationError, RejectedError

COMBINATION = ("DimensionCombinations", "getCombinationDisplayValue")
SET = ("DimensionSets", "getSetDisplayValue")


class DisplayActions:
    """Texts as Dynamics tells them, kept until they are forgotten."""

    def __init__(self, client: DynamicsClient) -> None:
        self.client = client
        self._told: dict[tuple[str, tuple[tuple[str, str], ...]], str | None] = {}
        self._missing: set[str] = set()

    def forget(self) -> None:
        """The formats were changed, or the actions may have come."""
        self._told.clear()
        self._missing.clear()

    def __call__(self, kind: str, values: Mapping[str, str]) -> str | None:
        """The text for values by dimension name, in a format of this kind; None where Dynamics has no such action or
        refuses it. Raises ConnectorErrors when it is not to be asked now; safe to repeat."""
        entity_set, action = COMBINATION if kind == LEDGER else SET
        slot = (kind, tuple(values.items()))
        if slot not in self._told and action not in self._missing:
            try:
                self._told[slot] = self._asked(entity_set, action, question(kind, values))
            except ConfigurationError:  # no such action in this environment, or no right to it
                self._missing.add(action)
            except RejectedError:
                self._told[slot] = None
        return self._told.get(slot)

    def _asked(self, entity_set: str, action: str, body: dict[str, Any]) -> str | None:
        answer = self.client.action(entity_set, action, body)
        try:
            told = json_load(answer.text)["value"]
        except (ValueError, KeyError, TypeError):
            return None
        return told if isinstance(told, str) and told else None


def question(kind: str, values: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of the action. All ledger texts have one format, that of a journal line's account."""
    named = {"_attributeNames": list(values), "_attributeValues": list(values.values())}
    if kind != LEDGER:
        return named
    place = {"_entityName": "LedgerJournalLineEntity", "_propertyName": "AccountDisplayValue"}
    return {**place, **named, "_ledgerJournalACType": "Ledger"}
