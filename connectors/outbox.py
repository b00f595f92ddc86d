"""How does a simulated vendor send its webhooks? When they are due by its clock, again when nobody took them, or lost.

What a message looks like, how it is signed and when it is tried again is each vendor's own."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from connectors.simulation import Simulator

LONGEST_ATTEMPT = 16.0  # seconds that a stop waits for an attempt under way


class Message(Protocol):
    """`status`: waiting, sending, lost, or one of the vendor's own words for an end."""

    due_at: datetime
    status: str


M = TypeVar("M", bound=Message)


class Outbox(ABC, Generic[M]):
    """Holds the messages; a thread sends what is due (`start`, `stop`), or a test does by `flush`.

    `time_scale` shortens the waits between attempts (0.001: five seconds become five milliseconds); due times follow
    the simulator's clock, so advancing it makes retries due. The next `lose_next` messages are never sent."""

    name = "webhooks"

    def __init__(self, owner: Simulator) -> None:
        self.time_scale = 1.0
        self.lose_next = 0
        self.messages: list[M] = []
        self._owner = owner
        self._open: list[M] = []
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = False

    @abstractmethod
    def attempt(self, message: M) -> None:
        """Deliver once; then `finish` it, or make it wait again."""

    def hold(self, message: M) -> M:
        """Keep a message until it is due."""
        self.messages.append(message)
        if self.lose_next > 0:
            self.lose_next -= 1
            message.status = "lost"
        else:
            self._open.append(message)
        self.wake()
        return message

    def again(self, message: M) -> None:
        """The same delivery once more: nothing in it tells that it was there before."""
        message.status, message.due_at = "waiting", self._owner.clock.now()
        if message not in self._open:
            self._open.append(message)
        self.wake()

    def finish(self, message: M, status: str) -> None:
        message.status = status
        if message in self._open:
            self._open.remove(message)

    def flush(self) -> int:
        """Send everything that is due by the simulator's clock, in this thread; returns the number of attempts."""
        made = 0
        while (message := self._next_due()) is not None:
            self.attempt(message)
            made += 1
        return made

    def start(self) -> None:
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(target=self._loop, name=self.name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(timeout=LONGEST_ATTEMPT)
            self._thread = None

    def wake(self) -> None:
        with self._wake:
            self._wake.notify()

    def _loop(self) -> None:
        while not self._stopping:
            self.flush()
            with self._wake:
                if not self._stopping:
                    self._wake.wait(timeout=self._pause())

    def _pause(self) -> float:
        dues = [one.due_at for one in list(self._open)]
        if not dues:
            return 5.0
        return min(max((min(dues) - self._owner.clock.now()).total_seconds(), 0.005), 0.5)

    def _next_due(self) -> M | None:
        now = self._owner.clock.now()
        with self._owner.lock:
            due = [one for one in self._open if one.due_at <= now and one.status == "waiting"]
            if not due:
                return None
            message = min(due, key=lambda one: one.due_at)
            message.status = "sending"
            return message
