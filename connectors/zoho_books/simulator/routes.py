"""Which endpoints does the simulated API have, and how is a path matched to one?"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Protocol

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from connectors.zoho_books.simulator.attachments import AttachmentsApi
from connectors.zoho_books.simulator.bills import BillsApi
from connectors.zoho_books.simulator.call import Route
from connectors.zoho_books.simulator.chart import ChartApi
from connectors.zoho_books.simulator.contacts import ContactsApi
from connectors.zoho_books.simulator.credits import VendorCreditsApi
from connectors.zoho_books.simulator.currencies import CurrenciesApi
from connectors.zoho_books.simulator.custom_fields import CustomFieldsApi
from connectors.zoho_books.simulator.expenses import ExpensesApi
from connectors.zoho_books.simulator.journals import JournalsApi
from connectors.zoho_books.simulator.locking import LocksApi
from connectors.zoho_books.simulator.payments import PaymentsApi
from connectors.zoho_books.simulator.projects import ProjectsApi
from connectors.zoho_books.simulator.refunds import KINDS, RefundsApi
from connectors.zoho_books.simulator.resource import Resource
from connectors.zoho_books.simulator.tags import TagsApi
from connectors.zoho_books.simulator.taxes import TaxesApi
from connectors.zoho_books.simulator.transactions import TransactionsApi
from connectors.zoho_books.simulator.webhooks import WebhooksApi

if TYPE_CHECKING:
    from connectors.zoho_books.simulator.simulator import ZohoBooksSimulator

SELF = "zoho.simulator"  # where the environment of a request has the simulator that answers it


class Api(Protocol):
    def routes(self) -> list[Route]: ...


def all_resources() -> list[Resource]:
    """The kinds of records that are made, changed and deleted alike."""
    return [
        JournalsApi(),
        BillsApi(),
        VendorCreditsApi(),
        PaymentsApi(),
        ExpensesApi(),
        ContactsApi(),
        ChartApi(),
        ProjectsApi(),
    ]


def api_routes(simulator: ZohoBooksSimulator) -> list[Route]:
    """Every endpoint under `/books/v3` but the list of organisations, which needs none."""
    apis: list[Api] = [
        simulator.organisations_api,
        *simulator.resources.values(),
        CurrenciesApi(),
        TaxesApi(),
        TagsApi(),
        LocksApi(),
        CustomFieldsApi(),
        AttachmentsApi(simulator),
        TransactionsApi(),
        WebhooksApi(simulator),
        *(RefundsApi(kind) for kind in KINDS),
    ]
    return [route for api in apis for route in api.routes()]


@cache
def shared_map(places: tuple[tuple[str, str], ...]) -> Map:
    """The routes of every simulator of this process: compiling them takes longer than making the company."""
    rules = [Rule(path, methods=[method], endpoint=_handler(at)) for at, (method, path) in enumerate(places)]
    return Map(rules, strict_slashes=False)


def _handler(at: int) -> Callable[..., Response]:
    def handler(request: Request, **values: str) -> Response:
        simulator: ZohoBooksSimulator = request.environ[SELF]
        return simulator.handlers[at](request, **values)

    return handler
