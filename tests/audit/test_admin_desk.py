"""Do problems, gaps, uncertain documents, flows and the dashboard show what waits, and do their buttons mend it?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent, Hold, Lane, Posting, PostingState, Problem, RecordState, SyncRecord, SyncRun
from audit.selectors import waiting_on
from audit.sync.recorder import Cause, Recorder
from connectors.models import Connection, Role
from mappings.models import MappingRule, ReferenceValue
from tests.audit.office import UNMAPPED, enter, gap, page, record, standing_office
from tests.factories import tenant_make, user_make
from tests.flows.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with standing_office(django_db_blocker) as one:
        yield one


@pytest.fixture
def finance(made: World) -> Client:
    return enter(made.tenant, Role.FINANCE)


@pytest.fixture
def operations(made: World) -> Client:
    return enter(made.tenant, Role.OPERATIONS)


def account(code: str) -> ReferenceValue:
    return ReferenceValue.objects.get(kind="account", code=code, company="1")


def more_problems(made: World, number: int) -> None:
    """Problems on each of which one held record waits."""
    row = record(made, "held")
    recorder = Recorder(row.tenant_id, "test")
    causes = [Cause("no_rate", f"No rate number {at}.", value=str(at), flow_id=row.flow_id) for at in range(number)]
    recorder.record(row, RecordState.HELD, "many things", causes=causes)
    recorder.flush()


# --- problems -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["problem", "mappinggap"])
def test_one_cause_is_listed_with_its_count_and_money(made: World, operations: Client, model: str) -> None:
    (row,) = operations.get(page(model, "changelist")).context["cl"].result_list
    assert (row.waiting.records, row.waiting.money) == (2, {"USD": Decimal("201.50")})
    text = operations.get(page(model, "changelist")).content.decode()
    assert "201.50 USD" in text
    assert "201.50 USD" in operations.get(page(model, "change", row.pk)).content.decode()


def test_money_waiting_is_without_signs_by_currency_and_of_open_holds_alone(made: World) -> None:
    problem = gap(made)
    first, second = SyncRecord.objects.filter(state="held").order_by("id")
    SyncRecord.objects.filter(pk=first.pk).update(amount=Decimal("-7.25"), currency="EUR")
    found = waiting_on([problem.pk])[problem.pk]
    assert found.money == {"EUR": Decimal("7.25"), "USD": Decimal("101.25")}
    Hold.objects.filter(record=second).update(released_at=timezone.now())
    assert waiting_on([problem.pk])[problem.pk].money == {"EUR": Decimal("7.25")}
    assert waiting_on([problem.pk + 1]) == {}


def test_the_list_of_problems_costs_the_same_number_of_queries_however_long_it_is(
    made: World, operations: Client
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(database) as seen:
            assert operations.get(page("problem", "changelist")).status_code == 200
        return len(seen)

    queries()
    few = queries()
    more_problems(made, 30)
    assert queries() == few
    assert few < 30


def test_the_problem_that_holds_most_is_first_and_solved_ones_are_hidden(made: World, operations: Client) -> None:
    more_problems(made, 1)
    rows = operations.get(page("problem", "changelist")).context["cl"].result_list
    assert [row.waiting.records for row in rows] == [1, 1]
    Hold.objects.create(tenant=made.tenant, record=record(made, "posted"), problem=gap(made))
    rows = operations.get(page("problem", "changelist")).context["cl"].result_list
    assert [(row.code, row.waiting.records) for row in rows] == [("missing_mapping", 2), ("no_rate", 1)]
    Problem.objects.filter(code="no_rate").update(state="solved")
    shown = operations.get(page("problem", "changelist")).context["cl"].result_list
    assert [row.code for row in shown] == ["missing_mapping"]
    for query, number in (("?state=solved", 1), ("?state=all", 2), ("?q=travel-7", 1), ("?q=none-such", 0)):
        rows = operations.get(page("problem", "changelist") + query).context["cl"].result_list
        assert len(rows) == number, query


def test_solving_a_problem_replays_what_it_held_and_keeps_the_resolution(made: World, operations: Client) -> None:
    problem = gap(made)
    address = page("problem", "solve", problem.pk)
    asked = operations.get(address)
    assert [(one.state, one.records) for one in asked.context["touched"]] == [("held", 2)]
    assert operations.post(address, {"reason": ""}).status_code == 200
    answer = operations.post(address, {"reason": "mended at Brex"}, follow=True)
    assert "Solved; 2 records are decided anew." in answer.content.decode()
    problem.refresh_from_db()
    assert (problem.state, problem.resolution) == ("solved", "mended at Brex")
    assert SyncRecord.objects.filter(state="received").count() == 2
    assert "It is solved already." in operations.post(address, {"reason": "again"}).content.decode()


def test_a_problem_is_put_into_hands_of_a_member_with_an_event(made: World, operations: Client) -> None:
    problem = gap(made)
    member = user_make(made.tenant, Role.FINANCE)
    address = page("problem", "assign", problem.pk)
    assert operations.post(address, {"owner": member.pk}).status_code == 302
    problem.refresh_from_db()
    assert problem.owner == member
    assert AuditEvent.objects.get(kind="problem.assigned").facts == {"owner": member.username}
    form = {"action": "take_selected", "_selected_action": [problem.pk]}
    operations.post(page("problem", "changelist"), form)
    problem.refresh_from_db()
    assert problem.owner is not None
    assert problem.owner.username.startswith("operations")


def test_a_problem_is_never_put_into_hands_of_a_stranger_or_an_auditor(made: World, operations: Client) -> None:
    strangers = [user_make(tenant_make("globex"), Role.FINANCE), user_make(made.tenant, Role.AUDITOR), user_make()]
    for stranger in strangers:
        answer = operations.post(page("problem", "assign", gap(made).pk), {"owner": stranger.pk})
        assert "Select a valid choice" in answer.content.decode()
    assert gap(made).owner is None
    assert not get_user_model().objects.filter(pk__in=[one.pk for one in strangers], is_superuser=True).exists()


# --- gaps ---------------------------------------------------------------------------------------------------------


def test_a_gap_is_filled_after_seeing_the_exact_entry_and_its_records_go_through(
    made: World, finance: Client, django_capture_on_commit_callbacks: Any
) -> None:
    problem = gap(made)
    address = page("mappinggap", "map", problem.pk)
    asked = finance.get(address).content.decode()
    assert UNMAPPED in asked
    assert "201.50 USD" in asked
    form = {"value": account("600000").pk, "scope": "flow", "reason": "travel is an expense"}
    before = MappingRule.objects.count()
    shown = finance.post(address, {**form, "preview": "1"})
    text = shown.content.decode()
    assert "would hold: No rule leads from gl_account travel-7" in text
    assert "would post journal entry by B1, B37" in text
    assert "100.25" in text
    assert MappingRule.objects.count() == before
    with django_capture_on_commit_callbacks(execute=True):
        answer = finance.post(address, {**form, "confirmed": "1"})
    assert answer.status_code == 302
    rule = MappingRule.objects.latest("pk")
    assert (rule.when, rule.target, rule.flow, rule.value.code) == (
        {"gl_account": UNMAPPED}, "account", made.flow("records"), "600000",
    )  # fmt: skip
    assert (rule.reason, rule.created_by.username[:7]) == ("travel is an expense", "finance")  # type: ignore[union-attr]
    assert SyncRecord.objects.filter(state="received").count() == 2  # freed without anybody pressing replay
    made.sync("records")
    assert SyncRecord.objects.filter(state="posted").count() == 4
    problem.refresh_from_db()
    assert problem.state == "solved"


def test_a_rule_of_a_gap_may_be_for_every_flow(made: World, finance: Client) -> None:
    form = {"value": account("600000").pk, "scope": "tenant", "reason": "for all", "valid_from": "2026-01-01"}
    assert finance.post(page("problem", "map", gap(made).pk), {**form, "confirmed": "1"}).status_code == 302
    rule = MappingRule.objects.latest("pk")
    assert (rule.flow, str(rule.valid_from)) == (None, "2026-01-01")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"value": ""}, "This field is required."),
        ({"reason": ""}, "This field is required."),
        ({"value": "0"}, "Select a valid choice"),
        ({"value": "201100"}, "plays the role CARD"),
        ({"valid_from": "tomorrow"}, "Enter a valid date."),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_on_the_page(
    made: World, finance: Client, changes: dict[str, str], said: str
) -> None:
    form = {"value": str(account("600000").pk), "scope": "flow", "reason": "as agreed", **changes}
    if changes.get("value", "0") not in ("", "0"):
        form["value"] = str(account(changes["value"]).pk)
    before = MappingRule.objects.count()
    answer = finance.post(page("mappinggap", "map", gap(made).pk), {**form, "confirmed": "1"})
    assert said in answer.content.decode()
    assert MappingRule.objects.count() == before


def test_operations_see_the_gap_and_leave_the_mapping_to_finance(made: World, operations: Client) -> None:
    problem = gap(made)
    assert (
        page("mappinggap", "map", problem.pk)
        not in operations.get(page("mappinggap", "change", problem.pk)).content.decode()
    )
    assert operations.get(page("mappinggap", "map", problem.pk)).status_code == 403
    assert operations.post(page("mappinggap", "map", problem.pk), {"confirmed": "1"}).status_code == 403


def test_a_missing_vendor_is_mapped_on_the_same_page(made: World, finance: Client) -> None:
    row = record(made, "held")
    recorder = Recorder(row.tenant_id, "test")
    facts = {"target": "vendor", "field": "vendor", "label": "Staples", "candidates": "Staples Inc (82 %)"}
    cause = Cause("missing_vendor", "Who is Staples?", value="Staples", flow_id=row.flow_id, facts=facts)
    recorder.record(row, RecordState.HELD, "Who is Staples?", causes=[cause])
    recorder.flush()
    partner = ReferenceValue.objects.create(
        tenant=made.tenant, connection=made.connection("Odoo"), kind="vendor", external_id="77", name="Staples Inc"
    )
    address = page("problem", "map", Problem.objects.get(code="missing_vendor").pk)
    assert "Staples Inc (82 %)" in finance.get(address).content.decode()
    form = {"value": partner.pk, "scope": "flow", "reason": "the same", "confirmed": "1"}
    assert finance.post(address, form).status_code == 302
    assert MappingRule.objects.latest("pk").when == {
        "merchant": "Staples"
    }  # without an id the source's name is the key


# --- uncertain documents ------------------------------------------------------------------------------------------


@pytest.fixture
def uncertain(made: World) -> Posting:
    """A document that stands in the ledger and whose answer got lost."""
    posting = Posting.objects.filter(state="posted").order_by("id")[0]
    long_ago = timezone.now() - timedelta(hours=1)
    Posting.objects.filter(pk=posting.pk).update(
        state=PostingState.UNCERTAIN,
        sent_at=long_ago,
        created_at=long_ago,
        posted_at=None,
        entry_id="",
        number="",
        link="",
    )
    SyncRecord.objects.filter(pk=posting.record_id).update(state="posting")
    posting.refresh_from_db()
    return posting


def test_an_uncertain_document_is_bound_with_both_facts_on_the_page(
    made: World, operations: Client, uncertain: Posting
) -> None:
    address = page("posting", "bind", uncertain.pk)
    asked = operations.get(address)
    (stands,) = asked.context["look"].found
    assert stands.number in asked.content.decode()
    assert "600000 EXP" in asked.content.decode()
    form = {"entry_id": stands.ledger_id, "number": stands.number, "reason": "seen in Odoo"}
    assert operations.post(address, {**form, "reason": ""}).status_code == 200
    assert operations.post(address, form).status_code == 302
    uncertain.refresh_from_db()
    assert (uncertain.state, uncertain.entry_id, uncertain.number) == ("posted", stands.ledger_id, stands.number)


def test_what_the_ledger_shows_cannot_be_declared_absent(made: World, operations: Client, uncertain: Posting) -> None:
    answer = operations.post(page("posting", "declare_absent", uncertain.pk), {"reason": "I think so"})
    assert "Bind it instead." in answer.content.decode()
    uncertain.refresh_from_db()
    assert uncertain.state == "uncertain"


def test_nothing_is_declared_absent_before_a_late_answer_could_have_come(
    made: World, operations: Client, uncertain: Posting
) -> None:
    Posting.objects.filter(pk=uncertain.pk).update(stamp="brex:never-sent", sent_at=timezone.now())
    answer = operations.post(page("posting", "declare_absent", uncertain.pk), {"reason": "not there"})
    assert "look again in" in answer.content.decode()
    uncertain.refresh_from_db()
    assert uncertain.state == "uncertain"


def test_an_absent_document_is_withdrawn_and_its_record_decided_anew(
    made: World, operations: Client, uncertain: Posting
) -> None:
    Posting.objects.filter(pk=uncertain.pk).update(stamp="brex:never-sent")
    answer = operations.post(page("posting", "declare_absent", uncertain.pk), {"reason": "not there"})
    assert answer.status_code == 302
    uncertain.refresh_from_db()
    assert uncertain.state == "void"
    assert SyncRecord.objects.get(pk=uncertain.record_id).state == "received"


def test_nothing_is_declared_absent_while_the_ledger_cannot_be_asked(
    made: World, operations: Client, uncertain: Posting
) -> None:
    Connection.objects.filter(pk=uncertain.ledger_id).update(state="off")
    answer = operations.post(page("posting", "declare_absent", uncertain.pk), {"reason": "not there"})
    assert "could not be looked into" in answer.content.decode()
    uncertain.refresh_from_db()
    assert uncertain.state == "uncertain"


def test_a_posted_document_is_not_asked_about(made: World, operations: Client) -> None:
    posting = Posting.objects.filter(state="posted").order_by("id")[0]
    text = operations.get(page("posting", "change", posting.pk)).content.decode()
    assert page("posting", "bind", posting.pk) not in text
    for name in ("bind", "declare_absent"):
        answer = operations.post(page("posting", name, posting.pk), {"entry_id": "1", "reason": "x"})
        assert "Only a document whose outcome is unknown" in answer.content.decode()
    posting.refresh_from_db()
    assert posting.state == "posted"


# --- flows --------------------------------------------------------------------------------------------------------


def test_sync_now_shows_the_tie_out_and_makes_the_flow_due(made: World, operations: Client) -> None:
    address = reverse("admin:mappings_flow_sync_now", args=[made.flow("records").pk])
    asked = operations.get(address)
    assert asked.context["tally"].ties
    assert [row[:2] for row in asked.context["tally_rows"]][:3] == [
        ("posted", 2), ("witness of another record", 0), ("held for a person", 2),
    ]  # fmt: skip
    runs = SyncRun.objects.count()
    assert operations.post(address).status_code == 302
    assert SyncRun.objects.count() == runs + 1
    assert SyncRun.objects.latest("pk").by.startswith("operations")


def test_a_flow_that_is_off_is_not_synced_and_an_auditor_only_looks(made: World, operations: Client) -> None:
    flow = made.flow("records")
    address = reverse("admin:mappings_flow_sync_now", args=[flow.pk])
    auditor = enter(made.tenant, Role.AUDITOR)
    runs = SyncRun.objects.count()
    assert "You may look at it" in auditor.post(address).content.decode()
    type(flow).objects.filter(pk=flow.pk).update(state="off")
    assert "switch it on first" in operations.post(address).content.decode()
    assert SyncRun.objects.count() == runs


def test_the_preview_of_a_change_shows_what_would_become_something_else_and_writes_nothing(
    made: World, finance: Client
) -> None:
    rule = MappingRule.objects.get()
    address = reverse("admin:mappings_flow_preview_change", args=[made.flow("records").pk])
    events = AuditEvent.objects.count()
    other = ReferenceValue.objects.filter(kind="account", company="1", code__startswith="61").order_by("code")[0]
    moved = finance.post(address, {"rule": rule.pk, "value": other.pk, "sample": "25"})
    assert (moved.context["looked_at"], {one.record.state for one in moved.context["previews"]}) == (4, {"posted"})
    gone = finance.post(address, {"rule": rule.pk, "sample": "25"})
    assert (gone.context["looked_at"], gone.context["previews"]) == (4, [])  # what arrives coded stands without a rule
    form = {
        "target": "account",
        "field": "gl_account",
        "equals": UNMAPPED,
        "value": account("600000").pk,
        "sample": "25",
    }
    new = finance.post(address, form)
    assert {one.record.state for one in new.context["previews"]} == {"held"}
    assert "Choose a rule" in finance.post(address, {"sample": "25"}).content.decode()
    assert (MappingRule.objects.count(), AuditEvent.objects.count()) == (1, events)


# --- dashboard ----------------------------------------------------------------------------------------------------


def test_the_dashboard_shows_states_problems_connections_and_runs_of_ones_own_tenants(made: World) -> None:
    answer = enter(made.tenant, Role.AUDITOR).get(reverse("admin:index"))
    states = {one["label"]: (one["records"], one["money"]) for one in answer.context["states"]}
    assert states["posted"] == (2, "22.00 USD")
    assert states["held for a person"] == (2, "201.50 USD")
    ((problem, waiting),) = answer.context["problems"]
    assert (problem, waiting.records) == (gap(made), 2)
    assert {one["row"].name for one in answer.context["connections"]} == {"Brex", "Odoo"}
    assert [run.kind for run, _ in answer.context["runs"]] == ["sync now"]
    text = answer.content.decode()
    assert "Brex drops a key unused for 90 days" in text


def test_the_dashboard_says_when_no_worker_runs(made: World) -> None:
    lane = Lane.objects.filter(connection=made.connection("Brex")).order_by("id")[0]
    Lane.objects.filter(pk=lane.pk).update(due_at=timezone.now() - timedelta(hours=2), served_at=None)
    text = enter(made.tenant).get(reverse("admin:index")).content.decode()
    assert "no worker served it" in text


def test_a_stranger_sees_an_empty_dashboard(made: World) -> None:
    stranger = enter(tenant_make("globex"))
    answer = stranger.get(reverse("admin:index"))
    assert {one["records"] for one in answer.context["states"]} == {0}
    assert answer.context["problems"] == []
    assert answer.context["connections"] == []
    assert answer.context["runs"] == []
    nobody = Client()
    nobody.force_login(user_make())
    assert "You belong to no tenant yet" in nobody.get(reverse("admin:index")).content.decode()
