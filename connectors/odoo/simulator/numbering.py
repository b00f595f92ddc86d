"""Which number does a posted move get?

A journal's numbers follow its own last one: `BILL/2026/11/0001` by month, `BNK1/2026/00001` by year for sales and
bank journals. A name that somebody gave becomes the pattern of the next automatic one (observed on Odoo 19.0).
"""

from __future__ import annotations

import re

from .environment import Environment
from .errors import validation_error
from .store import Record

NUMBERED = re.compile(r"^(?P<head>.*?)(?P<number>\d+)$")
PERIODS = (
    (
        "month",
        re.compile(r"^(?P<prefix>.*?)(?P<year>(?:19|20)\d\d)(?P<gap>\D*?)(?P<month>0[1-9]|1[0-2])(?P<end>\D+?)$"),
    ),
    ("year", re.compile(r"^(?P<prefix>.*?)(?P<year>(?:19|20)\d\d)(?P<end>\D+?)$")),
)
MISALIGNED = (
    "The Date ({day}) you've entered isn't aligned with the existing sequence number ({name}). Clear the sequence "
    "number to proceed.\nTo maintain date-based sequences, select entries and use the resequence option from the "
    "actions menu, available in developer mode."
)
YEARLY_TYPES = ("sale", "bank", "cash", "credit")


def number_move(env: Environment, move: Record) -> None:
    """Give a move that is being posted its number, or check the one it brings."""
    name = move.get("name")
    if name and _fits(name, move["date"]):
        taken = [id for id in env.store.lookup("account.move", "name", name) if id != move["id"]]
        moves = env.store.tables["account.move"]
        if any(moves[id]["journal_id"] == move["journal_id"] and moves[id]["state"] == "posted" for id in taken):
            raise validation_error(
                "The operation cannot be completed: Another entry with the same name already exists."
            )
        _remember(env, move, name)
        return
    if name and move["posted_before"]:
        raise validation_error(MISALIGNED.format(day=us_date(move["date"]), name=name))
    head, width, number = _next(env, move)
    _remember(env, move, f"{head}{number:0{width}d}")


def us_date(day: str) -> str:
    """A day as messages to an American user show it."""
    return f"{day[5:7]}/{day[8:]}/{day[:4]}"


def period_of(env: Environment, move: Record) -> str:
    """How often the numbers of the move's journal start anew: `month`, `year` or `never`."""
    last = _last(env, move)
    if last is None:
        return "month"
    return _period(last["sequence_prefix"])[0]


def _remember(env: Environment, move: Record, name: str) -> None:
    found = NUMBERED.match(name)
    head, number = (found["head"], int(found["number"])) if found else (name, 0)
    key = (move["journal_id"], head)
    env.store.update(
        "account.move",
        move["id"],
        {
            "name": name,
            "sequence_prefix": head,
            "sequence_number": number,
            "numbering": key,
        },
    )
    cache = env.store.cache
    if number >= cache.get(key, (0, 0))[0]:
        cache[key] = (number, move["id"])
    group = _group(env, move)
    if move["id"] > cache.get(group, 0):
        cache[group] = move["id"]


def _next(env: Environment, move: Record) -> tuple[str, int, int]:
    """Prefix, width and value of the next number."""
    journal = env.get("account.journal", move["journal_id"])
    day = move["date"]
    last = _last(env, move)
    if last is not None:
        prefix = last["sequence_prefix"]
        width = len(last["name"]) - len(prefix)
        if _fits(last["name"], day):
            return prefix, width, _highest(env, move, prefix) + 1
        moved = _moved(prefix, day)
        return moved, width, _highest(env, move, moved) + 1
    yearly = journal["type"] in YEARLY_TYPES
    head = f"{journal['code']}/{day[:4]}/" if yearly else f"{journal['code']}/{day[:4]}/{day[5:7]}/"
    if journal.get("refund_sequence") and move["move_type"] in ("out_refund", "in_refund"):
        head = f"R{head}"
    if journal.get("payment_sequence") and move.get("origin_payment_id"):
        head = f"P{head}"
    return head, 5 if yearly else 4, 1


def _group(env: Environment, move: Record) -> tuple[int, str]:
    """Refunds and payments number apart from the rest of their journal."""
    journal = env.store.tables["account.journal"][move["journal_id"]]
    if journal.get("refund_sequence") and move["move_type"] in ("out_refund", "in_refund"):
        return journal["id"], "refund"
    if journal.get("payment_sequence") and move.get("origin_payment_id"):
        return journal["id"], "payment"
    return journal["id"], ""


def _last(env: Environment, move: Record) -> Record | None:
    """The numbered move of the same journal and kind whose pattern is followed: the newest by id."""
    table = env.store.tables["account.move"]
    group = _group(env, move)
    known = table.get(env.store.cache.get(group, 0))
    if known is not None and known["id"] != move["id"] and known.get("name") and _group(env, known) == group:
        return known
    for id in sorted(env.store.lookup("account.move", "journal_id", move["journal_id"]), reverse=True):
        other = table[id]
        if id != move["id"] and other.get("name") and _group(env, other) == group:
            env.store.cache[group] = id
            return other
    return None


def _highest(env: Environment, move: Record, prefix: str) -> int:
    """The highest number under a prefix; remembered as long as the move that has it keeps it."""
    key = (move["journal_id"], prefix)
    table = env.store.tables["account.move"]
    number, id = env.store.cache.get(key, (0, 0))
    holder = table.get(id)
    if holder is not None and holder.get("numbering") == key and holder["sequence_number"] == number:
        return int(number)
    held = [(table[one]["sequence_number"], one) for one in env.store.lookup("account.move", "numbering", key)]
    number, id = max(held, default=(0, 0))
    if id:
        env.store.cache[key] = (number, id)
    return int(number)


def _period(prefix: str) -> tuple[str, re.Match[str] | None]:
    for period, pattern in PERIODS:
        found = pattern.match(prefix)
        if found:
            return period, found
    return "never", None


def _fits(name: str, day: str) -> bool:
    found = NUMBERED.match(name)
    period, parts = _period(found["head"] if found else name)
    if parts is None:
        return True
    return parts["year"] == day[:4] and (period == "year" or parts["month"] == day[5:7])


def _moved(prefix: str, day: str) -> str:
    """The same pattern for the period of another day."""
    period, parts = _period(prefix)
    if parts is None:
        return prefix
    if period == "year":
        return f"{parts['prefix']}{day[:4]}{parts['end']}"
    return f"{parts['prefix']}{day[:4]}{parts['gap']}{day[5:7]}{parts['end']}"
