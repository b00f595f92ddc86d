"""How is a long list read to its end? Page loops that cannot run for ever, whatever the vendor answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, Self, TypeVar

from connectors.errors import PayloadError


class _Ordered(Protocol):
    def __lt__(self, other: Self, /) -> bool: ...


Row = TypeVar("Row")
Key = TypeVar("Key", bound=_Ordered)


def pages_by_cursor(fetch: Callable[[str], tuple[list[Row], str | None]], start: str = "") -> Iterator[list[Row]]:
    """Pages of a list with cursors or next-page links. `fetch` takes a cursor ("" for the first page) and answers
    the rows and the next cursor, None or "" at the end. An empty page with a cursor is not the end.

    Raises PayloadError when a cursor comes back a second time: the vendor would be read for ever."""
    seen = {start}
    cursor: str | None = start
    while cursor is not None:
        rows, following = fetch(cursor)
        if rows:
            yield rows
        if following and following in seen:
            raise PayloadError(f"The page cursor {following[:80]!r} was given twice; the list has no end.")
        cursor = following or None
        if cursor:
            seen.add(cursor)


def pages_by_key(fetch: Callable[[Key | None], list[Row]], key: Callable[[Row], Key], size: int) -> Iterator[list[Row]]:
    """Pages of a list that is ordered by `key` and read from behind the last key seen (None for the first page).

    A page with fewer than `size` rows is the last. Unlike offsets this neither skips nor repeats rows while others
    write. Raises PayloadError when the keys do not grow: the filter or the order was ignored."""
    last: Key | None = None
    while True:
        rows = fetch(last)
        for row in rows:
            current = key(row)
            if last is not None and not last < current:
                raise PayloadError(f"Rows came out of order: {current!r} after {last!r}.")
            last = current
        if rows:
            yield rows
        if len(rows) < size:
            return
