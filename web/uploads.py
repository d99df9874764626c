"""A file from the browser becomes documents. Its name is untrusted and never a path here."""

import asyncio
import re
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from index.formats.archive import count_files
from index.reading import MAX_ARCHIVE_BYTES, MAX_BYTES, read_members
from index.types import BriefError, Document

_NAME_CHARS = 200
_FOLDERS = 16  # one in the other
_SILENT_S = 60.0  # that a browser may be while it sends
_FILES, _BYTES = 16, 1_000_000_000  # that are received or wait at once


class TooLarge(BriefError):
    """A file has more bytes than are read."""


class Full(BriefError):
    """As much is being added as may be at once. It is worth trying again."""


class Places:
    """Files that are being received, read and indexed, bounded so that they cannot fill the disk.

    >>> places = Places(files=1)
    >>> places.take(3)
    >>> places.give_back(3)
    """

    def __init__(self, files: int = _FILES, size_bytes: int = _BYTES) -> None:
        """Begin with all of them free."""
        self._files, self._bytes = files, size_bytes
        self._lock = threading.Lock()

    def take(self, size_bytes: int) -> None:
        """Take a place for a file of that size. Raises `Full` where there is none."""
        with self._lock:
            if self._files < 1 or self._bytes < size_bytes:
                raise Full("As many files are being added as may be at once. Try again soon.")
            self._files -= 1
            self._bytes -= size_bytes

    def give_back(self, size_bytes: int) -> None:
        """Give back what was taken with that size."""
        with self._lock:
            self._files += 1
            self._bytes += size_bytes


def file_name(sent: str, folder: str = "") -> str:
    r"""Return the last part of a name as the browser sent it, without control characters.

    In front of it stand those of the folder that it was in, "" for none.

    >>> file_name("C:\\reports\\a.md"), file_name("../b.md", "x/../y"), file_name("..")
    ('a.md', 'x/y/b.md', '')

    Raises:
        BriefError: more folders lie in each other than are told apart.
    """
    *_, last = _parts(sent) or [""]
    folders = [part for part in _parts(folder) if part]
    if len(folders) > _FOLDERS:
        raise BriefError(f"{last} lies more than {_FOLDERS} folders deep. Add it by itself.")
    return "/".join([*folders, last]) if last else ""


def _parts(sent: str) -> list[str]:
    return [_part(part) for part in re.split(r"[/\\]", sent)]


def _part(sent: str) -> str:
    name = "".join(c for c in sent if c.isprintable()).strip()
    if len(name) > _NAME_CHARS:  # what tells the format stays
        ending = Path(name).suffix[:12]
        name = name[: _NAME_CHARS - len(ending)] + ending
    return name.strip(".") and name


def most_bytes(name: str) -> int:
    """Return how large a file of that name may be."""
    return MAX_ARCHIVE_BYTES if _is_archive(name) else MAX_BYTES


def _is_archive(name: str) -> bool:
    return Path(name).suffix.lower() == ".zip"


async def receive(body: AsyncIterator[bytes], folder: Path, name: str) -> Path:
    """Write what arrives to a file in `folder` and return that.

    Raises:
        TooLarge: it has more than `most_bytes`.
        BriefError: nothing arrives for a minute.
    """
    path = folder / "upload"
    size = 0
    with path.open("wb") as file:
        while True:
            try:
                async with asyncio.timeout(_SILENT_S):
                    chunk = await anext(body, None)
            except TimeoutError:
                raise BriefError(f"{name} stopped arriving. Add it again.") from None
            if chunk is None:
                return path
            size += len(chunk)
            if size > most_bytes(name):
                raise too_large(name)
            file.write(chunk)


def too_large(name: str) -> TooLarge:
    """Return what is said of a file that is too large."""
    return TooLarge(
        f"{name} is larger than {most_bytes(name) // 1_000_000} MB. Split it and add the parts."
    )


def read(path: Path, name: str) -> Iterator[tuple[str, Document | BriefError, int]]:
    """Yield what is in a file called `name`, or why it cannot be read, as `read_members` does.

    With each comes how many there are.
    """
    of = count_files(path, name) if _is_archive(name) else 1
    for member, document in read_members(path, name=name):
        yield member, document, of


def own_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that goes with whoever holds it."""
    return tempfile.TemporaryDirectory(prefix="sahel-brief-", ignore_cleanup_errors=True)
