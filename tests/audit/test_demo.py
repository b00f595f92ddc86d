"""Does the demo move its company, count honestly, and leave nothing running, however it ends?"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from audit.demo.counting import BILL, ENTRY, Seen, compare
from audit.demo.ledger import real_ledger
from audit.demo.report import Report
from audit.demo.showing import complaints
from audit.demo.watching import DemoError
from audit.services import Tally
from config import trial
from config.demo import Demo
from config.servers import ServersError
from tests.factories import tenant_make

PROJECT = Path(__file__).resolve().parent.parent.parent
ENTRY_SEEN = Seen("brex:accr_1", "1", ENTRY, True, Decimal("25.50"), "USD")
BILL_SEEN = Seen("brex:expense_1", "2", BILL, True, Decimal("119.00"), "EUR")


# --- counting ---------------------------------------------------------------------------------------------------


def test_what_odoo_holds_once_with_our_amounts_ties():
    counted = compare([ENTRY_SEEN, BILL_SEEN], [BILL_SEEN, ENTRY_SEEN])
    assert counted.ties
    assert [(row.type, row.ours, row.in_ledger, row.ledger_total) for row in counted.rows] == [
        (ENTRY, 1, 1, Decimal("25.50")),
        (BILL, 1, 1, Decimal("119.00")),
    ]


@pytest.mark.parametrize(
    ("held", "open_postings", "complaint"),
    [
        ([ENTRY_SEEN], 0, "1 documents are not in Odoo: brex:expense_1"),
        ([ENTRY_SEEN, BILL_SEEN, BILL_SEEN], 0, "1 documents stand in Odoo more than once: brex:expense_1"),
        ([ENTRY_SEEN, BILL_SEEN, replace(BILL_SEEN, stamp="brex:expense_2")], 0, "are in Odoo and unknown to us"),
        ([ENTRY_SEEN, replace(BILL_SEEN, total=Decimal("118.99"))], 0, "1 documents differ in Odoo: brex:expense_1"),
        ([ENTRY_SEEN, replace(BILL_SEEN, company="1")], 0, "1 documents differ in Odoo: brex:expense_1"),
        ([ENTRY_SEEN, replace(BILL_SEEN, is_in_books=False)], 0, "are in Odoo but not in its books"),
        ([ENTRY_SEEN, BILL_SEEN], 1, "1 postings are still under way."),
    ],
)
def test_whatever_differs_from_odoo_is_named_and_does_not_tie(held, open_postings, complaint):
    counted = compare([ENTRY_SEEN, BILL_SEEN], held, open_postings)
    assert not counted.ties
    report = Report("Odoo", {}, {}, counted, [], records=0, books={})
    assert not report.ties
    assert any(complaint in said for said in complaints(report))


def test_a_record_that_no_tally_counts_does_not_tie():
    report = Report("Odoo", {"flow": Tally(received=2, posted=2)}, {}, compare([], []), [], records=3, books={})
    assert not report.ties
    assert complaints(report) == ["3 records are stored, 2 are counted."]


# --- refusals ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_database_with_tenants_is_refused_in_one_sentence():
    tenant_make()
    demo = Demo(console=None, port=0, records=100, workers=1, is_real=False)
    with pytest.raises(DemoError, match="has tenants already"), demo.run():
        pass


def test_a_real_odoo_needs_its_address_and_both_keys():
    with pytest.raises(DemoError, match="ODOO_URL, ODOO_API_KEY_ADMIN in the environment"):
        real_ledger({"ODOO_DB": "finance", "ODOO_API_KEY": "key"})


def test_a_folder_that_another_command_runs_from_is_not_emptied(tmp_path, monkeypatch):
    monkeypatch.setenv("MLC_DATA_DIR", str(tmp_path))
    for name in trial.ADDRESSES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "secrets.env").write_text("SECRET_KEY=kept")
    with (tmp_path / "guests.lock").open("w") as guest:
        fcntl.flock(guest, fcntl.LOCK_SH)
        with (
            pytest.raises(ServersError, match="another command still runs from"),
            trial.servers_running(is_main=True, is_fresh=True),
        ):
            pass
    assert (tmp_path / "secrets.env").read_text() == "SECRET_KEY=kept"


# --- the whole of it --------------------------------------------------------------------------------------------


@pytest.fixture
def demo(tmp_path):
    """Starts the demo in a folder of its own; whatever is left of it is killed with the test."""
    started = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        environment = {name: value for name, value in os.environ.items() if name not in trial.ADDRESSES}
        environment |= {"DJANGO_SETTINGS_MODULE": "config.settings.local", "MLC_DATA_DIR": str(tmp_path)}
        command = [sys.executable, "manage.py", "demo", "--port", "0", "--records", "60", *arguments]
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def running_from(folder: Path) -> list[int]:
    """Processes whose environment or command names the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in said and int(process.name) != os.getpid():
            found.append(int(process.name))
    return found


def test_once_it_ends_with_one_document_that_ties_and_nothing_is_left_running(demo, tmp_path):
    process = demo("--once", "--json")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    told = json.loads(out)
    assert told["ties"]
    odoo = told["tenants"]["cascade-robotics"]
    assert odoo["ledger"]["missing"] == odoo["ledger"]["twice"] == odoo["ledger"]["strangers"] == []
    posted = {(row["company"], row["type"]) for row in odoo["ledger"]["rows"]}
    assert {("1", "journal_entry"), ("1", "vendor_bill"), ("1", "payment"), ("2", "vendor_bill")} <= posted
    assert {"closed_period", "missing_mapping", "credential_expiry"} <= {one["code"] for one in odoo["problems"]}
    assert told["announced_by_webhook"]["read"] == told["announced_by_webhook"]["records"] > 0
    assert sum(flow["posted"] for flow in odoo["flows"].values()) > sum(
        flow["held"] + flow["failed"] for flow in odoo["flows"].values()
    )
    for slug, documents in (("cascade-zoho", {"payment"}), ("cascade-dynamics", {"new_vendor"})):
        report = told["tenants"][slug]
        assert report["ties"]
        assert {row["type"] for row in report["ledger"]["rows"]} >= {"journal_entry", "vendor_bill"} | documents
        assert all(row["in_ledger"] == row["ours"] > 0 for row in report["ledger"]["rows"])
        assert not any(flow["failed"] for flow in report["flows"].values())
    assert running_from(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_stopped_halfway_it_leaves_nothing_running(demo, tmp_path, number):
    process = demo()
    deadline = time.monotonic() + 120
    while not (tmp_path / "demo" / "logs" / "web.log").exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(number)
    process.wait(60)
    deadline = time.monotonic() + 30
    while running_from(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert running_from(tmp_path) == []
