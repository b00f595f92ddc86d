"""Keys, stamps and hashes are for ever: a form that moves would post everything again."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from audit.sync.keys import content_hash, document_hash, document_key, fingerprint, record_key
from audit.sync.vendors import vendor_external_id
from connectors.brex.streams import STREAMS
from connectors.odoo.stamps import stamp_of
from connectors.records import Party

PINNED_NAMES = ("stream", "identity", "external_id", "purpose", "revision", "is_reversal", "key")
PINNED_KEYS = [
    ("accounting_records", "cuacc_1", "accr_1001", "", 1, False, "brex:accr_1001"),
    ("accounting_records", "cuacc_2", "accr_1001", "", 1, False, "brex:accr_1001"),
    ("accounting_records", "", "accr_1001", "", 1, False, "brex:accr_1001"),
    ("accounting_records", "cuacc_1", "accr_1001", "", 2, False, "brex:accr_1001:2"),
    ("accounting_records", "cuacc_1", "accr_1001", "", 1, True, "brex:accr_1001:r"),
    ("accounting_records", "cuacc_1", "accr_1001", "", 3, True, "brex:accr_1001:3:r"),
    ("accounting_records", "cuacc_1", "accr_1001", "pay", 1, False, "brex:accr_1001:pay"),
    ("accounting_records", "cuacc_1", "accr_1001", "pay", 2, True, "brex:accr_1001:pay:2:r"),
    ("expenses", "cuacc_1", "expense_7:pay", "", 1, False, "brex:expense_7:pay"),
    ("card_transactions", "cuacc_1", "tr_5", "", 1, False, "brex:tr_5"),
    ("cash_transactions", "cuacc_1", "dpacc_9", "", 1, False, "brex:dpacc_9"),
    ("vendors", "cuacc_1", "vend_3", "", 1, False, "brex:vend_3"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("stream", "identity", "external_id", "purpose", "revision", "is_reversal", "key"), PINNED_KEYS
)
def test_a_documents_key_is_pinned(
    stream: str, identity: str, external_id: str, purpose: str, revision: int, is_reversal: bool, key: str
) -> None:
    base = record_key("brex", identity, STREAMS[stream], external_id)
    assert document_key(base, purpose=purpose, revision=revision, is_reversal=is_reversal) == key


def test_ids_that_are_not_unique_without_the_account_carry_it_and_the_streams_word() -> None:
    spec = STREAMS["accounting_records"]
    local = type(spec)(**{name: getattr(spec, name) for name in spec.__slots__} | {"ids_are_global": False})
    assert record_key("odoo", "acme", local, "17") == "odoo:acme:accounting_records:17"
    worded = type(spec)(
        **{name: getattr(spec, name) for name in spec.__slots__} | {"ids_are_global": False, "key_word": "bill"}
    )
    assert record_key("odoo", "acme", worded, "17") == "odoo:acme:bill:17"


@pytest.mark.parametrize(
    ("party", "external_id"),
    [
        (Party(id="vend_3", name="Acme, Inc."), "vend_3"),
        (Party(name="Acme, Inc."), "name:acme"),
        (Party(name="  ACME   inc "), "name:acme"),
    ],
)
def test_a_vendor_is_named_by_the_sources_id_or_by_its_normalised_name(party: Party, external_id: str) -> None:
    assert vendor_external_id(party) == external_id


PINNED_STAMPS = [
    ("brex:accr_1001", "brex:accr_1001"),
    ("brex:accr_1001:2:r", "brex:accr_1001:2:r"),
    ("brex:name:muller sohne", "brex:name:muller_sohne~5057affb71d152c7"),
    ("brex:" + "x" * 200, "brex:" + "x" * 98 + "~c99f7e70cff67747"),
]


@pytest.mark.parametrize(("key", "stamp"), PINNED_STAMPS)
def test_an_odoo_stamp_is_pinned(key: str, stamp: str) -> None:
    assert stamp_of(key) == stamp


PAYLOAD: dict[str, Any] = {
    "item": {
        "id": "accr_1001",
        "updated_at": "2026-10-01T00:00:00Z",
        "version": 1,
        "review_status": "READY_FOR_EXPORT",
        "amount": {"amount": Decimal("248.40"), "currency": "USD"},
        "memo": "Toner",
        "receipts": [{"id": "r1", "download_uris": ["https://a"]}, {"id": "r2", "download_uris": ["https://b"]}],
    },
    "lookups": {"stage": "ready"},
}
VOLATILE = STREAMS["accounting_records"].volatile
PINNED_HASH = "90e9a06376b7feb1813897cc226aa552e8a1d91e9df21550c2c8dd947f4d2436"

SAME = {
    "another update time": lambda item: item.update(updated_at="2026-11-01T00:00:00Z"),
    "no update time": lambda item: item.pop("updated_at"),
    "another version of Brex's": lambda item: item.update(version=7),
    "told by us": lambda item: item.update(review_status="EXPORTED"),
    "fresh download links": lambda item: item["receipts"][1].update(download_uris=["https://fresh"]),
    "the amount with fewer digits": lambda item: item["amount"].update(amount=Decimal("248.4")),
    "the amount with more digits": lambda item: item["amount"].update(amount=Decimal("248.4000")),
    "the amount as a power": lambda item: item["amount"].update(amount=Decimal("2.484E2")),
    "keys in another order": lambda item: item.update({"memo": item.pop("memo")}),
}
OTHER = {
    "another amount": lambda item: item["amount"].update(amount=Decimal("248.41")),
    "the other sign": lambda item: item["amount"].update(amount=Decimal("-248.40")),
    "the amount as text": lambda item: item["amount"].update(amount="248.40"),
    "another memo": lambda item: item.update(memo="Toners"),
    "no memo": lambda item: item.update(memo=None),
    "another receipt": lambda item: item["receipts"][1].update(id="r3"),
    "receipts in another order": lambda item: item["receipts"].reverse(),
    "one receipt less": lambda item: item["receipts"].pop(),
    "a new field": lambda item: item.update(new=1),
}


def changed(change: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(
        json.dumps(PAYLOAD, default=lambda number: {"$": str(number)}),
        object_hook=lambda found: Decimal(found["$"]) if "$" in found else found,
    )
    change(copy["item"])
    return copy


def test_the_content_hash_is_pinned() -> None:
    assert content_hash(PAYLOAD, VOLATILE) == PINNED_HASH


@pytest.mark.parametrize("change", SAME.values(), ids=SAME.keys())
def test_what_says_nothing_about_the_money_makes_no_version(change: Any) -> None:
    assert content_hash(changed(change), VOLATILE) == content_hash(PAYLOAD, VOLATILE)


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER.keys())
def test_what_says_something_makes_a_version(change: Any) -> None:
    assert content_hash(changed(change), VOLATILE) != content_hash(PAYLOAD, VOLATILE)


def test_noughts_are_one_amount_whatever_their_sign_and_digits() -> None:
    noughts = [Decimal("0"), Decimal("0.00"), Decimal("-0"), Decimal("0E+3")]
    assert len({content_hash({"amount": nought}, ()) for nought in noughts}) == 1


def test_a_number_and_its_text_are_not_the_same() -> None:
    assert content_hash({"amount": Decimal("1.5")}, ()) != content_hash({"amount": "1.5"}, ())


def test_what_no_vendors_json_holds_has_no_place_in_a_payload() -> None:
    with pytest.raises(TypeError, match="no place"):
        content_hash({"amount": {1}}, ())


def test_the_document_hash_knows_only_the_document() -> None:
    assert document_hash({"b": 1, "a": "x"}) == document_hash({"a": "x", "b": 1})
    assert document_hash({"a": "x"}) != document_hash({"a": "y"})


def test_two_occurrences_are_one_problem_only_if_every_part_agrees() -> None:
    assert fingerprint(1, "missing_mapping", "a", "b") == fingerprint(1, "missing_mapping", "a", "b")
    assert fingerprint(1, "missing_mapping", "a", "b") != fingerprint(2, "missing_mapping", "a", "b")
    assert fingerprint(1, "missing_mapping", "ab", "") != fingerprint(1, "missing_mapping", "a", "b")
