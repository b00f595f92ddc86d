"""How is a vendor rehearsed without the vendor? Serves simulators over HTTP until Ctrl-C."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from contextlib import ExitStack
from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors import registry
from connectors.codec import json_text
from connectors.registry import connector_get
from connectors.simulation import Served, Simulator, serve


class Command(BaseCommand):
    """State is in memory: one process serves a vendor, everything else calls it, and Ctrl-C forgets it all."""

    help = "Serve simulated vendors on this machine; prints their addresses and credentials."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "vendors", nargs="+", metavar="VENDOR", help=f"one or more of: {', '.join(registry.CONNECTORS)}"
        )
        parser.add_argument(
            "--port", type=int, default=0, help="first port; each vendor takes two, the second for its control plane"
        )
        parser.add_argument("--seed", type=int, default=2026, help="the same seed gives the same keys and records")
        parser.add_argument("--company", action="store_true", help="with the demo company in it, where there is one")
        parser.add_argument("--records", type=int, default=1000, help="how many records the demo company has")
        parser.add_argument("--json", action="store_true", help="print one line of JSON instead")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        with ExitStack() as stack:
            served: dict[str, Served] = {}
            for at, vendor in enumerate(options["vendors"]):
                simulator = simulator_make(vendor, options["seed"], options["records"] if options["company"] else 0)
                port = options["port"] + 2 * at if options["port"] else 0
                try:
                    served[vendor] = stack.enter_context(serve(simulator, port, port + 1 if port else 0))
                except (OSError, SystemExit) as error:  # werkzeug exits where a port is taken
                    raise CommandError(f"Port {port} or {port + 1} is taken; choose another with --port.") from error
                if hasattr(simulator, "start"):
                    simulator.start()
                    stack.callback(simulator.stop)
            self.stdout.write(json_text(_facts(served)) if options["json"] else _page(served))
            self.stdout.flush()
            stop.wait()


def simulator_make(vendor: str, seed: int, records: int = 0) -> Simulator:
    """A vendor's simulator, with the demo company of so many records if it has one. Raises CommandError."""
    if vendor not in registry.CONNECTORS:
        raise CommandError(f"There is no connector {vendor!r}; known are {', '.join(registry.CONNECTORS)}.")
    path = connector_get(vendor).simulator
    if not path:
        raise CommandError(f"{vendor} has no simulator.")
    module, _, name = path.rpartition(".")
    kind = getattr(import_module(module), name)
    simulator = kind.demo(seed=seed, records=records) if records and hasattr(kind, "demo") else kind(seed=seed)
    assert isinstance(simulator, Simulator)  # noqa: S101 - the registry says so
    return simulator


def _facts(served: dict[str, Served]) -> dict[str, Any]:
    return {
        vendor: {"url": one.url, "control_url": one.control_url, "credentials": credentials_of(one.simulator)}
        for vendor, one in served.items()
    }


def credentials_of(simulator: Simulator) -> dict[str, Any]:
    """What a connection to the simulator is given; {} if it lets everybody in."""
    tell = getattr(simulator, "credentials", None)
    return dict(tell()) if tell else {}


def _page(served: dict[str, Served]) -> str:
    lines = []
    for vendor, facts in _facts(served).items():
        lines += [
            f"{vendor}: {facts['url']}",
            f"  control: {facts['control_url']} (/state, /calls, /fault, /clock, /do/…)",
        ]
        lines += [f"  {name}: {value}" for name, value in facts["credentials"].items()]
    addresses = ",".join(f"{vendor}={one.url}" for vendor, one in served.items())
    lines += ["", f"For connections with an address like simulator:{next(iter(served))}: MLC_SIMULATORS={addresses}"]
    return "\n".join([*lines, "Ctrl-C ends it."])
