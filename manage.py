#!/usr/bin/env python3
"""Runs one management command; where DATABASE_URL or REDIS_URL is missing, on embedded servers."""

import os
import sys

WITHOUT_SERVERS = {"help", "--help", "-h", "version", "--version", "check", "simulate", "spectacular"}
SUPERVISORS = {"up", "demo"}  # they start processes of their own, and must own the servers


def main() -> None:
    from django.core.management import execute_from_command_line

    from config import trial
    from config.servers import ServersError

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    try:
        if (command in WITHOUT_SERVERS and "--database" not in sys.argv) or "--help" in sys.argv:
            execute_from_command_line(sys.argv)
        elif command == "bench":  # beside whatever else runs from the data folder
            with trial.throwaway_servers(is_durable=True):
                execute_from_command_line(sys.argv)
        else:
            if command == "demo":
                trial.demo_folder_choose()
            with trial.servers_running(is_main=command in SUPERVISORS, is_fresh=command == "demo"):
                execute_from_command_line(sys.argv)
    except ServersError as error:
        sys.exit(f"ml-connector: {error}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
