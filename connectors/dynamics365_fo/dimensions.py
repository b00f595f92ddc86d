"""How do an account and its dimensions become one text? As the environment's active format says, escaped, in order.

The formats are global, one active per kind, and name the dimensions joined by the delimiter; a value holding the
delimiter gets a backslash before it (https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/financial/
financial-dimension-configuration-integration; the backslash as seen in public data)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.dynamics365_fo.schema import FormatRow, ParametersRow
from connectors.errors import ConfigurationError, UnsupportedError

MAIN_ACCOUNT = "MainAccount"
LEDGER = "DataEntityLedgerDimensionFormat"
DEFAULT = "DataEntityDefaultDimensionFormat"
DELIMITERS = {
    "Hyphen": "-",
    "Period": ".",
    "Underscore": "_",
    "Bar": "|",
    "Tilde": "~",
    "DoubleHyphen": "--",
    "DoublePeriod": "..",
    "DoubleUnderscore": "__",
    "DoubleBar": "||",
    "DoubleTilde": "~~",
}
SCREEN = (
    "General ledger > Chart of accounts > Dimensions > Financial dimension configuration for integrating applications"
)
ESCAPE = "\\"
Teller = Callable[[str, Mapping[str, str]], "str | None"]
"""Asks Dynamics how it writes values by dimension name in a format of a kind; None: it does not tell."""


@dataclass(frozen=True, slots=True)
class Formats:
    """The two formats of an environment: dimension names in their order. `ledger` holds the main account too.

    Texts are joined by rule. `teller` is asked for one that would not read back as it was meant (how a backslash is
    taken is not known, and a value that ends in half a delimiter runs into the next one), and with `asks_always` for
    every text."""

    delimiter: str
    ledger: tuple[str, ...]
    default: tuple[str, ...]
    teller: Teller | None = field(default=None, compare=False, repr=False)
    asks_always: bool = False

    def account(self, main_account: str, dimensions: Mapping[str, str]) -> str:
        """A ledger account with dimensions, empty where unused: `605110-001--CC7`.

        Raises UnsupportedError for a dimension that the format does not carry, or a value it cannot hold; and
        ConnectorErrors where Dynamics is asked."""
        return self._written(LEDGER, self.ledger, {MAIN_ACCOUNT: main_account, **dimensions})

    def dimensions(self, dimensions: Mapping[str, str]) -> str:
        """The dimensions of an account that is no ledger account."""
        return self._written(DEFAULT, self.default, dimensions) if dimensions else ""

    def plain(self, value: str) -> str:
        """A vendor or bank account: one segment, escaped."""
        if ESCAPE in value:
            raise UnsupportedError(f"How Dynamics takes a backslash, as in {value!r}, is not known.")
        return self._escaped(value)

    def segments(self, text: str) -> tuple[str, ...]:
        """The values of a display text without escapes; empty ones at the end do not count."""
        found, current, at = [], "", 0
        while at < len(text):
            if text[at] == ESCAPE and text.startswith((self.delimiter, ESCAPE), at + 1):
                step = self.delimiter if text.startswith(self.delimiter, at + 1) else ESCAPE
                current, at = current + step, at + 1 + len(step)
            elif text.startswith(self.delimiter, at):
                found.append(current)
                current, at = "", at + len(self.delimiter)
            else:
                current, at = current + text[at], at + 1
        found.append(current)
        while found and not found[-1]:
            found.pop()
        return tuple(found)

    def carries(self, dimension: str, *, with_account: bool = True) -> bool:
        return dimension in (self.ledger if with_account else self.default)

    def _written(self, kind: str, names: Sequence[str], values: Mapping[str, str]) -> str:
        lost = [name for name in values if name not in names]
        if lost:
            raise UnsupportedError(f"The active dimension format of Dynamics has no {lost[0]}; add it under {SCREEN}.")
        wanted = [values.get(name, "") for name in names]
        by_rule = self.delimiter.join(map(self._escaped, wanted))
        is_sure = not any(ESCAPE in value for value in wanted) and self._reads(by_rule, wanted)
        told = self.teller(kind, values) if self.teller and (self.asks_always or not is_sure) else None
        if told and self._reads(told, wanted):
            return told
        if told:
            raise UnsupportedError(
                f"Dynamics writes {' / '.join(filter(None, wanted))} as {told}, which says otherwise."
            )
        if is_sure:
            return by_rule
        raise UnsupportedError(
            f"How Dynamics takes {' / '.join(filter(None, wanted))} is not known, and it does not tell: use values "
            f"without a backslash that do not end in a part of the delimiter {self.delimiter}."
        )

    def _escaped(self, value: str) -> str:
        return value.replace(self.delimiter, f"{ESCAPE}{self.delimiter}")

    def _reads(self, text: str, wanted: Sequence[str]) -> bool:
        """Whether a text means these values; Dynamics may write them in other letters."""
        read = [value.lower() for value in self.segments(text)]
        missing = [""] * (len(wanted) - len(read))
        return [*read, *missing] == [value.lower() for value in wanted]


def formats_of(
    rows: Sequence[FormatRow],
    parameters: Sequence[ParametersRow],
    teller: Teller | None = None,
    *,
    asks_always: bool = False,
) -> Formats:
    """The active formats. Raises ConfigurationError when one is missing, naming the screen where it is made."""
    word = parameters[0].dimension_segment_delimiter if parameters else ""
    if word not in DELIMITERS:
        raise ConfigurationError(
            "Dynamics tells no delimiter of dimension segments: choose it under General ledger > Chart of accounts > "
            "Dimensions > Dimension parameters."
        )
    delimiter = DELIMITERS[word]
    active = {row.dimension_format_type: row.financial_dimension_format for row in rows if row.is_active == "Yes"}
    for kind, what in ((LEDGER, "Ledger dimension format"), (DEFAULT, "Default dimension format")):
        if not active.get(kind):
            raise ConfigurationError(f"Dynamics has no active *{what}*: make one under {SCREEN}.")
    ledger, default = (tuple(active[kind].split(delimiter)) for kind in (LEDGER, DEFAULT))
    if MAIN_ACCOUNT not in ledger:
        raise ConfigurationError(f"The active *Ledger dimension format* has no {MAIN_ACCOUNT}: mend it under {SCREEN}.")
    return Formats(delimiter, ledger, default, teller, asks_always)
