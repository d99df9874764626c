"""Adds files, folders and standard input to a library, one document after the other.

What was added stays added, whatever happens to the next; failures are collected, not raised.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from index.dense import OnProgress
from index.library import Added, DiskLibrary
from index.reading import MAX_BYTES, SUFFIXES, read_bytes, read_members
from index.types import BriefError, Document

STDIN = "-"


class Result(NamedTuple):
    """What became of one document or file. `error` says why it is not in, "" where it is."""

    name: str
    document: Document | None = None
    added: Added | None = None
    error: str = ""


def add_all(
    library: DiskLibrary,
    paths: Sequence[str],
    *,
    given: Mapping[str, str],
    progress: Callable[[str, Document], AbstractContextManager[OnProgress]],
    stdin: BinaryIO = sys.stdin.buffer,
) -> Iterator[Result]:
    """Yield what became of each document, once it is in the library for good.

    Args:
        library: open for change.
        paths: files, folders (with what is in them) or `STDIN`.
        given: metadata in place of the files' own: title, author, source, as_of.
        progress: for a name such as "[2/5] a.md" and a document, what is told how far it is.
        stdin: where `STDIN` is read from.
    """
    files = [file for path in paths for file in files_in(path)]
    for n, file in enumerate(files, start=1):
        if isinstance(file, Result):
            yield file
            continue
        for member, document in _read(file, given, stdin):
            name = f"{file.name}: {member}" if member else file.name
            if isinstance(document, BriefError):
                yield Result(name, error=str(document))
                continue
            place = f"{file.resolve()}!{member}" if member else str(file.resolve())
            if str(file) == STDIN:
                place = f"{STDIN}/{document.id}"
            try:
                with progress(f"[{n}/{len(files)}] {name}", document) as on_progress:
                    added = library.add(document, place, on_progress, given=given)
                yield Result(name, document, added)
            except BriefError as error:
                yield Result(name, error=str(error))


def files_in(path: str) -> Iterator[Path | Result]:
    """Yield the files that a path means: itself, or in order those of a folder that can be read.

    Hidden files are passed over; of others it is said why they are left out.
    """
    if path == STDIN or not Path(path).is_dir():
        yield Path(path)
        return
    found = 0
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for file in (Path(folder) / name for name in sorted(names) if not name.startswith(".")):
            found += 1
            if file.is_symlink():
                yield Result(str(file), error=f"{file} is a link. Add what it points to by name.")
            elif file.suffix.lower() not in SUFFIXES:
                yield Result(str(file), error=f"{file} is of a format that cannot be read here.")
            else:
                yield file
    if not found:
        yield Result(path, error=f"There is no file in the folder {path}. Name another.")


def _read(
    file: Path, given: Mapping[str, str], stdin: BinaryIO
) -> Iterator[tuple[str, Document | BriefError]]:
    if str(file) != STDIN:
        yield from read_members(file, **given)
        return
    data = stdin.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        large = f"Standard input has more than {MAX_BYTES // 1_000_000} MB. Split it."
        yield "", BriefError(large)
        return
    try:
        yield "", read_bytes(data, "standard input.txt", **given)
    except BriefError as error:
        yield "", error
