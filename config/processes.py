"""How is a child process started so that it never outlives us, and ended so that it can finish?"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system's account that a server runs as."""

    uid: int
    gid: int

    @classmethod
    def current(cls) -> Account:
        return cls(os.geteuid(), os.getegid())

    @classmethod
    def unprivileged(cls) -> Account:
        """Ourselves, or ``nobody`` when we are root."""
        if os.geteuid() != 0:
            return cls.current()
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid)

    @property
    def is_ourselves(self) -> bool:
        return self.uid == os.geteuid()

    def can_enter(self, path: Path) -> bool:
        """Whether every folder down to ``path`` lets this account pass."""
        return self.is_ourselves or all(self._may_pass(folder.stat()) for folder in path.parents if folder.exists())

    def _may_pass(self, folder: os.stat_result) -> bool:
        if folder.st_uid == self.uid:
            return bool(folder.st_mode & stat.S_IXUSR)
        if folder.st_gid == self.gid:
            return bool(folder.st_mode & stat.S_IXGRP)
        return bool(folder.st_mode & stat.S_IXOTH)

    def give(self, folder: Path) -> Path:
        """Make ``folder``, readable by this account alone."""
        folder.mkdir(parents=True, exist_ok=True)
        if not self.is_ourselves:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)
        return folder

    def switch(self) -> tuple[int | None, int | None, list[int] | None]:
        """``user``, ``group`` and ``extra_groups`` for subprocess; only root may change them."""
        return (None, None, None) if self.is_ourselves else (self.uid, self.gid, [])

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run ``command`` to its end as this account."""
        user, group, groups = self.switch()
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=user,
            group=group,
            extra_groups=groups,
        )


@dataclass(slots=True)
class Child:
    """One child process. Start it from the main thread: the kernel ends it when the thread that started it ends."""

    name: str
    popen: subprocess.Popen[bytes]
    stop_signal: int
    ended_at: float | None = None  # on the monotonic clock, for whoever starts it again

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str],
        *,
        stop_signal: int = signal.SIGTERM,
        orphan_signal: int | None = None,
        log: Path | None = None,
        account: Account | None = None,
        environment: Mapping[str, str] | None = None,
        cwd: Path = Path("/"),
        keep_open: Iterable[int] = (),
    ) -> Child:
        """Start ``command`` in a session of its own, so that a Ctrl-C in the terminal reaches only us.

        Output goes to ``log``, or where ours goes. Raises OSError when the program cannot be run.
        """
        user, group, groups = (account or Account.current()).switch()
        output = log.open("ab") if log else None
        try:
            popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                cwd=cwd,
                env={**os.environ, **environment} if environment else None,
                start_new_session=True,
                pass_fds=tuple(keep_open),
                preexec_fn=_dies_with_us(orphan_signal or stop_signal),
                user=user,
                group=group,
                extra_groups=groups,
            )
        finally:
            if output:
                output.close()
        return cls(name, popen, stop_signal)

    @property
    def has_ended(self) -> bool:
        return self.popen.poll() is not None

    def ask_to_stop(self) -> None:
        if not self.has_ended:
            self.popen.send_signal(self.stop_signal)

    def stop(self, patience: float = 20.0) -> None:
        """Ask, wait, and after ``patience`` seconds kill. Returns when it is gone; safe to repeat."""
        self.ask_to_stop()
        try:
            self.popen.wait(patience)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


def stop_all(children: Iterable[Child], patience: float = 20.0) -> None:
    """Ask all at once, then wait for each; whoever is still there after ``patience`` seconds is killed."""
    children = list(children)
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + patience
    for child in children:
        child.stop(max(0.0, deadline - time.monotonic()))


def _dies_with_us(sig: int) -> Callable[[], None] | None:
    """For ``preexec_fn``: the child gets ``sig`` when we end, even by kill -9 (Linux alone can do that)."""
    if _libc is None:
        return None
    libc, parent = _libc, os.getpid()

    def ask_the_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0)
        if os.getppid() != parent:  # we ended between fork and prctl
            os.kill(os.getpid(), sig)

    return ask_the_kernel
