"""A worker that kills itself at a chosen step: `python -m tests.audit.mortal STEP CONNECTION KIND [skip]`.

It works lanes exactly as a real worker does; only the step named on the command line ends with SIGKILL, so nothing is
cleaned up, flushed or answered. `none` works until nothing is due.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_before(owner: Any, name: str, when: Callable[..., bool] = lambda *a, **k: True) -> None:
    real = getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if when(*args, **kwargs):
            die()
        return real(*args, **kwargs)

    setattr(owner, name, wrapped)


def kill_after(owner: Any, name: str, when: Callable[..., bool] = lambda *a, **k: True) -> None:
    real = getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        answer = real(*args, **kwargs)
        if when(*args, **kwargs):
            die()
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
        kill_before(Recorder, "flush", lambda recorder: any("received" in one.kind for one in recorder._events))
    elif step == "after the payload commits, before the mark moves":
        kill_after(Intake, "store")
    elif step == "before the intent commits":
        kill_before(Recorder, "flush", lambda recorder: bool(recorder._new_postings))
    elif step == "intent committed, call not made":
        kill_after(Freezer, "commit")
    elif step == "between load and post":
        kill_after(http.ApiClient, "request", path_ends("/load"))
    elif step == "posted, answer lost":
        kill_after(http.ApiClient, "request", path_ends("/action_post"))
    elif step == "read but not committed":
        kill_before(post, "apply_outcomes")
    elif step == "told, answer lost":
        kill_after(http.ApiClient, "request", path_ends("/export-results"))
    elif step != "none":
        raise SystemExit(f"unknown step {step}")


def main(step: str, connection_id: int, kind: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = os.environ["MORTAL_DATABASE"]
    django.setup()
    from audit.models import LaneKind
    from audit.sync.turns import lane_work

    arrange(step)
    turns = 0
    while turns < 50 and lane_work([LaneKind(kind)], connection_id=connection_id, actor=f"mortal {os.getpid()}"):
        turns += 1


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
