"""Does a record's page follow it from its source into the ledger, and do its buttons say what they will touch?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.admin import paging
from audit.admin.paging import EstimatedPaginator, rows_estimated
from audit.models import AuditEvent, FollowUp, Posting, PostingState, Problem, RecordState, RecordVersion, SyncRecord
from audit.sync.recorder import Cause, Recorder
from connectors.models import Role
from mappings.models import ReferenceValue
from tests.audit.office import UNMAPPED, enter, page, record, standing_office
from tests.factories import user_make
from tests.flows.world import TOKEN, World

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with standing_office(django_db_blocker) as one:
        yield one


@pytest.fixture
def desk(made: World) -> Client:
    return enter(made.tenant, Role.OPERATIONS)


# --- the list -----------------------------------------------------------------------------------------------------


def test_the_list_costs_the_same_number_of_queries_however_long_it_is(made: World, desk: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            database,
        ) as seen:
            assert desk.get(page("syncrecord", "changelist")).status_code == 200
        return len(seen)

    queries()
    few = queries()
    copies(record(made, "posted"), 60)
    copies(record(made, "held"), 60)
    assert queries() == few
    assert few < 30


def copies(row: SyncRecord, number: int) -> list[SyncRecord]:
    """More records like this one, with their documents."""
    values = {one.attname: getattr(row, one.attname) for one in SyncRecord._meta.concrete_fields if one.name != "id"}
    made = SyncRecord.objects.bulk_create(
        SyncRecord(**{**values, "external_id": f"{row.external_id}-{at}"}) for at in range(number)
    )
    documents = list(row.postings.all())
    for posting in documents:
        fields = {
            one.attname: getattr(posting, one.attname) for one in Posting._meta.concrete_fields if one.name != "id"
        }
        Posting.objects.bulk_create(
            Posting(
                **{
                    **fields,
                    "record_id": one.pk,
                    "key": f"{posting.key}-{one.pk}",
                    "stamp": f"{posting.stamp}-{one.pk}",
                }
            )
            for one in made
        )
    return made


@pytest.mark.parametrize(
    ("query", "shows_posted", "shows_held"),
    [
        ("", True, True),
        ("?state__exact=held", False, True),
        ("?stream=accounting_records", True, True),
        ("?stream=cash", False, False),
        ("?kind=card_purchase", True, True),
        ("?kind=bill", False, False),
        ("?currency=usd", True, True),
        ("?currency=EUR", False, False),
        ("?flow=none", False, False),
        ("?flow=999999999999999999999", True, True),
        ("?posting_on_from=2001-01-01&posting_on_to=2001-12-31", False, False),
        ("?q=toner", True, True),
        ("?q=no-such-thing", False, False),
    ],
)
def test_the_list_is_narrowed_down(made: World, desk: Client, query: str, shows_posted: bool, shows_held: bool) -> None:
    answer = desk.get(page("syncrecord", "changelist") + query)
    assert answer.status_code == 200
    states = {row.state for row in answer.context["cl"].result_list}
    assert states == {state for state, is_shown in (("posted", shows_posted), ("held", shows_held)) if is_shown}


def test_a_ledger_entry_is_found_by_its_number_and_by_its_id(made: World, desk: Client) -> None:
    posting = Posting.objects.filter(state="posted").order_by("id")[0]
    Posting.objects.filter(pk=posting.pk).update(entry_id="no-other-id")
    for term in (posting.number, "no-other-id", posting.key, posting.record.external_id):
        rows = desk.get(page("syncrecord", "changelist"), {"q": term}).context["cl"].result_list
        assert [row.pk for row in rows] == [posting.record_id], term


# --- the page -----------------------------------------------------------------------------------------------------


def test_the_page_follows_an_entry_back_to_its_source_and_to_the_rule_behind_it(made: World, desk: Client) -> None:
    posting = Posting.objects.filter(state="posted").order_by("id")[0]
    text = desk.get(page("syncrecord", "change", posting.record_id)).content.decode()
    assert posting.key in text
    assert f'href="{posting.link}"' in text
    assert posting.number in text
    assert "600000 EXP" in text  # the frozen document as a journal
    assert "because rule" in text
    assert "set-up file" in text  # why somebody made that rule
    for kind in AuditEvent.objects.filter(record_id=posting.record_id).values_list("kind", flat=True):
        assert kind in text


def test_both_amounts_are_shown_where_the_source_tells_them(made: World, desk: Client) -> None:
    row = record(made, "posted")
    assert "As spent" not in desk.get(page("syncrecord", "change", row.pk)).content.decode()
    version = RecordVersion.objects.get(record=row)
    spent = {"amount": Decimal("1500"), "currency": "JPY"}
    version.payload = {**version.payload, "item": {**version.payload["item"], "original_amount": spent}}
    version.save()
    text = desk.get(page("syncrecord", "change", row.pk)).content.decode()
    assert "1,500 JPY" in text
    assert "10.50 USD" in text
    version.payload = {"item": "odd"}
    version.save()
    assert desk.get(page("syncrecord", "change", row.pk)).status_code == 200


def test_a_held_record_says_on_what_it_waits_and_what_helps(made: World, desk: Client) -> None:
    text = desk.get(page("syncrecord", "change", record(made, "held").pk)).content.decode()
    problem = Problem.objects.get(code="missing_mapping")
    assert problem.message in text
    assert problem.advice in text
    assert page("problem", "change", problem.pk) in text


def test_payloads_are_shown_on_demand_escaped_and_without_secrets(made: World, desk: Client) -> None:
    row = record(made, "posted")
    version = RecordVersion.objects.get(record=row)
    version.payload = {
        **version.payload,
        "memo": "<script>alert(1)</script>",
        "access_token": "tok-123456",
        "n": Decimal("1.10"),
    }
    version.save()
    without = desk.get(page("syncrecord", "change", row.pk)).content.decode()
    assert "alert(1)" not in without
    for address in (page("syncrecord", "change", row.pk) + "?version=1", page("recordversion", "change", version.pk)):
        text = desk.get(address).content.decode()
        assert "&lt;script&gt;alert(1)" in text
        assert "<script>alert(1)" not in text
        assert "tok-123456" not in text
        assert "1.10" in text
    for odd in ("?version=99", "?version=x", "?version=99999999999999"):
        assert desk.get(page("syncrecord", "change", row.pk) + odd).status_code == 200


def test_the_page_costs_the_same_number_of_queries_whatever_the_record_went_through(made: World, desk: Client) -> None:
    row = record(made, "posted")

    def queries() -> int:
        with CaptureQueriesContext(database) as seen:
            desk.get(page("syncrecord", "change", row.pk))
        return len(seen)

    queries()
    few = queries()
    for number in range(20):
        FollowUp.objects.create(
            tenant=row.tenant, record=row, connection=row.connection, kind="attach", subject=f"receipt {number}"
        )
    recorder = Recorder(row.tenant_id, "test")
    for number in range(50):
        recorder.event("record.looked_at", f"time {number}", record_id=row.pk)
    recorder.flush()
    assert queries() == few
    assert few < 45


def test_only_buttons_that_can_do_something_are_offered(made: World, desk: Client) -> None:
    for state, offered in (("held", {"replay_one", "decide", "skip"}), ("posted", set())):
        row = record(made, state)
        text = desk.get(page("syncrecord", "change", row.pk)).content.decode()
        found = {name for name in ("replay_one", "decide", "skip") if page("syncrecord", name, row.pk) in text}
        assert found == offered, state


# --- replay -------------------------------------------------------------------------------------------------------


def test_a_replay_says_what_it_touches_and_what_it_leaves_alone_and_touches_just_that(
    made: World, desk: Client
) -> None:
    rows = list(SyncRecord.objects.order_by("id"))
    form = {"action": "replay_selected", "_selected_action": [row.pk for row in rows]}
    asked = desk.post(page("syncrecord", "changelist"), form)
    touched = {(one.state, one.is_replayed): (one.records, one.money) for one in asked.context["touched"]}
    assert touched == {
        ("held", True): (2, {"USD": Decimal("201.50")}),
        ("posted", False): (2, {"USD": Decimal("22.00")}),
    }
    assert "201.50 USD" in asked.content.decode()
    assert not AuditEvent.objects.filter(kind="record.replayed").exists()
    done = desk.post(
        page("syncrecord", "changelist"), {**form, "confirmed": "1", "reason": "after the fix"}, follow=True
    )
    assert "2 records are decided anew. Left alone: 2 posted." in done.content.decode()
    assert set(AuditEvent.objects.filter(kind="record.replayed").values_list("message", flat=True)) == {"after the fix"}
    assert {row.state for row in SyncRecord.objects.filter(pk__in=[row.pk for row in rows])} == {"received", "posted"}


def test_all_records_that_a_filter_shows_are_replayed_at_once(made: World, desk: Client) -> None:
    first = record(made, "held")
    address = page("syncrecord", "changelist") + "?state__exact=held"
    form = {"action": "replay_selected", "select_across": "1", "_selected_action": [first.pk]}
    asked = desk.post(address, form)
    assert [(one.state, one.records) for one in asked.context["touched"]] == [("held", 2)]
    desk.post(address, {**form, "confirmed": "1"})
    assert SyncRecord.objects.filter(state="received").count() == 2


def test_one_record_is_replayed_after_a_question(made: World, desk: Client) -> None:
    row = record(made, "held")
    address = page("syncrecord", "replay_one", row.pk)
    assert desk.get(address).status_code == 200
    assert desk.post(address, {}).status_code == 200  # no confirmation, no replay
    row.refresh_from_db()
    assert row.state == "held"
    assert desk.post(address, {"confirmed": "1"}).status_code == 302
    row.refresh_from_db()
    assert row.state == "received"
    assert AuditEvent.objects.get(kind="record.replayed").actor.startswith("operations")


def test_a_posted_record_cannot_be_replayed(made: World, desk: Client) -> None:
    row = record(made, "posted")
    answer = desk.get(page("syncrecord", "replay_one", row.pk))
    assert "Nothing of this selection can be replayed." in answer.content.decode()
    desk.post(page("syncrecord", "replay_one", row.pk), {"confirmed": "1"})
    row.refresh_from_db()
    assert row.state == "posted"


# --- decide and skip ----------------------------------------------------------------------------------------------


def test_a_person_decides_the_account_after_seeing_the_entry(made: World, desk: Client) -> None:
    row = record(made, "held")
    account = made_account("600000")
    address = page("syncrecord", "decide", row.pk)
    assert 'name="account"' in desk.get(address).content.decode()
    form = {"account": account.pk, "reason": "told by the card holder"}
    shown = desk.post(address, {**form, "preview": "1"})
    assert "would post journal entry" in shown.content.decode()
    assert f"{account.code} EXP" in shown.content.decode()
    row.refresh_from_db()
    assert (row.state, row.choices) == ("held", {})
    assert desk.post(address, {**form, "confirmed": "1"}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.choices) == ("received", {"account": account.external_id})
    event = AuditEvent.objects.get(kind="record.chosen")
    assert (event.message, event.facts) == ("told by the card holder", {"account": account.external_id})
    made.sync("records")
    row.refresh_from_db()
    assert row.state == "posted"


def test_above_the_threshold_a_second_person_must_decide_the_same(made: World, desk: Client) -> None:
    tenant = made.tenant
    tenant.thresholds = {"second_person": 1}
    tenant.save()
    row = record(made, "held")
    address = page("syncrecord", "decide", row.pk)
    form = {"account": made_account("600000").pk, "reason": "told by the card holder", "confirmed": "1"}
    assert "waits until a second person" in desk.post(address, form, follow=True).content.decode()
    row.refresh_from_db()
    assert row.state == "held"
    for shown in (page("syncrecord", "change", row.pk), page("syncrecord", "changelist")):
        said = desk.get(shown).content.decode()
        assert "Waiting for a second person" in said
        assert "Decided by a person" not in said
    other = Client()
    other.force_login(user_make(tenant, Role.OPERATIONS))
    assert "is looked at anew" in other.post(address, form, follow=True).content.decode()
    row.refresh_from_db()
    assert row.state == "received"


def made_account(code: str) -> ReferenceValue:
    return ReferenceValue.objects.get(kind="account", code=code, company="1")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "This field is required."),
        ({"reason": "because"}, "Nothing is decided yet."),
        ({"reason": "because", "account": "0"}, "Select a valid choice"),
        ({"reason": "because", "account": "201100"}, "plays the role CARD"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused_at_its_field(
    made: World, desk: Client, form: dict[str, str], said: str
) -> None:
    row = record(made, "held")
    if form.get("account", "0") != "0":
        form = {**form, "account": str(made_account(form["account"]).pk)}
    answer = desk.post(page("syncrecord", "decide", row.pk), {**form, "confirmed": "1"})
    assert answer.status_code == 200
    assert said in answer.content.decode()
    row.refresh_from_db()
    assert (row.state, row.choices) == ("held", {})


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("closed_period", {"day"}),
        ("unknown_kind", {"kind"}),
        ("sign_contradicts_kind", {"direction", "kind"}),
        ("ambiguous_link", {"partner_record", "account"}),
        ("refund_exceeds_purchase", {"refund", "account"}),
        ("possible_duplicate", {"duplicate"}),
        ("changed_after_posting", {"changed_after_posting"}),
    ],
)
def test_what_is_asked_follows_from_the_problem(made: World, desk: Client, code: str, asked: set[str]) -> None:
    row = record(made, "held")
    recorder = Recorder(row.tenant_id, "test")
    recorder.record(row, RecordState.HELD, "as told", causes=[Cause(code, "as told", value="x", flow_id=row.flow_id)])
    recorder.flush()
    form = desk.get(page("syncrecord", "decide", row.pk)).context["form"]
    assert set(form.fields) == {*asked, "reason"}


def test_nothing_is_decided_about_a_posted_record_without_a_problem(made: World, desk: Client) -> None:
    answer = desk.get(page("syncrecord", "decide", record(made, "posted").pk))
    assert "No decision about this record alone would help" in answer.content.decode()


def test_a_record_is_skipped_only_with_a_reason(made: World, desk: Client) -> None:
    row = record(made, "held")
    address = page("syncrecord", "skip", row.pk)
    assert desk.post(address, {"reason": " "}).status_code == 200
    row.refresh_from_db()
    assert row.state == "held"
    assert desk.post(address, {"reason": "private"}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.reason) == ("skipped", "private")
    assert (
        "cannot be skipped"
        in desk.post(page("syncrecord", "skip", record(made, "posted").pk), {"reason": "x"}).content.decode()
    )


# --- secrets ------------------------------------------------------------------------------------------------------


def test_no_page_of_the_engine_room_holds_a_secret(made: World, desk: Client) -> None:
    Posting.objects.filter(pk=Posting.objects.order_by("id")[0].pk).update(state=PostingState.UNCERTAIN)
    key = made.environment["MLC_SECRET_ODOO"]
    for model in ("syncrecord", "posting", "problem", "exchange", "auditevent", "recordversion", "lane", "syncrun"):
        answer = desk.get(page(model, "changelist"))
        row = answer.context["cl"].queryset.first()
        pages = [answer] if row is None else [answer, desk.get(page(model, "change", row.pk))]
        for shown in pages:
            assert shown.status_code == 200
            text = shown.content.decode()
            assert TOKEN not in text, model
            assert key not in text, model
    assert UNMAPPED in desk.get(page("problem", "changelist")).content.decode()


def test_long_lists_are_estimated_and_short_ones_counted(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = SyncRecord.objects.order_by("id")
    assert EstimatedPaginator(rows, 40).count == 4
    assert EstimatedPaginator(rows.none(), 40).count == 0
    monkeypatch.setattr(paging, "COUNTED_EXACTLY", 2)
    monkeypatch.setattr(paging, "rows_estimated", lambda rows: 70_000)
    assert EstimatedPaginator(rows, 40).count == 70_000
    monkeypatch.undo()
    with database.cursor() as cursor:
        cursor.execute("ANALYZE audit_syncrecord")
    assert rows_estimated(rows) == 4
