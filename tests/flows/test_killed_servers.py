"""Database and broker are killed again and again while records move: is every document in the ledger exactly once?

Real programs throughout: `manage.py up` with two workers on servers of their own, vendors simulated in this process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from audit.demo.books import books_prepare, company_names_set
from audit.demo.ledger import DemoLedger, simulated_ledger
from audit.demo.setup import setup_text
from config.servers import Servers
from connectors.brex.simulator import BrexSimulator
from connectors.brex.simulator.company import locked_until, seed_company
from connectors.simulation import serve

PROJECT = Path(__file__).resolve().parent.parent.parent
BREX, ODOO = "killed-brex", "killed-odoo"
RECORDS = 120
STEPS = 40  # so many more events of the trail before the next kill
PATIENCE_SECONDS = 300.0
NO_CALL_LASTS_SECONDS = 15.0


@dataclass(slots=True)
class Installation:
    """One installation with its vendors."""

    home: Path
    servers: Servers
    brex: BrexSimulator
    ledger: DemoLedger
    odoo_address: str
    environment: dict[str, str]

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=PROJECT, env=self.environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def value(self, question: str) -> Any:
        with psycopg.connect(self.environment["DATABASE_URL"]) as session:
            (row,) = session.execute(question).fetchall()
            return row[0]

    def kill(self, name: str) -> None:
        """SIGKILL to a server, and a start on what it left.

        Turns that die with it hold their lanes for as long as their call could last: two minutes where Odoo was
        written to. The simulators answer in much less, so that nobody waits that long here."""
        (child,) = [one for one in self.servers.children if one.name == name]
        os.kill(child.popen.pid, signal.SIGKILL)
        child.popen.wait()
        self.servers.children.remove(child)
        time.sleep(1)
        self.servers.start(database=name == "PostgreSQL", broker=name == "Valkey")
        with psycopg.connect(self.environment["DATABASE_URL"]) as session:
            session.execute(
                "UPDATE audit_lane SET lease_until = least(lease_until, clock_timestamp() + %s * interval '1 second')"
                " WHERE lease_until IS NOT NULL",
                [NO_CALL_LASTS_SECONDS],
            )

    def tie_out(self) -> dict[str, Any]:
        ledger = self.ledger
        told = self.run(
            "-m", "tests.flows.tie_out", self.odoo_address, ledger.database, ledger.admin_key,
            *ledger.companies.values(),
        )  # fmt: skip
        return dict(json.loads(told.splitlines()[-1]))


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    tmp_path.chmod(0o711)
    with ExitStack() as stack:
        servers = Servers(tmp_path)
        stack.callback(servers.stop)
        servers.start()
        brex = BrexSimulator(seed=11)
        seed_company(brex, records=RECORDS)
        ledger = simulated_ledger(11)
        assert ledger.simulator is not None
        addresses = {BREX: stack.enter_context(serve(brex)).url, ODOO: stack.enter_context(serve(ledger.simulator)).url}
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "MLC_DATA_DIR": str(tmp_path),
            "DATABASE_URL": servers.database_url(),
            "REDIS_URL": servers.redis_url(),
            "MLC_LEASE_MARGIN_SECONDS": "3",
            "MLC_SIMULATORS": ",".join(f"{name}={url}" for name, url in addresses.items()),
            "MLC_SECRET_BREX": brex.user_token,
            "MLC_SECRET_ODOO": ledger.api_key,
        }
        admin = ledger.admin(addresses[ODOO])
        today = datetime.now(UTC).date()
        lock_until = locked_until(today)
        company_names_set(admin, ledger.companies)
        books_prepare(admin, ledger.companies, lock_until=lock_until, today=today)
        made = Installation(tmp_path, servers, brex, ledger, addresses[ODOO], environment)
        made.run("manage.py", "migrate", "--verbosity", "0")
        text = setup_text(
            brex,
            companies=ledger.companies,
            brex_address=f"simulator:{BREX}",
            odoo_address=f"simulator:{ODOO}",
            database=ledger.database,
            post_from=lock_until - timedelta(days=40),
            key_expires_on=today + timedelta(days=200),
        )
        wanted = yaml.safe_load(text)
        wanted["tenants"][0].pop("members")
        file = tmp_path / "setup.yaml"
        file.write_text(yaml.safe_dump(wanted))
        made.run("manage.py", "apply", str(file))
        yield made


@dataclass(slots=True)
class Up:
    """The programs of an installation at work."""

    installation: Installation
    process: subprocess.Popen[bytes]
    seen: int = 0

    def said(self) -> str:
        return (self.installation.home / "up.log").read_text()[-3000:]

    def wait_for_progress(self) -> None:
        """Until the workers have taken some more steps since the last look; whatever kills next hits them at work."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (events := self.installation.value("SELECT count(*) FROM audit_auditevent")) < self.seen + STEPS:
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)
        self.seen = events


@pytest.fixture
def up(installation: Installation) -> Iterator[Up]:
    with (installation.home / "up.log").open("wb") as log:
        command = [sys.executable, "manage.py", "up", "--workers", "2", "--port", "0"]
        process = subprocess.Popen(
            command, cwd=PROJECT, env=installation.environment, stdout=log, stderr=subprocess.STDOUT
        )
        yield Up(installation, process)
        process.terminate()
        process.wait(60)


def test_killed_databases_and_brokers_lose_and_double_nothing(installation: Installation, up: Up) -> None:
    for name in ("PostgreSQL", "Valkey", "PostgreSQL", "Valkey"):
        up.wait_for_progress()
        installation.kill(name)
    told = installation.tie_out()
    assert told["ties"], told
    assert sum(row["in_ledger"] for row in told["rows"]) > RECORDS / 4
    assert up.process.poll() is None, up.said()
    assert "The trail is as it was sealed" in installation.run("manage.py", "verify_audit")
