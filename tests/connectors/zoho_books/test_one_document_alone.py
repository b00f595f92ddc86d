"""Does what is wrong with one document hold up no other of its ledger?"""

from __future__ import annotations

from connectors.base import OutcomeState
from tests.connectors.zoho_books.world import ZohoWorld


def delete_bill(world: ZohoWorld, ledger_id: str) -> None:
    """A person takes the payments off a bill of Zoho's own and deletes it."""
    bill_id = ledger_id.removeprefix("bill:")
    for applied in world.read(f"/bills/{bill_id}")["bill"]["payments"]:
        world.act("DELETE", f"/bills/{bill_id}/payments/{applied['bill_payment_id']}")
    world.act("DELETE", f"/bills/{bill_id}")


def test_a_payment_whose_bill_was_deleted_waits_alone_and_says_for_which(world: ZohoWorld) -> None:
    bill_id = world.type_bill(f"T {world.word}", "50.00")
    payment = world.outgoing(world.payment("60.00", f"ledger:{bill_id}"))
    assert world.open().post(world.company, [payment])[0].state is OutcomeState.CREATED
    entry, posted = world.posted(world.entry())
    delete_bill(world, bill_id)
    waiting, found = world.open().find(world.company, [payment, entry])
    assert found == posted
    assert waiting.state is OutcomeState.CREATED
    assert f"ledger:{bill_id} is not in Zoho's books" in waiting.differences[0].message


def test_a_payment_of_a_bill_that_was_deleted_before_is_an_advance(world: ZohoWorld) -> None:
    bill_id = world.type_bill(f"T {world.word}", "50.00")
    delete_bill(world, bill_id)
    outcome = world.open().post(world.company, [world.outgoing(world.payment("50.00", f"ledger:{bill_id}"))])[0]
    assert (outcome.state, len(outcome.differences)) == (OutcomeState.CREATED, 1)


def test_what_zoho_cannot_say_stays_uncertain_and_the_others_are_found(world: ZohoWorld) -> None:
    credits = [world.posted(world.bill(is_credit=True))[0] for _ in range(2)]
    refund = world.outgoing(world.payment("121.00", *(one.key for one in credits), is_refund=True))
    entry, posted = world.posted(world.entry())
    unclear, found = world.open().find(world.company, [refund, entry])
    assert found == posted
    assert unclear.state is OutcomeState.UNCERTAIN
    assert unclear.error is not None
    assert unclear.error.message == "Zoho pays back one vendor credit at a time."


def test_what_is_listed_and_gone_is_named_and_the_others_are_found(world: ZohoWorld) -> None:
    bill, posted = world.posted(world.bill())
    entry, _ = world.posted(world.entry())
    number = posted.ledger_id.removeprefix("bill:")
    world.faults.fail("status", f"/bills/{number}", times=9, status=404, body=b'{"code":1002,"message":"No bill."}')
    unclear, found = world.open().find(world.company, [bill, entry])
    world.faults.faults.clear()
    assert found.state is OutcomeState.POSTED
    assert unclear.state is OutcomeState.UNCERTAIN
    assert unclear.error is not None
    assert f"the bill {number}" in unclear.error.message


def test_an_answer_that_cannot_be_read_is_one_documents(world: ZohoWorld) -> None:
    bill, posted = world.posted(world.bill())
    entry, _ = world.posted(world.entry())
    path = f"/bills/{posted.ledger_id.removeprefix('bill:')}"
    world.faults.fail("status", path, times=9, status=200, body=b'{"code":0,"message":"success"}')
    answers = world.open().find(world.company, [bill, entry])
    world.faults.faults.clear()
    assert [one.state for one in answers] == [OutcomeState.UNCERTAIN, OutcomeState.POSTED]
    assert world.open().find(world.company, [bill])[0].state is OutcomeState.POSTED
