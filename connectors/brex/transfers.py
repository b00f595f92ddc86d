"""How is a vendor paid through Brex exactly once? By one stored Idempotency-Key that every retry sends again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from connectors.brex.client import BrexClient, Json
from connectors.brex.push import request_key
from connectors.brex.schema import Transfer
from connectors.brex.values import minor_money
from connectors.errors import OutcomeUnknownError, RejectedError, UnsupportedError
from connectors.money import Money

LONGEST_MEMO = {"CHEQUE": 40}
LONGEST_MEMO_ELSE = 90
FINAL = ("PROCESSED", "FAILED")


def transfer_key(posting_key: str) -> str:
    """The Idempotency-Key of a payment, from its posting's key; to be stored before the first attempt."""
    return request_key("transfer", posting_key)


@dataclass(frozen=True, slots=True)
class TransferOrder:
    """One payment to a vendor's payment instrument; its type is the rail.

    `ordered_on` is the day on which the key was stored: older transfers cannot be this one. Raises UnsupportedError
    for what Brex cannot pay: other currencies than USD, nothing or less, a memo that is too long or not ASCII."""

    key: str
    amount: Money
    payment_instrument_id: str
    cash_account_id: str
    description: str
    external_memo: str
    ordered_on: date
    rail: str = "ACH"

    def __post_init__(self) -> None:
        if self.amount.currency != "USD" or self.amount.amount <= 0:
            raise UnsupportedError(f"Brex sends positive amounts in USD only, not {self.amount}.")
        longest = LONGEST_MEMO.get(self.rail, LONGEST_MEMO_ELSE)
        if not self.external_memo or len(self.external_memo) > longest:
            raise UnsupportedError(f"The memo for the vendor has 1 to {longest} characters.")
        if not self.external_memo.isascii() or not self.description.isascii():
            raise UnsupportedError("Brex refuses texts that are not plain ASCII.")

    def body(self) -> Json:
        return {
            "counterparty": {"type": "VENDOR", "payment_instrument_id": self.payment_instrument_id},
            "amount": {"amount": self.amount.minor, "currency": self.amount.currency},
            "description": self.description,
            "external_memo": self.external_memo,
            "originating_account": {"type": "BREX_CASH", "id": self.cash_account_id},
        }


def transfer_send(client: BrexClient, order: TransferOrder) -> Transfer:
    """Pay, or find what an earlier attempt paid. Safe to repeat with the same order.

    What Brex answers to a repeated key is not documented: a stored answer is taken as it is, a conflict is settled by
    reading the list. Raises OutcomeUnknownError when neither tells; then the same order is sent again later."""
    try:
        return Transfer.model_validate(client.create_transfer(order.body(), order.key))
    except RejectedError as error:
        if not _is_conflict(error):
            raise
        found = [transfer for transfer in _since(client, order.ordered_on) if _matches(transfer, order)]
        if len(found) == 1:
            return found[0]
        raise OutcomeUnknownError(
            f"Brex has seen this payment before, and lists {len(found) or 'none'} like it.",
            detail=error.message,
            provider=error.provider,
            status=error.status,
            request_id=error.request_id,
        ) from error


def transfer_status(client: BrexClient, transfer_id: str) -> Transfer:
    """How far it is: `status` PROCESSED or FAILED is final, though a processed one may still be returned."""
    return Transfer.model_validate(client.transfer(transfer_id))


def _is_conflict(error: RejectedError) -> bool:
    return error.status == 409 or (
        error.status in (400, 422)
        and re.search("idempoten|duplicate|already", error.message, re.IGNORECASE) is not None
    )


def _since(client: BrexClient, day: date) -> list[Transfer]:
    return [
        Transfer.model_validate(row)
        for page in client.transfers()
        for row in page
        if str(row.get("created_at") or day.isoformat())[:10] >= day.isoformat()
    ]


def _matches(transfer: Transfer, order: TransferOrder) -> bool:
    party = transfer.counterparty
    return (
        minor_money(transfer.amount) == order.amount
        and party is not None
        and party.payment_instrument_id == order.payment_instrument_id
        and transfer.external_memo in ("", order.external_memo)
    )
