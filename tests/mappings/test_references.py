"""Does a listing replace what we knew, cheaply and safely, and do upserts of the rest say what they changed?"""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from connectors.base import ReferenceItem
from connectors.documents import Role
from connectors.records import Family
from mappings.models import ReferenceValue
from mappings.refusals import RefusedError
from mappings.services import owner_upsert, reference_refresh, role_account_upsert, rule_upsert
from mappings.services.references import Refreshed, reference_learn
from mappings.services.upserts import reference_find
from tests.mappings.make import House, accounts, vendor

DAY = date(2026, 3, 1)


def test_a_listing_creates_changes_and_archives_and_says_how_many(house: House) -> None:
    before = house.value("vendor", "71")
    result = house.refresh("vendor", [vendor("72", "Delta Airlines"), vendor("73", "New One")], "")
    assert result == Refreshed(created=1, changed=1, vanished=1, unchanged=0)
    before.refresh_from_db()
    assert (before.is_active, before.name) == (False, "Staples Inc")
    assert house.value("vendor", "72").name == "Delta Airlines"


def test_the_same_listing_again_changes_nothing_and_touches_no_flow(house: House) -> None:
    flow = house.flow("card_transactions")
    values = dict(ReferenceValue.objects.filter(kind="account").values_list("pk", "changed_at"))
    assert house.refresh("account", accounts()) == Refreshed(0, 0, 0, 14)
    assert dict(ReferenceValue.objects.filter(kind="account").values_list("pk", "changed_at")) == values
    version = flow.rules_version
    flow.refresh_from_db()
    assert flow.rules_version == version


def test_a_value_that_comes_back_is_active_again(house: House) -> None:
    house.refresh("account", accounts("612000"))
    assert house.refresh("account", accounts()) == Refreshed(0, 1, 0, 13)
    assert house.value("account", "612000").is_active


def test_an_archived_value_that_is_still_listed_as_archived_stays_so(house: House) -> None:
    gone = ReferenceItem("vendor", "71", "", "Staples Inc", is_active=False)
    house.refresh("vendor", [gone], "")
    assert house.refresh("vendor", [gone], "").is_same


def test_a_vendor_we_learnt_of_while_the_list_was_read_is_not_archived(house: House) -> None:
    began = timezone.now()
    reference_learn(connection=house.odoo, company="", item=vendor("90", "Created by us"))
    old_list = [vendor("71", "Staples Inc")]
    result = reference_refresh(connection=house.odoo, company="", kind="vendor", items=old_list, began_at=began)
    assert result == Refreshed(created=0, changed=0, vanished=1, unchanged=1)
    assert house.value("vendor", "90").is_active
    assert not house.value("vendor", "72").is_active


def test_companies_and_kinds_do_not_archive_each_other(house: House) -> None:
    house.refresh("account", [ReferenceItem("account", "135", "612000", "Rent")], "2")
    assert ReferenceValue.objects.filter(kind="account", is_active=True).count() == 15


def test_items_of_another_kind_are_refused(house: House) -> None:
    with pytest.raises(RefusedError, match="is not a vendor"):
        house.refresh("vendor", [ReferenceItem("account", "1")])


def test_thousands_of_vendors_take_few_queries(
    house: House, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    items = [vendor(str(number), f"Vendor {number}") for number in range(5_000)]
    with django_assert_max_num_queries(30):
        assert house.refresh("vendor", items, "").created == 4_998
    with django_assert_max_num_queries(10):
        assert house.refresh("vendor", items, "").is_same


def test_a_value_we_learn_of_before_the_next_listing_is_taken_once(house: House) -> None:
    for _ in range(2):
        row = reference_learn(connection=house.odoo, company="", item=vendor("90", "Created by us"))
    assert ReferenceValue.objects.get(external_id="90", kind="vendor") == row


def test_values_are_found_by_code_id_or_name_and_never_by_guess(house: House) -> None:
    house.refresh("vendor", [vendor("71", "Staples Inc"), vendor("72", "Twin"), vendor("73", "Twin")], "")
    assert reference_find(house.odoo, "1", "account", "612000").external_id == "35"
    assert reference_find(house.odoo, "1", "account", "35").code == "612000"
    assert reference_find(house.odoo, "1", "vendor", "Staples Inc").external_id == "71"
    for word, reason in (("Twin", "Several vendors"), ("Nobody", "no active vendor Nobody")):
        with pytest.raises(RefusedError, match=reason):
            reference_find(house.odoo, "1", "vendor", word)


def test_upserts_are_idempotent_and_say_what_changed(house: House) -> None:
    rent, expenses = house.value("account", "612000"), house.value("account", "600000")
    card, payable = house.value("account", "201100"), house.value("account", "211100")
    flow = house.flow("card_transactions")
    role = {"ledger": house.odoo, "company": "1", "role": Role.CARD, "by": None}
    rule = {"tenant": house.tenant, "target": "account", "when": {"category": "rent"}, "by": None, "reason": "file"}
    owner = {"source": house.brex, "ledger": house.odoo, "company": "1", "family": Family.CARD_SPEND, "by": None}
    assert [role_account_upsert(**role, account=card).state for _ in range(2)] == ["created", "unchanged"]
    assert role_account_upsert(**role, account=payable).changes == (
        "account: 201100 Credit Card -> 211100 Bills to receive",
    )
    assert [rule_upsert(**rule, value=rent).state for _ in range(2)] == ["created", "unchanged"]
    assert rule_upsert(**rule, value=expenses).changes == ("value: 612000 Rent -> 600000 Expenses",)
    assert [owner_upsert(**owner, flow=None).state for _ in range(2)] == ["created", "unchanged"]
    assert owner_upsert(**owner, flow=flow).changes == ("owner: the ledger itself -> card_transactions",)


def test_upserts_refuse_another_tenants_values(house: House, neighbour: House) -> None:
    foreign = neighbour.value("account", "612000")
    with pytest.raises(RefusedError, match="There is no such"):
        rule_upsert(tenant=house.tenant, target="account", when={"a": "b"}, value=foreign, by=None, reason="")
    with pytest.raises(RefusedError, match="There is no such"):
        role_account_upsert(ledger=house.odoo, company="1", role=Role.AP, account=foreign, by=None)
    with pytest.raises(RefusedError, match="There is no such"):
        owner_upsert(
            source=house.brex, ledger=house.odoo, company="1", family=Family.CARD_SPEND, by=None,
            flow=neighbour.flow("card_transactions"),
        )  # fmt: skip
