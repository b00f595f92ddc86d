"""What does the shared suite need of an Odoo, simulated or real? The same hands for both: Odoo's own API."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import requests
from requests.adapters import BaseAdapter

from connectors.base import ConnectionContext, Outcome, Outgoing
from connectors.documents import Account, NewVendor, Payment, Role
from connectors.odoo.auth import OdooCredentials
from connectors.odoo.client import OdooClient
from connectors.odoo.ledger import OdooLedger
from connectors.odoo.versions import Version
from tests.cases.fault_transport import FaultTransport
from tests.cases.ledger_world import LedgerWorld

WRITING = ("load", "create", "write", "unlink", "action_post", "action_draft", "reconcile", "remove_move_reconcile")


def is_write(request: requests.PreparedRequest) -> bool:
    path = request.path_url
    if path.startswith("/xmlrpc/2/object"):
        body = request.body if isinstance(request.body, bytes) else str(request.body).encode()
        return any(f"<string>{name}</string>".encode() in body for name in WRITING)
    return path.rpartition("/")[2] in WRITING


class OdooWorld(LedgerWorld):
    """Company 1 of the prepared database: generic chart, US dollars, journals MISC, BILL and BNK1."""

    company = "1"
    company_currency = "USD"
    journal = "3"
    bill_journal = "2"
    payment_journal = "6"
    expense = Account(Role.EXP, "32", "600000")
    card = Account(Role.CARD, "44", "201100")
    tax = Account(Role.TAX, "9", "131000")
    payable = Account(Role.AP, "15", "211000")
    money = Account(Role.TRANSIT, "49", "101404")
    exchange = Account(Role.FX, "27", "441000")
    foreign = ("EUR", Decimal("1.25"))
    employees = Account(Role.EMPAY, "18", "230000")

    def __init__(
        self, address: str, inner: BaseAdapter, credentials: OdooCredentials, administrator: OdooCredentials
    ) -> None:
        super().__init__()
        self.address = address
        self.inner = inner
        self.credentials = credentials
        self.faults = FaultTransport(inner, is_write)
        self.version: Version | None = None  # an earlier one, which is spoken with by XML-RPC
        self.admin = OdooClient(self._context(administrator, inner))

    def _context(self, credentials: OdooCredentials, transport: BaseAdapter) -> ConnectionContext:
        return ConnectionContext(
            address=self.address, credentials=credentials, transport=transport, allow_private_addresses=True
        )

    def open(self) -> OdooLedger:
        return self._spoken(OdooLedger(self._context(self.credentials, self.faults)))

    def open_with_wrong_key(self) -> OdooLedger:
        wrong = self.credentials.model_copy(update={"api_key": type(self.credentials.api_key)("0" * 40)})
        return self._spoken(OdooLedger(self._context(wrong, self.faults)))

    def _spoken(self, ledger: OdooLedger) -> OdooLedger:
        if self.version:
            ledger.client.version_set(self.version)
        return ledger

    def act(self, model: str, method: str, **arguments: Any) -> Any:
        """Something that a person does in Odoo."""
        return self.admin.call(model, method, company=self.company, **arguments)

    def read(self, model: str, domain: list[Any], *fields: str) -> list[dict[str, Any]]:
        answer = self.act(
            model, "search_read", domain=domain, fields=list(fields), order="id", context={"active_test": False}
        )
        return list(answer)

    def move_ids(self, outgoing: Outgoing) -> list[int]:
        if isinstance(outgoing.document, Payment):
            rows = self.read("account.payment", [["memo", "=", outgoing.stamp]], "move_id")
            return [row["move_id"][0] for row in rows if row["move_id"]]
        domain = [["invoice_origin", "=", outgoing.stamp], ["reversed_entry_id", "=", False]]
        return [row["id"] for row in self.read("account.move", domain, "name")]

    def count(self, outgoing: Outgoing) -> int:
        if isinstance(outgoing.document, NewVendor):
            return len(self.read("res.partner", [["ref", "=", outgoing.stamp]], "name"))
        if isinstance(outgoing.document, Payment):
            return len(self.read("account.payment", [["memo", "=", outgoing.stamp]], "name"))
        return len(self.move_ids(outgoing))

    def books(self, outgoing: Outgoing) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        domain = [["move_id", "in", self.move_ids(outgoing)], ["parent_state", "=", "posted"]]
        for row in self.read("account.move.line", domain, "account_id", "debit", "credit"):
            sums[str(row["account_id"][0])] += Decimal(row["debit"]) - Decimal(row["credit"])
        return dict(sums)

    def open_items(self, outgoing: Outgoing, account: Account) -> Decimal:
        domain = [["move_id", "in", self.move_ids(outgoing)], ["account_id", "=", int(account.id)]]
        rows = self.read("account.move.line", domain, "amount_residual")
        return sum((Decimal(row["amount_residual"]) for row in rows), Decimal(0))

    def cancel(self, outcome: Outcome) -> None:
        ids = [int(outcome.ledger_id)]
        self.act("account.move", "button_draft", ids=ids)
        self.act("account.move", "button_cancel", ids=ids)

    def edit(self, outcome: Outcome) -> None:
        domain = [["move_id", "=", int(outcome.ledger_id)], ["account_id", "=", int(self.expense.id)]]
        ids = [row["id"] for row in self.read("account.move.line", domain, "name")]
        self.act("account.move.line", "write", ids=ids, vals={"account_id": 36})

    def plant_twin(self, outgoing: Outgoing) -> None:
        lines = [
            [0, 0, {"account_id": int(self.expense.id), "debit": Decimal("25.50")}],
            [0, 0, {"account_id": int(self.card.id), "credit": Decimal("25.50")}],
        ]
        values = {"move_type": "entry", "journal_id": int(self.journal), "date": "2026-10-12", "line_ids": lines}
        values |= {"ref": outgoing.stamp, "invoice_origin": outgoing.stamp}
        self.act("account.move", "create", vals_list=[values])

    def type_bill(self, number: str, amount: str, *, is_credit: bool = False, is_posted: bool = True) -> str:
        line = {"name": "Paper", "account_id": int(self.expense.id), "price_unit": Decimal(amount)}
        values = {"move_type": "in_refund" if is_credit else "in_invoice", "ref": number, "date": "2026-10-12"}
        values |= {"invoice_date": "2026-10-12", "partner_id": int(self.vendor.id)}
        values |= {"invoice_line_ids": [[0, 0, {**line, "tax_ids": [[6, 0, []]]}]]}
        [made] = self.act("account.move", "create", vals_list=[values])
        if is_posted:
            self.act("account.move", "action_post", ids=[made])
        return str(made)

    @contextmanager
    def locked(self, through: date) -> Iterator[None]:
        ids = [int(self.company)]
        self.act("res.company", "write", ids=ids, vals={"fiscalyear_lock_date": through.isoformat()})
        try:
            yield
        finally:
            self.act("res.company", "write", ids=ids, vals={"fiscalyear_lock_date": False})

    @contextmanager
    def archived_account(self) -> Iterator[str]:
        code = f"69{self.word[:6].upper()}"
        found = self.read("account.account", [["code", "=", code]], "name")
        ids = [row["id"] for row in found] or self.act(
            "account.account", "create", vals_list=[{"name": "Old costs", "code": code, "account_type": "expense"}]
        )
        self.act("account.account", "write", ids=ids, vals={"active": False})
        yield str(ids[0])
