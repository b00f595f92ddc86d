"""Is a journal created by us, posted by Dynamics, and what stands between is told?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from connectors.base import OutcomeState
from tests.cases.ledger_cases import codes
from tests.connectors.dynamics365_fo.drafts import MEALS, RENT, credit, debit, sent
from tests.connectors.dynamics365_fo.world import DynamicsWorld


class StateCases:
    """Subclass it with a fixture `world`. A journal is created by us and posted by Dynamics."""

    def test_a_journal_is_created_and_posted_when_dynamics_posts_it(self, world: DynamicsWorld) -> None:
        world.job.is_on = False
        outgoing, created = sent(world, world.entry())
        assert (created.state, created.differences) == (OutcomeState.CREATED, ())
        assert created.number
        assert "have not come to it yet" in str(created.error)
        assert world.open().find(world.company, [outgoing])[0].state is OutcomeState.CREATED
        world.job.run()
        posted = world.open().find(world.company, [outgoing])[0]
        assert (posted.state, posted.differences, posted.error) == (OutcomeState.POSTED, (), None)
        assert (posted.ledger_id, posted.number) == (created.ledger_id, created.number)

    def test_what_keeps_it_from_being_posted_is_told(self, world: DynamicsWorld) -> None:
        world.job.is_on = False
        outgoing, _ = sent(world, world.entry())
        with world.locked(date(2026, 10, 31)):
            waiting = world.open().find(world.company, [outgoing])[0]
        assert waiting.state is OutcomeState.CREATED
        assert "closed or on hold" in str(waiting.error)

    def test_a_journal_name_with_workflow_says_so(self, world: DynamicsWorld) -> None:
        _, outcome = sent(world, world.entry(journal="GenAppr"))
        assert outcome.state is OutcomeState.CREATED
        assert "workflow" in str(outcome.error)

    def test_a_journal_that_a_person_deletes_is_absent(self, world: DynamicsWorld) -> None:
        world.job.is_on = False
        outgoing, created = sent(world, world.entry())
        world.do("delete_journal", number=created.number)
        assert world.open().find(world.company, [outgoing])[0].state is OutcomeState.ABSENT

    def test_a_line_that_a_person_takes_away_is_missed_and_not_put_back(self, world: DynamicsWorld) -> None:
        world.job.is_on = False
        lines = (debit(MEALS, "10.00"), debit(RENT, "5.00"), credit(world.card, "15.00"))
        outgoing, created = sent(world, world.entry(lines=lines))
        known = replace(outgoing, ledger_id=created.ledger_id)  # it was answered for
        for left in (1, 0):
            world.do("remove", set="LedgerJournalLines", key=["usmf", created.number, Decimal(left + 1)])
            for answer in (world.open().find("usmf", [known])[0], world.open().post("usmf", [known])[0]):
                assert answer.state is OutcomeState.CREATED
                assert "document_altered" in codes(answer)
            assert len(world.rows("LedgerJournalLines", JournalBatchNumber=created.number)) == left

    def test_an_edit_before_posting_is_seen_before_and_after(self, world: DynamicsWorld) -> None:
        world.job.is_on = False
        outgoing, created = sent(world, world.entry())
        world.edit(created)
        before = world.open().find(world.company, [outgoing])[0]
        assert (before.state, codes(before)) == (OutcomeState.CREATED, {"document_altered"})
        world.job.run()
        after = world.open().find(world.company, [outgoing])[0]
        assert (after.state, codes(after)) == (OutcomeState.POSTED, {"document_altered"})

    def test_a_format_that_was_changed_since_stops_no_look(self, world: DynamicsWorld) -> None:
        world.job.is_on = False
        lines = (debit(MEALS, "10.00", "CostCenter=APO"), credit(world.card, "10.00"))
        outgoing, _ = sent(world, world.entry(lines=lines))
        other, _ = sent(world, world.entry())
        world.do("set_dimension_format", ledger=["MainAccount", "Department"])
        answers = world.open().find(world.company, [outgoing, other])
        assert [one.state for one in answers] == [OutcomeState.CREATED] * 2
        assert "cannot be compared" in answers[0].differences[0].message

    def test_lines_that_are_deleted_after_posting_leave_a_posted_journal(self, world: DynamicsWorld) -> None:
        outgoing, outcome = sent(world, world.entry(journal="GenGone"))
        assert (outcome.state, outcome.differences) == (OutcomeState.POSTED, ())
        assert world.open().find(world.company, [outgoing])[0] == outcome

    def test_our_documents_are_listed_before_and_after_they_are_posted(self, world: DynamicsWorld) -> None:
        world.job.is_on = False
        outgoing, _ = sent(world, world.entry())
        for state in ("draft", "posted"):
            listed = [one for page in world.open().list_stamped("usmf", None) for one in page]
            assert [one.state for one in listed if one.stamp == outgoing.stamp] == [state]
            world.job.run()
