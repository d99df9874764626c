"""One after the other, or so many at once, in the order in which they came."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock


class Turns:
    """A lock that is fair: `threading.Lock` lets anybody who waits go first."""

    def __init__(self, at_once: int = 1) -> None:
        """Begin with nobody; `at_once` is how many may have their turn at a time."""
        self._lock = Lock()
        self._at_once, self._taken = at_once, 0
        self._line: deque[Event] = deque()
        self._patient: deque[Event] = deque()

    @property
    def busy(self) -> bool:
        """Whether somebody is already waiting, so that whoever comes now will for longer."""
        with self._lock:
            return bool(self._line)

    @contextmanager
    def turn(self, *, patient: bool = False) -> Iterator[None]:
        """Wait for one's turn and have it inside; the patient wait until nobody has or wants it."""
        with self.place(patient=patient) as mine:
            mine.wait()
            yield

    @contextmanager
    def place(self, *, patient: bool = False) -> Iterator[Event]:
        """Stand in line, and have one's turn once the event is set. Whoever leaves gives it up."""
        mine = Event()
        line, most = (self._patient, 1) if patient else (self._line, self._at_once)
        with self._lock:
            if self._taken < most:
                self._taken += 1
                mine.set()
            else:
                line.append(mine)
        try:
            yield mine
        finally:
            with self._lock:
                if not mine.is_set():
                    line.remove(mine)
                elif self._line:
                    self._line.popleft().set()
                elif self._patient and self._taken == 1:
                    self._patient.popleft().set()
                else:
                    self._taken -= 1
