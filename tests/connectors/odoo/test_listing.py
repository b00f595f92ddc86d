"""Does a listing show what bears a key of ours, though only a person made it so?"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.connectors.odoo.world import OdooWorld


def typed(world: OdooWorld, **values: str) -> int:
    """Somebody books an entry by hand."""
    lines = [
        [0, 0, {"account_id": int(world.expense.id), "debit": Decimal("25.50")}],
        [0, 0, {"account_id": int(world.card.id), "credit": Decimal("25.50")}],
    ]
    usual = {"move_type": "entry", "journal_id": int(world.journal), "date": "2026-10-12", "line_ids": lines}
    [made] = world.act("account.move", "create", vals_list=[{**usual, **values}])
    return int(made)


def listed(world: OdooWorld) -> dict[str, str]:
    return {one.ledger_id: one.stamp for page in world.open().list_stamped("1", None) for one in page}


@pytest.mark.parametrize("field", ["ref", "invoice_origin"])
def test_an_entry_typed_with_our_key_is_shown(world: OdooWorld, field: str) -> None:
    key = world.key("accr")
    made = typed(world, **{field: key})
    assert listed(world)[str(made)] == key


@pytest.mark.parametrize("words", ["Rent: office 3", "10:30 lunch", "see: 7", "ADJ:2026", ""])
def test_other_words_with_a_colon_are_none_of_ours(world: OdooWorld, words: str) -> None:
    made = typed(world, ref=words)
    assert str(made) not in listed(world)


def test_what_odoo_made_of_our_documents_is_not_shown_a_second_time(world: OdooWorld) -> None:
    bill, _ = world.posted(world.bill())
    payment, _ = world.posted(world.payment("121.00", bill.key))
    stamps = list(listed(world).values())
    assert (stamps.count(bill.stamp), stamps.count(payment.stamp)) == (1, 1)
