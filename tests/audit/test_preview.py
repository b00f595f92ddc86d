"""Does a preview say what records would become, without a trace and without asking the ledger for more than facts?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from audit.models import SyncRecord
from audit.sync.preview import PREVIEWS_AT_ONCE, preview_records
from connectors.errors import ConnectorError
from connectors.models import Connection
from mappings.models import ReferenceValue
from mappings.resolver import RuleRow
from mappings.selectors import rule_rows
from tests.audit.office import UNMAPPED, record, standing_office
from tests.flows.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with standing_office(django_db_blocker) as one:
        yield one


def rule(code: str, when: str) -> RuleRow:
    value = ReferenceValue.objects.get(kind="account", code=code, company="1")
    return RuleRow(
        id=900, target="account", when=(("gl_account", when),), words=f"gl_account {when}", value=value.external_id,
        code=code, name=value.name, kind="account",
    )  # fmt: skip


def test_a_new_rule_shows_the_entry_that_a_held_record_would_become(made: World) -> None:
    flow = made.flow("records")
    (shown,) = preview_records(flow, [record(made, "held").pk], [*rule_rows(flow), rule("600000", UNMAPPED)])
    assert shown.is_changed
    assert shown.before.sentence == "would hold: No rule leads from gl_account travel-7 to an account."
    assert shown.after.sentence == "would post journal entry by B1, B37."
    assert "600000 EXP" in shown.after.journal
    assert "100.25" in shown.after.journal


def test_nothing_changes_without_a_change(made: World) -> None:
    previews = preview_records(made.flow("records"), SyncRecord.objects.values_list("pk", flat=True))
    assert len(previews) == 4
    assert [one for one in previews if one.is_changed] == []


def test_another_account_for_what_is_posted_is_a_change_after_posting(made: World) -> None:
    flow = made.flow("records")
    other = ReferenceValue.objects.filter(kind="account", company="1", code__startswith="61").order_by("code")[0]
    rows = [replace(one, value=other.external_id, code=other.code) for one in rule_rows(flow)]
    (shown,) = preview_records(flow, [record(made, "posted").pk], rows)
    assert shown.is_changed
    assert "The source changed what is posted" in shown.after.sentence


def test_a_decision_is_shown_before_it_is_taken_and_leaves_no_trace_on_the_record(made: World) -> None:
    row = record(made, "held")
    account = ReferenceValue.objects.get(kind="account", code="600000", company="1")
    (shown,) = preview_records(made.flow("records"), [row.pk], choices={"account": account.external_id})
    assert "would post journal entry" in shown.after.sentence
    assert "600000 EXP" in shown.after.journal, "as accountants know it, not by the ledger's own id"
    row.refresh_from_db()
    assert (row.choices, row.state) == ({}, "held")


def test_a_preview_writes_nothing_and_asks_the_ledger_for_facts_once(made: World) -> None:
    moves = made.moves()
    flow = made.flow("records")
    with CaptureQueriesContext(database) as seen:
        preview_records(flow, SyncRecord.objects.values_list("pk", flat=True), [rule("600000", UNMAPPED)])
    wrote = [one["sql"] for one in seen if not one["sql"].startswith(("SELECT", "DECLARE", "SAVEPOINT", "RELEASE"))]
    assert [sql for sql in wrote if "connectors_" not in sql] == []  # a connection's last success may be noted
    assert made.moves() == moves


def test_records_of_another_flow_are_left_out_and_a_preview_has_its_size(made: World) -> None:
    flow = made.flow("records")
    row = record(made, "held")
    SyncRecord.objects.filter(pk=row.pk).update(flow=None)
    assert preview_records(flow, [row.pk, 10**9]) == []
    assert PREVIEWS_AT_ONCE == 200


def test_without_the_ledgers_facts_there_is_no_preview(made: World) -> None:
    Connection.objects.filter(name="Odoo").update(state="off")
    flow = made.flow("records")
    with pytest.raises(ConnectorError, match="switched off"):
        preview_records(flow, [record(made, "held").pk])
