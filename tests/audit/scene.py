"""What do the tests of the engine start from? A small world, its workers, and a clock that can be pushed on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any

from django.db import connection as database

from audit.models import FollowUp, LaneKind, Posting, PostingState, RecordState, SyncRecord
from audit.sync.lanes import lanes_wake
from audit.sync.turns import lane_work
from connectors.simulation import serve
from tests.flows.world import World, coded, world

FLOW: dict[str, Any] = {
    "name": "records", "source": "Brex", "stream": "accounting_records", "ledger": "Odoo", "company": "1",
    "state": "on", "policies": {"attach_receipts": False},
}  # fmt: skip
BOOKS: dict[str, Any] = {
    "ledger": "Odoo", "company": "1", "usual_roles": True, "roles": [{"role": "EMREC", "account": "110500"}]
}  # fmt: skip
RULE = {"target": "account", "when": {"gl_account": "600000"}, "value": "600000", "ledger": "Odoo", "company": "1"}
SETUP: dict[str, Any] = {"flows": [FLOW], "books": [BOOKS], "rules": [RULE]}


def flow(**policies: Any) -> dict[str, Any]:
    """The flow of the set-up with other policies."""
    return {**FLOW, "policies": {**FLOW["policies"], **policies}}


@contextmanager
def scene(slug: str = "acme", *, records: int = 0, is_served: bool = False, **parts: Any) -> Iterator[World]:
    """A world that is set up, with so many purchases in it; served over HTTP where other processes must reach it."""
    with ExitStack() as stack:
        made = stack.enter_context(world(slug))
        if is_served:
            for at, simulator in enumerate((made.brex, made.odoo)):
                made.parts["connections"][at]["address"] = stack.enter_context(serve(simulator)).url
        for number in range(records):
            made.purchase(f"{10 + number}.50")
        made.set_up(**{**SETUP, **parts})
        yield made


def work(made: World, name: str, kind: LaneKind, slots: Sequence[int] = (0,)) -> None:
    """A living worker, in this process, until nothing of that kind is due on the connection."""
    lanes_wake(made.connection(name).pk, kind, slots=slots)
    while lane_work([kind], connection_id=made.connection(name).pk):
        pass


def read(made: World) -> None:
    work(made, "Brex", LaneKind.READ)


def read_all(made: World) -> None:
    """Read now, whatever was read a moment ago."""
    with database.cursor() as cursor:
        cursor.execute("UPDATE audit_highwatermark SET due_at = now() WHERE stream = 'accounting_records'")
    read(made)


def post(made: World) -> None:
    work(made, "Odoo", LaneKind.POST)


def tell(made: World) -> None:
    work(made, "Brex", LaneKind.TELL)


def leases_end() -> None:
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE audit_lane SET lease_until = clock_timestamp() - interval '1 second' WHERE lease_until IS NOT NULL"
        )


def time_passes() -> None:
    """Leases run out, settling and waiting times end, closed vendors open, as they would by the database's clock."""
    leases_end()
    with database.cursor() as cursor:
        cursor.execute("UPDATE audit_lane SET due_at = now()")
        cursor.execute("UPDATE audit_posting SET settle_at = now() WHERE settle_at IS NOT NULL OR state = 'sending'")
        cursor.execute("UPDATE audit_followup SET due_at = now() WHERE state = 'due'")
        cursor.execute("UPDATE audit_syncrecord SET due_at = now() WHERE state = 'received' AND due_at > now()")
        cursor.execute("UPDATE connectors_connection SET closed_until = NULL")


def finish(made: World) -> None:
    """Living workers take over, twice: what is looked up in the first round may be sent in the second."""
    for one in (read, post, post, tell):
        time_passes()
        one(made)


def states(made: World) -> Counter[str]:
    """How many records stand where."""
    return Counter(SyncRecord.objects.filter(tenant=made.tenant).values_list("state", flat=True))


def posting_states(made: World) -> Counter[str]:
    return Counter(Posting.objects.filter(tenant=made.tenant).values_list("state", flat=True))


def row(made: World, external_id: str) -> SyncRecord:
    return SyncRecord.objects.get(tenant=made.tenant, external_id=external_id)


def writes(made: World, ending: str) -> int:
    """How many calls with such a path reached the simulated ledger."""
    return sum(call.path.endswith(ending) for call in made.odoo.calls)


def assert_each_once(made: World, records: int) -> None:
    """Counted in the ledger and at the source themselves, not in our tables."""
    moves = made.moves()
    assert Counter(move["state"] for move in moves) == ({"posted": records} if records else {})
    assert max(Counter(move["invoice_origin"] for move in moves).values(), default=1) == 1
    bought = sorted(record["amount"]["amount"] for record in made.brex.store.records)
    assert sorted(move["amount_total"] for move in moves) == [Decimal(amount) for amount in bought]
    assert states(made) == {RecordState.POSTED: records}
    assert posting_states(made) == {PostingState.POSTED: records}
    assert set(FollowUp.objects.values_list("state", flat=True)) == {"done"}
    assert {record["review_status"] for record in made.brex.store.records} == {"EXPORTED"}


def account_archive(made: World, code: str, *, active: bool = False) -> None:
    """Somebody archives an account in the ledger, or brings it back: that of the first company."""
    ids = [one["id"] for one in made.odoo.store.tables["account.account"].values() if code in str(one["code_store"])]
    made.odoo.control("archive", {"model": "account.account", "id": min(ids), "active": active})


def account_delete(made: World, code: str) -> None:
    """Somebody deletes an account of the first company for good."""
    accounts = made.odoo.store.tables["account.account"]
    accounts.pop(min(one["id"] for one in accounts.values() if code in str(one["code_store"])))


def bill(
    made: World, amount: str, *, vendor: str = "Bay Stationery", source: str = "expense_bill_1", **more: Any
) -> dict[str, Any]:
    """A supplier's bill that is ready for export, of a vendor that the ledger lacks."""
    found = [one for one in made.brex.store.vendors if one["company_name"] == vendor]
    supplier = found[0] if found else made.brex.control("add_vendor", {"company_name": vendor})
    return made.purchase(
        amount,
        type="BILL_EXPENSE",
        source_type="BILL",
        source_id=source,
        vendor={"id": supplier["id"], "name": vendor},
        invoice_number=f"INV-{source}",
        line_items=lines(amount, "600000", "211000"),
        **more,
    )


def bill_payment(made: World, amount: str, *, vendor: str = "Bay Stationery", source: str = "expense_bill_1") -> Any:
    """Money that paid the bill with the same source."""
    supplier = next(one for one in made.brex.store.vendors if one["company_name"] == vendor)
    return made.purchase(
        amount,
        type="BILL_EXPENSE_PAYMENT",
        source_type="BILL",
        source_id=source,
        vendor={"id": supplier["id"], "name": vendor},
        invoice_number=f"INV-{source}",
        line_items=lines(amount, "211000", "101404"),
    )


def lines(amount: str | Decimal, debit: str, credit: str) -> list[dict[str, Any]]:
    """The two lines of a record, each coded to a GL account."""
    return [
        {"type": side, "amount": money(amount), "memo": "", "accounting_field_values": [coded(code)]}
        for side, code in (("DEBIT", debit), ("CREDIT", credit))
    ]


def money(amount: str | Decimal) -> dict[str, Any]:
    return {"amount": Decimal(amount), "currency": "USD"}


def change(made: World, record: dict[str, Any], amount: str | Decimal, **more: Any) -> None:
    """Somebody edits the amount of a purchase in Brex."""
    changed = [{**line, "amount": money(amount)} for line in record["line_items"]]
    changes = {"amount": money(amount), "line_items": changed, **more}
    made.brex.control("change_record", {"id": record["id"], "changes": changes})
