"""How is a key written in Zoho? As the reference number of a document, which people see and Zoho does not enforce."""

from __future__ import annotations

import re
from hashlib import sha256

MARK = "mlc:"  # by it a list gives our documents and nobody else's
LONGEST = 50  # the longest reference number of a journal is not documented; bills and expenses take 100
_ODD = re.compile(r"[^A-Za-z0-9:._/@=-]")


def stamp_of(key: str) -> str:
    """The key as a reference number. Pure, and different for different keys.

    A key that is short and plain stands as it is behind our mark; whatever is odd becomes `_`, what is long is cut,
    and both get `~` and 16 characters of hash, which no plain key holds."""
    room = LONGEST - len(MARK)
    plain = _ODD.sub("_", key)
    if plain == key and len(key) <= room:
        return MARK + key
    return f"{MARK}{plain[: room - 17]}~{sha256(key.encode()).hexdigest()[:16]}"


def is_stamp(reference: str) -> bool:
    """Whether a reference number is one of ours."""
    return reference.startswith(MARK)
