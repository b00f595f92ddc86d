"""Is the death of a credential seen long before?"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from connectors import services
from connectors.models import Connection, Credential
from connectors.selectors import connection_expiries, connection_expiry, connections_to_keep_alive
from tests.connectors.fake import FakeVendor
from tests.factories import connection_make

DAY = timedelta(days=1)


def used(connection: Connection, days_ago: int) -> Connection:
    """As if the connection had been set up, and last used, so long ago."""
    then = timezone.now() - days_ago * DAY
    Credential.objects.filter(connection=connection).update(rotated_at=then - DAY)
    Connection.objects.filter(pk=connection.pk).update(last_success_at=then)
    return Connection.objects.get(pk=connection.pk)


def test_an_unused_key_dies_by_the_vendors_rule(connection: Connection) -> None:
    expiry = connection_expiry(used(connection, 80))
    assert expiry
    assert expiry.expires_at.date() == (timezone.now() + 10 * DAY).date()
    assert expiry.reason == "Fake drops a key unused for 90 days."
    assert expiry.is_within(14 * DAY)
    assert not expiry.is_within(5 * DAY)


def test_a_key_that_was_never_used_counts_from_its_entry(connection: Connection) -> None:
    Credential.objects.update(rotated_at=timezone.now() - 30 * DAY)
    connection.refresh_from_db()
    expiry = connection_expiry(Connection.objects.get())
    assert expiry
    assert expiry.expires_at.date() == (timezone.now() + 60 * DAY).date()


def test_the_earlier_of_two_ends_counts(connection: Connection) -> None:
    ends = timezone.now() + 3 * DAY
    Credential.objects.update(expires_at=ends)
    expiry = connection_expiry(used(connection, 1))
    assert expiry
    assert (expiry.expires_at, expiry.reason) == (ends, "The key at Fake has an end.")


def test_a_connection_without_credentials_has_no_forecast(connection: Connection) -> None:
    Credential.objects.all().delete()
    assert connection_expiry(Connection.objects.get()) is None
    assert connection_expiries() == []


def test_the_forecast_lists_all_soonest_first(connection: Connection) -> None:
    second = connection_make(
        connection.tenant, "fake", address="https://y.example", credentials={"api_key": "second-key-1234"}
    )
    used(connection, 10)
    used(second, 50)
    assert [one.connection for one in connection_expiries()] == [second, connection]
    services.connection_archive(second)
    assert [one.connection for one in connection_expiries()] == [connection]


def test_keep_alive_calls_are_due_in_time_and_give_new_life(connection: Connection, fake_vendor: FakeVendor) -> None:
    assert connections_to_keep_alive() == []
    used(connection, 74)
    assert connections_to_keep_alive() == []
    row = used(connection, 76)
    assert connections_to_keep_alive() == [row]
    services.connection_keep_alive(row)
    assert len(fake_vendor.contexts) == 1
    services.connection_switch(row, is_on=False)
    assert connections_to_keep_alive() == []
