"""What of a header that stands without its lines, under the numbers of Dynamics?"""

from __future__ import annotations

import pytest

from connectors.base import OutcomeState
from tests.connectors.dynamics365_fo.drafts import lines_in
from tests.connectors.dynamics365_fo.world import DynamicsWorld


class HalfDoneCases:
    """Under the numbers of Dynamics a header can stand without its lines."""

    @pytest.mark.parametrize("fault", ["drop", "commit_then_drop"])
    def test_lines_that_miss_are_completed(self, world: DynamicsWorld, fault: str) -> None:
        world.job.is_on = False
        outgoing = world.outgoing(world.entry())
        world.faults.fail_write(1, fault)
        assert world.open().post("usmf", [outgoing])[0].state is OutcomeState.UNCERTAIN
        created = world.open().find("usmf", [outgoing])[0]
        assert (created.state, created.differences) == (OutcomeState.CREATED, ())
        assert len(lines_in(world, outgoing)) == 1
        world.job.run()
        assert world.open().find("usmf", [outgoing])[0].state is OutcomeState.POSTED
        assert world.count(outgoing) == 1

    def test_a_header_whose_lines_are_refused_is_removed(self, world: DynamicsWorld) -> None:
        ledger = world.open()
        entry = world.entry()
        assert ledger.preflight("usmf", [entry]) == [[]]
        world.do("suspend_account", account="600000")
        outgoing = world.outgoing(entry)
        outcome = ledger.post("usmf", [outgoing])[0]
        assert outcome.state is OutcomeState.REJECTED
        assert outcome.error.cure == "inactive_account"  # type: ignore[union-attr]
        assert world.count(outgoing) == 0
