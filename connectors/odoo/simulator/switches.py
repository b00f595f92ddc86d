"""Which of the simulator's behaviours can be turned, and to what are they set?"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(slots=True)
class Switches:
    """Defaults are Odoo 19.0's behaviour, unthrottled.

    `legacy_datetime` compares datetimes with their microseconds (18.3 and older); `block_duplicate_bill_ref` refuses
    a second bill of one vendor and reference (17 and older); `stale_key_cache` lets XML-RPC go on accepting a key it
    has seen (what a running 19.0 process does); `json2` off makes the server one of before 19.
    `seconds_per_create`, `seconds_per_post` and `seconds_per_entry` are the speed profile, spent one call at a time;
    a self-hosted 19.0 on one core measured 0.045, 0.040 and 0.004. `size_limit` is the largest body in bytes.
    """

    legacy_datetime: bool = False
    block_duplicate_bill_ref: bool = False
    stale_key_cache: bool = True
    json2: bool = True
    version: tuple[int, int] = (19, 0)
    seconds_per_create: float = 0.0
    seconds_per_post: float = 0.0
    seconds_per_entry: float = 0.0
    size_limit: int = 128 * 1024 * 1024
    analytic_digits: Decimal = Decimal("0.01")

    def measured_speed(self) -> None:
        """The pace of the measured server."""
        self.seconds_per_create, self.seconds_per_post, self.seconds_per_entry = 0.045, 0.040, 0.004

    def unthrottled(self) -> None:
        self.seconds_per_create = self.seconds_per_post = self.seconds_per_entry = 0.0
