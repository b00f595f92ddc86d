"""In which order does the demo happen? Simulators, processes, books, set-up, work, webhooks, counting.

All records are moved by worker programs through Celery, as in production; this process serves the vendors, watches
the rows and counts at the end.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection as database
from rich.console import Console

from audit.demo.announcing import announce
from audit.demo.books import books_prepare, company_names_set, locks_kept
from audit.demo.ledger import real_ledger, simulated_ledger
from audit.demo.people import Login, people_make
from audit.demo.report import Report, report_make
from audit.demo.setup import BREX, TENANT, setup_text
from audit.demo.showing import Bar, bar
from audit.demo.watching import DemoError, Standing, wait_for_rest
from audit.setup_file import setup_apply, setup_read
from audit.tasks import housekeep, tick
from config import trial
from config.supervisor import Supervisor, running
from connectors.brex.simulator import BrexSimulator
from connectors.brex.simulator.company import locked_until, seed_company
from connectors.models import Connection, Tenant
from connectors.simulation import serve
from webhooks.models import DeliveryState, WebhookDelivery
from webhooks.services import endpoint_create, endpoint_register

BREX_NAME, ODOO_NAME = "demo-brex", "demo-odoo"
SEED = 2026
KEY_ENDS_IN = timedelta(days=9)


@dataclass(frozen=True, slots=True)
class Done:
    """A demo that has run to its end and still stands."""

    report: Report
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
        progress.say("Founding the company")
        today = datetime.now(UTC).date()
        brex = BrexSimulator(seed=secrets.randbits(40) if self.is_real else SEED)
        seed_company(brex, records=self.records)
        ledger = real_ledger(os.environ) if self.is_real else simulated_ledger(SEED)
        simulators = {BREX_NAME: self.stack.enter_context(serve(brex)).url}
        if ledger.simulator is not None:
            simulators[ODOO_NAME] = self.stack.enter_context(serve(ledger.simulator)).url
        progress.say("Starting web, workers and beat")
        supervisor = self.stack.enter_context(
            running(
                port=self.port,
                workers=self.workers,
                logs=trial.data_folder() / "logs",
                environment={"MLC_SIMULATORS": ",".join(f"{name}={url}" for name, url in simulators.items())},
            )
        )
        # The children were told by their environment; this process has read its own long ago.
        settings.MLC_SIMULATORS = simulators
        settings.MLC_PUBLIC_URL = supervisor.url

        def say(step: str) -> None:
            supervisor.check()
            progress.say(step)

        def look(now: Standing) -> None:
            supervisor.check()
            progress.look(now)

        say("Preparing the books in Odoo")
        lock_until = locked_until(today)
        admin = ledger.admin(simulators.get(ODOO_NAME, ""))
        self.stack.enter_context(locks_kept(admin, ledger.companies))
        if ledger.simulator is not None:
            company_names_set(admin, ledger.companies)
        books_prepare(admin, ledger.companies, lock_until=lock_until, today=today)
        say("Applying the set-up file")
        logins = people_make()
        text = setup_text(
            brex,
            companies=ledger.companies,
            brex_address=f"simulator:{BREX_NAME}",
            odoo_address=ledger.address or f"simulator:{ODOO_NAME}",
            database=ledger.database,
            post_from=lock_until - timedelta(days=40),
            key_expires_on=today + KEY_ENDS_IN,
        )
        setup_apply(
            setup_read(text), environment={"MLC_SECRET_BREX": brex.user_token, "MLC_SECRET_ODOO": ledger.api_key}
        )
        tick()
        housekeep.delay()
        tenant = Tenant.objects.get(slug=TENANT)
        say("Moving records")
        progress.expect(_records_of(brex))
        wait_for_rest(tenant, look)
        say("Brex announces by webhook")
        announced = self._announce(tenant, brex, look)
        say("Counting in Odoo")
        report = report_make(
            admin,
            tenant,
            books={company: key for key, company in ledger.companies.items()},
            source_ids=_ids_of(brex),
            facts={"announced_by_webhook": announced},
        )
        progress.finish()
        return Done(report, logins, supervisor)

    def _announce(self, tenant: Tenant, brex: BrexSimulator, look: Callable[[Standing], None]) -> dict[str, Any]:
        """A controller approves in Brex what was in review; Brex says so, and nobody waits for the next poll."""
        connection = Connection.objects.get(tenant=tenant, name=BREX)
        endpoint_register(endpoint_create(connection=connection, by="demo"), by="demo")
        announced = announce(brex, tenant)

        def is_handed_over() -> bool:
            rows = WebhookDelivery.objects.filter(tenant=tenant)
            return rows.exists() and not rows.exclude(state=DeliveryState.DONE).exists()

        announced.wait(is_handed_over, look)
        wait_for_rest(tenant, look)
        return {**announced.as_dict(), "deliveries": WebhookDelivery.objects.filter(tenant=tenant).count()}


def _refuse_if_used() -> None:
    """The demo needs a database of its own. Raises DemoError."""
    table = Tenant._meta.db_table
    if table in database.introspection.table_names() and Tenant.objects.exists():
        raise DemoError(
            "The database of DATABASE_URL has tenants already; give the demo an empty one, or leave DATABASE_URL out."
        )


def _records_of(brex: BrexSimulator) -> int:
    store = brex.store
    cash = sum(len(store.cash_of(account["id"])) for account in store.cash_accounts)
    return len(store.records) + len(store.card_transactions) + cash + len(store.expenses) + len(store.vendors)


def _ids_of(brex: BrexSimulator) -> set[str]:
    return {str(one["id"]) for items in brex.store.stores().values() for one in items if "id" in one}
