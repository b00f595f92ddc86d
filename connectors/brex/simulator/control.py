"""What can a test, a demo or a person do to the simulated account from the control plane?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.brex.simulator.auth import ALL_SCOPES
from connectors.brex.simulator.control_webhooks import WebhookControl
from connectors.brex.simulator.state import Item, Store, public, stamp

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator


class Control:
    """Named actions with JSON arguments; `POST /do/<action>` on the control plane, `simulator.control()` in process."""

    def __init__(self, simulator: BrexSimulator) -> None:
        self.simulator = simulator
        self._actions: dict[str, Callable[..., Any]] = {
            "seed_company": self.seed_company,
            "seed_records": self.seed_records,
            "set": simulator.switches.change,
            "credentials": simulator.credentials,
            "counts": self.counts,
            "get": self.get,
            "list": self.list_store,
            "add_record": self.add_record,
            "change_record": self.change_record,
            "approve": self.approve,
            "move_record": self.move_record,
            "add_expense": self.add_expense,
            "change_expense": self.change_expense,
            "add_card_transaction": self.add_card_transaction,
            "add_cash_transaction": self.add_cash_transaction,
            "add_vendor": self.add_vendor,
            "add_user": self.add_user,
            "change_user": self.change_user,
            "add_receipt": self.add_receipt,
            "move_transfer": self.move_transfer,
            "return_transfer": self.return_transfer,
            "add_token": self.add_token,
            "revoke_token": self.revoke_token,
            "expire_token": self.expire_token,
            "idle_token": self.idle_token,
            "inject": self.inject,
            **WebhookControl(simulator).actions(),
        }

    def run(self, action: str, arguments: dict[str, Any]) -> Any:
        answer = self._actions[action](**arguments)
        self.simulator.sender.wake()
        return answer

    def seed_company(self, records: int = 1000, months: int = 3, today: str | None = None, seed: int = 2026) -> Any:
        from connectors.brex.simulator.company import seed_company

        day = date.fromisoformat(today) if today else None
        return seed_company(self.simulator, records=records, months=months, today=day, seed=seed)

    def seed_records(self, count: int = 1000, streams: list[str] | None = None) -> Any:
        from connectors.brex.simulator.bulk import seed_records

        return seed_records(self.simulator, count, tuple(streams or ("records",)))

    def counts(self) -> dict[str, int]:
        return {name: sum(1 for _ in items) for name, items in self.simulator.store.stores().items()}

    def get(self, store: str, id: str) -> Item | None:
        return self._store(store).get(id)

    def list_store(self, store: str) -> list[Item]:
        return list(self.simulator.store.stores()[store])

    def add_record(self, record: dict[str, Any]) -> Item:
        """A whole accounting record; what is missing gets a plain default. Amounts become decimals."""
        store, now = self.simulator.store, self.simulator.stamp()
        whole = {
            "id": store.new_id("accr"),
            "original_amount": None,
            "type": "CARD_EXPENSE_POST",
            "review_status": "REVIEW",
            "source_id": None,
            "source_type": "CARD",
            "erp_posting_date": now,
            "posted_at": now,
            "updated_at": now,
            "due_at": None,
            "invoice_number": None,
            "version": 1,
            "memo": None,
            "user": None,
            "vendor": None,
            "receipts": [],
            "line_items": [],
            **_decimals(record),
        }
        for line in whole["line_items"]:
            line.setdefault("id", store.new_id("arli"))
            line.setdefault("accounting_field_values", [])
        store.records.put(whole)
        if whole["review_status"] == "READY_FOR_EXPORT":
            self._tell_ready([whole])
        return public(whole)

    def change_record(self, id: str, changes: dict[str, Any]) -> Item:
        """An edit in Brex: next version, new `updated_at`."""
        record = self._record(id)
        record.update(_decimals(changes), version=record["version"] + 1, updated_at=self.simulator.stamp())
        return public(self.simulator.store.records.put(record))

    def approve(self, ids: list[str], readable_after: float = 0, webhook: bool = True) -> list[str]:
        """To READY_FOR_EXPORT with one webhook for all; `readable_after` seconds the records stay invisible."""
        records = [self._move(self._record(one), "READY_FOR_EXPORT") for one in ids]
        for one in records:
            one["readable_after"] = readable_after
            self._hide(one)
        if webhook:
            self._tell_ready(records)
        return [str(one["id"]) for one in records]

    def move_record(self, id: str, review_status: str) -> Item:
        return public(self._move(self._record(id), review_status))

    def add_expense(self, expense: dict[str, Any]) -> Item:
        from connectors.brex.simulator.company_objects import blank_expense

        return public(self.simulator.store.expenses.put({**blank_expense(self.simulator), **_decimals(expense)}))

    def change_expense(self, id: str, changes: dict[str, Any]) -> Item:
        expense = self.simulator.store.expenses.get(id)
        if expense is None:
            raise KeyError(id)
        expense.update(_decimals(changes), updated_at=changes.get("updated_at") or self.simulator.stamp())
        return public(self.simulator.store.expenses.put(expense))

    def add_card_transaction(self, type: str, amount: int, currency: str = "USD", **more: Any) -> Item:
        """`posted_at_date` may lie in the past: a late posting. `readable_after` seconds it is not settled yet."""
        day = more.pop("posted_at_date", self.simulator.clock.now().date().isoformat())
        self._hide(more)
        return self.simulator.add_card(type, amount, currency, day, more.pop("description", "CARD"), **more)

    def add_cash_transaction(self, account_id: str, type: str | None, amount: int | None, **more: Any) -> Item:
        day = more.pop("posted_at_date", self.simulator.clock.now().date().isoformat())
        self._hide(more)
        return self.simulator.add_cash(account_id, type, amount, day, more.pop("description", "CASH"), **more)

    def add_vendor(self, company_name: str, email: str | None = None, phone: str | None = None) -> Item:
        return public(self.simulator.vendors.add(company_name, email, phone))

    def add_user(self, first_name: str, last_name: str, email: str, role: str = "EMPLOYEE") -> Item:
        user = self.simulator.team.new_user(first_name, last_name, email)
        user["_role"] = role
        return public(user)

    def change_user(self, id: str, changes: dict[str, Any]) -> Item:
        """As the dashboard would: the watched attributes emit USER_UPDATED; a user who left loses his tokens."""
        user = self._item("users", id)
        self.simulator.team.update_user(user, changes)
        return public(user)

    def add_receipt(self, name: str = "receipt.pdf", text: str = "Receipt") -> str:
        return self.simulator.files.add_receipt(name, text)

    def move_transfer(self, id: str, status: str, cancellation_reason: str | None = None) -> Item:
        transfer = self._item("transfers", id)
        self.simulator.transfers.move(transfer, status, cancellation_reason)
        return public(transfer)

    def return_transfer(self, id: str) -> str:
        return self.simulator.transfers.give_back(self._item("transfers", id))

    def add_token(self, scopes: list[str] | None = None, role: str = "ACCOUNT_ADMIN", user_id: str = "") -> str:
        user = user_id or self.simulator.admin_id
        return self.simulator.gate.add_user_token("", user, tuple(scopes or ALL_SCOPES), role).value

    def revoke_token(self, token: str = "") -> None:
        """A user token (default: the first one), an access token or a refresh token stops at once."""
        value = token or self.simulator.user_token
        self.simulator.gate.credentials.refresh_tokens.pop(value, None)
        if found := self.simulator.gate.credentials.tokens.get(value):
            found.revoked = True

    def expire_token(self, token: str = "") -> int:
        """An access token's hour is over; without one, every access token's. Returns how many."""
        expired = 0
        for one in self.simulator.gate.credentials.tokens.values():
            if one.kind == "oauth" and token in ("", one.value):
                one.expires_at = self.simulator.clock.now()
                expired += 1
        return expired

    def idle_token(self, days: float, token: str = "") -> None:
        """As if a user token had last been used that many days ago."""
        found = self.simulator.gate.credentials.tokens[token or self.simulator.user_token]
        found.last_used_at = self.simulator.clock.now() - timedelta(days=days)

    def inject(self, path: str, where: str, value: Any, times: int = 1) -> None:
        self.simulator.inject(path, where, value, times)

    def _move(self, record: Item, review_status: str) -> Item:
        record.update(review_status=review_status, version=record["version"] + 1, updated_at=self.simulator.stamp())
        return self.simulator.store.records.put(record)

    def _hide(self, item: Item) -> None:
        """Turn `readable_after` seconds into the moment from which lists show the object."""
        if seconds := item.pop("readable_after", 0):
            item["_visible_at"] = stamp(self.simulator.clock.now() + timedelta(seconds=seconds))

    def _tell_ready(self, records: list[Item]) -> None:
        told = [one for one in records if one["source_type"] != "BILL" or self.simulator.switches.webhook_for_bills]
        if told:
            self.simulator.sender.records_ready([str(one["id"]) for one in told])

    def _record(self, record_id: str) -> Item:
        return self._item("records", record_id)

    def _item(self, store: str, item_id: str) -> Item:
        found = self._store(store).get(item_id)
        if found is None:
            raise KeyError(item_id)
        return found

    def _store(self, name: str) -> Store:
        found = self.simulator.store.stores()[name]
        if not isinstance(found, Store):
            raise KeyError(name)
        return found


def _decimals(value: Any) -> Any:
    """Floats of a control message as the decimals they were written as."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {name: _decimals(inner) for name, inner in value.items()}
    return [_decimals(one) for one in value] if isinstance(value, list) else value
