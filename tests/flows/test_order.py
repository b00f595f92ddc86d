"""Which flow happens to run first decides nothing: the ledger holds the same documents in the end."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.core.management import call_command

from audit.services import flow_sync
from mappings.models import Flow
from tests.audit.scene import time_passes
from tests.flows.stage import Stage, stage
from tests.flows.test_flows import simulated_books

pytestmark = pytest.mark.django_db(transaction=True)

SEED = 20_260


def posted(order: Sequence[str]) -> list[tuple[str, str]]:
    """The stamps of what Odoo holds after the flows ran in this order of their streams, each until it was idle."""
    with simulated_books() as books, stage(books, records=120, seed=SEED) as made:
        for _ in range(3):
            for flow in sorted(_flows(made), key=lambda one: (order.index(one.stream), one.pk)):
                flow_sync(flow, by="test", seconds=120.0)
            time_passes()
        found = sorted(made.held())
        call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=False)
        return found


def _flows(made: Stage) -> list[Flow]:
    rows = Flow.objects.filter(tenant=made.tenant).select_related("source", "ledger", "tenant")
    return [one for one in rows if one.document == "spend"]


def test_the_order_of_the_first_import_decides_nothing() -> None:
    streams = ["accounting_records", "cash_transactions", "card_transactions", "expenses"]
    assert posted(streams) == posted(streams[::-1])
