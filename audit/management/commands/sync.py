"""`manage.py sync FLOW`: run a flow here and now, until it is idle."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.models import Problem, ProblemState
from audit.services import flow_sync
from mappings.models import Flow, FlowState


def flow_named(name: str, tenant: str = "") -> Flow:
    """The flow with this name or id. Raises CommandError when there is none, or more than one."""
    flows = Flow.objects.exclude(state=FlowState.ARCHIVED).select_related("source", "ledger", "tenant")
    if tenant:
        flows = flows.filter(tenant__slug=tenant)
    found = list(flows.filter(pk=int(name)) if name.isdigit() else flows.filter(name=name))
    if not found:
        known = ", ".join(str(flow) for flow in flows[:10]) or "none"
        raise CommandError(f"There is no flow {name!r}. Flows: {known}.")
    if len(found) > 1:
        tenants = ", ".join(flow.tenant.slug for flow in found)
        raise CommandError(f"{name!r} is a flow of {tenants}: name one with --tenant.")
    return found[0]


class Command(BaseCommand):
    help = "Read, decide, post and tell for one flow in this process until nothing is due. Workers may run beside it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("flow", help="Name or id.")
        parser.add_argument("--tenant", default="", help="The tenant's slug, where the name is not unique.")
        parser.add_argument("--json", action="store_true", help="Print the tie-out as JSON.")
        parser.add_argument("--seconds", type=float, default=3600.0, help="Stop after this time at the latest.")

    def handle(self, *args: Any, flow: str, tenant: str, seconds: float, **options: Any) -> None:
        row = flow_named(flow, tenant)
        if row.state not in (FlowState.ON, FlowState.DRY_RUN):
            raise CommandError(f"{row} is {row.get_state_display()}: switch it on first.")
        tally = flow_sync(row, by="command", seconds=seconds)
        if options["json"]:
            self.stdout.write(json.dumps(tally.as_dict(), indent=2))
            return
        for name in ("received", "posted", "witness", "held", "skipped", "failed", "in_work", "not_final"):
            self.stdout.write(f"{name.replace('_', ' '):<10} {getattr(tally, name):>8}")
        self.stdout.write("It ties." if tally.ties else "IT DOES NOT TIE.")
        for problem in Problem.objects.filter(tenant=row.tenant, state=ProblemState.OPEN).order_by("id")[:10]:
            self.stdout.write(f"- {problem}")
