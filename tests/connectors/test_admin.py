"""Does the admin set connections up, show no secret, and keep tenants and roles apart?"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from connectors import services
from connectors.base import Check
from connectors.models import Connection, Credential, Membership, Role, Tenant
from tests.connectors.fake import FakeVendor
from tests.factories import connection_make, superuser_make, tenant_make, user_make

KEY = "key-0123456789abcdef"


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def admin(tenant: Tenant) -> Client:
    return browser(user_make(tenant))


@pytest.fixture
def others(fake_vendor: FakeVendor) -> Connection:
    return connection_make(
        tenant_make("globex"),
        "fake",
        name="Globex secret plans",
        address="https://globex.example",
        credentials={"api_key": "key-of-globex-123456"},
    )


def url(page: str, *args: object, model: str = "connection") -> str:
    return reverse(f"admin:connectors_{model}_{page}", args=args)


def fields(connection: Connection, **changes: object) -> dict[str, object]:
    return {
        "name": connection.name,
        "address": connection.address,
        "identity": connection.identity,
        "setting_threshold": "1.10",
        **changes,
    }


# --- setting up


def test_a_vendor_is_connected_in_two_steps_and_tested(admin: Client, tenant: Tenant, fake_vendor: FakeVendor) -> None:
    answer = admin.post(
        url("add"), {"tenant": tenant.pk, "vendor": "fake", "name": "Cards", "address": ""}, follow=True
    )
    row = Connection.objects.get()
    assert row.address == "https://api.vendor.example"
    page = answer.content.decode()
    assert 'name="credential_api_key"' in page
    assert 'name="setting_threshold" value="1.10"' in page
    answer = admin.post(url("change", row.pk), fields(row, credential_api_key=KEY, setting_is_strict="on"))
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.credential.reveal() == {"api_key": KEY, "client_id": ""}
    assert str(row.settings["threshold"]) == "1.10"
    assert row.settings["is_strict"] is True
    answer = admin.post(reverse("admin:connectors_connection_test_connection", args=[row.pk]))
    assert "Works." in answer.content.decode()
    row.refresh_from_db()
    assert (row.state, row.identity) == ("ok", "acct-1")


def test_looking_at_the_test_page_runs_nothing(admin: Client, connection: Connection, fake_vendor: FakeVendor) -> None:
    answer = admin.get(reverse("admin:connectors_connection_test_connection", args=[connection.pk]))
    assert "Not tested yet" in answer.content.decode()
    assert fake_vendor.contexts == []


def test_what_the_vendor_offers_may_be_chosen_as_a_setting(
    admin: Client, connection: Connection, fake_vendor: FakeVendor
) -> None:
    fake_vendor.checks = [
        Check("Books", "failed", "Choose.", offers={"threshold": [("7.10", "Main"), ("8.10", "Side")]})
    ]
    admin.post(reverse("admin:connectors_connection_test_connection", args=[connection.pk]))
    page = admin.get(url("change", connection.pk)).content.decode()
    assert '<option value="7.10">Main (7.10)</option>' in page
    admin.post(url("change", connection.pk), fields(connection, setting_threshold="8.10"))
    connection.refresh_from_db()
    assert str(connection.settings["threshold"]) == "8.10"
    page = admin.get(url("change", connection.pk)).content.decode()
    assert '<option value="8.10" selected>Side (8.10)</option>' in page


def test_a_failed_test_names_the_cure(admin: Client, connection: Connection, fake_vendor: FakeVendor) -> None:
    fake_vendor.checks = [Check("Rights", "failed", "May not read <invoices>.", "Ask for Accounting.")]
    page = admin.post(reverse("admin:connectors_connection_test_connection", args=[connection.pk])).content.decode()
    assert "May not read &lt;invoices&gt;." in page
    assert "Ask for Accounting." in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"credential_api_key": "abc"}, "Value should have at least 4 items"),
        ({"setting_threshold": "a lot"}, "Enter a number."),
        ({"address": "ftp://vendor.example"}, "is not a web address"),
        ({"address": "https://user:pass@vendor.example"}, "may hold no user"),
        ({"name": ""}, "This field is required."),
        ({"forget_stored": "on"}, "Field required"),
    ],
)
def test_problems_are_shown_at_their_fields_and_nothing_is_saved(
    admin: Client, connection: Connection, changes: dict[str, str], message: str
) -> None:
    before = Connection.objects.values().get()
    answer = admin.post(url("change", connection.pk), fields(connection, **changes))
    assert answer.status_code == 200
    assert message in answer.content.decode()
    assert Connection.objects.values().get() == before
    assert connection.credential.reveal()["api_key"] == KEY


def test_a_new_address_forgets_the_credentials_and_says_so(admin: Client, connection: Connection) -> None:
    answer = admin.post(url("change", connection.pk), fields(connection, address="https://evil.example"), follow=True)
    assert "stored credentials were deleted" in answer.content.decode()
    assert not Credential.objects.exists()


def test_a_new_address_with_half_of_the_credentials_does_not_borrow_the_other_half(
    admin: Client, connection: Connection
) -> None:
    answer = admin.post(
        url("change", connection.pk), fields(connection, address="https://evil.example", credential_client_id="me")
    )
    assert answer.status_code == 200
    assert "Field required" in answer.content.decode()
    assert connection.credential.reveal()["api_key"] == KEY


def test_no_page_holds_a_secret(admin: Client, connection: Connection) -> None:
    services.connection_verify(connection)
    credential = Credential.objects.get()
    pages = [
        url("changelist"),
        url("change", connection.pk),
        url("history", connection.pk),
        reverse("admin:connectors_connection_simple_history", args=[connection.pk, connection.history.first().pk]),
        reverse("admin:connectors_connection_test_connection", args=[connection.pk]),
    ]
    for page in pages:
        answer = admin.get(page)
        text = answer.content.decode()
        assert answer.status_code == 200, page
        assert KEY not in text, page
        assert str(credential.secret) not in text, page
        assert credential.fingerprint not in text, page
    page = admin.get(url("change", connection.pk)).content.decode()
    assert f"…cdef, fingerprint {credential.fingerprint[:12]}, entered" in page


def test_it_is_switched_and_archived_after_a_question(admin: Client, connection: Connection) -> None:
    for name, state in (("switch_off", "off"), ("switch_on", "new"), ("archive", "off")):
        page = reverse(f"admin:connectors_connection_{name}", args=[connection.pk])
        before = connection.state
        assert admin.get(page).status_code == 200
        connection.refresh_from_db()
        assert connection.state == before
        admin.post(page)
        connection.refresh_from_db()
        assert connection.state == state
    assert connection.archived_at
    assert connection.history.first().history_user is not None
    for name in ("switch_on", "switch_off", "archive"):  # what is archived stays so
        assert admin.post(reverse(f"admin:connectors_connection_{name}", args=[connection.pk])).status_code == 403


def test_only_actions_that_make_sense_are_offered(admin: Client, connection: Connection) -> None:
    page = admin.get(url("change", connection.pk)).content.decode()
    assert "switch-off" in page
    assert "switch-on" not in page
    services.connection_switch(connection, is_on=False)
    page = admin.get(url("change", connection.pk)).content.decode()
    assert "switch-on" in page
    assert "switch-off" not in page


# --- tenants and roles


PAGES = ("change", "history", "delete", "test_connection", "switch_on", "switch_off", "archive")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_tenants_connection_does_not_exist(admin: Client, others: Connection, page: str, method: str) -> None:
    before = Connection.objects.values().get(pk=others.pk)
    answer = getattr(admin, method)(url(page, others.pk))
    assert answer.status_code == 404
    assert Connection.objects.values().get(pk=others.pk) == before


def test_another_tenants_history_does_not_exist(admin: Client, connection: Connection, others: Connection) -> None:
    version = others.history.first().pk
    assert (
        admin.get(reverse("admin:connectors_connection_simple_history", args=[others.pk, version])).status_code == 404
    )
    # the id of one's own with the version of another's
    assert (
        admin.get(reverse("admin:connectors_connection_simple_history", args=[connection.pk, version])).status_code
        == 404
    )


def test_lists_filters_choices_and_autocompletes_show_ones_own_tenants(
    admin: Client, connection: Connection, others: Connection
) -> None:
    for page in (url("changelist"), url("changelist") + "?q=globex", url("add"), url("changelist", model="membership")):
        text = admin.get(page).content.decode()
        assert "Globex" not in text.replace("?q=globex", "")
    text = admin.get(url("add")).content.decode()
    assert connection.tenant.name in text
    answer = admin.post(url("add"), {"tenant": others.tenant_id, "vendor": "fake", "name": "x"})
    assert "Select a valid choice" in answer.content.decode()
    text = admin.get(url("add", model="membership")).content.decode()
    stranger = user_make(others.tenant)
    assert stranger.username not in text


@pytest.mark.parametrize(
    ("role", "may_test", "may_change"),
    [
        (Role.ADMINISTRATOR, True, True),
        (Role.OPERATIONS, True, False),
        (Role.FINANCE, False, False),
        (Role.AUDITOR, False, False),
    ],
)
def test_roles_decide_what_may_be_done(connection: Connection, role: Role, may_test: bool, may_change: bool) -> None:
    client = browser(user_make(connection.tenant, role))
    assert client.get(url("changelist")).status_code == 200
    page = client.get(url("change", connection.pk))
    assert page.status_code == 200
    assert ("credential_api_key" in page.content.decode()) is may_change
    assert client.post(url("change", connection.pk), fields(connection, name="New")).status_code == (
        302 if may_change else 403
    )
    assert (client.get(url("add")).status_code == 200) is may_change
    assert (client.post(url("switch_off", connection.pk)).status_code == 302) is may_change
    services.connection_switch(connection, is_on=True)
    assert (client.post(url("test_connection", connection.pk)).status_code == 200) is may_test
    assert client.post(url("delete", connection.pk)).status_code == 403


def test_an_administrator_here_who_is_an_auditor_there_only_reads_there(
    connection: Connection, others: Connection
) -> None:
    user = user_make(connection.tenant)
    Membership.objects.create(user=user, tenant=others.tenant, role=Role.AUDITOR)
    client = browser(user)
    assert "Globex" in client.get(url("changelist")).content.decode()
    assert client.get(url("change", others.pk)).status_code == 200
    assert client.post(url("change", others.pk), fields(others, name="Mine")).status_code == 403
    assert client.post(url("switch_off", others.pk)).status_code == 403
    answer = client.post(url("add"), {"tenant": others.tenant_id, "vendor": "fake", "name": "x"})
    assert "Select a valid choice" in answer.content.decode()


def test_a_person_without_a_tenant_sees_nothing(connection: Connection) -> None:
    client = browser(user_make())
    assert client.get(url("changelist")).status_code == 403
    assert "Connections" not in client.get(reverse("admin:index")).content.decode()


def test_a_superuser_sees_all_tenants(connection: Connection, others: Connection) -> None:
    text = browser(superuser_make()).get(url("changelist")).content.decode()
    assert connection.name in text
    assert others.name in text


def test_an_administrator_cannot_make_tenants_or_see_other_peoples_pages(admin: Client, tenant: Tenant) -> None:
    assert admin.get(url("add", model="tenant")).status_code == 403
    assert admin.get(url("change", tenant.pk, model="tenant")).status_code == 200
    assert admin.post(url("delete", tenant.pk, model="tenant")).status_code == 403
    assert admin.get(reverse("admin:auth_user_changelist")).status_code == 403


def test_pages_of_the_installation_open_for_a_superuser(db: None) -> None:
    client = browser(superuser_make())
    for name in ("auth_user", "auth_group", "django_celery_beat_periodictask", "django_celery_beat_crontabschedule"):
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200, name
        assert client.get(reverse(f"admin:{name}_add")).status_code == 200, name
