"""Runs ml-connector on this machine: servers where none are given, web, workers and beat, until Ctrl-C."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.supervisor import SupervisorError, running


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="of the web server on 127.0.0.1; 0 takes a free one")
        parser.add_argument("--workers", type=int, default=1, help="number of worker programs")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with running(port=options["port"], workers=options["workers"]) as supervisor:
                self.stdout.write(f"ml-connector is ready: {supervisor.url}/admin/ (Ctrl-C ends it)")
                supervisor.wait()
        except SupervisorError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("stopped")
