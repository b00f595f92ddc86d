"""Does a vendor get into each ledger once, whoever asks for him, and do his bills go on as soon as he is there?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from audit.models import LaneKind, Posting, PostingState, Problem, RecordState, SyncRecord
from audit.sync.recorder import Recorder
from audit.sync.replay import posting_bind, record_skip
from audit.sync.vendors import vendor_request
from connectors.base import Connector, ReferenceItem
from connectors.odoo.simulator import OdooSimulator
from connectors.records import Party
from connectors.registry import connector_get
from connectors.services import transport_register
from connectors.simulation import SimulatorTransport
from mappings.models import MappingRule, ReferenceValue
from mappings.refusals import RefusedError
from mappings.setup import setups_forget
from tests.audit.scene import BOOKS, bill, flow, lines, post, read, read_all, scene, states, time_passes, work
from tests.flows.world import World
from tests.mappings.make import house_make

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "Bay Stationery"
CREATING = flow(vendor="create")
REFUSED = '{"name": "odoo.exceptions.UserError", "message": "No."}'


def partners(odoo: OdooSimulator, name: str = NAME) -> list[int]:
    return [one["id"] for one in odoo.store.tables["res.partner"].values() if one["name"] == name]


def rounds(made: World, *ledgers: str) -> None:
    """Everything that is due is done, without waiting for any hour to pass."""
    read_all(made)
    for _ in range(3):
        for name in ledgers or ("Odoo",):
            work(made, name, LaneKind.POST)


@pytest.fixture
def two() -> Iterator[tuple[World, OdooSimulator]]:
    """One Brex and two ledgers: bills go to one, and the list of vendors to the other once `list_vendors` says so."""
    second = OdooSimulator(seed=8)
    address = "simulator:two-books"
    transport_register(address, SimulatorTransport(second))
    with scene("two", flows=[CREATING]) as made:
        made.parts["connections"].append(
            {
                "name": "Books", "vendor": "odoo", "address": address, "identity": "second@books",
                "credentials": {
                    "database": second.credentials()["database"], "api_key": {"env": "MLC_SECRET_BOOKS"}
                },
            }
        )  # fmt: skip
        made.environment = {**made.environment, "MLC_SECRET_BOOKS": second.credentials()["api_key"]}
        made.apply()
        yield made, second
    transport_register(address, None)


def list_vendors(made: World) -> None:
    vendors = {
        "name": "vendors", "source": "Brex", "stream": "vendors", "ledger": "Books", "company": "1",
        "document": "vendor", "policies": {"vendor": "create"}, "state": "on",
    }  # fmt: skip
    made.apply(flows=[CREATING, vendors], books=[BOOKS, {**BOOKS, "ledger": "Books"}])
    read(made)


def assert_in_both(made: World, second: OdooSimulator) -> None:
    assert (len(partners(made.odoo)), len(partners(second))) == (1, 1)
    made_of = Posting.objects.filter(document_type="new_vendor", document__name=NAME)
    assert set(made_of.values_list("state", flat=True)) == {PostingState.POSTED}
    assert made_of.values("ledger").distinct().count() == 2
    assert made_of.values("key").distinct().count() == 1, "the key says who it is, and each ledger has it once"


def test_a_second_ledger_gets_the_vendor_whom_the_first_one_has(two: tuple[World, OdooSimulator]) -> None:
    made, second = two
    bill(made, "10.00")
    rounds(made)
    assert states(made) == {RecordState.POSTED: 2}
    list_vendors(made)
    rounds(made, "Odoo", "Books")
    assert_in_both(made, second)


def test_a_bill_gets_its_vendor_though_another_ledger_had_him_first(two: tuple[World, OdooSimulator]) -> None:
    made, second = two
    made.brex.control("add_vendor", {"company_name": NAME})
    list_vendors(made)
    rounds(made, "Books")
    assert (len(partners(made.odoo)), len(partners(second))) == (0, 1)
    bill(made, "10.00")
    rounds(made)
    assert [one["state"] for one in made.moves(move_type="in_invoice")] == ["posted"]
    assert_in_both(made, second)
    list_vendors(made)
    rounds(made, "Odoo", "Books")
    assert_in_both(made, second)


def test_a_bill_does_not_wait_for_what_another_ledger_refuses(two: tuple[World, OdooSimulator]) -> None:
    made, second = two
    made.brex.control("add_vendor", {"company_name": NAME})
    second.fail("status", r"res\.partner/load", times=20, status=422, body=REFUSED)
    list_vendors(made)
    rounds(made, "Books")
    bill(made, "10.00")
    rounds(made)
    assert [one["state"] for one in made.moves(move_type="in_invoice")] == ["posted"]
    assert partners(second) == []


def nameless(made: World, amount: str, source: str) -> dict[str, Any]:
    """A bill whose vendor has a name and no id."""
    return made.purchase(
        amount, type="BILL_EXPENSE", source_type="BILL", source_id=source, vendor={"id": "", "name": NAME},
        invoice_number=f"INV-{source}", line_items=lines(amount, "600000", "211000"),
    )  # fmt: skip


def test_a_vendor_by_id_and_by_name_in_one_batch_is_one_partner() -> None:
    with scene("names", flows=[CREATING]) as made:
        bill(made, "10.00", source="bill_1")
        nameless(made, "20.00", "bill_2")
        rounds(made)
        assert len(partners(made.odoo)) == 1
        spent = SyncRecord.objects.exclude(stream="vendors")
        assert set(spent.values_list("state", flat=True)) == {RecordState.POSTED}, (
            "both bills, and nobody waits 6 hours"
        )
        assert Posting.objects.filter(document_type="new_vendor").count() == 1


def test_a_vendor_that_was_bound_by_hand_is_known_and_his_bills_go_on() -> None:
    with scene("bound", flows=[CREATING]) as made:
        bill(made, "10.00")
        read(made)
        made.odoo.fail("commit_then_drop", r"res\.partner/load")
        post(made)
        posting = Posting.objects.get(document_type="new_vendor")
        assert posting.state == PostingState.UNCERTAIN
        [partner] = partners(made.odoo)
        posting_bind(posting, entry_id=str(partner), number="", by="ana", reason="I found him.")
        assert MappingRule.objects.filter(target="vendor", value__external_id=str(partner)).exists()
        post(made)
        assert states(made) == {RecordState.POSTED: 2}, "nothing had to wait for the next look"


def test_a_vendor_that_cannot_be_noted_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_: Any) -> None:
        raise RefusedError("This merchant leads elsewhere.")

    monkeypatch.setattr("audit.sync.vendors.vendor_accept", refused)
    with scene("refused", records=1, flows=[CREATING]) as made:
        bill(made, "10.00")
        rounds(made)
        assert states(made) == {RecordState.POSTED: 3}, "the partner was learnt, and is found by his name"
        assert Problem.objects.get(state="open").code == "vendor_not_noted"


def test_a_vendor_that_somebody_skipped_holds_his_bills_for_a_person() -> None:
    with scene("skipped", flows=[CREATING]) as made:
        made.odoo.fail("status", r"res\.partner/load", times=20, status=422, body=REFUSED)
        bill(made, "10.00")
        rounds(made)
        vendor = SyncRecord.objects.get(stream="vendors")
        record_skip(vendor, by="ana", reason="Not a supplier of ours.")
        time_passes()
        post(made)
        spent = SyncRecord.objects.exclude(stream="vendors").get()
        assert spent.state == RecordState.HELD
        assert [hold.problem.code for hold in spent.holds.all()] == ["missing_vendor"]


def test_a_company_that_has_not_heard_of_the_ledgers_vendor_learns_of_him() -> None:
    """As another company of the same ledger, whose list was pulled before he was created."""
    with scene("companies", flows=[CREATING]) as made:
        bill(made, "10.00", source="bill_1")
        rounds(made)
        ReferenceValue.objects.filter(kind="vendor", name=NAME).update(company="2")
        MappingRule.objects.filter(target="vendor").update(company="2")
        setups_forget()
        bill(made, "20.00", source="bill_2")
        rounds(made)
        assert ReferenceValue.objects.filter(kind="vendor", name=NAME, company="1").exists()
        time_passes()
        post(made)
        assert states(made) == {RecordState.POSTED: 3}
        assert len(partners(made.odoo)) == 1


def test_a_ledger_with_vendors_by_company_gets_one_for_each_company_under_a_key_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = house_make("companies")
    house.refresh("company", [ReferenceItem("company", n, "", n, facts={"currency": "USD"}) for n in ("1", "2")], "")
    flows = [house.flow("expenses", f"of {n}", company=n, filter={"legal_entities": [f"le_{n}"]}) for n in ("1", "2")]

    @transaction.atomic
    def asked() -> list[str]:
        recorder = Recorder(house.tenant.pk, "test")
        keys = [vendor_request(flow, Party("vend_1", "Acme"), recorder).key for flow in flows for _ in range(2)]
        recorder.flush()
        return keys

    assert asked() == ["brex:vend_1"] * 4
    assert SyncRecord.objects.count() == 1, "the companies of a ledger share their vendors"
    SyncRecord.objects.all()[0].versions.all().delete()
    SyncRecord.objects.all().delete()

    def by_company(vendor: str) -> Connector:
        return replace(connector_get(vendor), has_vendors_by_company=True)

    monkeypatch.setattr("audit.sync.vendors.connector_get", by_company)
    assert asked() == ["brex:vend_1@1", "brex:vend_1@1", "brex:vend_1@2", "brex:vend_1@2"]
    assert SyncRecord.objects.values("flow").distinct().count() == SyncRecord.objects.count() == 2
