"""What is one row of the table of examples? A rule, the policy's own words for it, and the records that lead there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.mappings.translate.world import Story

Tell = Callable[[Story], object]


@dataclass(frozen=True)
class Case:
    """`names` are the rules it shows; the postings must name those that are in `on_posting`."""

    name: str
    example: str
    tell: Tell
    names: tuple[str, ...]
    on_posting: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return self.name


def case(name: str, example: str, tell: Tell, *names: str, on_posting: tuple[str, ...] | None = None) -> Case:
    return Case(name, example, tell, names, on_posting)
