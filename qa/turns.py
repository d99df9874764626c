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
        with self.place(patient=patient) as mine:
            mine.wait()
            yield

    @contextmanager
    def place(self, *, patient: bool = False) -> Iterator[Event]:
        """Stand in line, and have one's turn once the event is set. Whoever leaves gives it up."""
        mine = Event()
        line = self._patient if patient else self._line
        with self._lock:
            if self._taken:
                line.append(mine)
            else:
                self._taken = True
                mine.set()
        try:
            yield mine
        finally:
            with self._lock:
                if not mine.is_set():
                    line.remove(mine)
                elif waiting := self._line or self._patient:
                    waiting.popleft().set()
                else:
                    self._taken = False
