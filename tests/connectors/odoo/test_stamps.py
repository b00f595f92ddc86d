"""How do keys read in Odoo, for ever? A refactoring that moves a stamp would post everything again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.odoo.stamps import LONGEST, external_id, line_external_id, stamp_from, stamp_of

PINNED = {
    "brex:accr_1001": "brex:accr_1001",
    "brex:accr_1001:pay": "brex:accr_1001:pay",
    "brex:accr_1001:2:r": "brex:accr_1001:2:r",
    "odoo:finance@erp.example.com:vendor:12": "odoo:finance@erp.example.com:vendor:12",
    "brex:vendor:name:müller & söhne": "brex:vendor:name:m_ller___s_hne~2121916c016b12ea",
    "brex:with space": "brex:with_space~a7765e7b6fa881e2",
    "brex:line#1": "brex:line_1~7870c4b32363f487",
    "concur:" + "9" * 140: "concur:" + "9" * 96 + "~05f23151970a874d",
}


@pytest.mark.parametrize(("key", "stamp"), PINNED.items())
def test_a_stamp_is_pinned(key: str, stamp: str) -> None:
    assert stamp_of(key) == stamp


def test_external_ids_are_pinned() -> None:
    assert external_id("brex:accr_1001") == "mlc.brex:accr_1001"
    assert line_external_id("brex:accr_1001", 2) == "mlc.brex:accr_1001#2"


def test_a_line_never_takes_the_name_of_a_document() -> None:
    assert line_external_id(stamp_of("brex:accr_7"), 1) != external_id(stamp_of("brex:accr_7_1"))
    assert line_external_id(stamp_of("brex:accr_7"), 1) != external_id(stamp_of("brex:accr_7#1"))


@pytest.mark.parametrize(
    ("name", "stamp"),
    [
        ("mlc.brex:accr_1001", "brex:accr_1001"),
        ("mlc.brex:a.b", "brex:a.b"),
        ("mlc.brex:accr_1001#1", ""),
        ("__export__.account_move_7_3f2a", ""),
        ("", ""),
    ],
)
def test_only_documents_of_ours_have_a_stamp(name: str, stamp: str) -> None:
    assert stamp_from(name) == stamp


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_different_keys_have_different_stamps_that_odoo_takes(one: str, other: str) -> None:
    stamps = {stamp_of(one), stamp_of(other)}
    assert len(stamps) == len({one, other})
    for stamp in stamps:
        assert len(stamp) <= LONGEST
        assert not any(sign.isspace() for sign in stamp)
        assert stamp_from(external_id(stamp)) == stamp
