"""`manage.py sync` and `adopt`: what they print, and when they refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from audit.models import RecordState, SyncRun
from tests.audit.scene import flow, scene, states
from tests.flows.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made() -> Iterator[World]:
    with scene("commands", records=2) as one:
        one.purchase("20.00", gl="699900")
        one.purchase("30.00", review_status="REVIEW")
        yield one


def said(command: str, *arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out, **options)
    return out.getvalue()


def test_sync_runs_a_flow_until_it_is_idle_and_prints_the_tie_out(made: World) -> None:
    text = said("sync", "records", seconds=30)
    assert text.splitlines()[:9] == [
        "received          4",
        "posted            2",
        "witness           0",
        "held              1",
        "skipped           0",
        "failed            0",
        "in work           0",
        "not final         1",
        "It ties.",
    ]
    assert [line for line in text.splitlines()[9:] if "699900" in line]
    run = SyncRun.objects.latest("id")
    assert (run.by, run.finished_at is not None, run.counts["posted"]) == ("command", True, 2)


def test_sync_json_is_the_same_tie_out(made: World) -> None:
    made.sync("records")
    told = json.loads(said("sync", str(made.flow("records").pk), json=True, seconds=30))
    assert told["ties"] is True
    assert (told["received"], told["posted"], told["held"], told["not_final"]) == (4, 2, 1, 1)
    assert told["documents"] == {"journal_entry": 2}
    assert told["money"]["USD"]["posted"] == "22.0000"
    assert len(made.moves()) == 2


@pytest.mark.parametrize(
    ("name", "state", "said_so"),
    [("nothing", "on", "There is no flow 'nothing'. Flows: "), ("records", "off", "switch it on first")],
)
def test_sync_refuses_what_cannot_run(made: World, name: str, state: str, said_so: str) -> None:
    made.apply(flows=[{**flow(), "state": state}])
    with pytest.raises(CommandError, match=said_so):
        said("sync", name)
    assert states(made) == {}


def test_a_dry_run_reads_and_decides_and_writes_nothing_anywhere(made: World) -> None:
    made.apply(flows=[{**flow(), "state": "dry_run"}])
    text = said("sync", "records", seconds=30)
    assert "not final         4" in text
    assert made.moves() == []
    assert states(made) == {RecordState.RECEIVED: 4}
    assert not any(call.path.endswith(("/load", "/create", "/write", "/action_post")) for call in made.odoo.calls)
    assert "EXPORTED" not in {record["review_status"] for record in made.brex.store.records}
    made.apply(flows=[flow()])
    said("sync", "records", seconds=30)
    assert states(made)[RecordState.POSTED] == 2, "what was decided dry is posted once the flow is on"


def test_adopt_wants_one_connection(made: World) -> None:
    for wrong in ("nothing", "999999"):
        with pytest.raises(CommandError, match="0 connections are called"):
            said("adopt", wrong)
    assert said("adopt", str(made.connection("Odoo").pk)) == "Company 1: 0 documents of ours that no posting knows.\n"
    made.odoo.fail("status", ".*", status=401, times=50)
    with pytest.raises(CommandError):
        said("adopt", "Odoo")
