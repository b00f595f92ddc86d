"""In which order does the demo happen? Simulators, processes, books, set-up, work, webhooks, counting.

All records are moved by worker programs through Celery, as in production; this process serves the vendors, watches
the rows and counts at the end.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection as database
from rich.console import Console

from audit.demo.announcing import announce
from audit.demo.companies import DemoCompany, records_of
from audit.demo.dynamics_company import DynamicsCompany
from audit.demo.odoo_company import OdooCompany
from audit.demo.people import Login, people_make
from audit.demo.report import Reports, report_make
from audit.demo.setup import BREX
from audit.demo.showing import Bar, bar
from audit.demo.watching import DemoError, Standing, wait_for_rest
from audit.demo.zoho_company import ZohoCompany
from audit.setup_file import setup_apply, setup_read
from audit.tasks import housekeep, tick
from config import trial
from config.supervisor import Supervisor, running
from connectors.models import Connection, Tenant
from connectors.simulation import serve
from webhooks.models import DeliveryState, WebhookDelivery
from webhooks.services import endpoint_create, endpoint_register

OTHERS = 60  # records of each company beside the first: Zoho serves a hundred calls a minute


@dataclass(frozen=True, slots=True)
class Done:
    """A demo that has run to its end and still stands."""

    reports: Reports
    logins: list[Login]
    supervisor: Supervisor

    @property
    def url(self) -> str:
        return self.supervisor.url


@dataclass(slots=True)
class Demo:
    """One run. Nothing of it is left running when its block ends, however it ends."""

    console: Console
    port: int
    records: int
    workers: int
    is_real: bool
    is_ready: bool = False
    stack: ExitStack = field(default_factory=ExitStack)

    @contextmanager
    def run(self) -> Iterator[Done]:
        """Yield once everything is counted. Raises DemoError, SupervisorError, SetupFileError, ConnectorError."""
        _refuse_if_used()
        with self.stack:
            with bar(self.console) as progress:
                done = self._run(progress)
            self.is_ready = True
            yield done

    def _run(self, progress: Bar) -> Done:
        progress.say("Founding the companies")
        today = datetime.now(UTC).date()
        companies = self._companies()
        served = {name: one for company in companies for name, one in company.simulators.items()}
        addresses = {name: self.stack.enter_context(serve(one)).url for name, one in served.items()}
        progress.say("Starting web, workers and beat")
        supervisor = self.stack.enter_context(
            running(
                port=self.port,
                workers=self.workers,
                logs=trial.data_folder() / "logs",
                environment={"MLC_SIMULATORS": ",".join(f"{name}={url}" for name, url in addresses.items())},
            )
        )
        # The children were told by their environment; this process has read its own long ago.
        settings.MLC_SIMULATORS = addresses
        settings.MLC_PUBLIC_URL = supervisor.url

        def say(step: str) -> None:
            supervisor.check()
            progress.say(step)

        def look(now: Standing) -> None:
            supervisor.check()
            progress.look(now)

        logins = people_make()
        for company in companies:
            say(f"Preparing books in {company.ledger}")
            self.stack.enter_context(company.prepare(addresses, today))
            text, secrets = company.setup(today)
            setup_apply(setup_read(text), environment=secrets)
        tick()
        housekeep.delay()
        tenants = list(Tenant.objects.filter(slug__in=[company.slug for company in companies]))
        say("Moving records")
        progress.expect(sum(records_of(company.brex) for company in companies))
        wait_for_rest(tenants, look)
        say("Brex announces by webhook")
        announced = self._announce(companies[0], look)
        say("Counting in the ledgers")
        reports = Reports(
            {company.slug: report_make(company) for company in companies}, {"announced_by_webhook": announced}
        )
        progress.finish()
        return Done(reports, logins, supervisor)

    def _companies(self) -> Sequence[DemoCompany]:
        first = OdooCompany.found(self.records, os.environ if self.is_real else None)
        others = min(OTHERS, self.records // 2)
        return [first] if self.is_real else [first, ZohoCompany.found(others), DynamicsCompany.found(others)]

    def _announce(self, company: DemoCompany, look: Callable[[Standing], None]) -> dict[str, Any]:
        """A controller approves in Brex what was in review; Brex says so, and nobody waits for the next poll."""
        tenant = Tenant.objects.get(slug=company.slug)
        connection = Connection.objects.get(tenant=tenant, name=BREX)
        endpoint_register(endpoint_create(connection=connection, by="demo"), by="demo")
        announced = announce(company.brex, tenant)

        def is_handed_over() -> bool:
            rows = WebhookDelivery.objects.filter(tenant=tenant)
            return rows.exists() and not rows.exclude(state=DeliveryState.DONE).exists()

        announced.wait(is_handed_over, look)
        wait_for_rest([tenant], look)
        return {**announced.as_dict(), "deliveries": WebhookDelivery.objects.filter(tenant=tenant).count()}


def _refuse_if_used() -> None:
    """The demo needs a database of its own. Raises DemoError."""
    table = Tenant._meta.db_table
    if table in database.introspection.table_names() and Tenant.objects.exists():
        raise DemoError(
            "The database of DATABASE_URL has tenants already; give the demo an empty one, or leave DATABASE_URL out."
        )
