"""How does the simulated Expenses API filter, expand and shorten what it shows?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from connectors.brex.simulator.call import ApiCall, Route, optional_text, required_text
from connectors.brex.simulator.errors import invalid, not_found
from connectors.brex.simulator.state import Item, public
from connectors.simulation import json_response

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator

MOST_EXPENSES = 100
EXPENSE_TYPES = ("CARD", "BILLPAY", "REIMBURSEMENT", "CLAWBACK", "UNSET")
STATUSES = ("DRAFT", "SUBMITTED", "APPROVED", "OUT_OF_POLICY", "VOID", "CANCELED", "SPLIT", "SETTLED")
PAYMENT_STATUSES = (
    "NOT_STARTED", "PROCESSING", "CANCELED", "DECLINED", "CLEARED", "REFUNDING", "REFUNDED", "CASH_ADVANCE",
    "CREDITED", "AWAITING_PAYMENT", "SCHEDULED",
)  # fmt: skip
EXPANDABLE = (
    "location", "department", "merchant", "receipts.download_uris", "user", "budget", "payment", "spending_entity",
    "policy",
)  # fmt: skip
_INLINED = tuple(one for one in EXPANDABLE if one != "receipts.download_uris")
_SHORT = (
    "id", "memo", "location_id", "department_id", "updated_at", "category", "merchant_id", "budget_id",
    "original_amount", "billing_amount", "purchased_at", "status", "payment_status",
)  # fmt: skip
_READ = ("expenses.card.readonly", "expenses.card")


class ExpensesApi:
    """`/v1/expenses` and its deprecated twin `/v1/expenses/card`. https://developer.brex.com/openapi/expenses_api"""

    def __init__(self, simulator: BrexSimulator) -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        write = ("expenses.card",)
        return [
            Route("GET", "/v1/expenses", self.list_all, _READ),
            Route("GET", "/v1/expenses/<expense_id>", self.get, _READ),
            Route("GET", "/v1/expenses/card", self.list_card, _READ),
            Route("GET", "/v1/expenses/card/<expense_id>", self.get, _READ),
            Route("PUT", "/v1/expenses/card/<expense_id>", self.change_memo, write),
            Route("POST", "/v1/expenses/card/receipt_match", self.receipt_match, write),
            Route("POST", "/v1/expenses/card/<expense_id>/receipt_upload", self.receipt_upload, write),
        ]

    def list_all(self, call: ApiCall) -> Response:
        return self._list(call, call.choices("expense_type[]", EXPENSE_TYPES))

    def list_card(self, call: ApiCall) -> Response:
        return self._list(call, ["CARD"])

    def _list(self, call: ApiCall, types: list[str]) -> Response:
        sets = [
            ("expense_type", set(types)),
            ("status", set(call.choices("status[]", STATUSES))),
            ("payment_status", set(call.choices("payment_status[]", PAYMENT_STATUSES))),
            ("user_id", set(call.many("user_id[]"))),
            ("_parent_id", set(call.many("parent_expense_id[]"))),
            ("budget_id", set(call.many("budget_id[]"))),
            ("spending_entity_id", set(call.many("spending_entity_id[]"))),
        ]
        ranges = [
            (name, call.moment(f"{name}_start"), call.moment(f"{name}_end"))
            for name in ("purchased_at", "payment_posted_at")
        ]
        only_user = self._only_user(call)

        def match(expense: Item) -> bool:
            if only_user and expense["user_id"] != only_user:
                return False
            if any(wanted and expense.get(name) not in wanted for name, wanted in sets):
                return False
            return all(_within(expense.get(name), start, end) for name, start, end in ranges if start or end)

        expand, custom = _expansions(call)
        return call.page_response(
            self.simulator.store.expenses,
            maximum=MOST_EXPENSES,
            match=match,
            show=lambda one: self.show(call, one, expand, custom),
            low=call.moment("updated_at_start") or "",
            high=call.moment("updated_at_end") or "",
        )

    def get(self, call: ApiCall, expense_id: str) -> Response:
        expense = self._find(call, expense_id)
        return json_response(self.show(call, expense, *_expansions(call)))

    def show(self, call: ApiCall, expense: Item, expand: set[str], custom: bool) -> Item:
        """The expense with the objects asked for; without `expand[]` only their ids, without the flag no fields."""
        shown = public(expense)
        for name in _INLINED:
            shown[name] = expense.get(f"_{name}") if name in expand else None
        links = self.simulator.files.links
        shown["receipts"] = [
            {
                "id": one["id"],
                "download_uris": links(call.request, one["id"]) if "receipts.download_uris" in expand else None,
            }
            for one in expense.get("receipts") or []
        ]
        shown["custom_fields"] = expense.get("_custom_fields", []) if custom else None
        children = (self.simulator.store.expenses.get(one) for one in expense.get("_children", []))
        shown["expense_line_items"] = [self.show(call, one, expand, custom) for one in children if one]
        return shown

    def change_memo(self, call: ApiCall, expense_id: str) -> Response:
        """`memo` is the only property an expense lets itself be changed in."""
        expense = self._find(call, expense_id)
        expense["memo"] = optional_text(call.body(), "memo")
        expense["updated_at"] = self.simulator.stamp()
        self.simulator.store.expenses.put(expense)
        return json_response({name: expense.get(name) for name in _SHORT})

    def receipt_match(self, call: ApiCall) -> Response:
        name = required_text(call.body(), "receipt_name")
        return json_response(self.simulator.files.new_upload(call.request, name, None), 201)

    def receipt_upload(self, call: ApiCall, expense_id: str) -> Response:
        expense = self._find(call, expense_id)
        name = required_text(call.body(), "receipt_name")
        return json_response(self.simulator.files.new_upload(call.request, name, expense["id"]), 201)

    def _find(self, call: ApiCall, expense_id: str) -> Item:
        expense = self.simulator.store.expenses.get(expense_id)
        only_user = self._only_user(call)
        if expense is None or (only_user and expense["user_id"] != only_user):
            raise not_found()
        return expense

    def _only_user(self, call: ApiCall) -> str | None:
        """Administrators and bookkeepers see all expenses, everybody else his own."""
        return None if call.token.role in ("ACCOUNT_ADMIN", "CARD_ADMIN", "BOOKKEEPER") else call.token.user_id


def _expansions(call: ApiCall) -> tuple[set[str], bool]:
    asked = set(call.many("expand[]"))
    if not asked <= set(EXPANDABLE):
        raise invalid("expand[] holds an unknown name")
    return asked, call.flag("load_custom_fields")


def _within(value: str | None, start: str | None, end: str | None) -> bool:
    return value is not None and (start is None or value >= start) and (end is None or value <= end)
