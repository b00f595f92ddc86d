"""Is each document in the ledger once, after answers were lost and workers killed? A program of its own; prints JSON.

    python -m tests.flows.storm zoho_books --records 5000
    python -m tests.flows.storm dynamics365_fo --records 5000

One installation on servers of its own, worker programs through Celery as in production, the vendors simulated in this
process. About half of the records are those of the demo's company, with bills, payments, vendors and receipts; the
others are plain purchases, each of which says its number. What waits for time to pass is made to wait less."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.servers import Servers

if TYPE_CHECKING:
    from audit.demo.dynamics_company import DynamicsCompany
    from audit.demo.zoho_company import ZohoCompany
    from config.supervisor import Supervisor

    Company = ZohoCompany | DynamicsCompany

SEED = 41
LEASE_MARGIN_SECONDS = 3
LOOK_SECONDS = 0.25


def main(arguments: argparse.Namespace) -> dict[str, Any]:
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlc-storm-", ignore_cleanup_errors=True)))
        home.chmod(0o711)
        servers = Servers(home)
        stack.callback(servers.stop)
        servers.start()
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "MLC_DATA_DIR": str(home),
            "DATABASE_URL": servers.database_url(),
            "REDIS_URL": servers.redis_url(),
            "MLC_LEASE_MARGIN_SECONDS": str(LEASE_MARGIN_SECONDS),
            "MLC_WORKER_PROCESSES": "1",  # who is killed with his worker takes nobody else's lease with him
        }
        import django

        django.setup()
        return weathered(arguments, home, stack)


def weathered(arguments: argparse.Namespace, home: Path, stack: ExitStack) -> dict[str, Any]:
    """Found the companies, let it storm, wait for rest, count."""
    import logging

    from audit.demo.setup import file_of
    from audit.setup_file import setup_apply, setup_read
    from audit.tasks import tick
    from connectors.simulation import serve
    from tests.flows.storm_count import counted, trail_is_as_sealed
    from tests.flows.storm_faults import Storm
    from tests.flows.storm_time import Hurry

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)  # it tells of each connection that is dropped
    today = datetime.now(UTC).date()
    companies = [founded(vendor, arguments.records) for vendor in arguments.vendors]
    served = {name: one for company, *_ in companies for name, one in company.simulators.items()}
    addresses = {name: stack.enter_context(serve(one)).url for name, one in served.items()}
    supervisor = stack.enter_context(working(addresses, arguments.workers, home / "logs"))
    hurries = []
    for company, ledger, calls in companies:
        stack.enter_context(company.prepare(addresses, today))
        parts = company.parts(today)
        parts.pop("members")
        storm = Storm(SEED, arguments.kills, arguments.kill_every * calls)
        if not arguments.calm:
            storm.over(ledger)
        setup_apply(setup_read(file_of(parts)), environment=company.setup(today)[1])
        hurries.append(Hurry(company, storm))
    started, seconds = time.monotonic(), {}
    while len(seconds) < len(hurries):
        supervisor.check()
        tick()
        for hurry in hurries:
            if hurry.look():
                seconds.setdefault(hurry.company.slug, round(time.monotonic() - started, 1))
        if time.monotonic() > started + arguments.patience:
            raise TimeoutError(str([one.open_rows() for one in hurries]))
        time.sleep(LOOK_SECONDS)
    told = {one.company.slug: {"seconds": seconds[one.company.slug], **counted(one)} for one in hurries}
    return {**told, "trail_is_as_sealed": trail_is_as_sealed(), "errors_logged": failures(home / "logs")}


def founded(vendor: str, records: int) -> tuple[Company, Any, int]:
    """The demo's company, its simulated ledger without the limits that would make it wait for minutes, and how many
    calls a batch takes there."""
    from audit.demo.companies import records_of
    from audit.demo.dynamics_company import DynamicsCompany
    from audit.demo.zoho_company import ZohoCompany

    company: Company
    ledger: Any
    if vendor == "zoho_books":
        company = ZohoCompany.found(records // 2, seed=SEED)
        company.zoho.control("switch", {"requests_per_minute": None, "requests_per_day": None})
        ledger, calls = company.zoho, 25
    else:
        company = DynamicsCompany.found(records // 2, seed=SEED)
        ledger, calls = company.fo, 1
    company.brex.switches.requests_per_minute = None
    company.brex.control("seed_records", {"count": max(records // 4, records - records_of(company.brex))})
    return company, ledger, calls


@contextmanager
def working(addresses: dict[str, str], workers: int, logs: Path) -> Iterator[Supervisor]:
    """The programs of `manage.py up` beside the web server."""
    from django.conf import settings

    from config.supervisor import running

    simulators = ",".join(f"{name}={url}" for name, url in addresses.items())
    with running(workers=workers, has_web=False, logs=logs, environment={"MLC_SIMULATORS": simulators}) as supervisor:
        settings.MLC_SIMULATORS = addresses
        yield supervisor


def failures(logs: Path) -> dict[str, int]:
    """What the workers' logs say of errors, by its first words."""
    lines = [line for file in logs.glob("worker*.log") for line in file.read_text(errors="replace").splitlines()]
    return dict(Counter(line.split("]")[-1].strip()[:80] for line in lines if "error" in line.lower()).most_common(8))


def parsed(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vendors", nargs="+", choices=["zoho_books", "dynamics365_fo"])
    parser.add_argument("--records", type=int, default=5000)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--kills", type=int, default=8, help="of workers that post into each ledger")
    parser.add_argument("--kill-every", type=int, default=3, help="so many batches are written from kill to kill")
    parser.add_argument("--calm", action="store_true", help="let nothing happen, to compare")
    parser.add_argument("--patience", type=float, default=3600.0, help="seconds until it is given up")
    return parser.parse_args(given)


if __name__ == "__main__":
    json.dump(main(parsed(sys.argv[1:])), sys.stdout, indent=1, default=str)
    sys.stdout.write("\n")
