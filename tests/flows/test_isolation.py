"""One tenant never touches another's rows: not in SQL, not through a service, not through a simulator it shares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db import connection as database
from psycopg.sql import SQL, Identifier

from audit.models import Hold, LaneKind, Posting, Problem, RecordState, SyncRecord
from audit.sync.replay import gaps_release, problem_solve
from audit.sync.turns import lane_work
from mappings.models import ReferenceValue
from mappings.refusals import RefusedError
from mappings.services import flow_upsert, rule_upsert
from tests.audit.scene import RULE, finish, flow, post, read, scene, states
from tests.flows.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pair() -> Iterator[tuple[World, World]]:
    """Two tenants with worlds of their own, the same names for everything, two purchases each; one is not mapped."""
    with ExitStack() as stack:
        mine = stack.enter_context(scene("mine"))
        theirs = stack.enter_context(scene("theirs"))
        for one in (mine, theirs):
            one.purchase("10.00")
            one.purchase("20.00", gl="699900")
        yield mine, theirs


def posted(pair: tuple[World, World]) -> tuple[World, World]:
    for one in pair:
        read(one)
        post(one)
        assert states(one) == {RecordState.POSTED: 1, RecordState.HELD: 1}
    return pair


COLUMNS = [
    ("audit_lane", "connection_id"),
    ("audit_highwatermark", "connection_id"),
    ("audit_syncrecord", "connection_id"),
    ("audit_syncrecord", "flow_id"),
    ("audit_syncrecord", "witness_of_id"),
    ("audit_recordversion", "record_id"),
    ("audit_posting", "record_id"),
    ("audit_posting", "flow_id"),
    ("audit_posting", "ledger_id"),
    ("audit_posting", "reverses_id"),
    ("audit_followup", "record_id"),
    ("audit_followup", "connection_id"),
    ("audit_problem", "flow_id"),
    ("audit_problem", "connection_id"),
    ("audit_hold", "record_id"),
    ("audit_hold", "problem_id"),
    ("mappings_flow", "source_id"),
    ("mappings_flow", "ledger_id"),
    ("mappings_mappingrule", "value_id"),
    ("mappings_referencevalue", "connection_id"),
]
TARGETS = {
    "connection_id": "connectors_connection", "source_id": "connectors_connection",
    "ledger_id": "connectors_connection", "flow_id": "mappings_flow", "record_id": "audit_syncrecord",
    "witness_of_id": "audit_syncrecord", "reverses_id": "audit_posting", "problem_id": "audit_problem",
    "value_id": "mappings_referencevalue",
}  # fmt: skip


def newest(cursor: Any, table: str, of: World) -> int | None:
    cursor.execute(SQL("SELECT max(id) FROM {} WHERE tenant_id = %s").format(Identifier(table)), [of.tenant.pk])
    found: int | None = cursor.fetchone()[0]
    return found


def test_the_database_refuses_rows_that_mix_two_tenants(pair: tuple[World, World]) -> None:
    """Every reference of mine is turned, in plain SQL, to a row of theirs."""
    mine, theirs = posted(pair)
    mixed, empty = [], []
    for table, column in COLUMNS:
        with database.cursor() as cursor:
            row_id = newest(cursor, table, mine)
            foreign = newest(cursor, TARGETS[column], theirs)
        if row_id is None or foreign is None:
            empty.append((table, column))
            continue
        try:
            with transaction.atomic(), database.cursor() as cursor:
                cursor.execute(
                    SQL("UPDATE {} SET {} = %s WHERE id = %s").format(Identifier(table), Identifier(column)),
                    [foreign, row_id],
                )
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                transaction.set_rollback(True)
        except IntegrityError:
            continue
        mixed.append((table, column))
    assert mixed == []
    assert empty == [], "there was nothing to try it on"


def test_nobody_changes_the_tenant_of_a_row(pair: tuple[World, World]) -> None:
    mine, theirs = posted(pair)
    for model in (SyncRecord, Posting, Problem, Hold):
        row = model.objects.filter(tenant=mine.tenant).latest("id")
        with pytest.raises(IntegrityError), transaction.atomic():  # noqa: PT012 - the constraints may be deferred
            model.objects.filter(pk=row.pk).update(tenant=theirs.tenant)
            with database.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_services_refuse_another_tenants_rows(pair: tuple[World, World]) -> None:
    mine, theirs = pair
    value = ReferenceValue.objects.get(connection=theirs.connection("Odoo"), company="1", kind="account", code="600000")
    with pytest.raises(RefusedError):
        rule_upsert(
            tenant=mine.tenant, target="account", when={"gl_account": "699900"}, value=value, by=None, reason="mixed"
        )
    for source, ledger in ((mine, theirs), (theirs, mine)):
        with pytest.raises(RefusedError):
            flow_upsert(
                tenant=mine.tenant, name="mixed", source=source.connection("Brex"), stream="accounting_records",
                ledger=ledger.connection("Odoo"), company="1", document="spend", filter={}, policies={}, journals={},
                post_from=None, cost_centre=None, by=None, reason="mixed",
            )  # fmt: skip


def test_what_one_tenant_solves_or_maps_leaves_the_other_waiting(pair: tuple[World, World]) -> None:
    mine, theirs = posted(pair)
    [problem] = Problem.objects.filter(tenant=mine.tenant, state="open")
    assert problem_solve(problem, by="ana", resolution="Mapped.") == 1
    assert states(theirs) == {RecordState.POSTED: 1, RecordState.HELD: 1}
    mine.apply(rules=[RULE, {**RULE, "when": {"gl_account": "699900"}}])
    post(mine)
    assert states(mine) == {RecordState.POSTED: 2}
    assert states(theirs) == {RecordState.POSTED: 1, RecordState.HELD: 1}
    assert gaps_release([mine.flow("records").pk], by="test") == 0
    assert Problem.objects.filter(tenant=theirs.tenant, state="open").count() == 1


def test_each_tenants_money_goes_into_its_own_ledger(pair: tuple[World, World]) -> None:
    mine, theirs = pair
    mine.purchase("33.00")
    for one in pair:
        read(one)
    while lane_work(list(LaneKind)):  # one worker for everybody
        pass
    assert sorted(move["amount_total"] for move in mine.moves()) == [10, 33]
    assert sorted(move["amount_total"] for move in theirs.moves()) == [10]


def test_a_broken_connection_of_one_tenant_stops_nobody_else(pair: tuple[World, World]) -> None:
    mine, theirs = pair
    mine.odoo.fail("status", ".*", status=401, times=100)
    for one in pair:
        finish(one)
    assert mine.connection("Odoo").state == "broken"
    assert states(theirs)[RecordState.POSTED] == 1
    assert [problem.tenant for problem in Problem.objects.filter(code="credential_refused")] == [mine.tenant]


def test_commands_ask_which_tenant_is_meant(pair: tuple[World, World]) -> None:
    with pytest.raises(CommandError, match="name one with --tenant"):
        call_command("sync", "records", stdout=StringIO())
    out = StringIO()
    call_command("sync", "records", tenant="mine", seconds=20, stdout=out)
    assert "It ties." in out.getvalue()
    assert states(pair[0]) == {RecordState.POSTED: 1, RecordState.HELD: 1}
    assert states(pair[1]) == {}
    with pytest.raises(CommandError, match="2 connections are called"):
        call_command("adopt", "Odoo", stdout=StringIO())
    call_command("adopt", "Odoo", tenant="mine", stdout=StringIO())


def test_the_same_policy_may_differ_between_tenants(pair: tuple[World, World]) -> None:
    mine, theirs = pair
    mine.apply(flows=[flow(tell_source="never")])
    for one in pair:
        finish(one)
    assert "EXPORTED" not in {record["review_status"] for record in mine.brex.store.records}
    assert "EXPORTED" in {record["review_status"] for record in theirs.brex.store.records}
