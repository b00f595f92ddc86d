"""What did a document do to the ledger? `GET /transactions/{id}/journals`, for reconciliation."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import invalid_parameter, missing
from connectors.zoho_books.simulator.parties import account_name, contact_name

ENTITY_TYPES = ("journal", "bill", "vendor_credit", "vendor_payment", "expense")


class TransactionsApi:
    def routes(self) -> list[Route]:
        return [Route("GET", "/transactions/<transaction_id>/journals", self.journals, "accountants.READ")]

    def journals(self, call: ApiCall, transaction_id: str) -> Response:
        """The ledger lines of one posted document, in its own and in base currency."""
        kind = call.query("entity_type") or ""
        if kind not in ENTITY_TYPES:
            raise invalid_parameter("entity_type")
        entry = call.org.ledger.get(kind, transaction_id)
        if entry is None:
            raise missing("Transaction")
        lines: list[dict[str, Any]] = [
            {
                "account_id": line.account_id,
                "account_name": account_name(call.org, line.account_id),
                "customer_id": line.contact_id,
                "customer_name": contact_name(call.org, line.contact_id),
                "description": line.description,
                "debit_or_credit": "debit" if (line.amount or line.foreign) > 0 else "credit",
                "amount": abs(line.foreign),
                "bcy_amount": abs(line.amount),
                "tags": [{"tag_id": tag_id, "tag_option_id": option_id} for tag_id, option_id in line.tags],
                "project_id": line.project_id,
            }
            for line in entry.lines
        ]
        total = sum(one["bcy_amount"] for one in lines if one["debit_or_credit"] == "debit")
        journal = {
            "journal_id": transaction_id,
            "reference_number": entry.reference,
            "journal_date": entry.on,
            "currency_code": entry.currency_code,
            "line_items": lines,
            "bcy_total": total,
        }
        return answer(journal=journal)
