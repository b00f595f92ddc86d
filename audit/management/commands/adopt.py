"""`manage.py adopt LEDGER`: list our documents in a ledger, all of them, and say what is unknown, changed or gone."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.models import Problem, ProblemState
from audit.sync.adopt import adoption_ensure
from connectors.errors import ConnectorError
from connectors.models import Connection
from connectors.services import connection_ledger
from mappings.models import Flow, FlowState


class Command(BaseCommand):
    help = (
        "List all our documents in a ledger's companies. What no posting knows is adopted when its record comes; what "
        "was changed, doubled or removed there becomes a problem. Nothing is written in the ledger."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ledger", help="Name or id of the ledger's connection.")
        parser.add_argument("--tenant", default="")

    def handle(self, *args: Any, ledger: str, tenant: str, **options: Any) -> None:
        rows = Connection.objects.filter(archived_at=None).select_related("tenant")
        rows = rows.filter(pk=int(ledger)) if ledger.isdigit() else rows.filter(name=ledger)
        found = list(rows.filter(tenant__slug=tenant) if tenant else rows)
        if len(found) != 1:
            raise CommandError(f"{len(found)} connections are called {ledger!r}: name one by id, or with --tenant.")
        connection = found[0]
        flows = Flow.objects.filter(ledger=connection).exclude(state=FlowState.ARCHIVED)
        try:
            opened = connection_ledger(connection)
            for company in sorted(set(flows.values_list("company", flat=True))):
                strangers = adoption_ensure(None, connection, opened, company, "command", in_full=True)
                self.stdout.write(f"Company {company}: {strangers} documents of ours that no posting knows.")
        except ConnectorError as error:
            raise CommandError(error.message) from error
        found_problems = Problem.objects.filter(
            connection=connection,
            state=ProblemState.OPEN,
            code__in=["changed_in_ledger", "gone_from_ledger", "twice_in_ledger"],
        )
        for problem in found_problems:
            self.stdout.write(f"- {problem}")
