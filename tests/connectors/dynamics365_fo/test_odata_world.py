"""Do the cases for an environment that posts hold in the simulated Dynamics, which is seen through OData alone?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connectors.base import OutcomeState
from connectors.dynamics365_fo.auth import DynamicsSettings
from connectors.dynamics365_fo.simulator import DynamicsSimulator
from connectors.simulation import Clock
from tests.connectors.dynamics365_fo.odata_world import ODataWorld
from tests.connectors.dynamics365_fo.posted_cases import PostedCases
from tests.connectors.dynamics365_fo.posting_environment import Environment, Job
from tests.connectors.dynamics365_fo.test_auth import credentials_of
from tests.connectors.dynamics365_fo.world import HOST, NOW, PostingJob

IDLE = "APIdle"
ENVIRONMENT = Environment(
    company="usmf", currency="USD", journal="BrexJrn", bill_journal="APInvoice", idle_bill_journal=IDLE,
    payment_journal="VendPay", expense="600000", card="201100", tax="131000", money="101404", suspended="606300",
    foreign=("EUR", Decimal("1.25")), without_rate=("GBP", "CHF"), closed_through=date(2026, 1, 31), posted_within=5,
)  # fmt: skip


@pytest.fixture
def job() -> PostingJob:
    """Of an environment with a journal name that it leaves alone, and with January closed."""
    simulator = DynamicsSimulator(seed=7, clock=Clock(NOW))
    [name] = [row for row in simulator.store.table("JournalNames").rows.values()
              if (row["dataAreaId"], row["Name"]) == ("usmf", "APInvoice")]  # fmt: skip
    simulator.store.insert("JournalNames", {**name, "Name": IDLE})
    simulator.control("close_through", {"day": "2026-01-31"})
    job = PostingJob(simulator)
    job.is_on = job.settles = False  # it comes by while somebody waits, and settles nothing that is not marked
    return job


@pytest.fixture
def world(request: pytest.FixtureRequest, job: PostingJob) -> ODataWorld:
    def comes_by(seconds: float) -> None:
        headers = job.simulator.store.table("VendInvoiceJournalHeaders").rows.values()
        job.passes_over = {row["JournalBatchNumber"] for row in headers if row["JournalName"] == IDLE}
        job.run()

    numbers = getattr(request, "param", "own")
    settings = DynamicsSettings(vendor_group="40", batch_numbers=numbers)
    credentials, now = credentials_of(job.simulator), job.simulator.clock.now
    made = ODataWorld(HOST, job, credentials, ENVIRONMENT, settings, sleep=comes_by, now=now)
    made.type_bill("BEGUN", "1.00", is_posted=False)  # shows how rates are written there
    return made


class TestWhereAJobPosts(PostedCases):
    @pytest.mark.parametrize("world", ["automatic"], indirect=True)
    def test_the_second_of_two_under_the_numbers_of_dynamics_finds_the_first(self, world: ODataWorld) -> None:
        self.test_two_workers_at_once_leave_one_document(world)

    def test_what_a_person_deletes_before_the_job_comes_is_absent(self, world: ODataWorld) -> None:
        outgoing = world.outgoing(world.entry())
        [created] = world.open_at_once().post(world.company, [outgoing])
        assert (created.state, world.count(outgoing), world.books(outgoing)) == (OutcomeState.CREATED, 1, {})
        world.cancel(created)
        assert world.open().find(world.company, [outgoing])[0].state is OutcomeState.ABSENT
        assert world.count(outgoing) == 0

    def test_a_job_that_does_not_come_in_time_is_not_waited_for_forever(self, world: ODataWorld) -> None:
        assert world.vendor
        slept: list[float] = []
        world.job = Job(0, slept.append)
        outgoing = world.outgoing(world.entry())
        assert world.open().post(world.company, [outgoing])[0].state is OutcomeState.CREATED
        with pytest.raises(AssertionError, match="was not posted in time"):
            world.type_bill("T-1", "5.00")
        assert len(slept) <= 2

    def test_a_job_that_is_always_faster_than_a_person_is_said(self, world: ODataWorld, job: PostingJob) -> None:
        job.is_on = True
        with pytest.raises(AssertionError, match="faster than a person"):
            world.edited()
