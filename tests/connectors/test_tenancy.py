"""Do tenants stay apart in queries, forms, choices and in the database itself?"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, models, transaction
from django.db import connection as database
from django.forms import modelform_factory
from django.test import Client
from django.test.utils import isolate_apps
from django.urls import reverse

from connectors.models import Connection, Credential, Membership, Role, Tenant, Token
from connectors.tenancy import (
    has_role,
    has_role_anywhere,
    roles_of,
    scoped,
    tenant_fk,
    tenant_id_of,
    tenant_path_of,
    tenants_of,
    tenants_with_role,
)
from connectors.tenancy.admin import TenantScopedForm
from tests.connectors.fake import FakeVendor
from tests.factories import connection_make, superuser_make, tenant_make, user_make


@pytest.fixture
def others(fake_vendor: FakeVendor, db: None) -> Connection:
    return connection_make(
        tenant_make("globex"), "fake", address="https://globex.example", credentials={"api_key": "key-of-globex-12"}
    )


# --- access


def test_membership_decides_and_is_read_each_time(tenant: Tenant, others: Connection) -> None:
    user = user_make(tenant, Role.FINANCE)
    assert set(tenants_of(user)) == {tenant}
    assert roles_of(user, tenant.pk) == {"finance"}
    assert roles_of(user, others.tenant_id) == frozenset()
    Membership.objects.create(user=user, tenant=others.tenant, role=Role.AUDITOR)
    assert set(tenants_of(user)) == {tenant, others.tenant}
    Membership.objects.all().delete()
    assert not tenants_of(user).exists()


@pytest.mark.parametrize(
    ("role", "asked", "allowed"),
    [
        (Role.ADMINISTRATOR, {Role.FINANCE}, True),
        (Role.FINANCE, {Role.FINANCE, Role.OPERATIONS}, True),
        (Role.FINANCE, {Role.OPERATIONS}, False),
        (Role.AUDITOR, {Role.ADMINISTRATOR}, False),
    ],
)
def test_an_administrator_has_every_role_in_his_tenant(
    tenant: Tenant, others: Connection, role: Role, asked: set[str], allowed: bool
) -> None:
    user = user_make(tenant, role)
    assert has_role(user, tenant.pk, asked) is allowed
    assert has_role_anywhere(user, asked) is allowed
    assert tenants_with_role(user, asked).contains(tenant) is allowed
    assert not has_role(user, others.tenant_id, asked)


def test_strangers_the_dismissed_and_the_anonymous_see_nothing(tenant: Tenant, connection: Connection) -> None:
    dismissed = user_make(tenant)
    dismissed.is_active = False
    fired = superuser_make()
    fired.is_active = False
    for user in (dismissed, fired, AnonymousUser(), User(), user_make()):
        assert not tenants_of(user).exists()
        assert not tenants_with_role(user, {Role.AUDITOR}).exists()
        assert not has_role(user, tenant.pk, {Role.AUDITOR})
        assert not has_role_anywhere(user, {Role.AUDITOR})
        assert not scoped(Connection.objects.all(), user, "tenant").exists()


def test_querysets_are_cut_down_along_their_path(connection: Connection, others: Connection) -> None:
    user = user_make(connection.tenant)
    assert list(scoped(Connection.objects.all(), user, "tenant")) == [connection]
    assert list(scoped(Credential.objects.all(), user, "connection__tenant")) == [connection.credential]
    assert list(scoped(Tenant.objects.all(), user, "pk")) == [connection.tenant]
    assert scoped(Connection.objects.all(), superuser_make(), "tenant").count() == 2


def test_the_tenant_of_a_row_is_found_along_its_path(connection: Connection) -> None:
    assert tenant_id_of(connection, "tenant") == connection.tenant_id
    assert tenant_id_of(connection.credential, "connection__tenant") == connection.tenant_id
    assert tenant_id_of(connection.tenant, "pk") == connection.tenant_id
    assert tenant_id_of(Token(), "connection__tenant") is None


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (Tenant, "pk"),
        (Connection, "tenant"),
        (Token, "connection__tenant"),
        (User, "memberships__tenant"),
        (Membership, "tenant"),
    ],
)
def test_paths_are_found_by_looking_at_the_model(model: type[models.Model], path: str) -> None:
    assert tenant_path_of(model) == path


def test_models_of_the_whole_installation_have_no_path() -> None:
    from django_celery_beat.models import PeriodicTask

    assert tenant_path_of(PeriodicTask) is None


# --- forms and autocompletes


@isolate_apps("connectors")
def test_a_form_refuses_to_point_at_another_tenants_row(connection: Connection, others: Connection) -> None:
    class Plan(models.Model):
        tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
        source = models.ForeignKey(Connection, models.CASCADE, related_name="+")

        class Meta:
            app_label = "connectors"

        def __str__(self) -> str:
            return "plan"

    form_class = modelform_factory(Plan, form=TenantScopedForm, fields=("tenant", "source"))
    good = form_class({"tenant": connection.tenant_id, "source": connection.pk})
    assert good.is_valid(), good.errors
    mixed = form_class({"tenant": connection.tenant_id, "source": others.pk})
    assert not mixed.is_valid()
    assert mixed.errors == {"source": ["This belongs to another tenant."]}


def test_autocompletes_offer_rows_of_ones_own_tenants(connection: Connection, others: Connection) -> None:
    client = Client()
    client.force_login(user_make(connection.tenant, Role.AUDITOR))
    query = {"app_label": "connectors", "model_name": "credential", "field_name": "connection", "term": ""}
    answer = client.get(reverse("admin:autocomplete"), query)
    assert [one["id"] for one in answer.json()["results"]] == [str(connection.pk)]
    client.force_login(user_make())
    assert client.get(reverse("admin:autocomplete"), query).status_code == 403


# --- the database


@pytest.fixture
def child_table(db: None) -> None:
    """A table as the upper floors have them, with the constraint that their migrations add."""
    operation = tenant_fk("plan", "source_id", "connectors_connection")
    with database.cursor() as cursor:
        cursor.execute("CREATE TABLE plan (id serial PRIMARY KEY, source_id bigint, tenant_id bigint)")
        cursor.execute(str(operation.sql))


@pytest.mark.usefixtures("child_table")
def test_the_database_refuses_a_row_that_mixes_tenants(connection: Connection, others: Connection) -> None:
    def insert(source: int | None, tenant: int) -> None:
        with transaction.atomic(), database.cursor() as cursor:
            cursor.execute("INSERT INTO plan (source_id, tenant_id) VALUES (%s, %s)", [source, tenant])
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    insert(connection.pk, connection.tenant_id)
    insert(None, others.tenant_id)
    with pytest.raises(IntegrityError, match="plan_source_id_tenant_fk"):
        insert(others.pk, connection.tenant_id)


@pytest.mark.usefixtures("child_table")
def test_the_constraint_can_be_taken_back() -> None:
    with database.cursor() as cursor:
        cursor.execute(str(tenant_fk("plan", "source_id", "connectors_connection").reverse_sql))


def test_a_name_that_postgresql_would_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than a name may be"):
        tenant_fk("a_table_with_a_very_long_name_indeed", "and_a_long_column_too_id", "parent")


def test_a_persons_role_in_a_tenant_is_one_of_the_known(tenant: Tenant) -> None:
    user = user_make()
    with pytest.raises(IntegrityError, match="membership_role_known"), transaction.atomic():
        Membership.objects.create(user=user, tenant=tenant, role="king")
    Membership.objects.create(user=user, tenant=tenant, role=Role.FINANCE)
    with pytest.raises(IntegrityError, match="membership_once"), transaction.atomic():
        Membership.objects.create(user=user, tenant=tenant, role=Role.AUDITOR)
