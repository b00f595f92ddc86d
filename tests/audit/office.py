"""What do tests of the engine room's pages stand on? A world whose records are posted, held, skipped and failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from audit.models import Problem, SyncRecord
from connectors.models import Role, Tenant
from tests.factories import user_make
from tests.flows.world import BOOKS, World, world

FLOW = {
    "name": "records", "source": "Brex", "stream": "accounting_records", "ledger": "Odoo", "company": "1",
    "state": "on", "policies": {"attach_receipts": False, "tell_source": "never"},
}  # fmt: skip
BOOKED = {**BOOKS, "roles": [{"role": "EMREC", "account": "110500"}]}
RULE = {"target": "account", "when": {"gl_account": "600000"}, "value": "600000", "ledger": "Odoo", "company": "1"}
UNMAPPED = "travel-7"


@contextmanager
def office(slug: str = "acme", *, posted: int = 2, held: int = 2) -> Iterator[World]:
    """A tenant with postings, and with records that wait for the mapping of one account."""
    with world(slug) as made:
        for number in range(posted):
            made.purchase(f"{10 + number}.50")
        for number in range(held):
            made.purchase(f"{100 + number}.25", gl=UNMAPPED)
        made.set_up(flows=[FLOW], books=[BOOKED], rules=[RULE])
        made.sync("records")
        yield made


@contextmanager
def standing_office(blocker: Any, slug: str = "acme") -> Iterator[World]:
    """An office that stands for a whole module: made and stored once; each test's own changes are rolled back."""
    with blocker.unblock():
        try:
            with office(slug) as made:
                yield made
        finally:
            call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=False)


def page(model: str, name: str, *args: Any) -> str:
    return reverse(f"admin:audit_{model}_{name}", args=args)


def enter(tenant: Tenant, role: Role = Role.OPERATIONS) -> Client:
    client = Client()
    client.force_login(user_make(tenant, role))
    return client


def record(made: World, state: str) -> SyncRecord:
    found = SyncRecord.objects.filter(tenant=made.tenant, state=state).order_by("id").first()
    assert found is not None, f"no record is {state}"
    return found


def gap(made: World) -> Problem:
    return Problem.objects.get(tenant=made.tenant, code="missing_mapping", state="open")
