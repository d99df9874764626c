"""Documents that were removed a short while ago, whole, so that it can be undone."""

import threading
import time
from typing import NamedTuple

from index.types import Document

KEPT_S = 120.0  # the page offers it for a minute; restoring may wait for another change
_KEPT = 50
_KEPT_BYTES = 1_000_000_000  # of their originals, which are on disk


class Removed(NamedTuple):
    """A document as it was, and the path under which it was kept."""

    document: Document
    path: str


class Bin:
    """What was removed, by id, for `kept_s` seconds."""

    def __init__(self, kept_s: float = KEPT_S) -> None:
        """Begin empty."""
        self._kept_s = kept_s
        self._removed: dict[str, tuple[float, Removed]] = {}
        self._lock = threading.Lock()

    def put(self, removed: Removed) -> None:
        """Keep a document for a while."""
        with self._lock:
            self._forget()
            self._removed.pop(removed.document.id, None)
            self._removed[removed.document.id] = time.monotonic(), removed
            while len(self._removed) > _KEPT or self._size() > _KEPT_BYTES:
                del self._removed[next(iter(self._removed))]

    def take(self, document_id: str) -> Removed | None:
        """Take a document out, None where it is not there any more."""
        with self._lock:
            self._forget()
            found = self._removed.pop(document_id, None)
            return found[1] if found else None

    def _size(self) -> int:
        return sum(len(removed.document.original) for _, removed in self._removed.values())

    def _forget(self) -> None:
        oldest = time.monotonic() - self._kept_s
        for document_id in [i for i, (at, _) in self._removed.items() if at < oldest]:
            del self._removed[document_id]
