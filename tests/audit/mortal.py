"""A worker in a process of its own that ends, or falls asleep, at a chosen step.

It works lanes exactly as a real worker does; only the chosen step ends with SIGKILL, so that nothing is cleaned up,
flushed or answered - or with SIGSTOP, so that its lease runs out while it sleeps. The process is forked, as Celery
forks its workers: a hundred of them cost no more than a hundred interpreters would take to start once.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import requests
from django.db import connections

NONE = "none"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def sleep() -> None:
    """Until somebody sends SIGCONT: longer than any lease."""
    os.kill(os.getpid(), signal.SIGSTOP)


def always(*_: Any, **__: Any) -> bool:
    return True


def before(owner: Any, name: str, end: Callable[[], None], when: Callable[..., bool] = always) -> None:
    real = getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if when(*args, **kwargs):
            end()
        return real(*args, **kwargs)

    setattr(owner, name, wrapped)


def after(owner: Any, name: str, end: Callable[[], None], when: Callable[..., bool] = always) -> None:
    real = getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        answer = real(*args, **kwargs)
        if when(*args, **kwargs):
            end()
        return answer

    setattr(owner, name, wrapped)


def arrange(step: str) -> None:
    """Each step is a line of the crash table."""
    import audit.sync.post as post
    import connectors.http as http
    from audit.sync.freeze import Freezer
    from audit.sync.intake import Intake
    from audit.sync.recorder import Recorder

    def path_ends(ending: str) -> Callable[..., bool]:
        return lambda client, method, path, **_: path.endswith(ending)

    if step == "before the payload commits":
        before(Recorder, "flush", die, lambda recorder: any("received" in one.kind for one in recorder._events))
    elif step == "after the payload commits, before the mark moves":
        after(Intake, "store", die)
    elif step == "before the intent commits":
        before(Recorder, "flush", die, lambda recorder: bool(recorder._new_postings))
    elif step == "before the intent of 99.00 commits":
        before(Recorder, "flush", die, lambda recorder: any(one.amount == 99 for one in recorder._new_postings))
    elif step == "intent committed, call not made":
        after(Freezer, "commit", die)
    elif step == "between load and post":
        after(http.ApiClient, "request", die, path_ends("/load"))
    elif step == "posted, answer lost":
        after(http.ApiClient, "request", die, path_ends("/action_post"))
    elif step == "read but not committed":
        before(post, "apply_outcomes", die)
    elif step == "told, answer lost":
        after(http.ApiClient, "request", die, path_ends("/export-results"))
    elif step == "the second half of a bisected batch":
        before(http.ApiClient, "request", die, nth_load(3))
    elif step == "asleep before the call":
        before(http.ApiClient, "request", sleep, path_ends("/load"))
    elif step == "asleep with the request on its lips":
        before(requests.Session, "send", sleep, lambda session, request, **_: str(request.url).endswith("/load"))
    elif step == "asleep after the call":
        after(http.ApiClient, "request", sleep, path_ends("/action_post"))
    elif step != NONE:
        raise ValueError(f"unknown step {step}")


def nth_load(number: int) -> Callable[..., bool]:
    """True for the n-th load that this process sends."""
    seen = 0

    def when(client: Any, method: str, path: str, **_: Any) -> bool:
        nonlocal seen
        seen += path.endswith("/load")
        return path.endswith("/load") and seen == number

    return when


def worker_start(step: str, connection_id: int | None, kinds: Sequence[str], *, turns: int = 200) -> int:
    """Fork a worker for these lanes, of one connection or of all; answers its process id. `wait` for it."""
    connections.close_all()  # no two processes on one socket
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        arrange(step)
        code = _work(connection_id, kinds, turns)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _work(connection_id: int | None, kinds: Sequence[str], turns: int) -> int:
    from audit.models import LaneKind
    from audit.sync.turns import lane_work

    lanes = [LaneKind(kind) for kind in kinds]
    while turns and lane_work(lanes, connection_id=connection_id, actor=f"mortal {os.getpid()}"):
        turns -= 1
    connections.close_all()
    return 0


def wait(pid: int) -> int:
    """The exit code of a worker, or the negative number of the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def wait_asleep(pid: int) -> None:
    """Return when a worker has fallen asleep. Raises AssertionError if it ended instead."""
    status = os.waitpid(pid, os.WUNTRACED)[1]
    assert os.WIFSTOPPED(status), f"the worker ended with {status} before it fell asleep"


def wake_up(pid: int) -> int:
    """Let a sleeper go on to its end; answers its exit code."""
    os.kill(pid, signal.SIGCONT)
    return wait(pid)
