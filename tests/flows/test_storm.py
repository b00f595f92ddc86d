"""Answers to writes are lost and workers killed while spend moves into Zoho Books and Dynamics: is each document once?

Real programs throughout, three workers; every kind of write is lost at least once, and half of all others. The same
with as many records as you like, and everything that was counted: `python -m tests.flows.storm zoho_books --records
5000`, and `STORM_RECORDS=5000 pytest tests/flows/test_storm.py`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
RECORDS = int(os.environ.get("STORM_RECORDS", "120"))
KILLS = 2
PATIENCE_SECONDS = 240 + RECORDS
WRITES = {
    "cascade-zoho": {
        "POST /journals", "POST /bills", "POST /vendorpayments", "POST /contacts", "POST /journals/*/attachment",
        "POST /bills/*/attachment",
    },
    "cascade-dynamics": {
        "POST LedgerJournalHeaders", "POST LedgerJournalLines", "POST VendInvoiceJournalHeaders",
        "POST VendInvoiceJournalLines", "POST VendorsV3", "POST VendorPaymentJournalHeaders",
        "POST VendorPaymentJournalLines",
    },
}  # fmt: skip
WRONG = (
    "lost", "doubled", "strangers", "different", "not_in_books", "open", "files_doubled", "unbalanced",
    "without_a_mark", "left_open",
)  # fmt: skip


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What a storm over both ledgers of one installation came to."""
    storm = [sys.executable, "-m", "tests.flows.storm", "zoho_books", "dynamics365_fo"]
    options = ["--records", str(RECORDS), "--kills", str(KILLS), "--patience", str(PATIENCE_SECONDS)]
    done = subprocess.run(
        [*storm, *options], cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE_SECONDS + 120, check=False
    )
    assert done.returncode == 0, done.stderr[-6000:]
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("company", WRITES)
def test_nothing_is_lost_or_doubled(told: dict[str, Any], company: str) -> None:
    one = told[company]
    assert {name: one[name] for name in WRONG if one[name]} == {}
    assert one["ties"]
    assert one["documents"] > RECORDS / 2
    assert one["purchases"] >= RECORDS / 4


@pytest.mark.parametrize("company", WRITES)
def test_it_stormed(told: dict[str, Any], company: str) -> None:
    one = told[company]
    assert WRITES[company] <= one["answers_lost"].keys(), "a kind of write always had its answer"
    assert one["writes"].keys() == one["answers_lost"].keys()
    assert one["kills"] == KILLS
    assert one["uncertain"] > 20
    settled = one["uncertain_are"]
    assert settled["posted"] + one["declared_absent"] == one["uncertain"], settled


def test_the_trail_is_whole(told: dict[str, Any]) -> None:
    assert told["trail_is_as_sealed"]
