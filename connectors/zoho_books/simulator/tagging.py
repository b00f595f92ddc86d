"""Which reporting tags may a line or a document carry?

https://www.zoho.com/books/api/v3/reporting-tags/: one option a tag, at line level or for the whole transaction as the
tag is set up, some of them mandatory for a kind of document.
"""

from __future__ import annotations

from connectors.zoho_books.simulator.errors import Unknown, refused
from connectors.zoho_books.simulator.store import Item, Organisation
from connectors.zoho_books.simulator.values import items, text


def tags_read(org: Organisation, body: Item, level: str, group: str) -> list[Item]:
    """The tags of one line (`level` line_item) or document (transaction); `group` is Purchases, Journal or Sales.

    A tag of the other level is dropped without a word; unknown and inactive ones are refused with 990004."""
    found: dict[str, Item] = {}
    for one in items(body, "tags"):
        tag = org.tags.get(text(one, "tag_id"))
        option = option_of(tag, text(one, "tag_option_id")) if tag else None
        if tag is None or not tag["is_active"] or option is None or not option["is_active"]:
            raise refused(Unknown.TAG, "Invalid value passed for tag_option_id")
        if tag["_level"] == level:
            found[tag["tag_id"]] = {"tag_id": tag["tag_id"], "tag_option_id": option["option_id"]}
    for tag in org.tags:
        is_needed = tag["is_active"] and tag["is_mandatory"] and group in tag["_groups"] and tag["_level"] == level
        if is_needed and tag["tag_id"] not in found:
            raise refused(Unknown.TAG, f"Select an option for the tag {tag['tag_name']}")
    return list(found.values())


def option_of(tag: Item, option_id: str) -> Item | None:
    return next((one for one in tag["_options"] if one["option_id"] == option_id), None)


def tags_shown(org: Organisation, tags: list[Item]) -> list[Item]:
    """Tags with their names, as documents show their own; lines show the ids alone."""
    shown = []
    for one in tags:
        tag = org.tags.get(one["tag_id"])
        option = option_of(tag, one["tag_option_id"]) if tag else None
        if tag and option:
            names = {"tag_name": tag["tag_name"], "tag_option_name": option["option_name"]}
            shown.append({**one, **names, "is_tag_mandatory": tag["is_mandatory"]})
    return shown
