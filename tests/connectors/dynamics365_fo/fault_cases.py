"""What becomes of faults that come as a success, of other languages, of lost marks and old environments?"""

from __future__ import annotations

import threading
from datetime import date

import pytest

from connectors.base import OutcomeState
from connectors.documents import Partner
from connectors.dynamics365_fo.stamps import number_of
from tests.cases.ledger_cases import codes
from tests.connectors.dynamics365_fo.drafts import sent
from tests.connectors.dynamics365_fo.world import DynamicsWorld


class OwnNumberCases:
    """Faults of numbers that we choose."""

    def test_a_number_of_somebody_else_is_not_ours(self, world: DynamicsWorld) -> None:
        outgoing = world.outgoing(world.entry())
        values = {"dataAreaId": "usmf", "JournalName": "GenJrn", "JournalBatchNumber": number_of(outgoing.stamp)}
        world.do("create", set="LedgerJournalHeaders", values=values)
        outcome = world.open().post("usmf", [outgoing])[0]
        assert outcome.state is OutcomeState.REJECTED
        assert outcome.error.cure == "number_taken"  # type: ignore[union-attr]
        assert world.open().find("usmf", [outgoing])[0].state is OutcomeState.ABSENT

    def test_a_sequence_that_takes_no_numbers_is_named(self, world: DynamicsWorld) -> None:
        world.do("set_number_sequence", code="JournalBatchNumber", user_changes=False)
        outgoing, outcome = sent(world, world.entry())
        assert outcome.state is OutcomeState.REJECTED
        assert outcome.error.cure == "number_sequence"  # type: ignore[union-attr]
        assert "Number sequences" in str(outcome.error)
        assert world.count(outgoing) == 0


class FaultCases:
    """Faults that look like answers."""

    @pytest.mark.parametrize("status", [400, 500])
    @pytest.mark.parametrize("language", ["en-us", "de"])
    def test_a_second_writing_is_told_whatever_status_and_language(
        self, world: DynamicsWorld, status: int, language: str
    ) -> None:
        world.do("set", write_error_status=status, language=language)
        outgoing, posted = world.posted(world.entry())
        assert world.open().post("usmf", [outgoing]) == [posted]
        assert world.count(outgoing) == 1

    @pytest.mark.parametrize("status", [400, 500])
    def test_a_refusal_by_business_logic_is_clear_whatever_its_status(self, world: DynamicsWorld, status: int) -> None:
        world.do("set", write_error_status=status)
        entry = world.entry()
        ledger = world.open()
        assert ledger.preflight("usmf", [entry]) == [[]]
        world.do("suspend_account", account="600000")  # after we looked
        outgoing = world.outgoing(entry)
        outcome = ledger.post("usmf", [outgoing])[0]
        assert outcome.state is OutcomeState.REJECTED
        assert outcome.error.cure == "inactive_account"  # type: ignore[union-attr]
        assert "stacktrace" not in str(outcome.error)
        assert world.count(outgoing) == 0

    def test_an_update_conflict_is_nobodys_fault(self, world: DynamicsWorld) -> None:
        world.do("set", line_conflict_rate=1.0)
        outgoing, outcome = sent(world, world.entry())
        is_whole = world.open().enforces_key  # else its header is there
        assert outcome.state is (OutcomeState.NOT_SENT if is_whole else OutcomeState.UNCERTAIN)
        world.do("set", line_conflict_rate=0.0)
        assert world.open().post("usmf", [outgoing])[0].state is OutcomeState.POSTED
        assert world.count(outgoing) == 1

    def test_a_batch_that_is_committed_late_is_found_later(self, world: DynamicsWorld) -> None:
        outgoing = world.outgoing(world.entry())
        ledger = world.open()
        ledger.preflight("usmf", [outgoing.document])
        before = 0 if ledger.enforces_key else 1  # a look comes first
        world.simulator.fail("commit_late", "batch", delay=0.2, skip=before)
        assert ledger.post("usmf", [outgoing])[0].state is OutcomeState.UNCERTAIN
        for thread in threading.enumerate():
            if isinstance(thread, threading.Timer):
                thread.join()
        world.job.run()
        assert world.open().find("usmf", [outgoing])[0].state is OutcomeState.POSTED
        assert world.count(outgoing) == 1

    def test_without_the_newest_set_of_vendors_the_older_one_is_used(self, world: DynamicsWorld) -> None:
        world.simulator.switches.missing_sets.append("VendorsV3")
        vendor = world.outgoing(world.new_vendor(email="a@example.com"))
        outcome = world.open().post("usmf", [vendor])[0]
        assert outcome.state is OutcomeState.POSTED, outcome
        world.posted(world.bill(partner=Partner(outcome.ledger_id)))
        offered = {one.external_id: one for one in world.open().reference("vendor", "usmf")}
        assert offered[outcome.ledger_id].facts["email"] == "a@example.com"

    def test_a_vendor_needs_a_group(self, world: DynamicsWorld) -> None:
        world.settings = world.settings.model_copy(update={"vendor_group": ""})
        assert {one.code for one in world.open().preflight("usmf", [world.new_vendor()])[0]} == {"missing_vendor_group"}
        _, outcome = sent(world, world.new_vendor())
        assert outcome.state is OutcomeState.REJECTED

    def test_an_environment_without_keys_in_journals_is_marked_in_the_description(self, world: DynamicsWorld) -> None:
        world.simulator.switches.missing_fields.append("LedgerJournalHeaders.IntegrationKey")
        outgoing, posted = world.posted(world.entry())
        assert world.open().find("usmf", [outgoing]) == [posted]
        assert world.open().post("usmf", [outgoing]) == [posted]
        listed = [one.stamp for page in world.open().list_stamped("usmf", None) for one in page]
        assert outgoing.stamp in listed
        assert world.count(outgoing) == 1

    def test_a_mark_that_a_person_removed_is_missed(self, world: DynamicsWorld) -> None:
        world.job.is_on = False
        outgoing, created = sent(world, world.entry())
        key = ["usmf", created.number]
        world.do("edit", set="LedgerJournalHeaders", key=key, changes={"IntegrationKey": "", "Description": ""})
        found = world.open().find("usmf", [outgoing])[0]
        assert (found.state, codes(found), found.ledger_id) == (
            OutcomeState.CREATED, {"document_altered"}, created.ledger_id,
        )  # fmt: skip

    def test_a_hundred_entries_cost_a_few_calls(self, world: DynamicsWorld) -> None:
        ledger = world.open()
        entries = [world.entry(f"{number}.00") for number in range(1, 101)]
        world.faults.calls.clear()
        ledger.facts("usmf", frozenset({("USD", date(2026, 10, 12))}))
        for start in range(0, len(entries), ledger.batch_size):
            some = [world.outgoing(one) for one in entries[start : start + ledger.batch_size]]
            assert ledger.preflight("usmf", [one.document for one in some]) == [[]] * len(some)
            assert {one.state for one in ledger.post("usmf", some)} == {OutcomeState.POSTED}
        assert len(world.faults.calls) <= 15, world.faults.calls
