"""What does a trial, a demo or a test run bring itself that production is given? A data folder, servers, secrets."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from config.servers import START_SECONDS, Servers, ServersError

PROJECT = Path(__file__).resolve().parent.parent
ADDRESSES = ("DATABASE_URL", "REDIS_URL")
LOCKS = ("owner.lock", "guests.lock")

owned: Servers | None = None  # the servers that this very process started and must watch


def data_folder() -> Path:
    """Where the trial keeps databases, logs and secrets: MLC_DATA_DIR, else ``.data`` in the project."""
    return Path(os.environ.get("MLC_DATA_DIR") or PROJECT / ".data").absolute()


def demo_folder_choose() -> None:
    """From now on the data folder is the demo's own one, inside the trial's. It is emptied at each start."""
    os.environ["MLC_DATA_DIR"] = str(data_folder() / "demo")


def addresses(servers: Servers) -> dict[str, str]:
    return {"DATABASE_URL": servers.database_url(), "REDIS_URL": servers.redis_url()}


@contextlib.contextmanager
def servers_running(*, is_main: bool = False, is_fresh: bool = False) -> Iterator[None]:
    """Within, both addresses are in ``os.environ``: given ones are kept, missing ones served from the data folder.

    Servers that another process has started from this folder are used. Whoever started them stops them, and first
    waits for the others, unless it ``is_main``: then it may not be a guest and does not wait. With ``is_fresh`` the
    folder is emptied first, unless somebody else runs from it. Raises ServersError.
    """
    global owned
    missing = _missing()
    if not missing:
        yield
        return
    home = data_folder()
    servers = Servers(home)
    lock = _open(home, LOCKS[0])
    guests = _open(home, LOCKS[1])
    try:
        is_owner = _try_lock(lock)
        if is_owner:
            if is_fresh:
                _empty(home, guests)
            servers.start()
            owned = servers
        elif is_main:
            raise ServersError(f"ml-connector already runs from {home}; stop it first, or set MLC_DATA_DIR to another.")
        else:
            fcntl.flock(guests, fcntl.LOCK_SH)
            _wait_for(servers)
        os.environ.update({name: addresses(servers)[name] for name in missing})
        yield
        if is_owner and not is_main:
            fcntl.flock(guests, fcntl.LOCK_EX)
    finally:
        owned = None
        servers.stop()
        os.close(guests)
        os.close(lock)


@contextlib.contextmanager
def throwaway_servers(*, is_durable: bool = False) -> Iterator[None]:
    """As ``servers_running``, on an empty temporary folder that is removed again: for test runs and measurements."""
    missing = _missing()
    if not missing:
        yield
        return
    home = Path(tempfile.mkdtemp(prefix="mlc-"))
    home.chmod(0o711)  # root's PostgreSQL runs as nobody and has to pass
    servers = Servers(home, is_durable=is_durable)
    try:
        servers.start(database="DATABASE_URL" in missing, broker="REDIS_URL" in missing)
        os.environ.update({name: addresses(servers)[name] for name in missing})
        yield
    finally:
        servers.stop()
        for name in ("run", "postgres"):
            shutil.rmtree(os.path.realpath(home / name), ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


def trial_secrets() -> Mapping[str, str]:
    """SECRET_KEY, CREDENTIAL_KEYS and FINGERPRINT_KEY of this data folder, made on the first call, mode 0600.

    Without them what the databases hold cannot be read again: they live and die together. Raises ServersError.
    """
    home = data_folder()
    _open_folder(home)
    file = home / "secrets.env"
    if not file.exists():
        made = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "CREDENTIAL_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "FINGERPRINT_KEY": secrets.token_urlsafe(48),
        }
        fresh, name = tempfile.mkstemp(dir=home)  # made with mode 0600
        with os.fdopen(fresh, "w") as out:
            out.writelines(f"{key}={value}\n" for key, value in made.items())
        with contextlib.suppress(FileExistsError):  # another process was first: its secrets count
            os.link(name, file)
        Path(name).unlink()
    lines = file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _missing() -> list[str]:
    return [name for name in ADDRESSES if not os.environ.get(name)]


def _open_folder(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not os.access(home, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise ServersError(
            f"the data folder {home} cannot be written ({error.strerror}); set MLC_DATA_DIR to one that can."
        ) from error


def _open(home: Path, name: str) -> int:
    _open_folder(home)
    return os.open(home / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _empty(home: Path, guests: int) -> None:
    """Remove all that an earlier run left in a folder whose owner we are. Raises ServersError."""
    if not _try_lock(guests):
        raise ServersError(f"another command still runs from {home}; wait until it has ended.")
    fcntl.flock(guests, fcntl.LOCK_UN)
    for entry in home.iterdir():
        if entry.name in LOCKS:
            continue
        if entry.name == "postgres":
            _wait_for_end(entry / "cluster" / "postmaster.pid")
        if entry.is_symlink() or entry.is_dir():
            shutil.rmtree(os.path.realpath(entry), ignore_errors=True)
        if entry.is_symlink() or entry.is_file():
            entry.unlink()


def _wait_for_end(pid_file: Path) -> None:
    """A run that was killed takes its database with it, but that needs a moment, and removes its socket at the end."""
    deadline = time.monotonic() + START_SECONDS
    while pid_file.exists() and time.monotonic() < deadline:
        pid = pid_file.read_text().split("\n", 1)[0]
        try:
            os.kill(int(pid), 0)
        except (ValueError, ProcessLookupError):
            return
        except PermissionError:
            pass  # another account's, as root's own server is
        time.sleep(0.05)


def _wait_for(servers: Servers) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not servers.answer():
        if time.monotonic() > deadline:
            raise ServersError(f"another process holds {servers.home}, but its servers do not answer.")
        time.sleep(0.05)
