#!/usr/bin/env python3
"""Runs one management command; without DATABASE_URL or REDIS_URL, on the embedded servers."""

import os
import sys

WITHOUT_SERVERS = {"help", "--help", "-h", "version", "--version", "check", "collectstatic"}


def main() -> None:
    from django.core.management import execute_from_command_line

    from config import servers

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    if len(sys.argv) < 2 or sys.argv[1] in WITHOUT_SERVERS:
        execute_from_command_line(sys.argv)
        return
    try:
        with servers.reachable():
            execute_from_command_line(sys.argv)
    except servers.ServersError as error:
        sys.exit(f"ml-connector: {error}")


if __name__ == "__main__":
    main()
