"""One after the other, in the order in which they came."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock


class Turns:
    """A lock that is fair: `threading.Lock` lets anybody who waits go first."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._lock = Lock()
        self._taken = False
        self._line: deque[Event] = deque()
        self._patient: deque[Event] = deque()

    @property
    def busy(self) -> bool:
        """Whether somebody is already waiting, so that whoever comes now will for longer."""
        with self._lock:
            return bool(self._line)

    @contextmanager
    def turn(self, *, patient: bool = False) -> Iterator[None]:
        """Wait for one's turn and have it inside; the patient wait until nobody else does."""
        mine = Event()
        with self._lock:
            if self._taken:
                (self._patient if patient else self._line).append(mine)
            else:
                self._taken = True
                mine.set()
        mine.wait()
        try:
            yield
        finally:
            with self._lock:
                if line := self._line or self._patient:
                    line.popleft().set()
                else:
                    self._taken = False
