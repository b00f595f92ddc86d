"""How many calls does a record cost in the other ledgers, how many are wasted, and is what Zoho allows made use of?

A real Zoho serves a hundred calls a minute, and so does the simulated one: records wait there, and what counts is how
much of the allowance is used while they do. In such a time few records are moved, so that what is asked once weighs
much; for what they cost altogether Zoho is measured once more, without that limit and to the last record.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Max, Min, Q, QuerySet

from audit.demo.dynamics_company import DynamicsCompany
from audit.demo.setup import US_RECORDS, file_of
from audit.demo.zoho_company import ZohoCompany
from audit.models import Exchange, Posting, PostingState
from audit.services import flow_sync
from audit.setup_file import setup_apply, setup_read
from config.bench.figures import Figure, Sizes, figure
from connectors.simulation import serve
from mappings.models import Flow

WAITING = 2 / 3  # of the records of the flow's own measurement
PATIENCE = 38  # times the seconds of a measurement: what Zoho is watched for, and more than Dynamics needs
ALLOWED_A_MINUTE = 100
ZOHO, DYNAMICS = ("aim, calls a record", 1.2), ("aim, calls a record", 0.15)
SHARE = ("aim, share of the allowed", 0.95)


def measure(sizes: Sizes) -> Iterator[Figure]:
    """Accounting records into Zoho to the end, then for a while as fast as it allows, and into Dynamics to the end."""
    whole, zoho, dynamics = ZohoCompany.found(6), ZohoCompany.found(6), DynamicsCompany.found(6)
    whole.slug += "-whole"
    whole.zoho.switches.change(requests_per_minute=None, requests_per_day=None)
    with _worked(whole, sizes, is_limited=False) as (_, posted):
        each = whole.zoho.call_count / posted  # with the test of the connection, tokens, lists and receipts
        yield figure("calls to Zoho Books, from its first test on", [each], "calls a record", at_most=ZOHO)
    with _worked(zoho, sizes) as (calls, posted):
        each = calls.count() / posted
        yield figure("calls to Zoho Books, while records wait", [each], "calls a record", at_most=ZOHO)
        yield figure("calls that Zoho refused", [_refused(calls)], "share")
        yield figure("calls of what Zoho allows, while records wait", [_share(calls)], "share", at_least=SHARE)
    with _worked(dynamics, sizes) as (calls, posted):
        yield figure("calls to Dynamics", [calls.count() / posted], "calls a record", at_most=DYNAMICS)
        yield figure("calls that Dynamics refused", [_refused(calls)], "share")


@contextmanager
def _worked(
    company: ZohoCompany | DynamicsCompany, sizes: Sizes, *, is_limited: bool = True
) -> Iterator[tuple[QuerySet[Exchange], int]]:
    """Move one company's accounting records; yields the exchanges with its ledger, and how many records are there.

    Our own limits hold for what is not said to be a simulator."""
    today = datetime.now(UTC).date()
    with ExitStack() as stack:
        addresses = {name: stack.enter_context(serve(one)).url for name, one in company.simulators.items()}
        stack.enter_context(company.prepare(addresses, today))
        company.brex.switches.requests_per_minute = None
        _, secrets = company.setup(today)
        parts = _only_records(company.parts(today))
        settings.MLC_SIMULATORS = addresses
        for connection, address in zip(parts["connections"], addresses.values(), strict=True):
            connection["address"] = address if is_limited else connection["address"]
        setup_apply(setup_read(file_of(parts)), environment=secrets)
        flow = Flow.objects.select_related("source", "ledger", "tenant").get(tenant__slug=company.slug)
        company.brex.control("seed_records", {"count": int(sizes.records * WAITING)})
        flow_sync(flow, by="bench", seconds=sizes.seconds * PATIENCE)
        there = Posting.objects.filter(ledger=flow.ledger, state__in=(PostingState.CREATED, PostingState.POSTED))
        yield Exchange.objects.filter(connection_id=flow.ledger_id), max(there.count(), 1)


def _only_records(parts: dict[str, Any]) -> dict[str, Any]:
    """The set-up with one company's flow of accounting records alone."""
    parts.pop("members")
    [flow] = parts["flows"] = [one for one in parts["flows"] if one["name"] == US_RECORDS]
    for name in ("books", "rules"):
        parts[name] = [one for one in parts[name] if one["company"] == flow["company"]]
    for books in parts["books"]:
        books["owners"] = {"Brex": [one for one in books["owners"]["Brex"] if one["flow"] == US_RECORDS]}
    return parts


def _refused(calls: QuerySet[Exchange]) -> float:
    return calls.filter(Q(status=None) | Q(status__gte=400)).count() / max(calls.count(), 1)


def _share(calls: QuerySet[Exchange]) -> float:
    """Of the calls that were allowed from the first document to the last."""
    posted = calls.filter(is_write=True)
    span = posted.aggregate(first=Min("at"), last=Max("at"))
    if span["first"] is None or span["first"] == span["last"]:
        return 0.0
    seconds: float = (span["last"] - span["first"]).total_seconds()
    made = calls.filter(at__gt=span["first"], at__lte=span["last"]).count()
    return made / float(ALLOWED_A_MINUTE * seconds / 60)
