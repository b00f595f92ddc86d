"""`manage.py apply FILE`: set up tenants, connections, books, flows and rules from YAML, as often as one likes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.setup_file import SetupFileError, setup_apply, setup_read


class Command(BaseCommand):
    help = (
        "Create or update tenants, connections, books, flows and mapping rules from a YAML file. Secrets are read from "
        "variables named MLC_SECRET_*. Prints what it does; applying the same file again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="Print the plan and roll everything back.")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read: {error}.") from error
        try:
            changes = setup_apply(setup_read(text), dry_run=dry_run, note=lambda said: self.stderr.write(f"… {said}"))
        except SetupFileError as error:
            raise CommandError(f"{file} was not applied; nothing was changed:\n" + "\n".join(error.mistakes)) from error
        for change in changes:
            detail = f" ({change.detail})" if change.detail else ""
            self.stdout.write(f"{change.done:<10} {change.what:<11} {change.name}{detail}")
        counts = ", ".join(
            f"{sum(change.done == done for change in changes)} {done}" for done in ("created", "changed", "unchanged")
        )
        self.stdout.write(f"{'Would be: ' if dry_run else ''}{counts}.")
