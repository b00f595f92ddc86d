"""How is the chart of accounts of the simulated Zoho read and changed?

https://www.zoho.com/books/api/v3/chart-of-accounts/. Observed live: the list gives active accounts only, ordered by
type, 5,000 a page when nothing is asked for.
"""

from __future__ import annotations

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator.attachments import documents_of
from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.chart_list import (
    CHILDLESS,
    LISTING,
    THROUGH_BANKING,
    TRANSACTIONS,
    TYPES,
    account_row,
    listing_with_balances,
)
from connectors.zoho_books.simulator.errors import Unknown, invalid, refused
from connectors.zoho_books.simulator.listing import Listing, listed
from connectors.zoho_books.simulator.parties import contact_name, currency_meant
from connectors.zoho_books.simulator.resource import Resource
from connectors.zoho_books.simulator.store import ZERO, Item, Organisation, Table
from connectors.zoho_books.simulator.values import flag, text


class ChartApi(Resource):
    path, entity, key, id_field = "chartofaccounts", "chart_of_account", "chart_of_account", "account_id"
    scope, label = "accountants", "Account"
    created = "The account has been created."
    updated = "The details of the account have been updated."
    deleted = "The account has been deleted."
    create_location = "chartofaccountdetails"

    @property
    def listing(self) -> Listing:
        return LISTING

    def table(self, org: Organisation) -> Table:
        return org.accounts

    def routes(self) -> list[Route]:
        one = "/chartofaccounts/<record_id>"
        return [
            *super().routes(),
            Route("POST", f"{one}/active", self.activate, "accountants.CREATE"),
            Route("POST", f"{one}/inactive", self.deactivate, "accountants.CREATE"),
            Route("GET", "/chartofaccounts/accounttransactions", self.transactions, "accountants.READ"),
            Route("POST", "/bankaccounts", self.create_bank, "banking.CREATE"),
            Route("GET", "/bankaccounts", self.list_banks, "banking.READ"),
        ]

    def list(self, call: ApiCall) -> Response:
        if call.query("showbalance") != "true":
            return listed(call, LISTING, call.org.accounts)
        return listed(call, listing_with_balances(call.org.ledger.balances()), call.org.accounts)

    def get(self, call: ApiCall, record_id: str) -> Response:
        row = self.find(call.org, record_id)
        closing = call.org.ledger.balances().get(record_id, ZERO)
        shown = {**self.shown(call.org, row), "closing_balance": closing}
        is_flat = call.simulator.switches.account_alone == "flat"
        return answer(parts=shown if is_flat else {self.key: shown})

    def read(self, call: ApiCall, body: Item, known: Item | None) -> Item:
        old = known or {}
        name = text(body, "account_name", old.get("account_name", ""), required=True)
        account_type = text(body, "account_type", old.get("account_type", ""))
        if account_type not in TYPES or (account_type in THROUGH_BANKING and known is None and "_banking" not in body):
            raise invalid("account_type")
        twins = [one for one in call.org.accounts.having("account_name", name) if one is not known]
        if twins:
            raise refused(Unknown.ACCOUNT_NAME, "An account with this name already exists.")
        parent_id = text(body, "parent_account_id", old.get("parent_account_id", ""))
        parent = call.org.accounts.get(parent_id) if parent_id else None
        if parent_id and (
            parent is None or parent["account_type"] != account_type or account_type in CHILDLESS or parent is known
        ):
            raise invalid("parent_account_id")
        currency = currency_meant(call.org, body, call.org.currencies.get(old.get("currency_id", "")) or call.org.base)
        return {
            "account_name": name,
            "account_code": text(body, "account_code", old.get("account_code", "")),
            "account_type": account_type,
            "description": text(body, "description", old.get("description", "")),
            "currency_id": currency["currency_id"],
            "currency_code": currency["currency_code"],
            "parent_account_id": parent_id,
            "is_active": old.get("is_active", True),
            "is_user_created": old.get("is_user_created", True),
            "is_system_account": old.get("is_system_account", False),
            "can_show_in_ze": flag(body, "can_show_in_ze", old.get("can_show_in_ze", False)),
        }

    def check_delete(self, call: ApiCall, row: Item) -> None:
        account_id = row["account_id"]
        has_children = any(one["parent_account_id"] == account_id for one in call.org.accounts)
        if row["is_system_account"] or has_children or call.org.ledger.uses(account_id):
            raise refused(Unknown.DEPENDENT, "The account cannot be deleted as it is in use.")

    def shown(self, org: Organisation, row: Item) -> Item:
        kept = {name: value for name, value in row.items() if name != "is_user_created"}
        return {
            **kept,
            "is_involved_in_transaction": org.ledger.uses(row["account_id"]),
            "include_in_vat_return": False,
            "documents": documents_of(org, row["account_id"]),
            "custom_fields": self.custom(org, row)["custom_fields"],
            **self.times(org, row),
        }

    def activate(self, call: ApiCall, record_id: str) -> Response:
        return self._switch(call, record_id, True)

    def deactivate(self, call: ApiCall, record_id: str) -> Response:
        return self._switch(call, record_id, False)

    def create_bank(self, call: ApiCall) -> Response:
        """Bank and card accounts are made here alone: https://www.zoho.com/books/api/v3/bank-accounts/"""
        body = call.body()
        if text(body, "account_type") not in THROUGH_BANKING:
            raise invalid("account_type")
        row = self.make(call, {**body, "_banking": True})
        shown = {**self.shown(call.org, row), "bank_name": text(body, "bank_name")}
        return answer("The account has been created.", 201, f"bankaccounts/{row['account_id']}", bankaccount=shown)

    def list_banks(self, call: ApiCall) -> Response:
        found = [one for one in call.org.accounts if one["account_type"] in THROUGH_BANKING and one["is_active"]]
        return answer(bankaccounts=[account_row(call, one) for one in found])

    def transactions(self, call: ApiCall) -> Response:
        """The ledger lines of one account."""
        account = self.find(call.org, call.query("account_id") or "")
        begin, end = call.query("date_start") or "", call.query("date_end") or "9999"
        found = [
            {
                "categorized_transaction_id": f"{entry.id}-{position}",
                "transaction_type": entry.kind,
                "transaction_id": entry.id,
                "transaction_date": entry.on,
                "account_id": account["account_id"],
                "customer_id": line.contact_id,
                "payee": contact_name(call.org, line.contact_id),
                "description": line.description,
                "currency_code": entry.currency_code,
                "debit_or_credit": "debit" if line.amount >= 0 else "credit",
                "reference_number": entry.reference,
                "debit_amount": max(line.amount, ZERO),
                "credit_amount": max(-line.amount, ZERO),
                "_on": entry.on,
            }
            for position, (entry, line) in enumerate(call.org.ledger.lines())
            if line.account_id == account["account_id"] and begin <= entry.on <= end
        ]
        table = Table()
        for one in found:
            table.put(one["categorized_transaction_id"], one)
        return listed(call, TRANSACTIONS, table)

    def _switch(self, call: ApiCall, record_id: str, is_active: bool) -> Response:
        row = self.find(call.org, record_id)
        if row["is_system_account"] and not is_active:
            raise refused(Unknown.DEPENDENT, "A system account cannot be made inactive.")
        self.store(call, {**row, "is_active": is_active}, "edited")
        return answer(f"The account has been marked as {'active' if is_active else 'inactive'}.", 201)
