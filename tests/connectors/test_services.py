"""Do connections open, prove themselves, break and mend as they promise?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection as database
from django.utils import timezone

from connectors import services
from connectors.auth import MemoryTokenStore
from connectors.base import Check
from connectors.credentials import CredentialsError
from connectors.errors import AuthenticationError, ConfigurationError, DecryptionError, TransportError
from connectors.models import Connection, Credential, Tenant, Token
from connectors.registry import connector_get
from connectors.services import opening, states
from connectors.signals import connection_changed
from tests.connectors.fake import FakeVendor
from tests.factories import connection_make, user_make

KEY = "key-0123456789abcdef"


def test_it_opens_with_revealed_credentials_and_exact_settings(connection: Connection) -> None:
    connection.settings = {"threshold": Decimal("0.10")}
    context = services.connection_context(connection)
    assert context.credentials.api_key.get_secret_value() == KEY  # type: ignore[attr-defined]
    assert context.settings.threshold == Decimal("0.10")  # type: ignore[union-attr]
    assert KEY not in repr(context)


@pytest.mark.parametrize("disposable", [True, False])
def test_inside_a_transaction_only_tokens_that_may_be_lost_are_kept_aside(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, disposable: bool
) -> None:
    told = replace(connector_get("fake"), refresh_tokens_stay=disposable)
    monkeypatch.setattr(opening, "connector_get", {"fake": told}.__getitem__)
    assert isinstance(services.connection_context(connection).tokens, MemoryTokenStore) is disposable


def test_it_refuses_to_open_what_is_off_or_without_credentials(connection: Connection) -> None:
    Credential.objects.all().delete()
    with pytest.raises(ConfigurationError, match="no credentials"):
        services.connection_context(connection)
    services.connection_switch(connection, is_on=False)
    with pytest.raises(ConfigurationError, match="switched off"):
        services.connection_context(connection)


def test_a_good_test_sets_state_identity_and_expiry(connection: Connection, fake_vendor: FakeVendor) -> None:
    fake_vendor.expires_at = datetime(2027, 1, 1, tzinfo=UTC)
    person = user_make(connection.tenant)
    checks = services.connection_verify(connection, by=person)
    assert [check.state for check in checks] == ["ok", "ok"]
    assert (connection.state, connection.identity, connection.reason) == ("ok", "acct-1", "")
    assert connection.unavailable == {"alpha": "The feature is not granted."}
    assert connection.checklist[0]["name"] == "Key"
    assert Credential.objects.get().expires_at == fake_vendor.expires_at
    assert connection.history.first().history_user == person


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (AuthenticationError("The key was revoked."), "broken"),
        (ConfigurationError("No such database."), "broken"),
        (TransportError("No answer."), "new"),
    ],
)
def test_a_failed_test_breaks_it_unless_the_vendor_is_away(
    connection: Connection, fake_vendor: FakeVendor, error: Exception, state: str
) -> None:
    fake_vendor.error = error  # type: ignore[assignment]
    checks = services.connection_verify(connection)
    assert checks == [Check("Connection", "failed", str(error))]
    assert connection.state == state
    assert connection.reason == (str(error) if state == "broken" else "")


def test_a_failed_check_breaks_it_and_a_good_one_mends_it(connection: Connection, fake_vendor: FakeVendor) -> None:
    fake_vendor.checks = [Check("Rights", "failed", "May not read invoices.", "Ask for Accounting.")]
    services.connection_verify(connection)
    assert (connection.state, connection.reason, connection.identity) == ("broken", "May not read invoices.", "")
    fake_vendor.checks = [Check("Rights", "warning", "May not read rates.")]
    services.connection_verify(connection)
    assert (connection.state, connection.reason) == ("ok", "")


def test_a_credential_of_another_account_never_takes_over(
    connection: Connection, fake_vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.connection_verify(connection)
    fake_vendor.account = "acct-2"
    checks = services.connection_verify(connection)
    assert (checks[-1].state, connection.account, connection.state) == ("failed", "acct-1", "broken")
    assert "Clear the identity" in checks[-1].cure
    monkeypatch.setattr(states, "_identity_uses", [lambda row: row.identity == "acct-1"])
    checks = services.connection_verify(connection)
    assert "make a new connection" in checks[-1].cure
    with pytest.raises(ValidationError, match="posted under this identity"):
        services.connection_update(connection, identity="acct-2")


def test_a_cleared_identity_lets_another_account_in(connection: Connection, fake_vendor: FakeVendor) -> None:
    services.connection_verify(connection)
    fake_vendor.account = "acct-2"
    services.connection_update(connection, identity="")
    services.connection_verify(connection)
    assert (connection.account, connection.identity, connection.state) == ("acct-2", "acct-2", "ok")


def test_an_identity_outlives_the_move_of_a_server(
    connection: Connection, fake_vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some vendors' accounts are named after their address; the posting keys must not be."""
    services.connection_verify(connection)
    monkeypatch.setattr(states, "_identity_uses", [lambda row: True])
    services.connection_update(connection, address="https://moved.example")
    services.credentials_replace(connection, {"api_key": KEY})
    fake_vendor.account = "acct-1@moved"
    checks = services.connection_verify(connection)
    assert checks[-1].message == "Account acct-1@moved; posting keys name it acct-1."
    assert (connection.account, connection.identity, connection.state) == ("acct-1@moved", "acct-1", "ok")


def test_two_connections_of_a_tenant_cannot_lead_to_one_account(connection: Connection) -> None:
    services.connection_verify(connection)
    second = connection_make(
        connection.tenant, "fake", address="https://eu.vendor.example", credentials={"api_key": "another-key-9999"}
    )
    checks = services.connection_verify(second)
    assert checks[-1].message == f"{connection.name} is a connection to account acct-1 already."
    services.connection_archive(connection)
    services.connection_verify(second)
    assert (second.state, second.identity) == ("ok", "acct-1")


def test_breaking_is_told_once_and_a_switched_off_connection_stays_off(connection: Connection) -> None:
    assert services.connection_break(connection.pk, "Revoked.")
    assert not services.connection_break(connection.pk, "Revoked again.")
    assert services.connection_recover(connection.pk)
    assert not services.connection_recover(connection.pk)
    services.connection_switch(connection, is_on=False)
    assert not services.connection_break(connection.pk, "Revoked.")
    assert Connection.objects.get().state == "off"


def test_changes_are_signalled_after_the_commit(
    connection: Connection, django_capture_on_commit_callbacks: object
) -> None:
    heard: list[int] = []

    def hear(connection_id: int, **_: object) -> None:
        heard.append(connection_id)

    connection_changed.connect(hear)
    try:
        with django_capture_on_commit_callbacks() as callbacks:  # type: ignore[operator]
            services.connection_verify(connection)
        assert heard == []
        for callback in callbacks:
            callback()
        assert heard == [connection.pk]
    finally:
        connection_changed.disconnect(hear)


# --- setting up


def test_a_new_address_or_vendor_deletes_the_secrets_however_it_is_changed(connection: Connection) -> None:
    services.connection_verify(connection)
    Token.objects.create(connection=connection, value="at", expires_at=timezone.now())
    services.connection_update(connection, name="Renamed")
    assert Credential.objects.count() == Token.objects.count() == 1
    services.connection_update(connection, address="https://evil.example")
    assert Credential.objects.count() == Token.objects.count() == 0
    assert connection.state == "new"
    services.credentials_replace(connection, {"api_key": KEY})
    Connection.objects.filter(pk=connection.pk).update(vendor="odoo")
    assert not Credential.objects.exists()


def test_problems_of_a_set_up_are_said_at_once_by_field(connection: Connection, settings: object) -> None:
    settings.MLC_ALLOW_PRIVATE_ADDRESSES = False  # type: ignore[attr-defined]
    settings.MLC_SIMULATED_CONNECTIONS_ALLOWED = False  # type: ignore[attr-defined]
    tenant: Tenant = connection.tenant
    with pytest.raises(ValidationError) as caught:
        services.connection_create(
            tenant=tenant, vendor="fake", name="", address="http://plain.example", chosen={"threshold": "a lot"}
        )
    assert set(caught.value.message_dict) == {"name", "address", "settings"}
    with pytest.raises(ValidationError, match="There is no connector"):
        services.connection_create(tenant=tenant, vendor="nobody", name="x")
    with pytest.raises(ValidationError, match="Simulated"):
        services.connection_create(tenant=tenant, vendor="fake", name="x", address="simulator:fake")
    with pytest.raises(ValidationError, match="of this name"):
        services.connection_create(tenant=tenant, vendor="fake", name=connection.name)


def test_blank_credentials_are_kept_and_errors_show_no_value(connection: Connection) -> None:
    before = Credential.objects.get()
    services.credentials_replace(connection, {"api_key": "", "client_id": "me"})
    after = Credential.objects.get()
    assert after.reveal() == {"api_key": KEY, "client_id": "me"}
    assert after.fingerprint != before.fingerprint
    assert after.last4 == "cdef"
    with pytest.raises(CredentialsError) as caught:
        services.credentials_replace(connection, {"api_key": "xyz"})
    assert caught.value.problems == {"api_key": "Value should have at least 4 items after validation, not 3"}
    assert "xyz" not in str(caught.value)


def test_new_credentials_make_old_tokens_go_and_a_broken_connection_new(connection: Connection) -> None:
    services.connection_break(connection.pk, "Revoked.")
    Token.objects.create(connection=connection, value="at", expires_at=timezone.now())
    services.credentials_replace(connection, {"api_key": KEY})  # the same: nothing happens
    assert Token.objects.exists()
    services.credentials_replace(connection, {"api_key": "key-of-another-kind"})
    assert not Token.objects.exists()
    assert (connection.state, connection.reason) == ("new", "")


def test_a_secret_copied_to_another_row_cannot_be_used(connection: Connection) -> None:
    other = connection_make(
        connection.tenant, "fake", address="https://x.example", credentials={"api_key": "other-key-1234"}
    )
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE connectors_credential t SET secret = s.secret FROM connectors_credential s"
            " WHERE t.connection_id = %s AND s.connection_id = %s",
            [other.pk, connection.pk],
        )
    with pytest.raises(DecryptionError, match="belongs to another row"):
        services.connection_context(other)


def test_simulators_are_reached_only_where_they_are_allowed(connection: Connection, settings: object) -> None:
    Connection.objects.filter(pk=connection.pk).update(address="simulator:fake")
    connection.refresh_from_db()
    services.credentials_replace(connection, {"api_key": KEY})
    settings.MLC_SIMULATORS = {"fake": "http://127.0.0.1:4711"}  # type: ignore[attr-defined]
    assert services.connection_context(connection).address == "http://127.0.0.1:4711"
    settings.MLC_SIMULATORS = {}  # type: ignore[attr-defined]
    with pytest.raises(ConfigurationError, match="No simulator runs"):
        services.connection_context(connection)
    settings.MLC_SIMULATED_CONNECTIONS_ALLOWED = False  # type: ignore[attr-defined]
    with pytest.raises(ConfigurationError, match="does not allow"):
        services.connection_context(connection)


def test_a_good_answer_is_noted_as_a_sign_of_life_now_and_then(connection: Connection) -> None:
    from connectors.base import ExchangeNote

    now = timezone.now()
    context = services.connection_context(connection)
    assert context.observer
    for minutes, status in ((0, 200), (5, 200), (9, 401), (11, 200)):
        context.observer(ExchangeNote("GET", "https://x", status, now + timedelta(minutes=minutes), 0.1))
        connection.refresh_from_db()
        assert connection.last_success_at == now + timedelta(minutes=11 if minutes == 11 else 0)
