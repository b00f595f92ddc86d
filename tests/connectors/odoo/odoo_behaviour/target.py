"""How do the cases reach an Odoo, simulated or real, and what do they make in it?"""

from __future__ import annotations

import itertools
import json
import time
import xmlrpc.client
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests

US, EU, HIDDEN = 1, 2, 3
USD, EUR, GBP = 1, 126, 144
APOLLO, ZEUS, SALES = 1, 2, 3
CONTEXT = {"allowed_company_ids": [EU], "lang": "en_US"}


@dataclass(frozen=True)
class Books:
    """The ids the cases use in one company."""

    company: int
    expense: int
    fees: int
    card: int
    payable: int
    bank: int
    suspense: int
    outstanding: int
    tax_paid: int
    bills: int
    general: int
    exchange: int
    bank_journal: int
    sales_journal: int
    purchase_tax: int


US_BOOKS = Books(US, 32, 36, 44, 15, 45, 46, 49, 9, 2, 3, 4, 6, 1, 2)
EU_BOOKS = Books(EU, 82, 86, 94, 65, 95, 96, 99, 59, 8, 9, 10, 12, 7, 6)


class Refusal(Exception):  # noqa: N818  what Odoo does, not what went wrong here
    """An answer that is not 200, as JSON-2 gives it."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(f"{status} {name}: {message}")
        self.status, self.name, self.message = status, name, message


class Target:
    """One Odoo: `call` speaks JSON-2 as the integration user, or as another of the database's users."""

    def __init__(self, url: str, database: str, login: str, keys: dict[str, str], session: requests.Session) -> None:
        self.url, self.database, self.login, self.keys, self.session = url, database, login, keys, session
        self._numbers = itertools.count(1)
        self._run = f"{time.time_ns() // 1_000_000:x}"

    def unique(self, word: str = "ref") -> str:
        return f"{word}-{self._run}-{next(self._numbers)}"

    def post(self, path: str, body: Any = None, **headers: str | None) -> requests.Response:
        """A raw POST with the usual headers; a header given as None is left out."""
        return self.request("POST", path, None if body is None else json.dumps(body, default=float), **headers)

    def request(
        self, method: str, path: str, data: str | bytes | None = None, **headers: str | None
    ) -> requests.Response:
        wanted: dict[str, str | None] = {
            "Authorization": f"bearer {self.keys['integration']}",
            "X-Odoo-Database": self.database,
            "Content-Type": "application/json",
            "Cookie": None,
        }
        wanted.update({name.replace("_", "-"): value for name, value in headers.items()})
        self.session.cookies.clear()
        return self.session.request(
            method,
            self.url + path,
            data=data,
            timeout=60,
            headers={name: value for name, value in wanted.items() if value is not None},
        )

    def call(self, path: str, *, user: str = "integration", context: Any = None, **arguments: Any) -> Any:
        """The answer of a JSON-2 call with amounts as Decimal; raises `Refusal`."""
        body = {**arguments, "context": CONTEXT if context is None else context}
        answer = self.post(f"/json/2/{path}", body, Authorization=f"bearer {self.keys[user]}")
        if answer.status_code != 200:
            error = answer.json()
            raise Refusal(answer.status_code, error["name"], error["message"])
        return json.loads(answer.text, parse_float=Decimal)

    def rpc(self, model: str, method: str, *positional: Any, **named: Any) -> Any:
        """The answer of an XML-RPC call; raises `xmlrpc.client.Fault`."""
        return self.rpc_raw(
            "object", "execute_kw", self.database, 5, self.keys["integration"], model, method, list(positional), named
        )

    def rpc_raw(self, service: str, method: str, *arguments: Any) -> Any:
        data = xmlrpc.client.dumps(arguments, method, allow_none=True)
        answer = self.request(
            "POST", f"/xmlrpc/2/{service}", data.encode(), Content_Type="text/xml", Authorization=None
        )
        assert answer.status_code == 200
        return xmlrpc.client.loads(answer.text)[0][0]

    # What most cases need to have in the books.

    def vendor(self, name: str = "Vendor") -> int:
        [id] = self.call("res.partner/create", vals_list=[{"name": f"{name} {self.unique()}", "supplier_rank": 1}])
        return int(id)

    def entry(self, lines: Any = None, *, books: Books = EU_BOOKS, **vals: Any) -> int:
        """A draft entry; without lines 10 from the card to expenses."""
        wanted = [(books.expense, 10), (books.card, -10)] if lines is None else lines
        values = {
            "move_type": "entry",
            "journal_id": books.general,
            "date": "2026-11-12",
            "ref": self.unique(),
            "line_ids": [command(*line) for line in wanted],
            **vals,
        }
        [id] = self.call("account.move/create", vals_list=[values], context=in_company(books.company))
        return int(id)

    def bill(
        self, amount: Any = 100, *, vendor: int | None = None, books: Books = EU_BOOKS, taxes: Any = (), **vals: Any
    ) -> int:
        """A draft bill of one line on expenses; a value given as None is not sent."""
        values = {
            "move_type": "in_invoice",
            "partner_id": vendor or self.vendor(),
            "ref": self.unique("bill"),
            "invoice_date": "2026-11-10",
            "date": "2026-11-10",
            "invoice_line_ids": [
                [
                    0,
                    0,
                    {
                        "name": "Paper",
                        "quantity": 1,
                        "price_unit": amount,
                        "account_id": books.expense,
                        "tax_ids": [[6, 0, list(taxes)]],
                    },
                ]
            ],
            **vals,
        }
        sent = {name: value for name, value in values.items() if value is not None}
        [id] = self.call("account.move/create", vals_list=[sent], context=in_company(books.company))
        return int(id)

    def post_moves(self, *ids: int, **context: Any) -> Any:
        return self.call("account.move/action_post", ids=list(ids), context={**CONTEXT, **context})

    def posted_bill(self, amount: Any = 100, **vals: Any) -> int:
        id = self.bill(amount, **vals)
        self.post_moves(id)
        return id

    def move(self, id: int, *fields: str, company: int = EU) -> dict[str, Any]:
        [row] = self.call("account.move/read", ids=[id], fields=list(fields), context=in_company(company))
        return dict(row)

    def lines(self, id: int, *fields: str, company: int = EU) -> list[dict[str, Any]]:
        wanted = fields or ("account_id", "debit", "credit")
        return list(
            self.call(
                "account.move.line/search_read",
                domain=[["move_id", "=", id]],
                fields=list(wanted),
                order="id",
                load=None,
                context=in_company(company),
            )
        )


def in_company(company: int, **more: Any) -> dict[str, Any]:
    return {"allowed_company_ids": [company], "lang": "en_US", **more}


def command(account: int, balance: Any, **more: Any) -> list[Any]:
    """The command that makes one line; a positive balance is a debit."""
    side = {"debit": balance} if balance >= 0 else {"credit": -balance}
    return [0, 0, {"account_id": account, "name": "line", **side, **more}]
