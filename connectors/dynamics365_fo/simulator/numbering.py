"""Where do batch numbers, vouchers and vendor accounts come from? Number sequences, automatic or manual, by company."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class NumberSequence:
    """One sequence. `shape` is a format for the number, such as `{:05d}`. A `manual` one gives no numbers;
    `user_changes` lets a caller of an automatic one choose his own (lower and higher)."""

    code: str
    shape: str
    next: int = 1
    is_manual: bool = False
    user_changes: bool = False

    def draw(self, is_taken: Callable[[str], bool] = lambda _: False) -> str:
        """The next free number. A number once drawn never comes again, whatever becomes of its record."""
        while True:
            number = self.shape.format(self.next)
            self.next += 1
            if not is_taken(number):
                return number

    def peek(self) -> str:
        return self.shape.format(self.next)


class NumberSequences:
    """All sequences, by company and code."""

    def __init__(self) -> None:
        self.by_key: dict[tuple[str, str], NumberSequence] = {}

    def add(self, company: str, sequence: NumberSequence) -> NumberSequence:
        self.by_key[company.lower(), sequence.code] = sequence
        return sequence

    def get(self, company: str, code: str) -> NumberSequence:
        return self.by_key[company.lower(), code]
