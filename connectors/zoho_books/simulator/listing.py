"""How does a list of the simulated API filter, search, sort and turn its pages?

https://www.zoho.com/books/api/v3/pagination/; parameters that a list does not know are ignored without a word
(observed), and so is a sort column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator.call import ApiCall, answer
from connectors.zoho_books.simulator.errors import invalid_parameter
from connectors.zoho_books.simulator.store import Item, Table

MOST = 200
Predicate = Callable[[ApiCall, Item], bool]
DATE_VARIANTS: Mapping[str, Callable[[str, str], bool]] = {
    "": lambda value, wanted: value == wanted,
    "_start": lambda value, wanted: value >= wanted,
    "_end": lambda value, wanted: value <= wanted,
    "_before": lambda value, wanted: value < wanted,
    "_after": lambda value, wanted: value > wanted,
}
NUMBER_VARIANTS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "": lambda value, wanted: value == wanted,
    "_less_than": lambda value, wanted: value < wanted,
    "_less_equals": lambda value, wanted: value <= wanted,
    "_greater_than": lambda value, wanted: value > wanted,
    "_greater_equals": lambda value, wanted: value >= wanted,
}


@dataclass(frozen=True, slots=True)
class Listing:
    """One list: which query parameters it knows. `special` ones test a row against the value sent."""

    key: str
    report: str
    row: Callable[[ApiCall, Item], Item]
    filters: Mapping[str, Predicate]
    default_filter: str
    sorts: tuple[str, ...]
    default_sort: str
    default_order: str = "A"
    texts: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    modified_since: bool = False
    per_page: int | None = None
    special: Mapping[str, Callable[[ApiCall, Item, str], bool]] = field(default_factory=dict)
    computed: Mapping[str, Callable[[ApiCall, Item], Any]] = field(default_factory=dict)


def listed(call: ApiCall, listing: Listing, table: Table) -> Response:
    """One page of what fits, with its `page_context`."""
    applied = call.query("filter_by") or listing.default_filter
    if applied not in listing.filters:
        raise invalid_parameter("filter_by")
    tests = [listing.filters[applied], *_tests(call, listing)]
    found = [row for row in _candidates(call, listing, table) if _is_visible(call, row)]
    found = [row for row in found if all(test(call, row) for test in tests) and not _is_hidden(call, listing, row)]
    sort, order = _sorting(call, listing)
    found.sort(key=lambda row: _sort_key(_value(call, listing, row, sort)), reverse=order == "D")
    page, per_page = _page(call, listing)
    rows = found[(page - 1) * per_page : page * per_page]
    context = {
        "page": page,
        "per_page": per_page,
        "has_more_page": len(found) > page * per_page,
        "report_name": listing.report,
        "applied_filter": applied,
        "custom_fields": [],
        "sort_column": sort,
        "sort_order": order,
    }
    return answer(parts={listing.key: [listing.row(call, row) for row in rows]}, page_context=context)


def _candidates(call: ApiCall, listing: Listing, table: Table) -> Iterable[Item]:
    """The rows to look at: by index when one of the exact filters has one."""
    for name in (*listing.texts, *listing.exact):
        wanted = call.query(name)
        if wanted and name not in call.simulator.switches.ignored_filters and table.is_indexed(name):
            return table.having(name, wanted)
    return table


def _is_visible(call: ApiCall, row: Item) -> bool:
    made = row.get("_created")
    delay = call.simulator.switches.list_delay_seconds
    return not delay or made is None or call.now >= made + timedelta(seconds=delay)


def _is_hidden(call: ApiCall, listing: Listing, row: Item) -> bool:
    """What a list may keep to itself without a word."""
    switches = call.simulator.switches
    is_void = switches.void_hidden and not call.query("filter_by") and row.get("status") == "void"
    return is_void or listing.key in switches.emptied_lists


def _tests(call: ApiCall, listing: Listing) -> list[Predicate]:
    tests: list[Predicate] = []
    for name, value in call.request.args.items():
        if value == "" or name in call.simulator.switches.ignored_filters:
            continue
        made = _test(call, listing, name, value)
        if made is not None:
            tests.append(made)
    return tests


def _test(call: ApiCall, listing: Listing, name: str, wanted: str) -> Predicate | None:
    def read(row: Item, field_name: str) -> Any:
        return _value(call, listing, row, field_name)

    if name in listing.special:
        special = listing.special[name]
        return lambda call, row: special(call, row, wanted)
    if name == "search_text" and listing.search:
        folded = wanted.casefold()
        return lambda _, row: any(folded in str(read(row, one) or "").casefold() for one in listing.search)
    if name == "last_modified_time" and listing.modified_since:
        since, inclusive = _moment(wanted), call.simulator.switches.modified_since == "inclusive"
        return lambda _, row: _second(row) >= since if inclusive else _second(row) > since
    base, variant = _split(name, listing.texts, ("", "_startswith", "_contains"))
    if base:
        return _text_test(call, listing, base, variant, wanted)
    if name in listing.exact:
        return lambda _, row: str(read(row, name) or "") == wanted
    base, variant = _split(name, listing.dates, tuple(DATE_VARIANTS))
    if base:
        compare_days = DATE_VARIANTS[variant]
        return lambda _, row: bool(read(row, base)) and compare_days(read(row, base), wanted)
    base, variant = _split(name, listing.numbers, tuple(NUMBER_VARIANTS))
    if base:
        compare, limit = NUMBER_VARIANTS[variant], _number(name, wanted)
        return lambda _, row: compare(read(row, base), limit)
    return None


def _text_test(call: ApiCall, listing: Listing, base: str, variant: str, wanted: str) -> Predicate:
    folds = variant != "" or call.simulator.switches.exact_filter_case == "insensitive"
    asked = wanted.casefold() if folds else wanted

    def test(call: ApiCall, row: Item) -> bool:
        value = str(_value(call, listing, row, base) or "")
        value = value.casefold() if folds else value
        if variant == "_startswith":
            return value.startswith(asked)
        return asked in value if variant == "_contains" else value == asked

    return test


def _value(call: ApiCall, listing: Listing, row: Item, name: str) -> Any:
    if name in listing.computed:
        return listing.computed[name](call, row)
    return row.get({"created_time": "_created", "last_modified_time": "_modified"}.get(name, name))


def _split(name: str, bases: Iterable[str], variants: Iterable[str]) -> tuple[str, str]:
    for base in bases:
        if name.startswith(base) and name[len(base) :] in variants:
            return base, name[len(base) :]
    return "", ""


def _sorting(call: ApiCall, listing: Listing) -> tuple[str, str]:
    asked, order = call.query("sort_column"), call.query("sort_order")
    sort = asked if asked in listing.sorts else listing.default_sort
    if order in ("A", "D"):
        return sort, order
    return sort, "A" if asked in listing.sorts else listing.default_order


def _page(call: ApiCall, listing: Listing) -> tuple[int, int]:
    default = listing.per_page or call.simulator.switches.default_per_page
    sent = call.query("per_page")
    page, per_page = _whole(call, "page", 1), _whole(call, "per_page", default)
    return page, min(per_page, MOST) if sent else per_page


def _whole(call: ApiCall, name: str, default: int) -> int:
    text = call.query(name)
    if not text:
        return default
    if not text.isdigit() or int(text) < 1:
        raise invalid_parameter(name)
    return int(text)


def _sort_key(value: Any) -> tuple[int, Any]:
    if value is None or value == "":
        return (0, "")
    return (1, value.casefold() if isinstance(value, str) else value)


def _second(row: Item) -> datetime:
    """Lists tell whole seconds, so whole seconds are what a filter can compare."""
    found: datetime = row["_modified"]
    return found.replace(microsecond=0)


def _moment(value: str) -> datetime:
    """An instant with its offset; one whose plus sign came unescaped, as a space, is refused."""
    try:
        found = datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError as error:
        raise invalid_parameter("last_modified_time") from error
    return found


def _number(name: str, value: str) -> Decimal:
    try:
        return Decimal(value)
    except InvalidOperation as error:
        raise invalid_parameter(name) from error
