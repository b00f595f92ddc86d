"""Do lists say whose a row is, to those who see several tenants' rows and to nobody else, at no cost for each row?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from audit.models import AuditEvent, Posting, Problem, SyncRecord
from audit.sync.recorder import Cause, Recorder
from connectors.models import Membership, Role, Tenant
from tests.audit.office import office, page, standing_office
from tests.audit.test_admin_isolation import MODELS
from tests.audit.test_admin_records import copies
from tests.factories import superuser_make, tenant_make, user_make
from tests.flows.world import World

pytestmark = pytest.mark.django_db
TOLD_APART = [name for name in MODELS if name != "seal"]
SHOWN = ("syncrecord", "posting", "problem", "mappinggap", "auditevent", "exchange")


@pytest.fixture(scope="module")
def both(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[World, World]]:
    with standing_office(django_db_blocker) as one, django_db_blocker.unblock(), office("globex") as two:
        yield one, two


def enter(*tenants: Tenant) -> Client:
    user = user_make()
    Membership.objects.bulk_create(Membership(user=user, tenant=one, role=Role.AUDITOR) for one in tenants)
    client = Client()
    client.force_login(user)
    return client


def listed(client: Client, name: str, query: str = "") -> Any:
    return client.get(page(name, "changelist") + query).context["cl"]


def whose(shown: Any) -> list[str]:
    """What stands in the second column of a list's rows."""
    columns = [one for one in shown.list_display if one != "action_checkbox"]
    assert columns[1] == "whose"
    return [strip_tags(shown.model_admin.whose(row)) for row in shown.result_list]


@pytest.mark.parametrize("name", TOLD_APART)
def test_whoever_sees_one_tenant_is_not_told_whose_each_row_is(both: tuple[World, World], name: str) -> None:
    shown = listed(enter(both[0].tenant), name)
    assert "whose" not in shown.list_display
    assert not [one for one in shown.filter_specs if one.title == "tenant"]


@pytest.mark.parametrize("name", SHOWN)
def test_whoever_sees_several_is_told_and_may_choose(both: tuple[World, World], name: str) -> None:
    client = enter(*(one.tenant for one in both))
    shown = listed(client, name)
    assert set(whose(shown)) == {one.tenant.name for one in both}
    [by_tenant] = [one for one in shown.filter_specs if one.title == "tenant"]
    [parameter] = by_tenant.expected_parameters()[:1]
    for made in both:
        assert set(whose(listed(client, name, f"?{parameter}={made.tenant.pk}"))) == {made.tenant.name}


@pytest.mark.parametrize("name", sorted(set(TOLD_APART) - set(SHOWN)))
def test_every_other_list_of_the_engine_room_tells_it_too(both: tuple[World, World], name: str) -> None:
    shown = listed(enter(*(one.tenant for one in both)), name)
    assert len(whose(shown)) == len(shown.result_list)


def test_a_superuser_is_told_and_a_third_tenant_is_no_choice_of_anybody_elses(both: tuple[World, World]) -> None:
    third = tenant_make("initech")
    client = Client()
    client.force_login(superuser_make())
    assert set(whose(listed(client, "syncrecord"))) == {one.tenant.name for one in both}
    for name in SHOWN:
        text = enter(*(one.tenant for one in both)).get(page(name, "changelist")).content.decode()
        assert third.name not in text


@pytest.mark.parametrize("name", ["syncrecord", "posting", "problem"])
def test_the_page_of_a_row_and_the_dashboard_tell_it_in_the_same_way(both: tuple[World, World], name: str) -> None:
    one, two = (made.tenant for made in both)
    row = listed(enter(one), name).result_list[0]
    addresses = page(name, "change", row.pk), reverse("admin:index")
    for address in addresses:
        assert one.name not in enter(one).get(address).content.decode()
        assert one.name in enter(one, two).get(address).content.decode()


def test_flows_that_are_called_alike_are_told_apart_in_the_filter(both: tuple[World, World]) -> None:
    def offered(client: Client) -> set[str]:
        [flows] = [one for one in listed(client, "syncrecord").filter_specs if one.title == "flow"]
        return {name for _, name in flows.lookup_choices}

    assert offered(enter(both[0].tenant)) == {"no flow", "records"}
    assert offered(enter(*(one.tenant for one in both))) == {"no flow", *(f"records ({one.tenant})" for one in both)}


@pytest.mark.parametrize("name", ["syncrecord", "posting", "problem", "auditevent"])
def test_telling_costs_no_statement_for_each_row(both: tuple[World, World], name: str) -> None:
    client = enter(*(one.tenant for one in both))

    def statements() -> int:
        with CaptureQueriesContext(database) as seen:
            assert client.get(page(name, "changelist")).status_code == 200
        return len(seen)

    statements()
    few = statements()
    for made in both:
        copies(SyncRecord.objects.filter(tenant=made.tenant, state="posted").earliest("id"), 15)
        recorder = Recorder(made.tenant.pk, "test")
        for number in range(15):
            recorder.notice(Cause("no_rate", f"No rate number {number}.", value=str(number)))
        recorder.flush()
    assert min(one.objects.count() for one in (SyncRecord, Posting, Problem, AuditEvent)) > 30
    assert statements() == few
