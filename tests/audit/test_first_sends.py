"""Is a ledger told truly which documents were surely never sent before?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from audit.models import LaneKind
from connectors.base import Outcome, Outgoing
from connectors.odoo.ledger import OdooLedger
from tests.audit.scene import flow, read, scene, time_passes, work
from tests.flows.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made() -> Iterator[World]:
    with scene("first", flows=[flow()]) as one:
        one.purchase("10.50")
        yield one


def test_only_the_first_try_of_a_document_is_called_first(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[bool] = []
    post = OdooLedger.post

    def noted(self: OdooLedger, company: str, batch: Sequence[Outgoing]) -> list[Outcome]:
        tries.extend(one.is_first for one in batch)
        return post(self, company, batch)

    monkeypatch.setattr(OdooLedger, "post", noted)
    parts: dict[str, Any] = {"kind": "drop", "path": r"account\.move/load"}
    made.odoo.fail(**parts)
    for _ in range(3):
        time_passes()
        read(made)
        work(made, "Odoo", LaneKind.POST)
    assert tries == [True, False]
    assert len(made.moves()) == 1
