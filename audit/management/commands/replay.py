"""`manage.py replay`: decide held or failed records anew, from their stored payloads and today's mappings."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.management.commands.sync import flow_named
from audit.models import Hold, RecordState, SyncRecord
from audit.sync.replay import REPLAYABLE, replay


class Command(BaseCommand):
    help = "Replay records by id, by flow or by problem. It never sends what is posted or uncertain."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("records", nargs="*", type=int, help="Record ids.")
        parser.add_argument("--flow", default="", help="All of this flow that are in --state.")
        parser.add_argument("--tenant", default="", help="The tenant's slug, where the flow's name is not unique.")
        parser.add_argument("--problem", type=int, help="All that wait on this problem.")
        parser.add_argument("--state", choices=[state.value for state in REPLAYABLE], default=RecordState.HELD.value)
        parser.add_argument("--reason", default="", help="Why; kept in the trail.")
        parser.add_argument("--dry-run", action="store_true", help="Say what it would touch.")

    def handle(self, *args: Any, records: list[int], flow: str, problem: int | None, **options: Any) -> None:
        if sum(bool(given) for given in (records, flow, problem)) != 1:
            raise CommandError("Name either record ids, a flow or a problem.")
        if records:
            ids = list(SyncRecord.objects.filter(id__in=records).values_list("id", flat=True))
            if missing := sorted(set(records) - set(ids)):
                raise CommandError(f"There is no record {', '.join(map(str, missing))}.")
        elif flow:
            row = flow_named(flow, options["tenant"])
            ids = list(SyncRecord.objects.filter(flow=row, state=options["state"]).values_list("id", flat=True))
        else:
            waiting = Hold.objects.filter(problem__pk=problem or 0, released_at__isnull=True)
            ids = list(waiting.values_list("record_id", flat=True))
        if options["dry_run"]:
            self.stdout.write(f"{len(ids)} records would be decided anew.")
            return
        done = replay(ids, by="command", reason=options["reason"])
        self.stdout.write(f"{done.records} records are decided anew.")
        for state, number in done.left_alone.items():
            self.stdout.write(f"{number} left alone: {state}.")
