"""The bytes of files whose pages can be shown as they are printed, on disk while they wait.

A file waits to be added, removed ones wait for an undo, and pages of the last shown ones are drawn:
in memory that could be a gigabyte.
"""

import hashlib
from collections.abc import Callable
from mmap import ACCESS_COPY, mmap
from tempfile import TemporaryFile
from threading import Lock

from index.types import Original

_SMALL_BYTES = 1_000_000  # which memory may hold


def set_down(data: bytes) -> Original:
    """Return the same bytes, many of them as a map of a file that goes with the last who holds it.

    Where there is no room on the disk they stay in memory.
    """
    if len(data) <= _SMALL_BYTES:
        return data
    try:
        with TemporaryFile(prefix="sahel-brief-") as file:
            file.write(data)
            file.flush()
            # pdfium's binding wants what could be written to; a copy on write is never written.
            return mmap(file.fileno(), 0, access=ACCESS_COPY)
    except OSError:
        return data


def digest(original: Original) -> str:
    """Return what tells an original from others: 16 hex digits of its SHA-256."""
    return hashlib.sha256(original).hexdigest()[:16]


class Originals:
    """Those that were last asked for, so that not each picture takes its whole file anew."""

    def __init__(self, held: int = 8) -> None:
        """Begin with none; hold so many."""
        self._most = held
        self._held: dict[str, Original] = {}
        self._lock = Lock()

    def get(self, printed: str, read: Callable[[], bytes]) -> Original:
        """Return an original by its digest; `read` gives one not at hand, b"" for none."""
        with self._lock:  # also while it is read: once, and one at a time in memory
            original = self._held.pop(printed, b"") or set_down(read())
            if original:
                self._held[printed] = original
            while len(self._held) > self._most:
                del self._held[next(iter(self._held))]
            return original
