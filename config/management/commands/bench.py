"""`manage.py bench`: how fast is it on this machine, against the limits that have a name?"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.bench import flow, growth, hooks, ledgers, pages
from config.bench.figures import FULL, QUICK, Figure, Sizes
from config.bench.stage import own_databases

PARTS: dict[str, Callable[[Sizes], Iterator[Figure]]] = {
    "flow": flow.measure,
    "ledgers": ledgers.measure,
    "webhooks": hooks.measure,
    "claims": growth.measure_claims,
    "pages": pages.measure,
    "growth": growth.measure,
}
ROW = "{:<66} {:>11} {:<16} {:>6}  {}"


class Command(BaseCommand):
    help = "Measure in a database of its own, which is dropped at the end; a few minutes. Other work falsifies it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", action="append", choices=list(PARTS), help="Only this part; may be repeated.")
        parser.add_argument("--quick", action="store_true", help="Tiny sizes: proves that it works, not how fast.")
        parser.add_argument("--json", action="store_true", help="Print JSON instead of the table.")

    def handle(self, *args: Any, only: list[str] | None, quick: bool, **options: Any) -> None:
        signal.signal(signal.SIGTERM, _end)
        sizes, told = QUICK if quick else FULL, []
        if not options["json"]:
            self.stdout.write(ROW.format(f"median of {sizes.runs} runs", "", "", "ratio", "against"))
        with own_databases() as fresh:
            for name in only or PARTS:
                with fresh():
                    for one in PARTS[name](sizes):
                        told.append(one.as_dict())
                        if not options["json"]:
                            self.stdout.write(line(one))
                            self.stdout.flush()
        if options["json"]:
            self.stdout.write(json.dumps({"quick": quick, "figures": told}, indent=2))


def _end(*_: Any) -> None:
    """End as at an error, so that databases, servers and folders are removed; a second signal does not disturb that."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(128 + signal.SIGTERM)


def line(one: Figure) -> str:
    """A figure as a row of the table."""
    value = f"{one.value:,.0f}" if one.value >= 100 or one.value == 0 else f"{one.value:.3g}"
    ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
    kept = "" if one.is_met is None else f"{one.against} ({one.limit:,.4g}): {'kept' if one.is_met else 'MISSED'}"
    return ROW.format(one.name, value, one.unit, ratio, kept).rstrip()
