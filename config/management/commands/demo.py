"""A believable company, moved from Brex into Odoo before your eyes; ends at the admin."""

from __future__ import annotations

import logging
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from audit.demo.showing import show_access, show_reports
from audit.demo.watching import DemoError
from audit.setup_file import SetupFileError
from config import trial
from config.demo import Demo
from config.supervisor import SupervisorError
from connectors.codec import json_text
from connectors.errors import ConnectorError

WIDTH_OF_A_FILE = 110


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="end when it is done; exit code 0 only if it ties")
        parser.add_argument("--json", action="store_true", help="with --once: one JSON document on standard output")
        parser.add_argument("--port", type=int, default=8000, help="of the web server on 127.0.0.1; 0 takes a free one")
        parser.add_argument("--records", type=int, default=1000, help="how many records the company has, about")
        parser.add_argument("--workers", type=int, default=1, help="number of worker programs")
        parser.add_argument("--real-odoo", action="store_true", help="post into the Odoo of ODOO_URL and its keys")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["json"] and not options["once"]:
            raise CommandError("--json needs --once: a demo that stays never ends its document.")
        _log_to_file()
        console = Console(stderr=bool(options["json"]), highlight=False)
        if not console.is_terminal:
            console = Console(stderr=bool(options["json"]), highlight=False, width=WIDTH_OF_A_FILE)
        demo = Demo(
            console=console,
            port=options["port"],
            records=options["records"],
            workers=options["workers"],
            is_real=options["real_odoo"],
        )
        try:
            with demo.run() as done:
                if options["json"]:
                    self.stdout.write(json_text(done.reports.as_dict()))
                else:
                    show_reports(console, done.reports)
                if not options["once"]:
                    show_access(console, done.url, done.logins)
                    done.supervisor.wait()
            if not done.reports.ties:
                sys.exit(1)
        except SetupFileError as error:
            raise CommandError("The demo could not be set up:\n" + "\n".join(error.mistakes)) from error
        except (SupervisorError, DemoError, ConnectorError) as error:
            raise CommandError(f"{error} The logs are in {trial.data_folder() / 'logs'}.") from error
        except KeyboardInterrupt:
            console.print("stopped")
            sys.exit(0 if demo.is_ready and not options["once"] else 130)


def _log_to_file() -> None:
    """The terminal is for people: what this process logs goes beside the logs of its children."""
    folder = trial.data_folder() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    stream = (folder / "demo.log").open("a")
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(stream)
