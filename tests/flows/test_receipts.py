"""Do the papers of many records reach their documents, once each and in few calls?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from audit.models import FollowUp, FollowUpKind, FollowUpState, LaneKind, Problem
from audit.sync import carry
from connectors.brex import receipts
from connectors.errors import UnsupportedError
from connectors.odoo.ledger import OdooLedger
from tests.audit.scene import flow, post, read, scene, time_passes, work
from tests.flows.world import World

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 60


@pytest.fixture
def office() -> Iterator[World]:
    with scene("papers", flows=[flow(attach_receipts=True)]) as made:
        yield made


def purchases(made: World, count: int) -> list[str]:
    """Purchases with one paper each; the names of the papers."""
    names = []
    for number in range(count):
        receipt = made.brex.files.add_receipt("receipt.pdf", f"Paper {number}")
        made.purchase(f"{10 + number}.25", receipts=[{"id": receipt}])
        names.append(f"{receipt}.pdf")
    read(made)
    post(made)
    return names


def papers(made: World) -> Counter[str]:
    """How often each paper lies in Odoo, counted there."""
    rows = made.odoo.store.tables["ir.attachment"].values()
    targets = {one["res_id"] for one in rows}
    assert len(targets) == len(rows), "each purchase has its own paper"
    return Counter(str(one["name"]) for one in rows)


def attach(made: World) -> tuple[list[str], list[str]]:
    """Work the lane that attaches; the paths that Brex and Odoo were called with."""
    before = len(made.brex.calls), len(made.odoo.calls)
    work(made, "Odoo", LaneKind.TELL)
    of_brex = [call.path for call in list(made.brex.calls)[before[0] :] if not call.path.startswith("/files/")]
    of_odoo = [call.path for call in list(made.odoo.calls)[before[1] :] if "/ir.attachment/" in call.path]
    return of_brex, of_odoo


def steps(made: World, **conditions: Any) -> int:
    return FollowUp.objects.filter(tenant=made.tenant, kind=FollowUpKind.ATTACH, **conditions).count()


def test_the_papers_of_many_records_cost_a_handful_of_calls(office: World) -> None:
    names = purchases(office, MANY)
    assert steps(office, state=FollowUpState.DUE) == MANY
    of_brex, of_odoo = attach(office)
    assert papers(office) == Counter(names)
    assert steps(office, state=FollowUpState.DONE) == MANY
    assert of_brex == ["/v3/accounting/records"]
    assert [path.rpartition("/")[2] for path in of_odoo] == ["search_read", "create"]


def test_a_paper_whose_answer_was_lost_is_not_attached_again(office: World) -> None:
    names = purchases(office, 5)
    office.odoo.fail("commit_then_drop", "ir.attachment/create")
    attach(office)
    assert steps(office, state=FollowUpState.DUE) == 5
    time_passes()
    attach(office)
    assert papers(office) == Counter(names)
    assert steps(office, state=FollowUpState.DONE) == 5


def test_one_paper_that_is_too_large_keeps_no_other_back(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    names = purchases(office, 9)
    large = names[4].removesuffix(".pdf")
    office.brex.store.receipts[large]["_bytes"] = b"%PDF" + b"x" * 5_000
    monkeypatch.setattr(receipts, "LARGEST", 5_000)
    attach(office)
    assert papers(office) == Counter(one for one in names if not one.startswith(large))
    assert steps(office, state=FollowUpState.DONE) == 8
    assert steps(office, state=FollowUpState.DUE) == 1


def test_a_ledger_that_takes_no_files_is_asked_once_and_the_records_say_so(
    office: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise UnsupportedError("No files here.")

    purchases(office, 3)
    monkeypatch.setattr(OdooLedger, "attach_many", refuse)
    attach(office)
    assert steps(office, state=FollowUpState.DROPPED, attempts=1, reason="No files here.") == 3
    assert not Problem.objects.filter(tenant=office.tenant).exists(), "nobody can do anything about it"


def test_no_more_is_held_in_memory_than_an_armful(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    names = purchases(office, 6)
    for name in names:
        office.brex.store.receipts[name.removesuffix(".pdf")]["_bytes"] = b"%PDF" + name.encode() + b"x" * 1_000
    monkeypatch.setattr(carry, "ARMFUL", 2_500)
    _, of_odoo = attach(office)
    assert papers(office) == Counter(names)
    assert [path.rpartition("/")[2] for path in of_odoo] == ["search_read", "create"] * 3
