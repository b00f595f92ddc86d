"""Do we read and write only fields that the published metadata know? Names and types are theirs, not ours."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Outgoing, ReceiptFile
from connectors.documents import Dimension
from connectors.dynamics365_fo import schema, schema_documents
from connectors.dynamics365_fo.attachments import body_of
from connectors.dynamics365_fo.desk import Desk
from connectors.dynamics365_fo.dimensions import DEFAULT, DELIMITERS, LEDGER
from connectors.dynamics365_fo.display import COMBINATION, SET, question
from connectors.dynamics365_fo.journals import header_of, lines_of
from connectors.dynamics365_fo.literals import ENUM
from connectors.dynamics365_fo.pending import InvoicePoster
from connectors.dynamics365_fo.postable import JOURNAL_TYPES
from connectors.dynamics365_fo.rates import FACTORS
from connectors.dynamics365_fo.vendors import VendorPoster
from tests.connectors.dynamics365_fo.world import DynamicsWorld

pytestmark = pytest.mark.published_schema
FURTHER = {"BankAccounts", "VendorPaymentJournalHeaders", "VendorPaymentJournalLines"}
"""Sets of which the published extract holds nothing; the simulator's own catalogue is what there is."""
KINDS = {str: {"Edm.String", "Edm.DateTimeOffset"}, Decimal: {"Edm.Decimal"}, int: {"Edm.Int64", "Edm.Int32"}}


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    path = Path(os.environ["MLC_PUBLISHED_SCHEMAS"]) / "dynamics365_fo" / "entities.json"
    told: dict[str, Any] = json.loads(path.read_text())
    return told


def fields(published: dict[str, Any], entity_set: str) -> dict[str, str]:
    return {one["name"]: one["type"] for one in published["entity_sets"][entity_set]["fields"]}


def rows() -> list[type[schema.Row]]:
    known = {**vars(schema), **vars(schema_documents)}.values()
    kinds = [one for one in known if isinstance(one, type) and issubclass(one, schema.Row)]
    return [one for one in kinds if one is not schema.Row and one.entity_set not in FURTHER]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.__name__)
def test_what_we_read_is_there_and_of_that_type(published: dict[str, Any], row: type[schema.Row]) -> None:
    known = fields(published, row.entity_set)
    assert ("dataAreaId" in known) is row.has_company
    for name, field in row.model_fields.items():
        if field.exclude:
            continue
        kind = known[field.alias or name]
        if kind.startswith("Edm."):
            assert kind in KINDS[field.annotation], (name, kind)  # type: ignore[index]
        else:
            assert field.annotation is str, (name, kind)
    assert {part.strip() for part in row.order.split(",")} <= known.keys()


@pytest.mark.parametrize("row", [schema_documents.JournalRow, schema_documents.InvoiceJournalRow])
def test_the_lines_that_we_expand_are_a_navigation(
    published: dict[str, Any], row: type[schema_documents.JournalRow]
) -> None:
    navigation = {one["name"] for one in published["entity_sets"][row.entity_set]["navigation"]}
    assert row.line_set in navigation


def test_the_words_that_we_know_are_members(published: dict[str, Any]) -> None:
    known = {name: some for name, some in published["enums"].items() if isinstance(some, list)}
    members = {name: {one["name"] for one in some} for name, some in known.items()}
    assert set(DELIMITERS) == members["DimensionSegmentDelimiter"]
    assert {LEDGER, DEFAULT} <= members["DimensionHierarchyType"]
    assert set(FACTORS) == members["ExchangeRateDisplayFactor"]
    assert {word for some in JOURNAL_TYPES.values() for word in some} <= members["LedgerJournalType"]
    assert {"Ledger", "Vend", "Bank"} <= members["LedgerJournalACType"]
    assert {"BalanceSheet", "OneVoucher", "Manually"} == members["NewVoucher"]


@pytest.mark.parametrize(("kind", "place"), [(LEDGER, COMBINATION), (DEFAULT, SET)])
def test_what_we_ask_the_actions_are_their_parameters(kind: str, place: tuple[str, str]) -> None:
    """No published metadata holds actions: the page that was written from public calls of them is the reference."""
    page = (Path(os.environ["MLC_PUBLISHED_SCHEMAS"]).parent / "dynamics365_fo.md").read_text(encoding="utf-8")
    entity_set, action = place
    [example] = re.findall(rf"POST /data/{entity_set}/{ENUM}\.{action}\n(\{{.*?\}})\n", page, re.DOTALL)
    sent = question(kind, {"BusinessUnit": "001"})
    assert list(sent) == list(json.loads(example))
    assert {name: sent[name] for name in sent if not name.startswith("_attribute")} == {
        name: value for name, value in json.loads(example).items() if not name.startswith("_attribute")
    }


def test_what_we_write_is_there(published: dict[str, Any]) -> None:
    world = DynamicsWorld(invoice_pattern="pending")
    desk: Desk = world.open()._desk("usmf")
    first, card = world.entry().lines
    dimensioned = replace(first, dimensions=(Dimension("CostCenter", "CostCenter=APO", "APO"),))
    general = world.payment("5.00", journal="BrexJrn")
    documents = [world.entry(lines=(dimensioned, card)), world.bill(), general, world.claim()]
    for document in documents:
        one: Outgoing = world.outgoing(document)
        shape = desk.shape(document)
        header = header_of(one, document, shape, own_numbers=True, has_key=True)
        assert header.body().keys() <= fields(published, shape.header.entity_set).keys()
        for body in lines_of(one, document, "N1", desk.books.formats, desk.books.journal(document.journal)):
            assert body.keys() <= fields(published, shape.line.entity_set).keys()
    bill = world.outgoing(world.bill())
    poster = InvoicePoster(desk)
    assert poster._header(bill).keys() <= fields(published, "VendorInvoiceHeaders").keys()
    for body in poster.bodies(bill, "R"):
        assert body.keys() <= fields(published, "VendorInvoiceLines").keys()
    paper = body_of("usmf", "R", ReceiptFile("r.pdf", "application/pdf", b"%PDF"))
    assert paper.keys() <= fields(published, "VendorInvoiceDocumentAttachments").keys()
    for parts in ({"email": "a@b.c", "phone": "1", "tax_id": "12-3456789"}, {"is_employee": True, "tax_id": "DE1"}):
        made = VendorPoster(desk)._body(world.outgoing(world.new_vendor(**parts)))
        for entity_set in ("VendorsV2", "VendorsV3"):
            assert made.keys() <= fields(published, entity_set).keys()
