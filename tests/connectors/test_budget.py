"""Do all workers know how many calls a vendor's day has left, without a write for each?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connectors.budget import ConnectionBudget
from connectors.models import Connection
from connectors.services import connection_context

pytestmark = pytest.mark.django_db


def test_what_one_worker_was_told_another_knows(connection: Connection) -> None:
    context = connection_context(connection)
    assert context.budget
    assert context.budget.left() is None
    context.budget.noted(4_000, 5_000, 3_600)
    assert context.budget.left() == (4_000, 5_000)
    connection.refresh_from_db()
    assert ConnectionBudget(connection).left() == (4_000, 5_000)
    assert connection.calls_until
    assert timedelta(minutes=59) < connection.calls_until - timezone.now() <= timedelta(hours=1)


def test_the_row_is_written_now_and_then_and_not_for_each_call(connection: Connection) -> None:
    budget = ConnectionBudget(connection)
    with CaptureQueriesContext(database) as queries:
        for left in range(5_000, 4_940, -1):
            budget.noted(left, 5_000, 3_600)
    assert len(queries) == 3
    assert budget.left() == (4_941, 5_000)
    connection.refresh_from_db()
    assert connection.calls_left == 4_950


def test_a_day_that_is_over_says_nothing_of_the_next(connection: Connection) -> None:
    budget = ConnectionBudget(connection)
    budget.noted(3, 5_000, -1)
    assert budget.left() is None


def test_what_the_vendor_does_not_tell_all_workers_count_together(connection: Connection) -> None:
    one, two = ConnectionBudget(connection), ConnectionBudget(connection)
    for budget in (one, two, one):
        budget.counted(1_000, 3_600)
    assert (one.left(), two.left()) == ((997, 1_000), (998, 1_000))
    Connection.objects.update(calls_until=timezone.now())
    two.counted(1_000, 3_600)
    assert two.left() == (999, 1_000), "a new day"
    Connection.objects.update(calls_left=0)
    one.counted(1_000, 3_600)
    assert one.left() == (0, 1_000)
