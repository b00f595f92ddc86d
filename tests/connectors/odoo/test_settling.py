"""Is everything closed that belongs together, in whatever order one batch undoes it?"""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.base import OutcomeState
from connectors.documents import Line
from connectors.records import Side
from tests.connectors.odoo.world import OdooWorld


@pytest.mark.parametrize("first", ["bill", "payment"])
def test_a_bill_and_its_payment_undone_in_one_batch_leave_nothing_open(world: OdooWorld, first: str) -> None:
    """The bill's credit can only meet the bill once the payment's return has opened it again."""
    bill, _ = world.posted(world.bill())
    payment, _ = world.posted(world.payment("121.00", bill.key))
    credit = world.outgoing(world.bill(is_credit=True, reverses=bill.key))
    value = Decimal("121.00")
    lines = (
        Line(world.money, Side.DEBIT, value, value, partner=world.vendor),
        Line(world.payable, Side.CREDIT, value, value, partner=world.vendor),
    )
    back = world.outgoing(world.entry(lines=lines, reverses=payment.key))
    batch = [credit, back] if first == "bill" else [back, credit]
    outcomes = world.open().post(world.company, batch)
    assert {one.state for one in outcomes} == {OutcomeState.POSTED}
    assert [one.differences for one in outcomes] == [(), ()]
    for outgoing in (bill, credit, back):
        assert world.open_items(outgoing, world.payable) == 0, outgoing.key
    assert world.open().post(world.company, batch) == outcomes, "to do it again changes nothing"
