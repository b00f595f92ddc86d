"""Who owns a family of money: by default, by a person's word, and after the owner has left?"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from connectors.records import Family
from mappings.models import FamilyOwner
from mappings.owners import families_owned, families_shown, owners_propose
from mappings.refusals import RefusedError
from mappings.selectors import owners_for
from mappings.services import (
    flow_archive,
    flow_dry_run,
    flow_switch_off,
    flow_switch_on,
)
from tests.mappings.make import CARD, CASH, EXPENSES, RECORDS, House, owner, ready

DAY = date(2026, 3, 1)


def test_families_follow_the_stream_and_the_kinds_it_is_limited_to(house: House) -> None:
    limited = house.flow(CARD, filter={"kinds": ["chargeback", "card_reward", "finance_fee"]})
    assert families_shown(limited) == {Family.CARD_CREDIT}
    assert families_shown(house.flow(CASH)) == {Family.CARD_PAYMENT, Family.CASH}


def test_the_default_owners_are_those_of_the_policy(house: House) -> None:
    for stream in (RECORDS, CARD, CASH, EXPENSES):
        house.flow(stream)
    owners = {one.family: one.flow.stream if one.flow else "" for one in owners_propose(house.brex, house.odoo, "1")}
    assert owners == {
        Family.CARD_SPEND: RECORDS,
        Family.CARD_CREDIT: CARD,
        Family.CARD_PAYMENT: CASH,
        Family.CASH: CASH,
        Family.CLAIM_COST: RECORDS,
        Family.CLAIM_PAYMENT: RECORDS,
        Family.BILL: RECORDS,
        Family.BILL_PAYMENT: RECORDS,
    }


def test_without_records_or_a_cash_feed_the_next_stream_owns(house: House) -> None:
    house.flow(CARD)
    house.flow(EXPENSES)
    owners = {one.family: one.flow.stream if one.flow else "" for one in owners_propose(house.brex, house.odoo, "1")}
    assert (owners[Family.CARD_SPEND], owners[Family.CARD_PAYMENT], owners[Family.BILL]) == (CARD, CARD, EXPENSES)


def test_records_alone_leave_cash_to_the_ledgers_bank_import(house: House) -> None:
    house.flow(RECORDS)
    owners = {one.family: one.flow for one in owners_propose(house.brex, house.odoo, "1")}
    assert owners[Family.CASH] is None


def test_switching_on_gives_ownerless_families_an_owner_and_takes_none_away(house: House) -> None:
    ready(house)
    records, card = house.flow(RECORDS), house.flow(CARD)
    flow_switch_on(card, by=None)
    flow_switch_on(records, by=None)
    owners = {row.family: row.flow for row in FamilyOwner.objects.all()}
    assert owners["F1"] == card
    assert owners["F5"] == records
    assert owners["F4"] is None
    assert families_owned(records) == {Family.CLAIM_COST, Family.CLAIM_PAYMENT, Family.BILL}


def test_x1_two_owners_of_one_family_are_refused(house: House) -> None:
    ready(house)
    records, card = house.flow(RECORDS), house.flow(CARD)
    flow_switch_on(card, by=None)
    with pytest.raises(RefusedError, match="X1: card_transactions owns F1 from the beginning and has run"):
        owner(house, Family.CARD_SPEND, records)
    row = FamilyOwner.objects.get(family="F1")
    with pytest.raises(IntegrityError, match="mappings_owner_one_a_day"), transaction.atomic():
        FamilyOwner.objects.create(
            tenant=house.tenant, source=house.brex, ledger=house.odoo, company="1", family="F1", flow=records
        )
    assert FamilyOwner.objects.get(family="F1") == row


def test_x6_an_owner_that_has_run_is_followed_by_another_from_a_day(house: House) -> None:
    ready(house)
    records, card = house.flow(RECORDS), house.flow(CARD)
    flow_switch_on(card, by=None)
    owner(house, Family.CARD_SPEND, records, DAY)
    with pytest.raises(RefusedError, match="begins later already"):
        owner(house, Family.CARD_SPEND, records, date(2026, 2, 1))
    owners, scope = owners_for(house.brex.pk), (house.brex.pk, house.odoo.pk, "1", Family.CARD_SPEND)
    assert owners.on(scope, date(2026, 2, 28)).flow_id == card.pk  # type: ignore[union-attr]
    assert owners.on(scope, DAY).flow_id == records.pk  # type: ignore[union-attr]


def test_an_owner_that_never_ran_may_be_exchanged(house: House) -> None:
    records, card = house.flow(RECORDS), house.flow(CARD)
    first = owner(house, Family.CARD_SPEND, card)
    assert owner(house, Family.CARD_SPEND, records).pk == first.pk
    assert owner(house, Family.CARD_SPEND, records).history.count() == 2


@pytest.mark.parametrize(
    ("family", "parts", "reason"),
    [
        (Family.CASH, {}, "does not show family F4"),
        (Family.CARD_SPEND, {"company": "2"}, "posts into another company"),
        (Family.CARD_SPEND, {"filter": {"kinds": ["chargeback"]}}, "does not show family F1"),
    ],
)
def test_a_stream_owns_only_what_it_shows_in_its_company(
    house: House, family: Family, parts: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RefusedError, match=reason):
        owner(house, family, house.flow(CARD, **parts))


def test_a_flow_that_is_off_still_owns_its_families(house: House) -> None:
    flow = flow_switch_on(ready(house).flow(CARD), by=None)
    off = flow_switch_off(flow, by=None, reason="pause")
    assert (off.state, off.first_on_at) == ("off", flow.first_on_at)
    assert FamilyOwner.objects.get(family="F1").flow == flow


@pytest.mark.parametrize(("stream", "days"), [(RECORDS, 0), (CARD, 1)])
def test_what_an_archived_flow_owned_goes_to_the_next_flow_from_a_later_day(
    house: House, stream: str, days: int
) -> None:
    """Today where the same stream goes on; another stream would show again what is posted of today."""
    first = flow_switch_on(ready(house).flow(RECORDS, policies={"basis": "accrual"}), by=None)
    owned = set(first.owns.values_list("family", flat=True))
    flow_archive(flow_switch_off(first, by=None), by=None)
    second = flow_switch_on(house.flow(stream, name="second"), by=None)
    followed = {row.family: row.valid_from for row in FamilyOwner.objects.exclude(valid_from=None)}
    assert followed.keys() == owned & {family.value for family in families_shown(second)} != set()
    today = timezone.now().astimezone(house.tenant.zone).date()
    assert set(followed.values()) == {today + timedelta(days=days)}
    assert set(first.owns.values_list("valid_from", flat=True)) == {None}, "what it owned until then stays its own"


def test_what_an_archived_flow_that_never_ran_owned_is_free_from_the_beginning(house: House) -> None:
    ready(house)
    first = flow_dry_run(house.flow(RECORDS), by=None)
    flow_archive(flow_switch_off(first, by=None), by=None)
    second = flow_switch_on(house.flow(RECORDS, name="second"), by=None)
    assert not first.owns.exists()
    assert set(second.owns.values_list("valid_from", flat=True)) == {None}
