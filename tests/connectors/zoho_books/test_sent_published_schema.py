"""Is whatever the client sends to Zoho as Zoho published it: path, query and body?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import BaseAdapter

from connectors.base import ReceiptFile
from connectors.zoho_books.reference import READERS
from connectors.zoho_books.simulator import ZohoBooksSimulator
from tests.cases.ledger_cases import KINDS
from tests.connectors.zoho_books.conftest import SimulatedWorld
from tests.connectors.zoho_books.published import sent_complaints
from tests.connectors.zoho_books.test_mirrors import mirror
from tests.connectors.zoho_books.zoho_cases import option

pytestmark = pytest.mark.published_schema
IDS = re.compile(r"\d{6,}")


class Reader(BaseAdapter):
    """A transport that reads what goes through it."""

    def __init__(self, inner: BaseAdapter) -> None:
        super().__init__()
        self.inner = inner
        self.complaints: list[str] = []
        self.sent: set[str] = set()

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        self.complaints += sent_complaints(request)
        path = IDS.sub("*", urlsplit(request.url or "").path.removeprefix("/books/v3"))
        self.sent.add(f"{request.method} {path}")
        return self.inner.send(request, *args, **options)

    def close(self) -> None:
        self.inner.close()


@pytest.fixture
def world(simulator: ZohoBooksSimulator) -> SimulatedWorld:
    simulator.control("switch", {"locations_tell_all": True})
    simulator.control("add_location", {"name": "Head Office", "is_primary": True})
    return SimulatedWorld(simulator)


@pytest.fixture
def reader(world: SimulatedWorld) -> Iterator[Reader]:
    world.faults.inner = made = Reader(world.faults.inner)
    yield made
    assert list(dict.fromkeys(made.complaints)) == []


def documents(world: SimulatedWorld) -> None:
    for kind in KINDS:
        sent = world.of_kind(kind)
        world.open().preflight(world.company, [sent.document])
        world.open().post(world.company, [sent])
        world.open().find(world.company, [sent])
    bill, _ = world.posted(world.bill())
    world.open().post(world.company, [mirror(world, bill)])
    credit, _ = world.posted(world.bill(is_credit=True))
    world.posted(world.payment("121.00", credit.key, is_refund=True))
    key = world.key("late")
    late = world.outgoing(world.payment("121.00", key))
    world.open().post(world.company, [late])
    world.posted(world.bill(), key)
    world.open().find(world.company, [late])


def foreign(world: SimulatedWorld) -> None:
    currency, rate = world.foreign
    value, dollars = Decimal("100.00"), Decimal("100.00") * rate
    cost, card = world.entry().lines
    lines = tuple(replace(one, amount=value, company_amount=dollars) for one in (cost, card))
    world.posted(world.entry(lines=lines, currency=currency))
    bill, _ = world.posted(world.bill(lines=lines[:1], currency=currency))
    payment, told = world.posted(world.payment("100.00", bill.key, currency=currency))
    back = world.returned(payment.key, "100.00")
    lines = tuple(replace(one, company_amount=told.company_amount) for one in back.lines)
    world.posted(replace(back, currency=currency, lines=lines))
    credit, _ = world.posted(world.bill(lines=[replace(cost.swapped(), amount=value, company_amount=dollars)],
                                        currency=currency, is_credit=True))  # fmt: skip
    world.posted(world.payment("100.00", credit.key, is_refund=True, currency=currency))


def expenses(world: SimulatedWorld) -> None:
    world.settings = world.settings.model_copy(update={"card_purchases_as": "expense"})
    cost, card = world.entry().lines
    apollo = option(world, "Cost centre", "Apollo")
    half = Decimal("12.75")
    part = replace(cost, amount=half, company_amount=half, partner=world.vendor)
    sent, _ = world.posted(world.entry())
    world.posted(world.entry(lines=(part, replace(part, dimensions=(apollo,)), card)))
    world.open().post(world.company, [sent])


def keyed(world: SimulatedWorld) -> None:
    world.settings = world.settings.model_copy(update={"key_field": "cf_brex_id"})
    for kind in ("entry", "bill", "credit", "payment", "vendor"):
        world.open().post(world.company, [replace(world.of_kind(kind), is_first=True)])


def reading(world: SimulatedWorld) -> None:
    ledger = world.open()
    ledger.facts(world.company, frozenset({("EUR", world.entry().posting_date)}))
    bill, _ = world.posted(world.bill())
    payment, _ = world.posted(world.payment("121.00", bill.key))
    world.posted(world.returned(payment.key, "121.00"))
    for since in (None, datetime.now(UTC) - timedelta(days=1)):
        list(ledger.list_stamped(world.company, since))
    ledger.bills(world.company, ["A-1"])
    for kind in READERS:
        list(ledger.reference(kind, world.company))
    assert {one.state for one in ledger.verify()} <= {"ok", "warning"}


def files(world: SimulatedWorld) -> None:
    paper = ReceiptFile("receipt.pdf", "application/pdf", b"%PDF-1.4 paper")
    _, entry = world.posted(world.entry())
    _, bill = world.posted(world.bill())
    world.open().attach_many(world.company, {entry.ledger_id: [paper], bill.ledger_id: [paper]})


STORIES: dict[str, tuple[Callable[[SimulatedWorld], None], set[str]]] = {
    "documents": (documents, {
        "POST /journals", "POST /bills", "POST /vendorcredits", "POST /vendorpayments", "POST /contacts",
        "PUT /vendorpayments/*", "POST /vendorpayments/*/refunds", "POST /vendorcredits/*/bills",
        "POST /vendorcredits/*/refunds",
    }),
    "foreign currency": (foreign, {"PUT /vendorpayments/*", "POST /vendorcredits/*/refunds"}),
    "expenses": (expenses, {"POST /expenses", "GET /expenses/*"}),
    "a key field": (keyed, {"POST /bills", "POST /vendorpayments", "POST /contacts"}),
    "lists": (reading, {"GET /transactionlocks", "GET /vendorcredits/refunds", "GET /projects", "GET /settings/taxes"}),
    "files": (files, {"POST /journals/*/attachment", "POST /bills/*/attachment"}),
}  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_what_the_client_sends_is_as_published(world: SimulatedWorld, reader: Reader, name: str) -> None:
    story, wanted = STORIES[name]
    story(world)
    assert wanted <= reader.sent


def test_what_is_published_otherwise_is_complained_of(world: SimulatedWorld) -> None:
    """Or the tests above could not fail."""
    reader = Reader(world.faults.inner)
    world.faults.inner = reader
    client = world.open().client
    client.get(world.company, "/bills", colour="blue")
    assert reader.complaints == ["GET /bills: colour is not documented"]
