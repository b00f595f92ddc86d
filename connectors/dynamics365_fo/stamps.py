"""How is a key written in Dynamics? As a mark that fits a document number, and as a journal batch number of our own."""

from __future__ import annotations

import re
from hashlib import sha256

WORD = 6  # characters of the vendor word that a person sees first
WORDS = ("brex", "sapcon", "avidxc", "odoo", "zohobo", "dynami", "mlc")
"""Words that marks begin with, so that all of them can be asked for; `mlc` stands for every other vendor."""
MARK = re.compile(r"^[a-z0-9]{1,6}-[a-z2-7]{13}$")
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_FIRST = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SIGNS = f"{_FIRST}0123456789"


def stamp_of(key: str) -> str:
    """The key as `brex-` and 13 characters (65 bits) of its hash: it fits *Document* (20 characters), and holds
    nothing that a filter takes for a wildcard. Pure."""
    word = re.sub(r"[^a-z0-9]", "", key.partition(":")[0].lower())[:WORD]
    return f"{word if word in WORDS else WORDS[-1]}-{letters(key, 13)}"


def letters(text: str, length: int) -> str:
    """Letters of a text's hash, of five bits each. Pure."""
    return _spelt(int.from_bytes(sha256(text.encode()).digest()), _LETTERS, length)


def is_stamp(text: str) -> bool:
    """Whether a text could be a mark of ours and of nobody else."""
    return MARK.match(text.strip()) is not None


def number_of(stamp: str) -> str:
    """The journal batch number of a document: 10 characters, the first a letter, so that no sequence runs into it.

    Pure, so that an empty installation asks for the same number: 2.6e15 of them make a meeting of two documents among
    a million unlikely (one in five thousand), and Dynamics would refuse it rather than mix them."""
    rest = int.from_bytes(sha256(f"batch {stamp}".encode()).digest())
    first, rest = _FIRST[rest % len(_FIRST)], rest // len(_FIRST)
    return first + _spelt(rest, _SIGNS, 9)


def _spelt(number: int, letters: str, length: int) -> str:
    signs = []
    for _ in range(length):
        number, rest = divmod(number, len(letters))
        signs.append(letters[rest])
    return "".join(signs)
