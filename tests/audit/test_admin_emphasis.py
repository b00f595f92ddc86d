"""Do pages set off a vendor's screens, and lists and the trail drop the asterisks?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent, FollowUp, Lane, Posting, Problem, RecordState
from audit.sync.recorder import Cause, Recorder
from connectors.models import Connection
from tests.audit.office import enter, page, record, standing_office
from tests.flows.world import World

pytestmark = pytest.mark.django_db

SAID = "Set *New voucher* anew <script>alert(1)</script>"
SHOWN = "Set <em>New voucher</em> anew &lt;script&gt;alert(1)&lt;/script&gt;"
PLAIN = "Set New voucher anew &lt;script&gt;alert(1)&lt;/script&gt;"


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with standing_office(django_db_blocker) as one:
        yield one


@pytest.fixture
def desk(made: World) -> Client:
    return enter(made.tenant)


@pytest.fixture
def problem(made: World) -> Problem:
    """On which a held record waits; its words name a screen, and hold what a page must not believe."""
    row = record(made, "held")
    recorder = Recorder(made.tenant.pk, "test")
    cause = Cause("journal_vouchers", SAID, value=SAID, advice=SAID, flow_id=row.flow_id)
    recorder.record(row, RecordState.HELD, SAID, causes=[cause])
    recorder.flush()
    Posting.objects.filter(tenant=made.tenant).update(error=SAID)
    Lane.objects.filter(tenant=made.tenant).update(stopped_reason=SAID)
    Connection.objects.filter(tenant=made.tenant).update(reason=SAID)
    FollowUp.objects.create(
        tenant=made.tenant, connection=row.connection, record=row, kind="attach", subject="receipt", reason=SAID
    )
    return Problem.objects.get(code="journal_vouchers")


def assert_shown(client: Client, address: str, *expected: str) -> None:
    text = client.get(address).content.decode()
    for one in expected:
        assert one in text
    assert "*New voucher*" not in text
    assert "<script>alert(1)" not in text


def test_pages_set_it_off(made: World, desk: Client, problem: Problem) -> None:
    assert_shown(desk, page("problem", "change", problem.pk), SHOWN)
    assert_shown(desk, page("problem", "solve", problem.pk), SHOWN)
    assert_shown(desk, page("syncrecord", "change", record(made, "held").pk), SHOWN)
    assert_shown(desk, page("syncrecord", "decide", record(made, "held").pk), SHOWN)
    assert_shown(desk, page("posting", "change", Posting.objects.earliest("id").pk), SHOWN)
    assert_shown(desk, page("lane", "change", Lane.objects.earliest("id").pk), SHOWN)
    assert_shown(desk, page("followup", "change", FollowUp.objects.earliest("id").pk), SHOWN)
    assert_shown(desk, reverse("admin:index"), SHOWN, PLAIN)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("problem", PLAIN), ("syncrecord", PLAIN), ("hold", PLAIN), ("auditevent", PLAIN), ("followup", SHOWN),
        ("lane", SHOWN), ("posting", ""),
    ],
)  # fmt: skip
def test_lists_show_no_asterisks(desk: Client, problem: Problem, name: str, expected: str) -> None:
    assert_shown(desk, page(name, "changelist"), expected)


def test_the_trail_is_plain_from_the_beginning(problem: Problem) -> None:
    told = list(AuditEvent.objects.filter(message__contains="New voucher").values_list("message", flat=True))
    assert len(told) == 2, "the record was held, and a problem was opened"
    assert set(told) == {SAID.replace("*", "")}


def test_what_was_written_into_the_trail_before_is_shown_so_too(made: World, desk: Client, problem: Problem) -> None:
    old = AuditEvent.objects.create(tenant_id=made.tenant.pk, kind="connection.broken", actor="engine", message=SAID)
    assert_shown(desk, page("auditevent", "changelist"), SHOWN)
    assert_shown(desk, page("auditevent", "change", old.pk), SHOWN)
