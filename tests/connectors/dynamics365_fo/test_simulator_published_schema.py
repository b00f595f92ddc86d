"""Does the simulator have exactly the sets, fields, types and keys that a real environment's $metadata tells?"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest

from connectors.dynamics365_fo.simulator.catalogue import catalogue
from tests.connectors.dynamics365_fo.published import EDM, Sent, entities, sent_operations
from tests.connectors.dynamics365_fo.simulated import (
    DAY,
    HOST,
    Environment,
    batch,
    changeset,
    line_body,
    operation,
)

pytestmark = pytest.mark.published_schema

# Beside the published extract: sets and an enumeration that it holds nothing of.
FURTHER = ("BankAccounts", "VendorPaymentJournalHeaders", "VendorPaymentJournalLines")
DECLARED = {f"{EDM}{one}" for one in ("EnumType", "EntityType", "EntitySet")}
FURTHER_ENUMS = ("BankAccountHoldStatus",)
PUBLISHED = [name for name in catalogue().sets if name not in FURTHER]
# Set-up that the fresh environment has nothing of.
EMPTY = {
    "FinancialDimensionSets",
    "FinancialDimensionValueLegalEntityOverridesV2",
    "VendInvoiceRegisterHeaders",
    "VendInvoiceRegisterLinesV2",
    "VendorInvoiceHeaderCharges",
    "VendorInvoiceLineCharges",
}


@pytest.fixture(scope="module")
def used() -> Environment:
    """An environment with something in every set that flows write or read."""
    environment = Environment()
    header = environment.header(IntegrationKey="brex-1")
    environment.line(header)
    bill = environment.made("VendInvoiceJournalHeaders", {"dataAreaId": "usmf", "JournalName": "APInvoice"})
    environment.made(
        "VendInvoiceJournalLines",
        {
            "dataAreaId": "usmf",
            "JournalBatchNumber": bill["JournalBatchNumber"],
            "AccountType": "Vend",
            "AccountDisplayValue": "V000001",
            "Credit": 120,
            "Currency": "USD",
            "Date": DAY,
            "Invoice": "INV-1",
            "OffsetAccountDisplayValue": "605110-001-ENG-APO",
        },
    )
    environment.do("suspend_account", account="605110", suspended=False, company="usmf")
    for number in (1, 2):
        pending(environment, f"brex-bill-{number}")
    environment.do("post_invoices", references=["brex-bill-1"])
    assert all(one["posted"] for one in environment.do("post_journals"))
    return environment


def pending(environment: Environment, reference: str) -> None:
    own = {"dataAreaId": "usmf", "HeaderReference": reference}
    environment.made(
        "VendorInvoiceHeaders",
        {**own, "InvoiceNumber": reference.upper(), "InvoiceAccount": "V000001", "Date": DAY, "InvoiceDate": DAY},
    )
    line = {"InvoiceLineNumber": 1, "Currency": "USD", "ReceiveNow": 1, "UnitPrice": 120}
    environment.made("VendorInvoiceLines", {**own, **line, "MainAccountDisplayValue": "605110-001-ENG-APO"})
    environment.made(
        "VendorInvoiceDocumentAttachments", {**own, "FileName": "r.pdf", "TypeId": "File", "FileContents": "JVBERg=="}
    )


def test_the_catalogue_has_the_published_sets_keys_fields_and_enumerations() -> None:
    reference, own = entities(), catalogue()
    assert list(own.sets) == [*reference.sets, *FURTHER]
    assert {name: some for name, some in own.enums.items() if name not in FURTHER_ENUMS} == reference.enums
    for name in reference.sets:
        entity = own.sets[name]
        published = reference.sets[name]
        assert (entity.type, list(entity.keys)) == (published["entity_type"], published["keys"]), name
        fields = [(one.name, one.full_type, one.nullable) for one in entity.properties.values()]
        assert fields == [(one["name"], one["type"], one["nullable"]) for one in reference.fields(name).values()], name
        known = {one if isinstance(one, str) else one["name"] for one in published.get("navigation", [])}
        assert set(entity.navigation) <= known, name


def test_the_metadata_document_says_what_the_published_one_says(used: Environment) -> None:
    served = ElementTree.fromstring(used.call("GET", "/data/$metadata").text)  # noqa: S314 - the simulator's own
    further = {*FURTHER, *FURTHER_ENUMS, *(catalogue().sets[name].type for name in FURTHER)}
    for container in list(served.iter()):
        for one in list(container):
            if one.tag in DECLARED and one.get("Name") in further:
                container.remove(one)
    assert facts(served) == facts(entities().csdl)
    assert len(list(served.iter(f"{EDM}EntitySet"))) == 41


def facts(root: ElementTree.Element) -> list[tuple[str, ...]]:
    """Every declaration of a CSDL document in order, without white space."""
    wanted = ("EnumType", "Member", "EntityType", "PropertyRef", "Property", "EntitySet")
    return [
        (one.tag.removeprefix(EDM), *(f"{key}={value}" for key, value in sorted(one.attrib.items())))
        for one in root.iter()
        if one.tag.removeprefix(EDM) in wanted
    ]


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_record_that_is_read_has_the_published_shape(used: Environment, name: str) -> None:
    rows = used.rows(name, top="50")
    assert bool(rows) != (name in EMPTY)
    for row in rows:
        assert entities().record_complaints(name, row) == []


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_record_is_read_by_its_published_key(used: Environment, name: str) -> None:
    reference = entities()
    for row in used.rows(name, top="3"):
        key = ",".join(f"{one}={literal(name, one, row[one])}" for one in reference.sets[name]["keys"])
        path = f"/data/{name}({key})?cross-company=true"
        assert reference.request_complaints(Sent("GET", path, None)) == []
        answer = used.call("GET", path)
        assert answer.status_code == 200, answer.text
        assert reference.record_complaints(name, without_context(answer.text)) == []


def literal(name: str, field: str, value: Any) -> str:
    kind = entities().fields(name)[field]["type"]
    if kind == "Edm.String":
        return "'" + value.replace("'", "''") + "'"
    return f"{kind}'{value}'" if not kind.startswith("Edm.") else str(value)


def without_context(text: str) -> dict[str, Any]:
    value = json.loads(text, parse_float=Decimal)
    assert value.pop("@odata.context").endswith("/$entity")
    return dict(value)


def test_what_is_created_is_answered_whole_and_in_the_published_shape() -> None:
    environment = Environment()
    header = environment.header()
    assert entities().record_complaints("LedgerJournalHeaders", contextless(header)) == []
    assert entities().record_complaints("LedgerJournalLines", contextless(environment.line(header))) == []
    vendor = environment.made(
        "VendorsV3", {"dataAreaId": "usmf", "VendorGroupId": "40", "VendorOrganizationName": "Blue Bottle"}
    )
    assert entities().record_complaints("VendorsV3", contextless(vendor)) == []


def contextless(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "@odata.context"}


def test_a_selection_shows_the_selected_fields_and_the_etag(used: Environment) -> None:
    rows = used.rows("MainAccounts", select="Name,MainAccountId")
    for row in rows:
        assert entities().record_complaints("MainAccounts", row, ["MainAccountId", "Name"]) == []


def test_the_check_of_requests_notices_what_is_wrong() -> None:
    reference = entities()
    body = line_body({"dataAreaId": "usmf", "JournalBatchNumber": "1"})
    good = Sent("POST", "/data/LedgerJournalLines?cross-company=true", body)
    headers = "/data/LedgerJournalHeaders?cross-company=true"
    assert reference.request_complaints(good) == []
    wrong = (
        (Sent("GET", "/data/LedgerJournalLines", None), "cross-company=true is missing"),
        (Sent("GET", "/data/ledgerJournalLines?cross-company=true", None), "is not an entity set"),
        (Sent("GET", "/data/MainAccounts?$filter=Number eq '1'", None), "has no field Number"),
        (Sent("GET", "/data/MainAccounts?$filter=Name eq '*coffee'", None), "wildcard"),
        (Sent("GET", "/data/MainAccounts?$select=Id", None), "has no field Id"),
        (Sent("GET", "/data/MainAccounts?$search=1", None), "unknown option"),
        (Sent("GET", "/data/MainAccounts(MainAccountId='1')", None), "does not have the fields"),
        (Sent("PATCH", good.url, {"Text": "x"}), "wrong kind of target"),
        (Sent("POST", good.url, {**body, "Amount": 1}), "has no field Amount"),
        (Sent("POST", good.url, {**body, "DebitAmount": "1"}), "is not Edm.Decimal"),
        (Sent("POST", good.url, {**body, "TransDate": "2026-03-02T00:00:00Z"}), "is not at noon"),
        (Sent("POST", good.url, {**body, "AccountType": "Vendor"}), "AccountType is not"),
        (Sent("POST", good.url, {**body, "dataAreaId": ""}), "dataAreaId is missing"),
        (
            Sent("POST", headers, {"dataAreaId": "usmf", "IsPosted": "Yes"}),
            "server's",
        ),
    )
    for sent, words in wrong:
        complaints = reference.request_complaints(sent)
        assert any(words in one for one in complaints), (sent, complaints)


def test_the_parts_of_a_batch_are_read_as_the_requests_they_are() -> None:
    body = line_body({"dataAreaId": "usmf", "JournalBatchNumber": "1"})
    whole = batch(
        changeset(
            operation(1, "POST", f"{HOST}/data/LedgerJournalLines?cross-company=true", body),
            operation(2, "PATCH", "/data/VendorsV3(dataAreaId='usmf',VendorAccountNumber='V1')?cross-company=true", {}),
        ),
        operation(3, "GET", "/data/Companies"),
    )
    found = list(sent_operations("POST", f"{HOST}/data/$batch", whole, "multipart/mixed; boundary=batch_1"))
    assert [(one.method, one.content_id) for one in found] == [("POST", "1"), ("PATCH", "2"), ("GET", "3")]
    assert found[0].body == body
    assert [entities().request_complaints(one) for one in found] == [[], [], []]
