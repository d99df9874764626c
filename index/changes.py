"""Changes to a library while it is open for reading: one after the other, in one thread."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Lock
from typing import Any, TypeVar

from index.access import alone
from index.library import DiskLibrary

Result = TypeVar("Result")
Change = Callable[[DiskLibrary], Result]

_TURN_S = 0.0005
_lock = Lock()
_sharing, _usual_s = 0, sys.getswitchinterval()  # how many share; 5 ms


class Changes:
    """A queue of changes. The thread that opened the library works it off with `run`."""

    def __init__(self, library: DiskLibrary) -> None:
        """Take a library that is open for reading (`index.access.reading`)."""
        self._library = library
        self._queue: SimpleQueue[tuple[Change[Any], Future[Any]] | None] = SimpleQueue()

    def put(self, change: Change[Result]) -> Future[Result]:
        """Queue a change; any thread may. The future has its result, or the `BriefError`."""
        future: Future[Result] = Future()
        self._queue.put((change, future))
        return future

    def run(self) -> None:
        """Work changes off until `end`; the folder is taken alone for each and let go of after."""
        while (item := self._queue.get()) is not None:
            change, future = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                with alone(self._library), sharing_python():
                    result = change(self._library)
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
                future.set_exception(error)
            else:
                future.set_result(result)

    def end(self) -> None:
        """Let `run` return once what is queued is done."""
        self._queue.put(None)


@contextmanager
def sharing_python() -> Iterator[None]:
    """Let questions go on while a document is read or added inside, which Python does alone.

    A question takes up Python some forty times, between its networks, and whoever has it gives it
    up only after `sys.getswitchinterval`.
    """
    global _sharing
    with _lock:
        _sharing += 1
        sys.setswitchinterval(_TURN_S)
    try:
        yield
    finally:
        with _lock:
            _sharing -= 1
            if not _sharing:
                sys.setswitchinterval(_usual_s)
