"""May two tenants post the same account's money into the same books? Not even when both ask at the same instant."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections, transaction

from connectors.models import Connection
from connectors.records import Family
from mappings.models import Flow
from mappings.refusals import RefusedError
from mappings.services import flow_dry_run, flow_switch_off, flow_switch_on, flows, owner_set
from tests.mappings.make import House, house_make, ready

CARD = "card_transactions"
BOOKS = {"brex": "cuacc_9", "odoo": "db-1"}
REFUSED = "Another tenant of this installation posts the same records of Brex account cuacc_9"


@pytest.fixture
def both(db: None) -> tuple[House, House]:
    """Two tenants whose connections lead to the same accounts at both vendors."""
    return house_of("acme"), house_of("globex")


def house_of(slug: str, **accounts: str) -> House:
    house = ready(house_make(slug))
    for vendor, account in {**BOOKS, **accounts}.items():
        Connection.objects.filter(tenant=house.tenant, vendor=vendor).update(account=account)
        getattr(house, vendor).refresh_from_db()
    return house


@pytest.mark.parametrize("switch", [flow_switch_on, flow_dry_run])
def test_the_second_tenant_is_refused_and_is_not_told_who_the_first_is(
    both: tuple[House, House], switch: Callable[..., Flow]
) -> None:
    one, two = both
    first = flow_switch_on(one.flow(CARD), by=None)
    with pytest.raises(RefusedError, match=REFUSED) as caught:
        switch(two.flow(CARD), by=None)
    assert "acme" not in str(caught.value).lower()
    flow_switch_off(first, by=None)
    assert switch(two.flow(CARD), by=None).state in ("on", "dry_run")


@pytest.mark.parametrize("accounts", [{"odoo": "db-2"}, {"brex": "cuacc_8"}])
def test_other_books_or_another_account_are_no_business_of_theirs(db: None, accounts: dict[str, str]) -> None:
    flow_switch_on(house_of("acme").flow(CARD), by=None)
    assert flow_switch_on(house_of("globex", **accounts).flow(CARD), by=None).state == "on"


def test_a_running_flow_is_given_no_money_that_another_tenant_posts(both: tuple[House, House]) -> None:
    one, two = both
    theirs = two.flow(CARD)
    owner_set(source=two.brex, ledger=two.odoo, company="1", family=Family.CARD_SPEND, flow=None, by=None)
    flow_switch_on(theirs, by=None)
    limited = one.flow(CARD, filter={"kinds": ["card_purchase"]})
    flow_switch_on(limited, by=None)
    theirs.refresh_from_db()
    with pytest.raises(RefusedError, match=REFUSED):
        owner_set(source=two.brex, ledger=two.odoo, company="1", family=Family.CARD_SPEND, flow=theirs, by=None)
    flow_switch_off(limited, by=None)
    owner_set(source=two.brex, ledger=two.odoo, company="1", family=Family.CARD_SPEND, flow=theirs, by=None)


# --- at the same instant --------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_tenants_that_switch_on_at_the_same_instant_one_is_refused(
    both: tuple[House, House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has looked for the other's flow before either commits, unless one waits for the other's end."""
    wanted = [house.flow(CARD) for house in both]
    both_checked = threading.Barrier(2)
    real = flows._switched

    def slow(*given: Any) -> Flow:
        """Checked, and not written yet: who has to wait for the other's end never comes here."""
        with suppress(threading.BrokenBarrierError):
            both_checked.wait(1.0)
        return real(*given)

    monkeypatch.setattr(flows, "_switched", slow)
    said = at_once([lambda flow=flow: flow_switch_on(flow, by=None) for flow in wanted])
    assert sorted(Flow.objects.values_list("state", flat=True)) == ["off", "on"]
    assert [one for one in said if one] == [said[0] or said[1]]
    assert REFUSED in "".join(said)


@pytest.mark.django_db(transaction=True)
def test_other_books_are_not_waited_for(both: tuple[House, House]) -> None:
    one, two = both
    Connection.objects.filter(pk=two.odoo.pk).update(account="db-2")
    two.odoo.refresh_from_db()
    flow = two.flow(CARD)
    with transaction.atomic():
        flow_switch_on(one.flow(CARD), by=None)
        assert at_once([lambda: flow_switch_on(flow, by=None)]) == [""]


@pytest.mark.django_db(transaction=True)
def test_the_books_are_free_again_when_the_switch_is_refused(both: tuple[House, House]) -> None:
    one, two = both
    Connection.objects.filter(pk=one.brex.pk).update(state="off")
    with pytest.raises(RefusedError):
        flow_switch_on(one.flow(CARD), by=None)
    assert at_once([lambda: flow_switch_on(two.flow(CARD), by=None)]) == [""]
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,)


def at_once(works: list[Callable[[], object]]) -> list[str]:
    """Each in a thread with a database connection of its own; what it was refused for, or nothing."""
    said = ["did not end"] * len(works)

    def run(at: int) -> None:
        try:
            works[at]()
            said[at] = ""
        except RefusedError as error:
            said[at] = str(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return said
