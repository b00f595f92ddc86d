"""What goes wrong in a storm? A ledger does what it was asked and the answer is lost, and whoever asked is killed.

Every kind of write is lost the first time that it is made, and of all others a seeded share. Some, the second of each
kind among them, are lost before they are done, and some are done a little later: whoever looks too early finds nothing
and sends them twice."""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from werkzeug.wrappers import Request

from connectors.simulation import Fault, Simulator

LOST = "commit_then_drop"
UNDONE = "drop"
LATE = "commit_late"
LATE_SECONDS = 1.0
SHARES = {LOST: 0.5, UNDONE: 0.04, LATE: 0.02}
DECIDED = "storm.decided"
NUMBERS = re.compile(r"\d{6,}")
IN_A_BATCH = re.compile(rb"^(POST|PATCH|PUT|DELETE) \S+/data/(\w+)", re.MULTILINE)
MARKS = re.compile(rb"mlc:[\w:./@=~-]+|\bbrex-[a-z2-7]{13}\b")


@dataclass(frozen=True, slots=True)
class Kill:
    """A process that was killed by the simulator while it waited for the answer to a write."""

    pid: int
    whole: bool  # with the worker that it belonged to
    is_attachment: bool


@dataclass(slots=True)
class Storm:
    """The weather over one simulated ledger: what it decided, counted by kind of write."""

    seed: int
    kills_left: int
    kill_every: int  # requests that write, from one kill to the next
    shares: Mapping[str, float] = field(default_factory=lambda: SHARES)
    writes: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    undone: Counter[str] = field(default_factory=Counter)
    late: Counter[str] = field(default_factory=Counter)
    kills: list[Kill] = field(default_factory=list)
    _tried: set[bytes] = field(default_factory=set)  # what was left undone once is not left undone again
    _chance: Random = field(default_factory=Random)
    _since_kill: int = 0

    def over(self, simulator: Simulator) -> Storm:
        """Begin. The simulator asks its faults one at a time, so nothing here needs a lock of its own."""
        self._chance = Random(self.seed)
        simulator.faults += [Weather(kind, storm=self, delay=LATE_SECONDS) for kind in self.shares]
        return self

    def decide(self, request: Request) -> str:
        """What becomes of a request; asked several times, it is decided once."""
        if DECIDED not in request.environ:
            request.environ[DECIDED] = self._decide(request, list(kinds_of(request)))
        decided: str = request.environ[DECIDED]
        return decided

    def _decide(self, request: Request, kinds: list[str]) -> str:
        if not kinds:
            return ""
        decided = self._drawn(request, kinds)
        self.writes.update(kinds)
        {LOST: self.lost, UNDONE: self.undone, LATE: self.late}.get(decided, Counter()).update(kinds)
        self._since_kill += 1
        if self.kills_left and self._since_kill >= self.kill_every and decided in ("", LOST) and self._kill(request):
            self.kills_left, self._since_kill = self.kills_left - 1, 0
        return decided

    def _drawn(self, request: Request, kinds: list[str]) -> str:
        if any(not self.lost[kind] for kind in kinds):
            return LOST
        marks = set(MARKS.findall(request.get_data()))
        may_wait = bool(marks) and not marks & self._tried
        chances = [*self.shares.values(), 1 - sum(self.shares.values())]
        [drawn] = self._chance.choices([*self.shares, ""], chances)
        if may_wait and any(not self.undone[kind] for kind in kinds):
            drawn = UNDONE
        if drawn in (UNDONE, LATE):
            if not may_wait:
                return ""
            self._tried |= marks
        return drawn

    def _kill(self, request: Request) -> bool:
        """SIGKILL to the process at the other end, each second time to its worker as well. What it asked is done."""
        pid = process_of(int(request.environ["REMOTE_PORT"]))
        if pid is None:
            return False
        whole = len(self.kills) % 2 == 1
        self.kills.append(Kill(pid, whole, request.path.endswith("/attachment")))
        for one in (parent_of(pid), pid) if whole else (pid,):
            os.kill(one, signal.SIGKILL)
        return True


@dataclass(kw_only=True)
class Weather(Fault):
    """A fault that never ends and asks the storm."""

    storm: Storm

    def meets(self, request: Request) -> bool:
        return self.storm.decide(request) == self.kind


def kinds_of(request: Request) -> Iterator[str]:
    """Which writes to a ledger a request makes: none for readings and tokens."""
    if request.path.endswith("/$batch"):
        yield from sorted({f"{verb.decode()} {name.decode()}" for verb, name in IN_A_BATCH.findall(request.get_data())})
    elif request.method != "GET" and ("/books/v3/" in request.path or "/data/" in request.path):
        yield f"{request.method} {NUMBERS.sub('*', request.path).removeprefix('/books/v3')}"


def process_of(port: int) -> int | None:
    """Which process holds the socket of this port on the loopback interface."""
    wanted = f"0100007F:{port:04X}"
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    sockets = {f"socket:[{row[9]}]" for row in rows if row[1] == wanted}
    return next((int(one.name) for one in _processes(lambda link: link in sockets)), None)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _processes(is_wanted: Callable[[str], bool]) -> Iterator[Path]:
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and process.name != str(os.getpid()):
            try:
                links = [str(one.readlink()) for one in (process / "fd").iterdir()]
            except OSError:  # gone, or another user's
                continue
            if any(map(is_wanted, links)):
                yield process
