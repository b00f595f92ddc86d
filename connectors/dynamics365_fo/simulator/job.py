"""When does the posting job come by itself? After so many requests, or in a thread after so much time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .simulator import DynamicsSimulator

TICK_SECONDS = 0.1


class PostingJob:
    """The customer's recurring batch job, as the switches plan it."""

    def __init__(self, simulator: DynamicsSimulator) -> None:
        self.simulator = simulator
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Once over the planned journal names, and over pending invoices where planned."""
        switches = self.simulator.switches
        with self.simulator.lock:
            self.simulator.posting.run(names=switches.job_journal_names)
            if switches.job_posts_invoices:
                self.simulator.posting.run_invoices()

    def start(self) -> None:
        """Safe to repeat."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Safe to repeat; waits for a run that is under way."""
        if self._thread is not None:
            self._stop.set()
            self._thread.join()
            self._thread = None

    def _watch(self) -> None:
        last = time.monotonic()
        while not self._stop.wait(TICK_SECONDS):
            every = self.simulator.switches.post_every_seconds
            if every and time.monotonic() - last >= every:
                last = time.monotonic()
                self.run()
