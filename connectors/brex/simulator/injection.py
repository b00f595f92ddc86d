"""What might Brex send one day that it never sent before, and how is it put into an answer?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Injection:
    """Something Brex might send one day: `value` put at `where` (dots, `*` for every element) of matching answers."""

    path: str
    where: str
    value: Any
    times: int = 1


def put(body: Any, where: list[str], value: Any) -> bool:
    """Set `value` at the path; True when at least one place was found."""
    head, rest = where[0], where[1:]
    if isinstance(body, list):
        places = body if head == "*" else body[int(head) : int(head) + 1] if head.isdigit() else []
        found = [put(one, rest, value) for one in places] if rest else []
        return any(found)
    if not isinstance(body, dict):
        return False
    if not rest:
        body[head] = value
        return True
    return head in body and put(body[head], rest, value)
