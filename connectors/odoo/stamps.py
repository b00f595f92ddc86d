"""How is a key written in Odoo? As an external id, whose uniqueness Odoo's database enforces."""

from __future__ import annotations

import re
from hashlib import sha256

MODULE = "mlc"
LONGEST = 120  # Odoo takes more; a person should still be able to read it in a list
_ODD = re.compile(r"[^A-Za-z0-9:._/@+=-]")


def stamp_of(key: str) -> str:
    """The key as the name of an external id. Pure, and different for different keys.

    A key that is short and plain is its own stamp. Odoo refuses spaces in names; whatever is odd becomes `_`, what
    is long is cut, and both get `~` and 16 characters of hash, which no plain key holds."""
    plain = _ODD.sub("_", key)
    if plain == key and len(key) <= LONGEST:
        return key
    return f"{plain[: LONGEST - 17]}~{sha256(key.encode()).hexdigest()[:16]}"


def external_id(stamp: str) -> str:
    return f"{MODULE}.{stamp}"


def line_external_id(stamp: str, number: int) -> str:
    """Every line has its own, or a repeated `load` would append the lines again (observed on Odoo 19.0).

    With `#`, because an external id belongs to one model: line 1 of `accr_7` would otherwise take the name of the
    document `accr_7_1`."""
    return f"{MODULE}.{stamp}#{number}"


def stamp_from(name: str) -> str:
    """The stamp of an external id of ours; empty for anybody else's."""
    prefix = f"{MODULE}."
    return name.removeprefix(prefix) if name.startswith(prefix) and "#" not in name else ""
