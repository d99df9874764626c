"""Clients at once, and what is seen meanwhile: what each did, and what the processes hold."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.endurance.client import Client, Done
from benchmarks.endurance.processes import Supervisor, Usage

_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Sample:
    """What each process held at a moment (`time.monotonic`), and how busy the machine was."""

    at: float
    used: dict[str, Usage]
    load_average: float


class Load:
    """Has each client do one thing after the other, in a thread of its own, until it is left."""

    def __init__(
        self, clients: Sequence[Client], supervisor: Supervisor, *, pause_s: float, sample_s: float
    ) -> None:
        """Take who does what, how long each rests in the mean, and how often is looked."""
        self._clients, self._supervisor = clients, supervisor
        self._pause_s, self._sample_s = pause_s, sample_s
        self._going, self._ending = threading.Event(), threading.Event()
        self._busy = threading.Semaphore(len(clients))
        self.done: list[Done] = []
        self.samples: list[Sample] = []
        self._threads = [threading.Thread(target=self._use, args=(c,)) for c in clients]
        self._threads.append(threading.Thread(target=self._look))

    def __enter__(self) -> "Load":
        """Begin."""
        self._going.set()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Let each end what it does."""
        self._ending.set()
        self._going.set()
        for thread in self._threads:
            thread.join()

    def paused(self, look: Callable[[], list[str]]) -> list[str]:
        """Return what `look` finds while nobody does anything."""
        self._going.clear()
        for _ in self._clients:
            self._busy.acquire()
        try:
            return look()
        finally:
            for _ in self._clients:
                self._busy.release()
            self._going.set()

    def _use(self, client: Client) -> None:
        while not self._ending.is_set():
            with self._busy:
                done = client.step()
            self.done.append(done)
            # Who is told nothing tries again a little later: so does each program of ours.
            self._ending.wait(client.pause(self._pause_s) + (_AGAIN_S if done.wrong else 0))
            self._going.wait()

    def _look(self) -> None:
        while not self._ending.wait(self._sample_s):
            used, busy = self._supervisor.usage(), os.getloadavg()[0]
            self.samples.append(Sample(time.monotonic(), used, busy))
