"""The trail cannot be rewritten in silence: what the database refuses, and what the seals find nevertheless."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections, transaction
from django.db import connection as database

from audit.models import AuditEvent, Seal, SealPart
from audit.sync.recorder import Recorder
from audit.sync.seal import SEALED_TABLES, seal_head, seal_pending, seal_verify
from connectors.models import Tenant
from tests.factories import connection_make, tenant_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_notes_of_other_tests() -> None:
    with database.cursor() as cursor:
        cursor.execute("TRUNCATE audit_unsealed")


def event(tenant: Tenant, message: str = "something happened") -> AuditEvent:
    recorder = Recorder(tenant.pk, "test")
    recorder.event("test.happened", message, facts={"amount": "1.50"})
    recorder.flush()
    return AuditEvent.objects.order_by("-id")[0]


def seal_all() -> int:
    sealed = 0
    while number := seal_pending():
        sealed += number
    return sealed


def findings(tenant: Tenant | None = None) -> list[tuple[str, str, int | None]]:
    found = seal_verify(tenant_id=tenant.pk if tenant else None)
    return [(one.kind, one.table, one.row_id) for one in found]


@contextmanager
def superuser() -> Iterator[None]:
    """What the owner of the database can do: switch the triggers off."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield


def execute(statement: str, parameters: list[object] | None = None) -> None:
    with database.cursor() as cursor:
        cursor.execute(statement, parameters)


# --- what the database refuses ----------------------------------------------------------------------------------


@pytest.fixture
def filled() -> Tenant:
    """A tenant with rows in events and history."""
    tenant = tenant_make()
    user_make(tenant)
    connection_make(tenant)
    event(tenant)
    return tenant


@pytest.mark.parametrize("table", SEALED_TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {table} SET {pk} = {pk}", "DELETE FROM {table}"])
def test_an_append_only_table_refuses_to_be_changed(filled: Tenant, table: str, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"):
        execute(statement.format(table=table, pk=SEALED_TABLES[table]))


@pytest.mark.parametrize("table", SEALED_TABLES)
def test_an_append_only_table_refuses_to_be_emptied_outside_of_tests(filled: Tenant, table: str) -> None:
    """Test databases are emptied between tests, and only they: the trigger looks at the database's name."""
    with database.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'audit_refuse_change'")
        [source] = cursor.fetchone()
        assert "starts_with(current_database(), 'test_')" in source
    with transaction.atomic():
        execute(
            "CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$"
            + source.replace("'test_'", "'production_'")
            + "$body$"
        )
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            execute(f"TRUNCATE {table} CASCADE")
        transaction.set_rollback(True)


def test_even_an_update_of_no_row_is_refused(filled: Tenant) -> None:
    with pytest.raises(DatabaseError, match="append-only"):
        execute("UPDATE audit_auditevent SET message = 'x' WHERE false")


def test_events_go_with_their_change_or_not_at_all() -> None:
    tenant = tenant_make()
    recorder = Recorder(tenant.pk, "test")
    recorder.event("test.happened")
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012 - the flush before the failure is the point
        recorder.flush()
        raise RuntimeError("the change failed")
    assert not AuditEvent.objects.exists()


# --- what the seals find ----------------------------------------------------------------------------------------


def test_an_untouched_trail_has_no_findings_and_a_chain(filled: Tenant) -> None:
    assert seal_all() >= 4
    event(filled)
    assert seal_all() == 1
    first, second = Seal.objects.order_by("number")
    assert (first.number, second.number) == (1, 2)
    assert second.previous_hash == first.hash
    assert seal_head() == f"2:{second.hash}"
    assert findings() == []
    assert seal_all() == 0
    assert Seal.objects.count() == 2, "nothing new makes no seal"


def test_every_table_with_rows_is_sealed(filled: Tenant) -> None:
    seal_all()
    assert {
        "audit_auditevent", "connectors_historicaltenant", "connectors_historicalmembership",
        "connectors_historicalconnection",
    } <= set(SealPart.objects.values_list("table", flat=True))  # fmt: skip


def change_message(row: AuditEvent) -> None:
    execute("UPDATE audit_auditevent SET message = 'nothing happened' WHERE id = %s", [row.pk])


def change_facts(row: AuditEvent) -> None:
    execute("""UPDATE audit_auditevent SET facts = '{"amount": "1.51"}' WHERE id = %s""", [row.pk])


def change_time(row: AuditEvent) -> None:
    execute("UPDATE audit_auditevent SET at = at - interval '1 microsecond' WHERE id = %s", [row.pk])


def change_tenant(row: AuditEvent) -> None:
    execute("UPDATE audit_auditevent SET tenant_id = NULL WHERE id = %s", [row.pk])


def remove(row: AuditEvent) -> None:
    execute("DELETE FROM audit_auditevent WHERE id = %s", [row.pk])


@pytest.mark.parametrize(
    ("tamper", "kind"),
    [
        (change_message, "changed"),
        (change_facts, "changed"),
        (change_time, "changed"),
        (change_tenant, "changed"),
        (remove, "removed"),
    ],
)
def test_a_row_that_was_changed_or_removed_is_named(tamper: Callable[[AuditEvent], None], kind: str) -> None:
    tenant = tenant_make()
    event(tenant), event(tenant)
    row = event(tenant)
    event(tenant)
    seal_all()
    with superuser():
        tamper(row)
    assert findings() == [(kind, "audit_auditevent", row.pk)]


@pytest.mark.parametrize("number", [2, 10_000])
def test_a_row_that_was_slipped_in_is_named(number: int) -> None:
    """Between two others, or at the end: no seal and no note knows it."""
    tenant = tenant_make()
    first = event(tenant)
    with database.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('audit_auditevent', 'id'), %s)", [first.pk + 20_000])
    event(tenant)
    seal_all()
    with superuser():
        execute(
            "INSERT INTO audit_auditevent SELECT id + %s, tenant_id, at, kind, actor, subject, subject_id, record_id, "
            "message, facts FROM audit_auditevent WHERE id = %s",
            [number, first.pk],
        )
    assert findings() == [("slipped_in", "audit_auditevent", first.pk + number)]


def test_history_is_sealed_like_events(filled: Tenant) -> None:
    seal_all()
    with superuser():
        execute("UPDATE connectors_historicalconnection SET name = 'Somebody else'")
    assert {(kind, table) for kind, table, _ in findings()} == {("changed", "connectors_historicalconnection")}


def reseal_part() -> None:
    """Change a row and the digest that was kept of it."""
    part = SealPart.objects.get(table="audit_auditevent")
    part.digests = bytes(len(part.digests))
    part.save()


def drop_seal() -> None:
    SealPart.objects.filter(seal__number=1).delete()
    Seal.objects.filter(number=1).delete()


def rewrite_hash() -> None:
    Seal.objects.filter(number=1).update(hash="f" * 64)


@pytest.mark.parametrize("tamper", [reseal_part, drop_seal, rewrite_hash])
def test_a_seal_that_was_tampered_with_breaks_the_chain(tamper: Callable[[], None]) -> None:
    tenant = tenant_make()
    event(tenant)
    seal_all()
    execute("TRUNCATE audit_unsealed")
    user_make(tenant)
    seal_all()
    assert findings() == []
    tamper()
    assert "broken_chain" in {kind for kind, _, _ in findings()}


def test_a_whole_chain_made_anew_does_not_hold_the_head_that_left_the_house() -> None:
    tenant = tenant_make()
    row = event(tenant)
    seal_all()
    head = seal_head()
    with superuser():
        change_message(row)
    SealPart.objects.all().delete()
    Seal.objects.all().delete()
    execute(
        "INSERT INTO audit_unsealed (table_name, tenant_id, row_ids) "
        "SELECT 'audit_auditevent', tenant_id, array_agg(id) FROM audit_auditevent GROUP BY 2"
    )
    execute(
        "INSERT INTO audit_unsealed (table_name, tenant_id, row_ids) "
        "SELECT 'connectors_historicaltenant', id, array_agg(history_id) FROM connectors_historicaltenant GROUP BY 2"
    )
    call_command("verify_audit", stdout=StringIO())  # inside, nothing shows any more
    with pytest.raises(CommandError, match="made anew"):
        call_command("verify_audit", head=head, stdout=StringIO())


def test_a_late_commit_lands_in_the_next_seal() -> None:
    """An older id that becomes visible after younger ones were sealed is neither lost nor slipped in."""
    tenant = tenant_make()
    written, sealed = threading.Event(), threading.Event()

    def slow_writer() -> None:
        try:
            with transaction.atomic():
                event(tenant, "early id, late commit")
                written.set()
                assert sealed.wait(20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=slow_writer)
    thread.start()
    assert written.wait(20)
    young = event(tenant, "young id")
    seal_all()
    sealed.set()
    thread.join(20)
    old = AuditEvent.objects.get(message="early id, late commit")
    assert old.pk < young.pk
    assert findings() == []
    assert seal_all() == 1
    assert Seal.objects.count() == 2
    assert findings() == []
    with superuser():
        remove(old)
    assert findings() == [("removed", "audit_auditevent", old.pk)]


def test_two_sealers_at_once_make_one_chain() -> None:
    tenant = tenant_make()
    for _ in range(30):
        event(tenant)
    expected = 30 + 1  # and the tenant's own history
    sealed: list[int] = []
    start = threading.Barrier(4)

    def sealer() -> None:
        try:
            start.wait(10)
            sealed.append(seal_pending())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=sealer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sum(sealed) == expected
    assert sorted(sealed)[:3] == [0, 0, 0]
    assert findings() == []


def test_a_tenants_pack_verifies_with_its_own_rows_alone() -> None:
    mine, other = tenant_make(), tenant_make()
    event(mine)
    foreign = event(other)
    seal_all()
    with superuser():
        change_message(foreign)
    assert findings(mine) == []
    assert findings(other) == [("changed", "audit_auditevent", foreign.pk)]
    reseal_parts = SealPart.objects.get(table="audit_auditevent", tenant_id=other.pk)
    reseal_parts.hash = "0" * 64
    reseal_parts.save()
    assert ("broken_chain", "audit_seal", 1) in findings(mine), "the others' part hashes hold the chain together"


def test_verify_audit_says_what_it_found_and_fails() -> None:
    tenant = tenant_make("acme")
    row = event(tenant)
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert out.getvalue().startswith("The trail is as it was sealed. Head: 1:")
    with superuser():
        change_message(row)
    for arguments in ({}, {"tenant": "acme"}):
        said = StringIO()
        with pytest.raises(CommandError, match="1 findings"):
            call_command("verify_audit", stdout=StringIO(), stderr=said, **arguments)
        assert f"Row {row.pk} of audit_auditevent was changed." in said.getvalue()
    with pytest.raises(CommandError, match="no tenant"):
        call_command("verify_audit", tenant="nobody")
