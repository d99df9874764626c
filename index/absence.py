"""Something that may be away for a while, such as a server: when it is worth trying again."""

import time
from collections.abc import Callable
from threading import Lock


class Absence:
    """Of what failed, one try is let through every `rest_s` seconds until one succeeds.

    >>> away = Absence(rest_s=10.0, clock=lambda: 0.0)
    >>> away.may_try(), away.failed("no route"), away.may_try(), away.why
    (True, None, False, 'no route')
    """

    def __init__(
        self, rest_s: float = 10.0, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with what is there, as far as is known."""
        self._rest_s, self._clock = rest_s, clock
        self._until = 0.0
        self._lock = Lock()
        self.why = ""

    def may_try(self) -> bool:
        """Return whether to try now; whoever comes after the first waits for what becomes of it."""
        if not self.why:
            return True
        with self._lock:
            if self._clock() < self._until:
                return False
            self._until = self._clock() + self._rest_s
            return True

    def failed(self, why: str) -> None:
        """Note that a try failed."""
        with self._lock:
            self.why, self._until = why, self._clock() + self._rest_s

    def ended(self) -> None:
        """Note that it is there."""
        self.why = ""
