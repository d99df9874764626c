"""Changes to a library while it is open for reading: one after the other, in one thread."""

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

from index.access import alone
from index.library import DiskLibrary

Result = TypeVar("Result")
Change = Callable[[DiskLibrary], Result]


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
                with alone(self._library):
                    result = change(self._library)
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
                future.set_exception(error)
            else:
                future.set_result(result)

    def end(self) -> None:
        """Let `run` return once what is queued is done."""
        self._queue.put(None)
