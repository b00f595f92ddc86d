"""When is a document taken for absent, and a list for whole?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.base import LookupBlindError, OutcomeState
from connectors.zoho_books.simulator import ZohoBooksSimulator
from tests.connectors.zoho_books.world import ZohoWorld

NOTHING = b'{"code":0,"message":"success","%s":[],"page_context":{"has_more_page":false}}'


@pytest.mark.parametrize("kind", ["entry", "bill", "payment"])
def test_a_filter_that_is_ignored_proves_nothing_and_nothing_is_sent_twice(
    world: ZohoWorld, simulator: ZohoBooksSimulator, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Zoho does not know the filter any more, and its list is longer than a page."""
    old = world.of_kind(kind)
    world.faults.fail_write(0, "commit_then_drop")
    assert world.open().post(world.company, [old])[0].state is OutcomeState.UNCERTAIN
    last = ""
    for _ in range(5):
        newer = replace(world.of_kind(kind), is_first=True)
        assert world.open().post(world.company, [newer])[0].ledger_id
        last = newer.stamp
    monkeypatch.setattr("connectors.zoho_books.client.PAGE", 3)
    monkeypatch.setattr("connectors.zoho_books.desk.PAGE", 3, raising=False)
    simulator.control("switch", {"ignored_filters": ["reference_number"]})
    with pytest.raises(LookupBlindError, match="and gave others"):
        world.open().find(world.company, [old], known=last)
    assert world.open().post(world.company, [old])[0].state is OutcomeState.NOT_SENT
    simulator.control("switch", {"ignored_filters": []})
    assert world.count(old) == 1


def test_a_vendor_is_not_made_again_where_names_are_not_searched(
    world: ZohoWorld, simulator: ZohoBooksSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = world.posted(world.new_vendor(name=f"Zzz {world.word}"))
    monkeypatch.setattr("connectors.zoho_books.client.PAGE", 3)
    monkeypatch.setattr("connectors.zoho_books.desk.PAGE", 3, raising=False)
    simulator.control("switch", {"ignored_filters": ["contact_name"]})
    again = replace(world.outgoing(first.document), is_first=True)
    assert world.open().post(world.company, [again])[0].state is OutcomeState.NOT_SENT
    assert world.count(first) == 1


def test_a_filter_that_is_ignored_does_no_harm_where_the_list_is_one_page(
    world: ZohoWorld, simulator: ZohoBooksSimulator
) -> None:
    simulator.control("switch", {"ignored_filters": ["reference_number"]})
    there, posted = world.posted(world.entry())
    known, _ = world.posted(world.entry())
    missing = world.outgoing(world.entry())
    found = world.open().find(world.company, [there, missing], known=known.stamp)
    assert [one.state for one in found] == [OutcomeState.POSTED, OutcomeState.ABSENT]
    assert found[0] == posted


@pytest.mark.parametrize("kind", ["entry", "bill", "credit", "payment"])
def test_a_list_that_comes_empty_is_not_vouched_for_by_another(
    world: ZohoWorld, simulator: ZohoBooksSimulator, kind: str
) -> None:
    """What is known is of the very kind, as the caller can see to it."""
    known, lost = (world.of_kind(kind) for _ in range(2))
    for one in (known, lost):
        assert world.open().post(world.company, [one])[0].state is OutcomeState.POSTED
    key = {"entry": "journals", "bill": "bills", "credit": "vendorcredits", "payment": "vendorpayments"}[kind]
    simulator.control("switch", {"emptied_lists": [key]})
    with pytest.raises(LookupBlindError, match="does not show"):
        world.open().find(world.company, [lost], known=known.stamp)


@pytest.mark.parametrize("kind", ["bill", "credit", "payment"])
def test_a_search_that_shows_none_of_what_its_list_holds_proves_nothing(world: ZohoWorld, kind: str) -> None:
    """Only a journal is known to be there: the list of the others gives a witness itself."""
    journal, _ = world.posted(world.entry())
    held, lost = (world.of_kind(kind) for _ in range(2))
    for one in (held, lost):
        assert world.open().post(world.company, [one])[0].state is OutcomeState.POSTED
    key = {"bill": "bills", "credit": "vendorcredits", "payment": "vendorpayments"}[kind]
    body = NOTHING % key.encode()
    world.faults.fail("status", rf"/{key}\?.*reference_number=", times=9, status=200, body=body)
    with pytest.raises(LookupBlindError, match="does not show"):
        world.open().find(world.company, [lost], known=journal.stamp)


def test_an_absence_costs_a_call_for_what_is_known_and_two_for_another_list(world: ZohoWorld) -> None:
    journal, _ = world.posted(world.entry())
    world.posted(world.bill())
    missing = world.outgoing(world.bill())
    ledger = world.open()
    world.faults.calls.clear()
    assert ledger.find(world.company, [missing], known=journal.stamp)[0].state is OutcomeState.ABSENT
    assert [one.split("?")[0].rsplit("/", 1)[1] for one in world.faults.calls] == [
        "bills", "bills", "journals", "bills", "bills"]  # fmt: skip


def test_what_is_void_is_seen_although_lists_leave_it_out_by_themselves(
    world: ZohoWorld, simulator: ZohoBooksSimulator
) -> None:
    simulator.control("switch", {"void_hidden": True})
    outgoing, posted = world.posted(world.bill())
    typed = world.type_bill(f"V {world.word}", "5.00")
    for ledger_id in (posted.ledger_id, typed):
        world.act("POST", f"/bills/{ledger_id.removeprefix('bill:')}/status/void")
    ledger = world.open()
    assert ledger.find(world.company, [outgoing])[0].state is OutcomeState.CANCELLED
    assert [one.is_cancelled for one in ledger.bills(world.company, [f"V {world.word}"])] == [True]
    listed = [one for page in ledger.list_stamped(world.company, None) for one in page]
    assert [one.state for one in listed if one.stamp == outgoing.stamp] == ["cancelled"]


def test_every_list_of_documents_says_that_it_wants_all(world: ZohoWorld) -> None:
    purchase, bill = world.outgoing(world.entry()), world.outgoing(world.bill())
    ledger = world.open()
    world.faults.calls.clear()
    ledger.preflight(world.company, [bill.document])
    ledger.find(world.company, [purchase, bill, world.outgoing(world.payment("1.00", bill.key))], known=bill.stamp)
    list(ledger.list_stamped(world.company, None))
    parts = ("journals", "bills", "vendorcredits", "vendorpayments", "expenses")
    lists = [one for one in world.faults.calls if one.split("?")[0].rsplit("/", 1)[1] in parts]
    assert {one.split("?")[0].rsplit("/", 1)[1] for one in lists} == set(parts)
    assert [one for one in lists if "filter_by=" not in one] == []
