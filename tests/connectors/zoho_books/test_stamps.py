"""How does a key stand in Zoho for ever? Pinned: a stamp that moves is a document that is posted twice."""

from __future__ import annotations

import pytest

from connectors.zoho_books.stamps import LONGEST, is_stamp, stamp_of


@pytest.mark.parametrize(
    ("key", "stamp"),
    [
        ("brex:accr_1001", "mlc:brex:accr_1001"),
        ("brex:expense_1:pay", "mlc:brex:expense_1:pay"),
        ("odoo:acme:bill:17:2:r", "mlc:odoo:acme:bill:17:2:r"),
        ("brex:" + "x" * 41, "mlc:brex:" + "x" * 41),
        ("brex:" + "x" * 42, "mlc:brex:xxxxxxxxxxxxxxxxxxxxxxxx~1761f058b0f1a6c6"),
        ("brex:name:Müller & Co", "mlc:brex:name:M_ller___Co~123457c045bd8d92"),
        ("", "mlc:"),
    ],
)
def test_stamps_are_pinned(key: str, stamp: str) -> None:
    assert stamp_of(key) == stamp
    assert len(stamp) <= LONGEST
    assert is_stamp(stamp)


@pytest.mark.parametrize("reference", ["", "INV-1", "PO mlc:7", "MLC:1"])
def test_what_people_write_is_no_stamp(reference: str) -> None:
    assert not is_stamp(reference)
