"""How do Brex's amounts, people and codings become ours?"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from connectors.brex.schema import (
    Amount,
    Expense,
    ExpenseUser,
    FieldLabels,
    FieldValueRef,
    Labels,
    MinorAmount,
    RecordUser,
    Repayment,
    ValueLabel,
)
from connectors.errors import PayloadError
from connectors.money import Money, MoneyError, exponent
from connectors.records import Coded, Moment, Party, Receipt

MOST_DIGITS = 20
NO_LABELS, NO_LABEL = FieldLabels(), ValueLabel()
KNOWN_FIELDS = ("gl_account", "cost_center")
"""The remote ids that our own ERP fields carry; any other field of a customer is `custom:<remote id>`."""


class BeyondExponentError(Exception):
    """An amount has digits that its currency does not know: the record is held, never rounded (rule G1)."""


def major_money(amount: Amount | None) -> Money | None:
    """Accounting API amounts: decimals in major units."""
    return None if amount is None else _money(amount.amount, amount.currency)


def minor_money(amount: MinorAmount | None) -> Money | None:
    """Amounts of all other APIs: whole minor units."""
    if amount is None:
        return None
    _check_size(amount.amount, amount.currency)
    if amount.amount != amount.amount.to_integral_value():
        raise BeyondExponentError(f"{amount.amount} {amount.currency} is not a whole number of minor units.")
    return _money(amount.amount.scaleb(-_places(amount.currency)), amount.currency)


def _money(amount: Decimal, currency: str) -> Money:
    _check_size(amount, currency)
    places = _places(currency)
    if amount.normalize().as_tuple().exponent < -places:  # type: ignore[operator]
        raise BeyondExponentError(f"{amount} {currency} has digits beyond the {places} decimals of {currency}.")
    try:
        return Money(amount, currency)
    except MoneyError as error:
        raise PayloadError(f"Brex sent an amount that cannot be: {error}") from error


def _check_size(amount: Decimal, currency: str) -> None:
    """Before any arithmetic: 1e999999999 is a JSON number too."""
    if not amount.is_finite() or amount.adjusted() > MOST_DIGITS:
        raise PayloadError(f"Brex sent an amount larger than any that can be booked: {amount:.3E} {currency}.")


def _places(currency: str) -> int:
    try:
        return exponent(currency)
    except MoneyError as error:
        raise PayloadError(f"Brex sent an amount that cannot be: {error}") from error


def user_id(value: str) -> str:
    """`cuuser_…`, also from the base64 of `User:cuuser_…` that the Accounting API's schema shows."""
    if value.startswith("cuuser_") or not value:
        return value
    try:
        plain = base64.b64decode(value, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return value
    return plain.partition(":")[2] or value


def record_person(user: RecordUser | None) -> Party | None:
    if user is None:
        return None
    return Party(id=user_id(user.id), name=f"{user.first_name} {user.last_name}".strip(), email=user.email)


def expense_person(expense: Expense | None, listed: Mapping[str, Any] | None) -> Party | None:
    """Who spent: the expense names the person, only the list of users knows the address."""
    if expense is None or not (expense.user or expense.user_id):
        return None
    user = ExpenseUser.model_validate(listed) if listed else expense.user
    if user is None:
        return Party(id=user_id(expense.user_id))
    return Party(id=user_id(user.id), name=f"{user.first_name} {user.last_name}".strip(), email=user.email)


def person_coding(person: Party | None) -> Iterable[Coded]:
    if person:
        yield Coded("employee", person.id, person.name)
        if person.email:
            yield Coded("employee_email", person.email)


def expense_coding(expense: Expense | None, labels: Labels) -> Iterable[Coded]:
    """What an expense says about where its cost belongs."""
    if expense is None:
        return
    if expense.category:
        yield Coded("category", expense.category, expense.category.replace("_", " ").capitalize())
    for name in ("department", "location"):
        named, identifier = getattr(expense, name), getattr(expense, f"{name}_id")
        if named or identifier:
            yield Coded(name, named.id if named else identifier, named.name if named else "")
    if expense.merchant:
        yield from merchant_coding(expense.merchant.raw_descriptor, expense.merchant.mcc)
    for custom in expense.custom_fields or ():
        known = labels.get(custom.key, NO_LABELS)
        field = _field_name(known.remote_id or custom.key)
        data = custom.value.data
        for one in data if isinstance(data, list) else [data]:
            value, label = _custom_value(one)
            if value:
                yield Coded(field, known.values.get(value, NO_LABEL).remote_id or value, label)


def merchant_coding(descriptor: str, mcc: str) -> Iterable[Coded]:
    if descriptor:
        yield Coded("merchant", descriptor)
    if mcc:
        yield Coded("mcc", mcc)


def _custom_value(data: Any) -> tuple[str, str]:
    if data is None:
        return "", ""
    if isinstance(data, dict):
        if "option_id" in data:
            return str(data["option_id"]), str(data.get("option_label") or "")
        return "", ""
    if isinstance(data, bool):
        return ("true" if data else "false"), ""
    return str(data), ""


def field_coding(refs: Iterable[FieldValueRef], labels: Labels) -> Iterable[Coded]:
    """A line's coding. A field or value without remote id lives in Brex only: its Brex id stands in."""
    for ref in refs:
        known = labels.get(ref.brex_field_id, NO_LABELS)
        listed = known.values.get(ref.brex_field_value_id, NO_LABEL)
        field = ref.remote_field_id or known.remote_id or ref.brex_field_id
        value = ref.remote_field_value_id or listed.remote_id or ref.brex_field_value_id
        if field and value:
            yield Coded(_field_name(field), value, listed.name)


def _field_name(identifier: str) -> str:
    return identifier if identifier in KNOWN_FIELDS else f"custom:{identifier}"


def first_of_each(codings: Iterable[Coded]) -> tuple[Coded, ...]:
    """One coding for a field; the first wins, except that custom fields with a list keep all of it."""
    kept: dict[tuple[str, str], Coded] = {}
    seen: set[str] = set()
    for coded in codings:
        if coded.field in seen and not coded.field.startswith("custom:"):
            continue
        seen.add(coded.field)
        kept.setdefault((coded.field, coded.value), coded)
    return tuple(kept.values())


def receipts(*lists: Iterable[Any] | None) -> tuple[Receipt, ...]:
    return tuple({ref.id: Receipt(ref.id) for one in lists for ref in one or ()}.values())


def personal_since(expense: Expense | None) -> Moment | None:
    """When repayment was asked for, of the whole or first of a part (whose line is then marked)."""
    if expense is None:
        return None
    since = repayment_since(expense.repayment)
    parts = [repayment_since(part.repayment) for part in expense.expense_line_items or ()]
    return since or min((one for one in parts if one), key=lambda moment: moment.isoformat(), default=None)


def repayment_since(repayment: Repayment | None) -> Moment | None:
    return repayment.repayment_initiation_date if repayment else None


def is_repaid_undated(repayment: Repayment | None) -> bool:
    """Somebody asked the employee to pay back, but nothing says when."""
    return bool(repayment and repayment.repayment_initiated_by and not repayment.repayment_initiation_date)
