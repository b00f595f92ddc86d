"""Which vendors does Odoo tell of, and what of them counts as a change?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import ConnectionContext, ExportResult, Window
from connectors.errors import PayloadError, UnsupportedError
from connectors.odoo.auth import OdooCredentials
from connectors.odoo.source import VENDORS, OdooSource, parse
from connectors.odoo.versions import Version
from connectors.records import VendorRecord
from tests.connectors.odoo.scripted import CREDENTIALS, Scripted, json_answer


def partner(number: int, **changes: Any) -> dict[str, Any]:
    row = {"id": number, "name": f"Vendor {number}", "ref": False, "email": False, "phone": False, "vat": False}
    row |= {"active": True, "is_company": True, "parent_id": False, "company_id": False, "supplier_rank": 1}
    return {**row, "write_date": "2026-11-10 09:00:00", **changes}


def source(*answers: Any) -> tuple[OdooSource, Scripted]:
    transport = Scripted(*(json_answer(one) for one in answers))
    context = ConnectionContext(
        address="https://acme.example.com",
        credentials=OdooCredentials.model_validate(CREDENTIALS),
        transport=transport,
    )
    made = OdooSource(context)
    made.client.version_set(Version(19, "19.0"))
    return made, transport


def test_a_window_holds_the_whole_seconds_at_both_ends() -> None:
    reader, transport = source([partner(7)])
    since = datetime(2026, 11, 1, 8, 0, 0, 900000, tzinfo=UTC)
    until = datetime(2026, 11, 10, 9, 0, 0, 100000, tzinfo=UTC)
    pages = list(reader.read("vendors", Window(since, until)))
    assert [[item.external_id for item in page] for page in pages] == [["7"]]
    sent = json.loads(transport.requests[0].body or b"{}")
    assert ["write_date", ">=", "2026-11-01 08:00:00"] in sent["domain"]
    assert ["write_date", "<", "2026-11-10 09:00:01"] in sent["domain"]
    assert (sent["order"], sent["context"]["active_test"]) == ("id", False)


def test_the_first_window_has_no_beginning() -> None:
    reader, transport = source([])
    assert list(reader.read("vendors", Window(None, datetime(2026, 11, 10, tzinfo=UTC)))) == []
    assert ">=" not in str(json.loads(transport.requests[0].body or b"{}")["domain"])


def test_what_posting_a_bill_does_to_its_vendor_is_no_change() -> None:
    before, _ = source([partner(7)])
    after, _ = source([partner(7, supplier_rank=2, write_date="2026-11-12 10:00:00")])
    items = [next(reader.read("vendors", Window(None, datetime.now(UTC))))[0] for reader in (before, after)]
    seen = []
    for item in items:
        kept = dict(item.payload["item"])
        for path in VENDORS.volatile:
            kept.pop(path.removeprefix("item."))
        seen.append(kept)
    assert seen[0] == seen[1]


def test_a_partner_is_read_as_a_vendor() -> None:
    reader, _ = source([partner(7, vat="98-7654321", email="ap@acme.example", active=False)])
    item = next(reader.read("vendors", Window(None, datetime.now(UTC))))[0]
    record = parse("vendors", json.loads(json.dumps(item.payload)))
    assert record == VendorRecord(
        stream="vendors",
        external_id="7",
        name="Vendor 7",
        email="ap@acme.example",
        tax_id="98-7654321",
        is_active=False,
    )


@pytest.mark.parametrize("payload", [{}, {"item": {}}, {"item": {"id": "x"}}, {"item": None}])
def test_what_is_no_partner_is_unreadable(payload: dict[str, Any]) -> None:
    with pytest.raises(PayloadError):
        parse("vendors", payload)


def test_other_streams_are_refused_and_nothing_needs_telling() -> None:
    reader, _ = source()
    with pytest.raises(UnsupportedError):
        list(reader.read("accounts", Window(None, datetime.now(UTC))))
    assert [one.state for one in reader.tell("vendors", [ExportResult("7", "1", "")])] == ["already"]
    assert reader.fetch("vendors", ["not-a-number"]) == []
