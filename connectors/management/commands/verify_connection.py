"""How is a connection tested from a terminal? The admin's *Test connection*, with an exit code."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from connectors.base import Check
from connectors.codec import json_text
from connectors.emphasis import plain
from connectors.models import Connection
from connectors.services import connection_verify


class Command(BaseCommand):
    """Writes nothing at the vendor. Ends with 1 when a check failed."""

    help = "Test connections and print the checklist."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("connection", nargs="*", help="tenant/name, tenant being its slug; or the connection's id")
        parser.add_argument("--all", action="store_true", help="every connection that is neither off nor archived")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Connection.objects.filter(archived_at=None).select_related("tenant")
        if options["all"]:
            wanted = list(rows.exclude(state="off"))
        else:
            wanted = [_find(rows, name) for name in options["connection"]]
        if not wanted:
            raise CommandError("Which connection? Give tenant/name, or --all.")
        found: list[dict[str, Any]] = []
        for row in wanted:
            checks = [_plain(check) for check in connection_verify(row)]
            name = f"{row.tenant.slug}/{row.name}"
            found.append({"connection": name, "state": row.state, "identity": row.identity, "checks": checks})
        self.stdout.write(json_text(found) if options["json"] else "\n".join(_lines(found)))
        if any(check["state"] == "failed" for one in found for check in one["checks"]):
            raise CommandError("A check failed.")


def _find(rows: QuerySet[Connection], wanted: str) -> Connection:
    slug, _, name = wanted.partition("/")
    known = rows.filter(pk=int(wanted)) if wanted.isdigit() else rows.filter(tenant__slug=slug, name=name)
    row = known.first()
    if row is None:
        names = ", ".join(f"{one.tenant.slug}/{one.name}" for one in rows) or "none yet"
        raise CommandError(f"There is no connection {wanted!r}; there are: {names}.")
    return row


def _plain(check: Check) -> dict[str, Any]:
    told = asdict(check)
    return {**told, "message": plain(check.message), "cure": plain(check.cure)}


def _lines(found: list[dict[str, Any]]) -> list[str]:
    lines = []
    for one in found:
        lines.append(
            f"{one['connection']}: {one['state']}" + (f", account {one['identity']}" if one["identity"] else "")
        )
        for check in one["checks"]:
            cure = f" {check['cure']}" if check["cure"] else ""
            lines.append(f"  {check['state']:<8}{check['name']}: {check['message']}{cure}")
    return lines
