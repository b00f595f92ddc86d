"""What is an amount? A Decimal and an ISO 4217 currency with that currency's own exponent; never a float."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from functools import cache

from iso4217 import Currency as _Currency

MOST_DIGITS = 15  # before the point


class MoneyError(ValueError):
    """An amount that cannot be: unknown currency, digits beyond the exponent, two currencies in one sum."""


@cache
def exponent(currency: str) -> int:
    """Decimals of an ISO 4217 currency (USD 2, JPY 0, KWD 3). Raises MoneyError for an unknown code."""
    try:
        digits = _Currency(currency).exponent
    except ValueError as error:
        raise MoneyError(f"{currency!r} is not an ISO 4217 currency.") from error
    if digits is None:
        raise MoneyError(f"{currency} has no minor unit and cannot be posted.")
    return int(digits)


@cache
def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency: 0.01 for USD, 1 for JPY."""
    return Decimal(1).scaleb(-exponent(currency))


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in major units, signed. Digits beyond the currency's exponent are refused (rule G1)."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise MoneyError(f"An amount must be a Decimal, not {type(self.amount).__name__}.")
        if not self.amount.is_finite():
            raise MoneyError(f"{self.amount} is not an amount.")
        quantum = minor_unit(self.currency)
        if self.amount.adjusted() >= MOST_DIGITS and self.amount:
            raise MoneyError(f"{self.amount} {self.currency} is larger than any amount that can be booked.")
        whole = self.amount.quantize(quantum, rounding=ROUND_DOWN)
        if whole != self.amount:
            raise MoneyError(
                f"{self.amount} {self.currency} has digits beyond the currency's {exponent(self.currency)} decimals."
            )
        object.__setattr__(self, "amount", abs(whole) if whole == 0 else whole)

    @classmethod
    def from_minor(cls, units: int, currency: str) -> Money:
        """From whole minor units: 24840 USD is 248.40, 1200 JPY is 1200."""
        return cls(Decimal(units).scaleb(-exponent(currency)), currency)

    @property
    def minor(self) -> int:
        return int(self.amount.scaleb(exponent(self.currency)))

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.amount), self.currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise MoneyError(f"{self} and {other} cannot be added.")


def shares(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Cut `total` in proportion to `weights`, exactly, by largest remainder (rule G10).

    Rounds down in minor units and gives the left-over units to the largest fractions, ties to the earlier line;
    on absolute amounts, the sign of `total` is kept. The sum of the answer is `total`. Raises MoneyError when the
    weights are negative or sum to zero.
    """
    weight_sum = sum(weights, Decimal(0))
    if weight_sum <= 0 or any(weight < 0 for weight in weights):
        raise MoneyError("Shares need positive weights.")
    units = Money(abs(total), currency).minor
    exact = [(units * weight) / weight_sum for weight in weights]
    cut = [int(part) for part in exact]
    order = sorted(range(len(cut)), key=lambda at: (cut[at] - exact[at], at))
    for at in order[: units - sum(cut)]:
        cut[at] += 1
    sign = -1 if total < 0 else 1
    return [Money.from_minor(sign * part, currency).amount for part in cut]
