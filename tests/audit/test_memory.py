"""What if we forget, or the ledger does? Empty installs, archived flows, backups, a second installation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection as database
from django.utils import timezone

from audit.models import Posting, PostingState, Problem, RecordState, Sighting, SyncRecord
from connectors.services import connection_archive
from mappings import doubling
from mappings.services import flow_archive, flow_switch_off
from tests.audit.scene import (
    BOOKS,
    SETUP,
    assert_each_once,
    change,
    finish,
    flow,
    post,
    posting_states,
    read,
    read_all,
    scene,
    states,
    tell,
    time_passes,
    writes,
)
from tests.flows.world import World

pytestmark = pytest.mark.django_db(transaction=True)

RECORDS = 6


@pytest.fixture
def made() -> Iterator[World]:
    with scene("memory", records=RECORDS) as one:
        read(one)
        post(one)
        tell(one)
        assert_each_once(one, RECORDS)
        yield one


def forget() -> None:
    """The engine room's tables are empty, as after lost commits or in a new installation; the set-up stands."""
    tables = [model._meta.db_table for model in apps.get_app_config("audit").get_models() if not model._meta.proxy]
    with database.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)}, audit_unsealed")


def test_an_empty_install_finds_what_is_posted_and_doubles_nothing(made: World) -> None:
    loads = writes(made, "/load")
    forget()
    finish(made)
    assert_each_once(made, RECORDS)
    assert writes(made, "/load") == loads, "something was sent that was there"
    assert Sighting.objects.count() == RECORDS
    assert {one.attempts for one in Posting.objects.all()} == {0}
    assert Counter(record["version"] for record in made.brex.store.records) == {2: RECORDS}, "told again"


def test_an_empty_install_adopts_only_what_is_there_and_sends_the_rest(made: World) -> None:
    forget()
    made.purchase("77.00")
    finish(made)
    assert_each_once(made, RECORDS + 1)
    assert Counter(one.attempts for one in Posting.objects.all()) == {0: RECORDS, 1: 1}


def test_lost_commits_are_made_up_for_by_looking(made: World) -> None:
    """The newest commits are gone (asynchronous commit, a fail-over): records are there again, postings are not."""
    with database.cursor() as cursor:
        cursor.execute("TRUNCATE audit_posting, audit_followup CASCADE")
        cursor.execute("UPDATE audit_syncrecord SET state = 'received', due_at = now()")
    finish(made)
    assert_each_once(made, RECORDS)


def test_what_changed_while_we_had_forgotten_is_seen_and_not_posted_over(made: World) -> None:
    """An empty database sees only the last payload: what stands in the ledger differs from it, and a person decides."""
    change(made, next(iter(made.brex.store.records)), "300.00")
    forget()
    finish(made)
    assert len(made.moves()) == RECORDS
    assert Decimal("300.00") not in {move["amount_total"] for move in made.moves()}
    assert states(made) == {RecordState.POSTED: RECORDS - 1, RecordState.POSTING: 1}
    assert Problem.objects.filter(state="open", code="found_otherwise").count() == 1


def test_a_flow_made_anew_goes_on_where_the_archived_one_ended(made: World) -> None:
    loads = writes(made, "/load")
    today = timezone.now().date()
    flow_archive(flow_switch_off(made.flow("records"), by=None), by=None)
    owns = {"Brex": [{"family": "F1", "flow": "records again", "valid_from": today}]}
    made.apply(flows=[{**flow(), "name": "records again"}], books=[{**BOOKS, "owners": owns}])
    made.purchase("77.00", day=today.isoformat())
    time_passes()
    read_all(made)
    finish(made)
    assert_each_once(made, RECORDS + 1)
    assert writes(made, "/load") == loads + 1


def test_connections_made_anew_find_what_is_posted(made: World) -> None:
    loads = writes(made, "/load")
    keys = set(Posting.objects.values_list("key", flat=True))
    flow_archive(flow_switch_off(made.flow("records"), by=None), by=None)
    forget()
    identities = {name: made.connection(name).identity for name in ("Brex", "Odoo")}
    for name in identities:
        connection_archive(made.connection(name))
    for part in made.parts["connections"]:
        part["name"] = f"New {part['name']}"
    renamed = {"source": "New Brex", "ledger": "New Odoo"}
    made.apply(
        flows=[{**flow(), **renamed}],
        books=[{**one, "ledger": "New Odoo"} for one in SETUP["books"]],
        rules=[{**one, "ledger": "New Odoo"} for one in SETUP["rules"]],
    )
    from audit.models import LaneKind
    from tests.audit.scene import work

    for kind, name in ((LaneKind.READ, "New Brex"), (LaneKind.POST, "New Odoo"), (LaneKind.POST, "New Odoo")):
        time_passes()
        work(made, name, kind)
    assert set(Posting.objects.values_list("key", flat=True)) == keys
    assert states(made) == {RecordState.POSTED: RECORDS}
    assert len(made.moves()) == RECORDS
    assert writes(made, "/load") == loads


def adopt() -> str:
    out = StringIO()
    call_command("adopt", "Odoo", stdout=out)
    return out.getvalue()


def test_a_ledger_restored_from_a_backup_is_told_and_nothing_posted_again(made: World) -> None:
    """Two documents are gone from the ledger: a problem each, and no silent second posting."""
    gone = sorted(made.moves(), key=lambda move: move["id"])[:2]
    for move in gone:
        made.odoo.control("delete_move", {"id": move["id"]})
    said = adopt()
    assert said.count("does not show it any more") == 2
    assert "Company 1: 0 documents of ours that no posting knows." in said
    problems = Problem.objects.filter(state="open", code="gone_from_ledger")
    assert {problem.facts["value"] for problem in problems} == {move["invoice_origin"] for move in gone}
    finish(made)
    time_passes()
    read_all(made)
    post(made)
    assert len(made.moves()) == RECORDS - 2, "posted again without being asked"
    assert posting_states(made) == {PostingState.POSTED: RECORDS}
    assert adopt().count("does not show it any more") == 2, "one problem each, however often it is looked at"
    assert problems.count() == 2


def test_adopt_says_what_was_changed_or_cancelled_in_the_ledger(made: World) -> None:
    first, second, third = sorted(made.moves(), key=lambda move: move["id"])[:3]
    day = date.fromisoformat(first["date"])
    other = day - timedelta(days=1) if day.day > 1 else day + timedelta(days=1)
    made.odoo.control("edit_move", {"id": first["id"], "date": other.isoformat()})
    made.odoo.control("call", {"model": "account.move", "method": "button_draft", "ids": [second["id"]]})
    made.odoo.control("cancel_move", {"id": second["id"]})
    said = adopt()
    assert said.count("was changed in the ledger") == 2
    assert third["name"] not in said
    codes = Counter(Problem.objects.filter(state="open").values_list("code", flat=True))
    assert codes == {"changed_in_ledger": 2}


def test_adopt_before_the_first_run_counts_strangers(made: World) -> None:
    forget()
    assert f"Company 1: {RECORDS} documents of ours that no posting knows." in adopt()
    assert not SyncRecord.objects.exists()


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another tenant stands for another installation, which sees nothing of this one; in one, it would be refused."""
    monkeypatch.setattr(doubling, "_another_tenant", lambda flow: [])


def test_a_second_installation_on_the_same_ledger_posts_nothing_twice(made: World, unseen: None) -> None:
    """Another tenant with the same accounts at both vendors, as a copy of the installation would have them."""
    loads = writes(made, "/load")
    made.parts["slug"] = made.slug = "copy"
    made.apply()
    finish(made)
    assert len(made.moves()) == RECORDS
    assert writes(made, "/load") == loads
    assert states(made) == {RecordState.POSTED: RECORDS}


def test_what_the_other_installation_posts_meanwhile_is_found_by_the_key(made: World, unseen: None) -> None:
    """Both copies see a new record; the second to send finds the ledger holding it and adopts it."""
    copy = World("copy", made.brex, made.odoo, made.environment, {**made.parts, "slug": "copy"})
    copy.apply()
    finish(copy)
    fresh = made.purchase("55.00")
    for one in (made, copy):
        time_passes()
        read_all(one)
    for one in (made, copy):
        post(one)
    for one in (made, copy):
        time_passes()
        post(one)
    assert [move["amount_total"] for move in made.moves(invoice_origin=f"brex:{fresh['id']}")] == [Decimal("55.00")]
    assert states(made) == states(copy) == {RecordState.POSTED: RECORDS + 1}
