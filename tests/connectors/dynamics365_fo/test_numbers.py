"""Which number does a bill get where there is room for twenty characters, and who is found under which?"""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.dynamics365_fo.journals import invoice_number
from tests.connectors.dynamics365_fo.world import DynamicsWorld


@pytest.mark.parametrize(
    ("number", "apart", "written"),
    [
        ("INV-1", "", "INV-1"),
        ("INV-1", "R2", "INV-1-R2"),
        ("12345678901234567890", "", "12345678901234567890"),
        ("123456789012345678901", "", "1234567890123~avv6h7"),
        ("12345678901234567890", "R2", "1234567890123~6fv6vt"),
        ("brex:accr_1001:2345678", "", "brex:accr_100~y4zraa"),
        ("brex:accr_1001:2345678:2", "", "brex:accr_100~lm3hjy"),
        ("RE 2026 / 11 / 0000000017", "", "RE 2026 / 11~e2fyic"),
    ],
)
def test_a_number_that_is_too_long_ends_in_letters_of_its_own(
    world: DynamicsWorld, number: str, apart: str, written: str
) -> None:
    assert invoice_number(world.bill(number=number, apart=apart)) == written
    assert len(written) <= 20


def test_what_a_person_typed_as_far_as_there_was_room_is_found(world: DynamicsWorld) -> None:
    long = f"FACTURE-2026-{world.word}-000017"
    typed = world.type_bill(long[:20], "121.00")
    found = world.open().bills(world.company, [long.lower(), f"{long[:12]}-other-end-{long}"])
    assert [(one.ledger_id, one.number, one.total.amount) for one in found] == [
        (typed, long.lower(), Decimal("121.00")),
    ]
