"""Which days are closed for which documents?

https://www.zoho.com/books/api/v3/transaction-locking/. What the lock scopes 0 to 5 mean is not published; here they
are the modules in the order in which the documentation lists them, after "All". Nor is it published how a lock shows
its partial unlock (here by the two days and the number), or what excepted accounts let through (here nothing).
"""

from __future__ import annotations

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import Unknown, invalid, missing, refused
from connectors.zoho_books.simulator.listing import Listing, listed
from connectors.zoho_books.simulator.store import Item, Organisation
from connectors.zoho_books.simulator.values import day, flag, text

MODULES = ("all", "sales", "purchase", "accountant", "banking", "inventory_adjustments")
STATUSES = ("disabled", "enabled", "enabled_with_logging")


class LocksApi:
    def routes(self) -> list[Route]:
        return [
            Route("GET", "/transactionlock", self.get, "accountants.READ"),
            Route("PUT", "/transactionlock", self.put, "accountants.UPDATE"),
            Route("DELETE", "/transactionlock", self.delete, "accountants.DELETE"),
            Route("GET", "/transactionlocks", self.list, "accountants.READ"),
            Route("PUT", "/transactionlock/partialunlock", self.partial_unlock, "accountants.UPDATE"),
        ]

    def get(self, call: ApiCall) -> Response:
        """One lock by its id, else the one that reaches furthest; a disabled one where there is none."""
        wanted = call.query("transaction_lock_id")
        if wanted:
            found = call.org.locks.get(wanted)
            if found is None:
                raise missing("Transaction lock")
        else:
            active = [one for one in call.org.locks if one["transaction_lock_status"] != "disabled"]
            found = max(active, key=lambda one: one["transaction_lock_date"], default=None)
        return answer(transaction_lock=lock_shown(found) if found else lock_shown(_blank()))

    def put(self, call: ApiCall) -> Response:
        body = call.body()
        module = text(body, "transaction_lock_module", "all")
        status = text(body, "transaction_lock_status", "enabled")
        if module not in MODULES:
            raise invalid("transaction_lock_module")
        if status not in STATUSES:
            raise invalid("transaction_lock_status")
        known = lock_of(call.org, module)
        through = day(body, "transaction_lock_date", (known or {}).get("transaction_lock_date", ""))
        lock = lock_set(call.org, module, through, text(body, "reason"), status)
        lock["locked_by"] = call.user.name
        for sent, kept in (("user_ids", "user_exceptions"), ("account_ids", "account_exceptions")):
            if sent in body:
                lock_except(lock, kept, [str(one) for one in body[sent] or []])
        return answer("Transaction lock has been updated.", transaction_lock=lock_shown(lock))

    def partial_unlock(self, call: ApiCall) -> Response:
        """Open some days of a locked module again, or close them (`is_enabled` false)."""
        body = call.body()
        module = text(body, "lock_module", "all")
        known = lock_of(call.org, module) if module in MODULES[:-1] else None
        if known is None:
            raise invalid("lock_module")
        is_on = flag(body, "is_enabled", True)
        first, last = (day(body, name, "") if is_on else "" for name in ("start_date", "end_date"))
        known.update(start_date=first, end_date=last, partial_lock_number=1 if is_on else 0)
        return answer("Partial unlock settings have been updated.", transaction_lock=lock_shown(known))

    def delete(self, call: ApiCall) -> Response:
        lock_id = call.query("transaction_lock_id") or ""
        if call.org.locks.get(lock_id) is None:
            raise missing("Transaction lock")
        call.org.locks.remove(lock_id)
        return answer("The transaction lock has been deleted.")

    def list(self, call: ApiCall) -> Response:
        return listed(call, LISTING, call.org.locks)


def lock_of(org: Organisation, module: str) -> Item | None:
    return next((one for one in org.locks if one["lock_scope"] == MODULES.index(module)), None)


def lock_set(org: Organisation, module: str, through: str, reason: str = "", status: str = "enabled") -> Item:
    """Close (or open, by `disabled`) a module through a day; one lock a module."""
    known = lock_of(org, module)
    lock = {
        **(known or _blank()),
        "transaction_lock_id": known["transaction_lock_id"] if known else org.new_id(),
        "transaction_lock_status": status,
        "transaction_lock_date": through,
        "lock_scope": MODULES.index(module),
        "reason": reason,
    }
    return org.locks.put(lock["transaction_lock_id"], lock)


def check_open(call: ApiCall, module: str, *days: str) -> None:
    """Raises 990005 when one of the days is closed for documents of the module."""
    inclusive = call.simulator.switches.lock_includes_its_date
    for lock in call.org.locks:
        if lock["transaction_lock_status"] == "disabled" or lock["lock_scope"] not in (0, MODULES.index(module)):
            continue
        if call.user.ids[call.org.id] in lock["user_exceptions"]:
            continue
        through, first, last = lock["transaction_lock_date"], lock["start_date"], lock["end_date"]
        locked = [one for one in days if one and (one < through or (inclusive and one == through))]
        if any(not first <= one <= last for one in locked):
            raise refused(Unknown.LOCKED, f"Transactions dated on or before {through} are locked.")


def lock_except(lock: Item, kept: str, ids: list[str]) -> None:
    lock[kept], lock[f"{kept}_count"] = ids, len(ids)


def lock_shown(lock: Item) -> Item:
    is_on = lock["transaction_lock_status"] != "disabled"
    scope = MODULES[lock["lock_scope"]].replace("_", " ")
    return {
        **lock,
        "lock_status": "locked" if is_on else "unlocked",
        "lock_status_formatted": "Locked" if is_on else "Unlocked",
        "lock_scope_formatted": scope.capitalize(),
    }


def _blank() -> Item:
    return {
        "transaction_lock_id": "",
        "accounting_period_id": "",
        "transaction_lock_status": "disabled",
        "transaction_lock_date": "",
        "lock_scope": 0,
        "partial_lock_number": 0,
        "start_date": "",
        "end_date": "",
        "locked_by": "",
        "user_exceptions": [],
        "user_exceptions_count": 0,
        "account_exceptions": [],
        "account_exceptions_count": 0,
        "reason": "",
    }


LISTING = Listing(
    key="transaction_locks",
    report="Transaction Locks",
    row=lambda _, lock: lock_shown(lock),
    filters={"Status.All": lambda _, __: True},
    default_filter="Status.All",
    sorts=("transaction_lock_date",),
    default_sort="transaction_lock_date",
    default_order="D",
    exact=("lock_scope", "accounting_period_id"),
)
