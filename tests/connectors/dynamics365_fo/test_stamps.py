"""Are marks and numbers what they always were? A mark that moves would post everything again."""

from __future__ import annotations

import re

import pytest

from connectors.dynamics365_fo.stamps import is_stamp, number_of, stamp_of


@pytest.mark.parametrize(
    ("key", "stamp", "number"),
    [
        ("brex:accr_1001", "brex-6sxvlz7lvcjqz", "VS8VK1HTCM"),
        ("brex:accr_1001:pay", "brex-xilruxzsfd6v2", "VHSLJ6L820"),
        ("odoo:acme:bill:17", "odoo-mipkx3q36x3om", "GUVU95SNXO"),
        ("avidxchange:4410021", "avidxc-pkwbqt6tq7dps", "V67LULOPVN"),
    ],
)
def test_they_are_pinned(key: str, stamp: str, number: str) -> None:
    assert (stamp_of(key), number_of(stamp_of(key))) == (stamp, number)


def test_they_fit_their_fields_and_hold_no_wildcard() -> None:
    for key in ("", "brex:", "Ünï:x", "a very long vendor word:" + "x" * 300, "*:*"):
        stamp = stamp_of(key)
        assert is_stamp(stamp)
        assert len(stamp) <= 20
        assert re.fullmatch(r"[A-Z][A-Z0-9]{9}", number_of(stamp))


@pytest.mark.parametrize("text", ["", "brex", "brex-", "BREX-ABCDEFGHIJKLM", "{8f6a}-1", "brex-abcdefghijklm1"])
def test_what_others_write_is_no_mark(text: str) -> None:
    assert not is_stamp(text)
    assert is_stamp("brex-abcdefghijklm ")
