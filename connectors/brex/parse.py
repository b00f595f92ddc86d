"""What did Brex say? A stored payload becomes a canonical record; pure, so it can be replayed for ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from connectors.brex.parse_expense import parse_expense
from connectors.brex.parse_feeds import parse_card_transaction, parse_cash_transaction
from connectors.brex.parse_record import parse_accounting_record
from connectors.brex.schema import Vendor
from connectors.brex.streams import (
    ACCOUNTING_RECORDS,
    CARD_TRANSACTIONS,
    CASH_TRANSACTIONS,
    EXPENSES,
    STREAMS,
    VENDORS,
)
from connectors.brex.values import BeyondExponentError
from connectors.errors import PayloadError
from connectors.records import Record, RecordKind, SpendRecord, VendorRecord

Part = Mapping[str, Any]


def parse_vendor(item: Part, lookups: Part) -> VendorRecord:
    vendor = Vendor.model_validate(item)
    if not vendor.company_name.strip():
        raise PayloadError(f"Vendor {vendor.id} has no name.")
    return VendorRecord(VENDORS, vendor.id, vendor.company_name.strip(), email=vendor.email, phone=vendor.phone)


PARSERS: Mapping[str, Callable[[Part, Part], Record]] = {
    ACCOUNTING_RECORDS: parse_accounting_record,
    CARD_TRANSACTIONS: parse_card_transaction,
    CASH_TRANSACTIONS: parse_cash_transaction,
    EXPENSES: parse_expense,
    VENDORS: parse_vendor,
}


def parse(stream: str, payload: Mapping[str, Any]) -> Record:
    """The canonical record of a payload as `read` gave it. Raises PayloadError with a sentence if it cannot be read;
    kinds and statuses that are not known give kind `unknown`, which is held."""
    item, lookups = payload.get("item"), payload.get("lookups") or {}
    if not isinstance(item, Mapping) or not isinstance(item.get("id"), str) or not item["id"]:
        raise PayloadError("Brex sent something without an id.")
    try:
        return PARSERS[stream](item, lookups)
    except BeyondExponentError as error:
        return SpendRecord(
            stream=stream,
            external_id=str(lookups.get("external_id") or item["id"]),
            kind=RecordKind.UNKNOWN,
            family=STREAMS[stream].families[0],
            vendor_kind=str(item.get("type") or item.get("expense_type") or ""),
            reason=str(error),
        )
    except ValidationError as error:
        raise PayloadError(
            f"Brex sent {item['id']} otherwise than documented: {_first(error)}", detail=str(error)
        ) from error
    except KeyError as error:
        raise PayloadError(f"{stream} is not a stream of Brex.") from error


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    said = problem["msg"].removeprefix("Value error, ")
    return f"{place}: {said}."
