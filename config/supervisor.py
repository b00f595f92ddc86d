"""How does one command run all that an installation needs: servers, web, workers, beat, and whatever else is asked?"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType

import structlog
from django.core.management import call_command

from config import trial
from config.celery import LANES
from config.processes import Child, stop_all

PROJECT = Path(__file__).resolve().parent.parent
READY_SECONDS = 120.0
LOOK_SECONDS = 0.2
PAUSE_SECONDS = 1.0  # between the end of a program and its next start
MOST_ENDS, WINDOW_SECONDS = 5, 120.0


logger = structlog.get_logger(__name__)


class SupervisorError(Exception):
    """It cannot run, or something that must run has ended; the message is a sentence for the terminal."""


@dataclass(frozen=True, slots=True)
class Program:
    """One more program to run beside ours."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_manage(cls, name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Program:
        return cls(name, (sys.executable, str(PROJECT / "manage.py"), *arguments), environment or {})


@dataclass(slots=True)
class Supervisor:
    """All children of one run. `again` starts one anew by its name; it knows those that may end without harm.

    Beat leaves when it loses its lead, and a worker that held a message when the broker died ends while it tries to
    put it back (kombu 5.6: "'NoneType' object has no attribute 'hostname'"). What they were at is in the rows."""

    url: str
    children: list[Child]
    asked: Sequence[int] = ()
    again: Mapping[str, Callable[[], Child]] = field(default_factory=dict)
    _ends: dict[str, list[float]] = field(default_factory=dict)

    def check(self) -> None:
        """Start again what ended and may be started again. Raise SupervisorError when something else has ended, or
        the same program too often, and KeyboardInterrupt when asked to stop."""
        if self.asked:
            raise KeyboardInterrupt
        for child in trial.owned.children if trial.owned else []:
            if child.has_ended:
                raise SupervisorError(f"{child.name} {_end(child)}, so everything ends.")
        for place, child in enumerate(self.children):
            if not child.has_ended:
                continue
            if child.name not in self.again:
                raise SupervisorError(f"{child.name} {_end(child)}, so everything ends.")
            if self._is_due(child):
                self.children[place] = self.again[child.name]()

    def _is_due(self, child: Child) -> bool:
        """Whether the pause after its end is over. Raises SupervisorError when it ends again and again."""
        now = time.monotonic()
        ends = [one for one in self._ends.get(child.name, []) if one > now - WINDOW_SECONDS]
        if child.ended_at is None:
            child.ended_at = now
            ends.append(now)
            logger.warning("program_ended", program=child.name, exit_code=child.popen.returncode)
        self._ends[child.name] = ends
        if len(ends) >= MOST_ENDS:
            raise SupervisorError(
                f"{child.name} {_end(child)}, the {MOST_ENDS}th time within {WINDOW_SECONDS / 60:.0f} minutes, "
                "so everything ends."
            )
        return now >= child.ended_at + PAUSE_SECONDS

    def wait(self) -> None:
        """Return never; raise SupervisorError when something ends and KeyboardInterrupt when asked to stop."""
        while True:
            self.check()
            time.sleep(LOOK_SECONDS)


@contextlib.contextmanager
def running(
    *,
    extra: Sequence[Program] = (),
    environment: Mapping[str, str] | None = None,
    workers: int = 1,
    port: int = 8000,
    has_web: bool = True,
    has_beat: bool = True,
    logs: Path | None = None,
) -> Iterator[Supervisor]:
    """Migrate, start everything, and yield once the web server answers; on leaving, nothing is left running.

    ``extra`` programs start first; ``environment`` is added to every program's. Port 0 takes a free one. Output goes
    to the terminal, or to one file for each program in ``logs``. Call it in the main thread; SIGTERM then means the
    same as Ctrl-C. Raises SupervisorError with a plain sentence.
    """
    with contextlib.ExitStack() as cleanup:
        listener = _listen(port) if has_web else None
        if listener:
            cleanup.callback(listener.close)
        asked = cleanup.enter_context(_asked_to_stop())
        call_command("migrate", verbosity=0, interactive=False)
        if logs:
            logs.mkdir(parents=True, exist_ok=True)
        address = listener.getsockname()[1] if listener else 0
        url = f"http://127.0.0.1:{address}" if listener else ""
        shared = dict(environment or {})
        if url and not os.environ.get("MLC_PUBLIC_URL"):
            shared["MLC_PUBLIC_URL"] = url
        children: list[Child] = []
        cleanup.callback(lambda: stop_all(reversed(children)))
        again = {program.name: partial(_start, program, shared, logs) for program in [*extra, *_own(workers, has_beat)]}
        for start in again.values():
            children.append(start())
        if listener:
            web = Program("web", (*_GUNICORN, "--bind", f"fd://{listener.fileno()}", "config.wsgi"))
            children.append(_start(web, shared, logs, keep_open=(listener.fileno(),)))
            listener.close()  # it is the web server's now: when that ends, callers are refused, not kept waiting
        supervisor = Supervisor(url, children, asked, again)
        if listener:
            _wait_for_answer(supervisor, address)
        yield supervisor


_GUNICORN = (sys.executable, "-m", "gunicorn", "-c", "python:config.gunicorn")


def _own(workers: int, has_beat: bool) -> Iterator[Program]:
    for number in range(1, workers + 1):
        yield _worker(f"worker{number}", LANES)
    if workers:
        # Lanes keep a worker busy for most of a minute; ticks and seals must not queue up behind them.
        yield _worker("housekeeper", ("default",), "--concurrency", "1")
    if has_beat:
        yield Program.of_manage("beat", "beat")


def _worker(name: str, queues: Sequence[str], *options: str) -> Program:
    celery = (sys.executable, "-m", "celery", "-q", "-A", "config.celery", "worker", "--loglevel", "WARNING")
    alone = ("--without-gossip", "--without-mingle", "--hostname", f"{name}@%h")
    return Program(name, (*celery, *alone, "--queues", ",".join(queues), *options))


def _end(child: Child) -> str:
    return f"ended (exit code {child.popen.returncode})"


def _start(program: Program, environment: Mapping[str, str], logs: Path | None, keep_open: Sequence[int] = ()) -> Child:
    return Child.start(
        program.name,
        program.command,
        # A worker that lost its parent puts its task back instead of finishing it: the servers are gone as well.
        orphan_signal=signal.SIGQUIT if "celery" in program.command else signal.SIGTERM,
        log=logs / f"{program.name}.log" if logs else None,
        environment={**environment, **program.environment},
        cwd=PROJECT,
        keep_open=keep_open,
    )


def _listen(port: int) -> socket.socket:
    """Bound here and handed down, so that a taken port is known before anything starts."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise SupervisorError(f"port {port} cannot be used ({error.strerror}); choose another with --port.") from error
    listener.listen(512)
    listener.set_inheritable(True)
    return listener


def _wait_for_answer(supervisor: Supervisor, port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        supervisor.check()
        request = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            request.request("GET", "/healthz")
            if request.getresponse().status == http.client.OK:
                return
        except OSError:
            pass  # bound, but nobody accepts yet
        finally:
            request.close()
        time.sleep(LOOK_SECONDS)
    raise SupervisorError(f"the web server did not answer within {READY_SECONDS:.0f} s.")


@contextlib.contextmanager
def _asked_to_stop() -> Iterator[Sequence[int]]:
    """Ctrl-C and SIGTERM both interrupt, and are remembered: an interrupt that hits while a child is being forked is
    lost, as Python ignores what its callbacks around a fork raise."""
    asked: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    # An ignored SIGINT stays ignored: a shell does that to what it runs in the background.
    numbers = [one for one in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(one) is not signal.SIG_IGN]
    before = {one: signal.signal(one, interrupt) for one in numbers}
    try:
        yield asked
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
