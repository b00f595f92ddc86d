"""How does the simulated Transactions API show accounts, settled transactions and statements?"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from connectors.brex.simulator.call import ApiCall, Route, parse_moment
from connectors.brex.simulator.errors import ApiError, invalid, not_found
from connectors.brex.simulator.state import Item, Store, public
from connectors.simulation import json_response

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator

_CASH_ROLES = ("ACCOUNT_ADMIN", "BOOKKEEPER", "CASH_ADMIN")


class TransactionsApi:
    """`/v2/accounts` and `/v2/transactions`, read-only. https://developer.brex.com/openapi/transactions_api

    The feed called `primary` carries all card accounts of the company, one per currency: a transaction names no
    account, its currency tells.
    """

    def __init__(self, simulator: BrexSimulator) -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        card, cash = ("accounts.card.readonly",), ("accounts.cash.readonly",)
        return [
            Route("GET", "/v2/accounts/card", self.card_accounts, card),
            Route("GET", "/v2/accounts/card/primary/statements", self.card_statements, ("statements.card.readonly",)),
            Route("GET", "/v2/accounts/cash", self.cash_accounts, cash),
            Route("GET", "/v2/accounts/cash/primary", self.cash_primary, cash),
            Route("GET", "/v2/accounts/cash/<account_id>", self.cash_account, cash),
            Route(
                "GET", "/v2/accounts/cash/<account_id>/statements", self.cash_statements, ("statements.cash.readonly",)
            ),
            Route("GET", "/v2/transactions/card/primary", self.card_transactions, ("transactions.card.readonly",)),
            Route("GET", "/v2/transactions/cash/<account_id>", self.cash_transactions, ("transactions.cash.readonly",)),
        ]

    def card_accounts(self, call: ApiCall) -> Response:
        return json_response([public(one) for one in self.simulator.store.card_accounts])

    def cash_accounts(self, call: ApiCall) -> Response:
        self._need_cash_role(call)
        return json_response(
            {"next_cursor": None, "items": [public(one) for one in self.simulator.store.cash_accounts]}
        )

    def cash_primary(self, call: ApiCall) -> Response:
        self._need_cash_role(call)
        primary = next((one for one in self.simulator.store.cash_accounts if one["primary"]), None)
        if primary is None:
            raise not_found()
        return json_response(public(primary))

    def cash_account(self, call: ApiCall, account_id: str) -> Response:
        return json_response(public(self._cash(call, account_id)))

    def card_transactions(self, call: ApiCall) -> Response:
        users = set(call.many("user_ids"))
        asked = set(call.many("expand[]"))
        if not asked <= {"expense_id"}:
            raise invalid("expand[] holds an unknown name")

        def show(one: Item) -> Item:
            return {**public(one), "expense_id": one.get("_expense_id") if "expense_id" in asked else None}

        return call.page_response(
            self.simulator.store.card_transactions,
            match=lambda one: self._is_settled(one) and (not users or one.get("_user_id") in users),
            show=show,
            low=self._posted_from(call),
        )

    def cash_transactions(self, call: ApiCall, account_id: str) -> Response:
        account = self._cash(call, account_id)
        store = self.simulator.store.cash_of(account["id"])
        return call.page_response(store, match=self._is_settled, low=self._posted_from(call))

    def card_statements(self, call: ApiCall) -> Response:
        primary = self.simulator.store.card_accounts[0] if self.simulator.store.card_accounts else None
        if primary is None:
            raise not_found()
        currency = primary["current_balance"]["currency"]
        moves = [one for one in self.simulator.store.card_transactions if one["amount"]["currency"] == currency]
        return call.page_response(self._statements(moves, primary))

    def cash_statements(self, call: ApiCall, account_id: str) -> Response:
        account = self._cash(call, account_id)
        moves = [one for one in self.simulator.store.cash_of(account_id) if one.get("amount")]
        return call.page_response(self._statements(moves, account))

    def _statements(self, moves: list[Item], account: Item) -> Store:
        """Closed calendar months; the end of each period is exclusive and the balances tie to the transactions."""
        currency, running = account["current_balance"]["currency"], account["_opening"]
        found = Store(lambda one: str(one["period"]["start_date"]))
        settled = [one for one in moves if self._is_settled(one)]
        if not settled:
            return found
        start = date.fromisoformat(settled[0]["posted_at_date"]).replace(day=1)
        while (end := (start + timedelta(days=32)).replace(day=1)) <= self.simulator.clock.now().date():
            inside = [one for one in settled if start.isoformat() <= one["posted_at_date"] < end.isoformat()]
            moved = sum(one["amount"]["amount"] for one in inside)
            found.put(
                {
                    "id": f"stmt_{account['id']}_{start:%Y%m}",
                    "start_balance": {"amount": running, "currency": currency},
                    "end_balance": {"amount": running + moved, "currency": currency},
                    "period": {"start_date": start.isoformat(), "end_date": end.isoformat()},
                }
            )
            running, start = running + moved, end
        return found

    def _posted_from(self, call: ApiCall) -> str:
        text = call.one("posted_at_start")
        if text is None:
            return ""
        moment = parse_moment(text, "posted_at_start")
        day = moment.date()
        if self.simulator.switches.posted_at_start_compares == "instant" and moment.time().isoformat() != "00:00:00":
            day += timedelta(days=1)
        return day.isoformat()

    def _is_settled(self, transaction: Item) -> bool:
        return not transaction.get("_visible_at") or transaction["_visible_at"] <= self.simulator.stamp()

    def _cash(self, call: ApiCall, account_id: str) -> Item:
        self._need_cash_role(call)
        found = next((one for one in self.simulator.store.cash_accounts if one["id"] == account_id), None)
        if found is None:
            raise not_found()
        return found

    def _need_cash_role(self, call: ApiCall) -> None:
        if not self.simulator.switches.has_business_account or call.token.role not in _CASH_ROLES:
            raise ApiError(401, "Must be cash admin, bookkeeper or user.")
