#!/usr/bin/env python3
"""What does a newcomer call? ``python3 run.py demo|test|bench|up [arguments]``

Builds the virtual environment from requirements.lock where it is missing or older than the lock, and runs the command
in it. Standard library only, and readable by Python 3.7, so that an old one gets a sentence instead of a traceback.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

PROJECT = Path(__file__).resolve().parent
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "built-from"
LOCK = PROJECT / "requirements.lock"
OLDEST = (3, 11)
SERVED = {"Linux": ("x86_64", "aarch64"), "Darwin": ("x86_64", "arm64")}
COMMANDS = {
    "demo": "a believable company, moved into a ledger before your eyes; ends at the admin",
    "test": "the test suite; arguments go to pytest",
    "bench": "measures, and prints a table",
    "up": "runs everything until Ctrl-C",
}


class RefusalError(Exception):
    """Why it cannot go on, in one sentence."""


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in COMMANDS:
        for name, meaning in COMMANDS.items():
            print(f"python3 run.py {name:<6} {meaning}")
        return 0 if arguments and arguments[0] in ("-h", "--help", "help") else 2
    try:
        check_machine()
        build()
    except RefusalError as refusal:
        print(f"run.py: {refusal}", file=sys.stderr)
        return 1
    return become(*arguments)


def become(name: str, *rest: str) -> NoReturn:
    program = ("-m", "pytest") if name == "test" else (str(PROJECT / "manage.py"), name)
    if name == "test" and not rest:
        # Each process has databases of its own; one more than there are processors, as tests of killed programs wait.
        rest = ("-n", str(min(4, (os.cpu_count() or 1) + 1)), "--dist", "loadfile")
    os.chdir(PROJECT)
    sys.stdout.flush()
    os.execv(PYTHON, [str(PYTHON), *program, *rest])  # noqa: S606 - this process becomes the command


def check_machine() -> None:
    """Raise RefusalError where the packages cannot run."""
    if sys.version_info < OLDEST:
        raise RefusalError(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed and this is {platform.python_version()}; "
            "call it with a newer one, such as: python3.11 run.py"
        )
    system, machine = platform.system(), platform.machine()
    is_musl = system == "Linux" and platform.libc_ver()[0] != "glibc"
    if is_musl or machine not in SERVED.get(system, ()):
        raise RefusalError(
            "PostgreSQL and Valkey come as packages for Linux with glibc (x86_64, aarch64) and for macOS, not for "
            f"{system} {machine}{' with musl' if is_musl else ''}; use a Debian container, "
            "or install as the README says for production."
        )


def build() -> None:
    """Make .venv what the lock says. A second call finds the stamp and does nothing; an interrupted one is repeated."""
    wanted = stamp()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == wanted:
        return
    folder = VENV if VENV.exists() else PROJECT
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RefusalError(f"{folder} cannot be written; copy the project to a folder of yours.")
    STAMP.unlink(missing_ok=True)
    print("run.py: installing packages into .venv (once, under half a minute)", file=sys.stderr)
    uv = shutil.which("uv")
    if uv and succeeds(uv, "--version"):
        build_by_uv(uv)
    else:
        build_by_pip()
    STAMP.write_text(wanted)


def stamp() -> str:
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    return f"{lock} {sys.version_info[0]}.{sys.version_info[1]} {platform.machine()}\n"


def build_by_uv(uv: str) -> None:
    if not holds_this_python():
        shutil.rmtree(VENV, ignore_errors=True)
        call("the virtual environment could not be made", uv, "venv", "-q", "--python", sys.executable, VENV)
    options = ("-q", "--python", PYTHON, "--require-hashes", "--only-binary", ":all:")
    call("the packages could not be installed", uv, "pip", "sync", *options, LOCK)


def build_by_pip() -> None:
    if not (holds_this_python() and succeeds(PYTHON, "-m", "pip", "--version")):
        made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True)
        if made.returncode and "ensurepip" in made.stdout + made.stderr:
            raise RefusalError(
                "this Python cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv"
            )
        if made.returncode:
            raise RefusalError(f"the virtual environment could not be made: {last_line(made.stderr)}")
    options = ("-q", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:")
    call("the packages could not be installed", PYTHON, "-m", "pip", "install", *options, "-r", LOCK)


def holds_this_python() -> bool:
    """Whether .venv was made for the version that runs this; another one's packages are of no use."""
    return succeeds(PYTHON, "-c", f"import sys; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})")


def succeeds(*command: str | Path) -> bool:
    try:
        return subprocess.run([str(word) for word in command], capture_output=True).returncode == 0
    except OSError:
        return False


def call(complaint: str, *command: str | Path) -> None:
    done = subprocess.run([str(word) for word in command], stderr=subprocess.PIPE, text=True)
    if done.returncode:
        print(done.stderr.strip(), file=sys.stderr)
        raise RefusalError(f"{complaint}; the lines above say why.")


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
