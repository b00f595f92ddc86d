"""What is a document called, for ever? Keys from the vendor's and his company's own ids, never from our rows.

The forms are pinned by tests: a key that moves would post everything again.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

from connectors.base import StreamSpec


def record_key(vendor: str, identity: str, spec: StreamSpec, external_id: str) -> str:
    """`brex:accr_1001`, or with the account and stream where the vendor's ids are not unique without them
    (`odoo:acme:bill:17`)."""
    if spec.ids_are_global:
        return f"{vendor}:{external_id}"
    return f"{vendor}:{identity}:{spec.key_word or spec.key}:{external_id}"


def document_key(base: str, *, purpose: str = "", revision: int = 1, is_reversal: bool = False) -> str:
    """`<base>[:pay][:2][:r]`: the purpose, the revision from the second on, and `r` for a reversal."""
    parts = [base]
    if purpose:
        parts.append(purpose)
    if revision > 1:
        parts.append(str(revision))
    if is_reversal:
        parts.append("r")
    return ":".join(parts)


def content_hash(payload: dict[str, Any], volatile: tuple[str, ...]) -> str:
    """The hash of what a record says about the money: payload without the fields that its stream calls volatile.

    A volatile field is dotted from the payload's root; `*` stands for every element of a list."""
    trimmed = _without(payload, [field.split(".") for field in volatile]) if volatile else payload
    text = json.dumps(trimmed, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_number)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def document_hash(document: dict[str, Any]) -> str:
    """The hash of a frozen document as stored."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def fingerprint(*parts: object) -> str:
    """What makes two occurrences one problem."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()


def _number(value: Any) -> str:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no place in a payload.")
    return f"\x00{value.normalize() if value else 0}"  # 248.4 and 248.40 are the same amount


def _without(value: Any, paths: list[list[str]]) -> Any:
    if isinstance(value, list):
        inner = [path[1:] for path in paths if path and path[0] == "*"]
        return [_without(item, inner) for item in value] if inner else value
    if not isinstance(value, dict):
        return value
    gone = {path[0] for path in paths if len(path) == 1}
    deeper: dict[str, list[list[str]]] = {}
    for path in paths:
        if len(path) > 1:
            deeper.setdefault(path[0], []).append(path[1:])
    return {
        name: _without(item, deeper[name]) if name in deeper else item
        for name, item in value.items()
        if name not in gone
    }
