"""On what is measured? A database of its own, simulators in a process of their own, tenants that nobody else uses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import yaml
from django.core.management import call_command
from django.db import connection as database

from audit.setup_file import setup_apply, setup_read
from connectors.models import Connection
from mappings.models import Flow

PROJECT = Path(__file__).resolve().parent.parent.parent
LONGEST_STEP = 900  # seconds; nothing that is started here runs longer


@dataclass(frozen=True, slots=True)
class Scene:
    """A tenant whose simulated Brex flows into its simulated Odoo."""

    flow: Flow
    brex: Mapping[str, Any]
    odoo: Mapping[str, Any]

    @property
    def connections(self) -> tuple[int, int]:
        return self.flow.source_id, self.flow.ledger_id

    def seed(self, records: int) -> None:
        """Put so many ready accounting records into Brex."""
        _control(self.brex, "seed_records", count=records)


@contextmanager
def own_databases() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Yields a maker of fresh, migrated databases on the server of DATABASE_URL, each dropped after its block.

    Within a block the database is that of this process and of those that it starts."""
    name = f"mlc_bench_{os.getpid()}"
    with _database(name, "template1"):
        call_command("migrate", verbosity=0, interactive=False)
        database.close()
        yield lambda: _database(f"{name}_part", name)


@contextmanager
def _database(name: str, template: str) -> Iterator[None]:
    url, before = os.environ["DATABASE_URL"], database.settings_dict["NAME"]
    _administer(url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    os.environ["DATABASE_URL"] = urlsplit(url)._replace(path=f"/{name}").geturl()
    database.close()
    database.settings_dict["NAME"] = name
    try:
        yield
    finally:
        database.close()
        os.environ["DATABASE_URL"], database.settings_dict["NAME"] = url, before
        _administer(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _administer(url: str, statement: str) -> None:
    maintenance = urlsplit(url)._replace(path="/postgres").geturl()
    with psycopg.connect(maintenance, autocommit=True) as server:
        server.execute(statement.encode())


@contextmanager
def scene(slug: str) -> Iterator[Scene]:
    """A tenant of that name with fresh simulators in another process."""
    with started("manage.py", "simulate", "brex", "odoo", "--json") as process:
        if process.stdout is None:
            raise RuntimeError("A simulator is read through a pipe.")
        facts = json.loads(process.stdout.readline())
        _control(facts["brex"], "set", requests_per_minute=None)
        environment = {
            "MLC_SECRET_BREX": facts["brex"]["credentials"]["user_token"],
            "MLC_SECRET_ODOO": facts["odoo"]["credentials"]["api_key"],
        }
        setup_apply(setup_read(yaml.safe_dump({"tenants": [_tenant(slug, facts)]})), environment=environment)
        flow = Flow.objects.select_related("source", "ledger", "tenant").get(tenant__slug=slug)
        yield Scene(flow, facts["brex"], facts["odoo"])
        Connection.objects.filter(tenant__slug=slug).update(state="off")  # its lanes are nobody's work any more


@contextmanager
def started(*arguments: str, is_quiet: bool = False) -> Iterator[subprocess.Popen[str]]:
    """A Python program of ours beside this one, with its output in a pipe or, if quiet, nowhere; it ends with us."""
    output = subprocess.DEVNULL if is_quiet else subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=PROJECT,
        text=True,
        stdout=output,
        stderr=subprocess.DEVNULL if is_quiet else None,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def answers_of(*programs: tuple[str, ...]) -> list[dict[str, Any]]:
    """Run programs side by side: each says `ready`, all begin at once, each ends with one line of JSON."""
    running = [
        subprocess.Popen(
            [sys.executable, *arguments], cwd=PROJECT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for arguments in programs
    ]
    try:
        for process in running:
            if process.stdout is None or process.stdout.readline().strip() != "ready":
                raise RuntimeError(f"{process.args!r} did not start.")
        for process in running:
            if process.stdin is not None:
                process.stdin.write("go\n")
                process.stdin.flush()
        return [json.loads(process.communicate(timeout=LONGEST_STEP)[0]) for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()


def _control(facts: Mapping[str, Any], action: str, **arguments: Any) -> Any:
    request = urllib.request.Request(  # noqa: S310 - our own simulator on loopback
        f"{facts['control_url']}/do/{action}", data=json.dumps(arguments).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
        return json.load(answer)


def _tenant(slug: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    odoo = facts["odoo"]
    books = {"ledger": "Odoo", "company": "1"}
    return {
        "slug": slug,
        "name": slug,
        "time_zone": "America/New_York",
        "connections": [
            {
                "name": "Brex",
                "vendor": "brex",
                "address": facts["brex"]["url"],
                "credentials": {"user_token": {"env": "MLC_SECRET_BREX"}},
            },
            {
                "name": "Odoo",
                "vendor": "odoo",
                "address": odoo["url"],
                "credentials": {
                    "database": odoo["credentials"]["database"],
                    "api_key": {"env": "MLC_SECRET_ODOO"},
                },
            },
        ],
        "books": [{**books, "usual_roles": True, "roles": [{"role": "EMREC", "account": "110500"}]}],
        "rules": [{**books, "target": "account", "when": {"gl_account": "600000"}, "value": "600000"}],
        "flows": [{**books, "name": slug, "source": "Brex", "stream": "accounting_records", "state": "on"}],
    }
