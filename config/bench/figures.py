"""What does a measurement look like, and how are several told as one?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: the median of its runs, beside the limit that it is held against.

    `limit` is the number that `against` names; a figure `is_met` if it is on the right side of it."""

    name: str
    value: float
    unit: str
    runs: tuple[float, ...]
    against: str = ""
    limit: float | None = None
    is_less_better: bool = False

    @property
    def ratio(self) -> float | None:
        return self.value / self.limit if self.limit else None

    @property
    def is_met(self) -> bool | None:
        if self.limit is None:
            return None
        return self.value <= self.limit if self.is_less_better else self.value >= self.limit

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "is_met": self.is_met}


def figure(
    name: str,
    runs: Sequence[float],
    unit: str,
    *,
    at_least: tuple[str, float] | None = None,
    at_most: tuple[str, float] | None = None,
) -> Figure:
    """The median of some runs, with the limit that it should keep."""
    against, limit = at_least or at_most or ("", None)
    return Figure(name, median(runs), unit, tuple(runs), against, limit, is_less_better=at_most is not None)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured. `QUICK` proves that everything works and says nothing about speed."""

    runs: int
    records: int
    stored: tuple[int, ...]
    claimed: int
    listed: int
    seconds: float
    repeats: int


FULL = Sizes(
    runs=3, records=3000, stored=(1_000, 100_000, 1_000_000), claimed=200_000, listed=100_000, seconds=4, repeats=15
)
QUICK = Sizes(runs=1, records=120, stored=(500, 2_000), claimed=2_000, listed=1_000, seconds=0.5, repeats=3)
