"""Does every list end?"""

import pytest

from connectors.errors import PayloadError
from connectors.pagination import pages_by_cursor, pages_by_key


def test_cursors_are_followed_to_the_end_and_empty_pages_are_no_end() -> None:
    answers = {"": ([1, 2], "a"), "a": ([], "b"), "b": ([3], None)}
    assert list(pages_by_cursor(answers.__getitem__)) == [[1, 2], [3]]


@pytest.mark.parametrize("loop", ["a", "b"])
def test_a_cursor_that_comes_back_ends_in_an_error(loop: str) -> None:
    answers = {"": ([1], "a"), "a": ([2], "b"), "b": ([3], loop)}
    pages = pages_by_cursor(answers.__getitem__)
    with pytest.raises(PayloadError, match="given twice"):
        list(pages)


def test_reading_can_start_at_a_cursor() -> None:
    assert list(pages_by_cursor({"x": ([9], "")}.__getitem__, start="x")) == [[9]]


def test_keys_are_read_in_order_without_skipping_while_others_write() -> None:
    rows = [1, 3, 5, 7]

    def fetch(last: int | None) -> list[int]:
        rows.append((last or 0) + 1)  # somebody writes before what was read
        return sorted(row for row in set(rows) if row > (last or 0))[:2] if last else [1, 3]

    assert [row for page in pages_by_key(fetch, lambda row: row, 2) for row in page] == [1, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("second", [[3, 4], [2, 3], [5, 4]])
def test_keys_that_do_not_grow_end_in_an_error(second: list[int]) -> None:
    with pytest.raises(PayloadError, match="out of order"):
        list(pages_by_key(lambda last: second if last else [2, 3], lambda row: row, 2))
