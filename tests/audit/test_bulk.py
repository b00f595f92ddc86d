"""Rows that are made, looked for and counted in bulk: are they what Django itself would have made and found?"""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import connection as database
from django.db.models import Model

from audit.models import FollowUp, Posting, SyncRecord
from audit.sync import statistics
from audit.sync.bulk import row_new, rows_insert
from connectors.models import Connection, Tenant
from tests.factories import connection_make, tenant_make

pytestmark = pytest.mark.django_db


def record_new(connection: Connection, number: int) -> SyncRecord:
    return row_new(
        SyncRecord, tenant_id=connection.tenant_id, connection=connection, stream="cards", external_id=f"c-{number}",
        content_hash="h", first_seen_at=connection.created_at, changed_at=connection.created_at,
    )  # fmt: skip


@pytest.fixture
def connection() -> Connection:
    return connection_make(tenant_make())


@pytest.mark.parametrize("model", [SyncRecord, Posting, FollowUp])
def test_a_row_made_by_position_is_the_one_that_django_makes(model: type[Model]) -> None:
    ours, theirs = row_new(model), model()
    told: dict[str, tuple[Any, Any]] = {
        field.attname: (getattr(ours, field.attname), getattr(theirs, field.attname))
        for field in model._meta.concrete_fields
        if "_at" not in field.attname
    }
    assert told == {name: (value, value) for name, (_, value) in told.items()}
    assert ours._state.adding


def test_defaults_that_can_change_are_nobody_elses() -> None:
    row_new(SyncRecord).links.append("source:1")
    assert row_new(SyncRecord).links == []


def test_a_row_knows_the_row_that_it_points_to(connection: Connection) -> None:
    row = record_new(connection, 1)
    assert (row.connection, row.connection_id) == (connection, connection.pk)


def test_a_column_that_is_none_is_refused() -> None:
    with pytest.raises(FieldDoesNotExist):
        row_new(SyncRecord, stat="received")


def test_what_is_among_the_values_is_found(connection: Connection) -> None:
    rows_insert([record_new(connection, number) for number in range(4)])
    records = SyncRecord.objects.order_by("external_id")
    assert [row.external_id for row in records.filter(external_id__among=["c-1", 'a "},{" b', "c-3"])] == ["c-1", "c-3"]
    ids = list(records.values_list("id", flat=True))
    assert list(records.filter(id__among=set(ids[:2])).values_list("id", flat=True)) == ids[:2]
    assert list(records.exclude(id__among=ids[:3]).values_list("id", flat=True)) == ids[3:]
    assert records.filter(connection_id__among=[connection.pk]).count() == 4
    assert not records.filter(id__among=[]).exists()
    assert not Tenant.objects.filter(slug__among=()).exists()


def test_the_planner_is_told_what_a_first_reading_stored_and_later_left_alone(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows_insert([record_new(connection, number) for number in range(300)])
    monkeypatch.setattr(statistics, "NEVER_ANALYSED", "SELECT true")
    statistics.statistics_ensure()
    assert planner_rows() == 300
    rows_insert([record_new(connection, number) for number in range(300, 310)])
    monkeypatch.undo()
    statistics.statistics_ensure()
    assert planner_rows() == 300


def planner_rows() -> int:
    with database.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'audit_syncrecord'::regclass")
        return int(cursor.fetchone()[0])
