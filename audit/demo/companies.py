"""What does the demo need to know of a company that it founds, whatever ledger keeps its books?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import Protocol

from audit.demo.counting import Seen
from connectors.brex.simulator import BrexSimulator
from connectors.simulation import Simulator


class DemoCompany(Protocol):
    """One tenant: it spends with the simulated `brex`, and `ledger` is what the tables call the system of its books.

    `books` are the names of the ledger's companies by their ids there; `simulators` are served under these names."""

    slug: str
    ledger: str
    brex: BrexSimulator

    @property
    def books(self) -> Mapping[str, str]: ...

    @property
    def simulators(self) -> Mapping[str, Simulator]: ...

    def prepare(self, addresses: Mapping[str, str], today: date) -> AbstractContextManager[None]:
        """Make the books ready for the first record. Leaving puts back what a real ledger had otherwise."""
        ...

    def setup(self, today: date) -> tuple[str, Mapping[str, str]]:
        """The set-up file, and the secrets that it takes from the environment."""
        ...

    def held(self) -> Iterable[Seen]:
        """What the ledger itself holds of Brex, by questions of its own. Raises ConnectorErrors."""
        ...


def records_of(brex: BrexSimulator) -> int:
    """How many records its flows will read, about."""
    store = brex.store
    cash = sum(len(store.cash_of(account["id"])) for account in store.cash_accounts)
    return len(store.records) + len(store.card_transactions) + cash + len(store.expenses) + len(store.vendors)


def ids_of(brex: BrexSimulator) -> set[str]:
    """All ids that it knows, so that its documents are told from another Brex's in the same books."""
    return {str(one["id"]) for items in brex.store.stores().values() for one in items if "id" in one}
