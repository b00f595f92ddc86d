"""One worker for each lane, fairly among tenants, fenced by a token: the leases themselves."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import connections, transaction

from audit.models import Lane, LaneKind
from audit.sync.lanes import Lease, LeaseLostError, database_now, lanes_wake, lease_next
from audit.sync.turns import lane_work
from connectors.models import Connection, ConnectionState, Tenant
from tests.factories import connection_make, tenant_make

pytestmark = pytest.mark.django_db(transaction=True)

READ, POST, TELL = LaneKind.READ, LaneKind.POST, LaneKind.TELL
ALL = list(LaneKind)


@pytest.fixture
def tenant() -> Tenant:
    return tenant_make()


def idle(tenant: Tenant, state: str = "ok") -> Connection:
    """A connection for which nothing is due: that it was set up has woken its lanes."""
    made = connection_make(tenant, state=state)
    Lane.objects.filter(connection=made).delete()
    return made


@pytest.fixture
def connection(tenant: Tenant) -> Connection:
    return idle(tenant)


def leased(connection: Connection, kind: LaneKind = READ) -> Lease:
    lanes_wake(connection.pk, kind)
    lease = lease_next([kind], connection_id=connection.pk)
    assert lease is not None
    return lease


def expire(lease: Lease) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE audit_lane SET lease_until = clock_timestamp() - interval '1 ms' WHERE id = %s", [lease.lane_id]
        )


# --- one worker each --------------------------------------------------------------------------------------------


def test_a_lane_is_leased_once_while_its_lease_lives(connection: Connection) -> None:
    first = leased(connection)
    assert lease_next([READ]) is None
    lanes_wake(connection.pk, READ)
    assert lease_next([READ]) is None
    first.release(None)
    lanes_wake(connection.pk, READ)
    second = lease_next([READ])
    assert second is not None
    assert second.token != first.token


def test_the_kinds_of_one_connection_are_worked_side_by_side(connection: Connection) -> None:
    for kind in ALL:
        lanes_wake(connection.pk, kind)
    leases = [lease_next(ALL) for _ in range(4)]
    assert Counter(lease.kind for lease in leases if lease) == {READ: 1, POST: 1, TELL: 1}
    assert leases[3] is None


def test_only_the_kinds_that_a_worker_asks_for_are_leased(connection: Connection) -> None:
    lanes_wake(connection.pk, POST)
    assert lease_next([READ, TELL]) is None
    lease = lease_next([POST])
    assert lease is not None
    assert lease.kind is POST


def test_slots_of_a_post_lane_are_lanes_of_their_own(connection: Connection) -> None:
    lanes_wake(connection.pk, POST, slots=range(3))
    slots = [lease.slot for lease in iter(lambda: lease_next([POST]), None)]
    assert sorted(slots) == [0, 1, 2]


def in_threads(number: int, work: object) -> None:
    """Run the same at the same moment in so many threads, each with a database connection of its own."""
    start = threading.Barrier(number)

    def run() -> None:
        try:
            start.wait(10)
            work()  # type: ignore[operator]
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


def test_workers_at_the_same_moment_never_share_a_lane(tenant: Tenant) -> None:
    for _ in range(6):
        lanes_wake(idle(tenant).pk, READ)
    taken: list[int] = []
    in_threads(8, lambda: taken.extend(lease.lane_id for lease in [lease_next([READ])] if lease))
    assert len(taken) == len(set(taken))
    taken += [lease.lane_id for lease in iter(lambda: lease_next([READ]), None)]
    assert sorted(taken) == sorted(Lane.objects.values_list("id", flat=True))


def test_a_lane_whose_row_another_worker_holds_is_passed_over_without_waiting(tenant: Tenant) -> None:
    held, free = (idle(tenant) for _ in range(2))
    lanes_wake(held.pk, READ)
    lanes_wake(free.pk, READ)
    got: list[int | None] = []

    def other_worker() -> None:
        try:
            with database.cursor() as cursor:
                cursor.execute("SET statement_timeout = '5s'")
            got.extend(lease.connection_id if lease else None for lease in (lease_next([READ]), lease_next([READ])))
        finally:
            connections.close_all()

    with transaction.atomic():
        Lane.objects.select_for_update().get(connection=held)
        thread = threading.Thread(target=other_worker)
        thread.start()
        thread.join(20)
    assert got == [free.pk, None]


def test_lanes_woken_at_the_same_moment_are_one_lane(connection: Connection) -> None:
    in_threads(6, lambda: lanes_wake(connection.pk, POST, slots=(0, 1)))
    assert sorted(Lane.objects.values_list("kind", "slot")) == [("post", 0), ("post", 1)]


# --- fairness ---------------------------------------------------------------------------------------------------


def test_a_large_tenant_does_not_starve_49_small_ones() -> None:
    """One tenant has 50 connections due since an hour, each of the small ones one, due just now; four workers."""
    large = tenant_make("large")
    for _ in range(50):
        lanes_wake(idle(large).pk, READ)
    with database.cursor() as cursor:
        cursor.execute("UPDATE audit_lane SET due_at = due_at - interval '1 hour'")
    small = [tenant_make(f"small-{number}") for number in range(49)]
    for one in small:
        lanes_wake(idle(one).pk, READ)
    served: list[int] = []
    working: list[Lease] = []
    while len({*served} & {one.pk for one in small}) < 49:
        lease = lease_next([READ])
        assert lease is not None
        served.append(lease.tenant_id)
        working.append(lease)
        at_work = Counter(one.tenant_id for one in working)
        assert at_work[large.pk] <= 1, "a second worker for the large tenant while small ones wait"
        if len(working) == 4:
            working.pop(0).release(None)
    assert len(served) <= 49 + 17  # every fourth turn at most went to the large one


def test_lanes_of_one_tenant_take_turns(tenant: Tenant) -> None:
    names = {idle(tenant).pk for _ in range(3)}
    for _ in range(2):
        round_of: set[int] = set()
        for _ in range(3):
            for pk in names:
                lanes_wake(pk, READ)
            lease = lease_next([READ])
            assert lease is not None
            round_of.add(lease.connection_id)
            lease.release(None)
        assert round_of == names


# --- time -------------------------------------------------------------------------------------------------------


def test_a_lane_that_is_not_due_is_not_leased(connection: Connection) -> None:
    lease = leased(connection)
    lease.release(database_now() + timedelta(hours=1))
    assert lease_next([READ]) is None
    lanes_wake(connection.pk, READ)
    assert lease_next([READ]) is not None


def test_an_expired_lease_goes_to_the_next_worker_with_what_was_in_hand(connection: Connection) -> None:
    dead = leased(connection)
    dead.renew(30, [7, 8])
    assert lease_next([READ]) is None
    expire(dead)
    heir = lease_next([READ])
    assert heir is not None
    assert heir.left_in_hand == [7, 8]
    assert heir.token != dead.token


def test_renewing_lengthens_a_lease_and_never_shortens_it(connection: Connection) -> None:
    lease = leased(connection)
    lease.renew(600)
    long = Lane.objects.get().lease_until
    assert long is not None
    assert long - database_now() > timedelta(seconds=600)
    lease.renew(1)
    assert Lane.objects.get().lease_until == long


def test_renewing_without_a_batch_keeps_what_is_in_hand(connection: Connection) -> None:
    lease = leased(connection)
    lease.renew(1, [5])
    lease.renew(1)
    assert Lane.objects.get().in_hand == [5]
    lease.release(None)
    assert Lane.objects.get().in_hand == []


# --- fencing ----------------------------------------------------------------------------------------------------


def test_a_zombie_may_not_renew_commit_or_release(connection: Connection) -> None:
    zombie = leased(connection)
    expire(zombie)
    owner = lease_next([READ])
    assert owner is not None
    with pytest.raises(LeaseLostError):
        zombie.renew(10)
    with pytest.raises(LeaseLostError), zombie.commit():
        Tenant.objects.filter(pk=zombie.tenant_id).update(name="written by a zombie")
    zombie.release(database_now())
    row = Lane.objects.get()
    assert (row.token, row.lease_until is not None) == (owner.token, True)
    assert Tenant.objects.get().name != "written by a zombie"
    owner.renew(10)


def test_a_worker_whose_lease_ended_may_not_call_again_but_may_commit_while_nobody_took_over(
    connection: Connection,
) -> None:
    late = leased(connection)
    expire(late)
    with pytest.raises(LeaseLostError):
        late.renew(10)
    with late.commit():
        Tenant.objects.filter(pk=late.tenant_id).update(name="known in time")
    assert Tenant.objects.get().name == "known in time"


def test_nobody_takes_over_during_a_commit(connection: Connection) -> None:
    """The lane's row is locked: who would lease it meanwhile passes it over, and the commit stands."""
    lease = leased(connection)
    expire(lease)
    taken: list[Lease | None] = []
    with lease.commit():
        in_threads(1, lambda: taken.append(lease_next([READ])))
    assert taken == [None]
    assert lease_next([READ]) is not None


def test_what_fails_during_a_commit_leaves_nothing(connection: Connection) -> None:
    lease = leased(connection)
    with pytest.raises(RuntimeError), lease.commit():  # noqa: PT012 - the write before the failure is the point
        Tenant.objects.filter(pk=lease.tenant_id).update(name="half")
        raise RuntimeError("our bug")
    assert Tenant.objects.get().name != "half"
    with lease.commit():
        pass


# --- waking -----------------------------------------------------------------------------------------------------


def test_a_wake_while_the_lane_is_worked_is_not_lost(connection: Connection) -> None:
    lease = leased(connection)
    lanes_wake(connection.pk, READ)
    lease.release(database_now() + timedelta(hours=1))
    assert lease_next([READ]) is not None


def test_a_lane_that_nobody_woke_rests_until_it_is_due(connection: Connection) -> None:
    lease = leased(connection)
    later = database_now() + timedelta(hours=1)
    lease.release(later)
    assert Lane.objects.get().due_at == later


def test_waking_twice_is_waking_once(connection: Connection) -> None:
    lanes_wake(connection.pk, READ)
    due_at = Lane.objects.get().due_at
    lanes_wake(connection.pk, READ)
    assert Lane.objects.get().due_at == due_at


def test_waking_a_connection_that_is_gone_does_nothing() -> None:
    lanes_wake(123_456, READ)
    assert not Lane.objects.exists()


# --- connections that cannot work -------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [ConnectionState.BROKEN, ConnectionState.OFF])
def test_a_connection_that_cannot_work_is_not_served(tenant: Tenant, state: ConnectionState) -> None:
    broken = idle(tenant, state.value)
    lanes_wake(broken.pk, READ)
    assert lane_work([READ]) is False
    Connection.objects.filter(pk=broken.pk).update(state="ok")
    assert lease_next([READ]) is not None


def test_a_closed_connection_is_served_again_when_it_opens(connection: Connection) -> None:
    lanes_wake(connection.pk, READ)
    Connection.objects.filter(pk=connection.pk).update(closed_until=database_now() + timedelta(seconds=60))
    assert lane_work([READ]) is False
    Connection.objects.filter(pk=connection.pk).update(closed_until=database_now() - timedelta(seconds=1))
    assert lease_next([READ]) is not None
