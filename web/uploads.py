"""A file from the browser becomes a `Document`. Its name is untrusted and never a path here."""

import re
import tempfile
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from index.reading import MAX_BYTES, SUFFIXES, read_document
from index.types import BriefError, Document

_NAME_CHARS = 200


class TooLarge(BriefError):
    """A file has more bytes than are read."""


def file_name(sent: str) -> str:
    r"""Return the last part of a name as the browser sent it, without control characters.

    >>> file_name("C:\\reports\\a.md"), file_name("../b.md"), file_name("..")
    ('a.md', 'b.md', '')
    """
    last = re.split(r"[/\\]", sent)[-1]
    name = "".join(c for c in last if c.isprintable()).strip()
    if len(name) > _NAME_CHARS:  # what tells the format stays
        ending = Path(name).suffix[:12]
        name = name[: _NAME_CHARS - len(ending)] + ending
    return name.strip(".") and name


async def receive(body: AsyncIterator[bytes], folder: Path, name: str) -> Path:
    """Write what arrives to a file of its own in `folder` and return that.

    Raises:
        TooLarge: it has more than `MAX_BYTES`.
    """
    # Begins with a digit and has no capitals, so that a title made of it is the same again.
    path = folder / f"0{uuid.uuid4().hex}{_suffix(name)}"
    size = 0
    with path.open("wb") as file:
        async for chunk in body:
            size += len(chunk)
            if size > MAX_BYTES:
                raise too_large(name)
            file.write(chunk)
    return path


def too_large(name: str) -> TooLarge:
    """Return what is said of a file that is too large."""
    return TooLarge(
        f"{name} is larger than {MAX_BYTES // 1_000_000} MB. Split it and add the parts."
    )


def read(path: Path, name: str) -> Document:
    """Read what was received as if it were called `name`.

    Raises:
        BriefError: it cannot be read; the message has the user's name of it.
    """
    if path.suffix == ".zip":
        raise BriefError(
            f"{name} is an archive. Unpack it and add the files in it, or run: "
            f"python -m index add {name}"
        )
    stem = re.sub(r"[-_ ]+", " ", Path(name).stem).strip().capitalize()

    def named(text: str) -> str:
        return text.replace(str(path), name).replace(path.name, name).replace(path.stem, stem)

    try:
        read = read_document(path)
    except BriefError as error:
        raise BriefError(named(str(error))) from error
    return replace(
        read,
        title=named(read.title),
        source=named(read.source),
        notices=tuple(named(notice) for notice in read.notices),
    )


def own_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that goes with whoever holds it."""
    return tempfile.TemporaryDirectory(prefix="sahel-brief-", ignore_cleanup_errors=True)


def _suffix(name: str) -> str:
    suffix = Path(name).suffix
    if suffix.lower() in SUFFIXES:
        return suffix.lower()
    return re.sub(r"[^.a-zA-Z0-9]", "", suffix)[:12]
