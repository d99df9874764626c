"""A circuit breaker: what fails again and again is not asked for a while, then tried once.

Own code, as pybreaker 1.4 holds its lock for as long as a call takes, so that visitors would be
answered one after the other, and purgatory 3.0 lets everybody through at the trial. Knows nothing
of models.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Literal

Circuit = Literal["closed", "open", "half-open"]
"""closed: whoever asks may; open: nobody; half-open: the pause is over, and one may try."""


class Breaker:
    """Says who may ask. Each that `admits` lets through ends with one of the other three."""

    def __init__(
        self, failures: int, pause_s: float, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Open after so many failures in a row, for so many seconds."""
        self._most, self._pause_s, self._clock_s = failures, pause_s, clock_s
        self._in_a_row = 0
        self._open_until_s: float | None = None
        self._trying = False
        self._lock = Lock()

    @property
    def state(self) -> Circuit:
        """How it stands."""
        with self._lock:
            return self._state()

    def _state(self) -> Circuit:
        if self._open_until_s is None:
            return "closed"
        return "open" if self._clock_s() < self._open_until_s else "half-open"

    def admits(self) -> bool:
        """Return whether one may ask now; while half-open, only one at a time may."""
        with self._lock:
            state = self._state()
            if state == "half-open" and not self._trying:
                self._trying = True
                return True
            return state == "closed"

    def succeeded(self) -> None:
        """Close: it works."""
        with self._lock:
            self._in_a_row, self._open_until_s, self._trying = 0, None, False

    def failed(self, *, at_once: bool = False, pause_s: float | None = None) -> None:
        """Count a failure; after too many, after a trial or `at_once`, open.

        `pause_s` is how long at least, where who failed has said so.
        """
        with self._lock:
            self._in_a_row += 1
            was_closed = self._open_until_s is None
            if at_once or not was_closed or self._in_a_row >= self._most:
                pause_s = max(self._pause_s, pause_s or 0.0)
                self._open_until_s = self._clock_s() + pause_s
            self._trying = False

    def released(self) -> None:
        """Give the trial back: nobody knows how it would have ended."""
        with self._lock:
            self._trying = False
