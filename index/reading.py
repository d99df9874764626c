"""A file becomes a `Document`, whatever its format, or says why it cannot."""

import hashlib
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from index.boilerplate import boilerplate_spans
from index.dates import dated_line
from index.formats import detection
from index.formats.archive import members
from index.formats.detection import SUFFIXES, is_pdf
from index.formats.plain import DATE, decode, extract_text, front_matter
from index.originals import set_down
from index.types import BriefError, Document, Extracted

__all__ = [
    "MAX_ARCHIVE_BYTES",
    "MAX_BYTES",
    "SUFFIXES",
    "decode",
    "front_matter",
    "parse_document",
    "read_bytes",
    "read_document",
    "read_members",
    "require_date",
    "with_aside",
]

MAX_BYTES = 100_000_000
MAX_ARCHIVE_BYTES = 500_000_000
_TITLE_CHARS = 120
_DATED = {".pdf", ".docx", ".pptx"}  # whose date is when the file was made, perhaps only printed


def read_document(
    path: Path, *, title: str = "", author: str = "", as_of: str = "", source: str = ""
) -> Document:
    """Read a file of any format but an archive. Given metadata wins over the file's own.

    Raises:
        BriefError: the file is missing, empty, damaged, encrypted, too large, of another format,
            or changes while it is read.
    """
    given = {"title": title, "author": author, "as_of": as_of, "source": source}
    return read_bytes(_content(path), path.name, **given)


def read_bytes(
    data: bytes, name: str, *, title: str = "", author: str = "", as_of: str = "", source: str = ""
) -> Document:
    """Read what is in a file of that name. Raises `BriefError` where it cannot be read."""
    given = {"title": title, "author": author, "as_of": as_of, "source": source}
    document = _document(detection.extract(data, name), name, **given)
    return replace(document, original=set_down(data)) if is_pdf(data, name) else document


def read_members(
    path: Path, *, name: str = "", **given: str
) -> Iterator[tuple[str, Document | BriefError]]:
    """Yield a document, or why there is none, for each file of a ZIP, or for the one file.

    Each comes with its name in the archive, "" for the file itself. `name` is what the file is
    called, "" for as in `path`; `given` is metadata.
    """
    name = name or path.name
    try:
        if Path(name).suffix.lower() != ".zip":
            yield "", read_bytes(_content(path), name, **given)
            return
        _check(path, MAX_ARCHIVE_BYTES)
        for member, content in members(path, name):
            if isinstance(content, BriefError):
                yield member, content
                continue
            try:
                yield member, read_bytes(content, member, **given)
            except BriefError as error:
                yield member, error
    except BriefError as error:
        yield "", error


def parse_document(
    text: str,
    *,
    name: str,
    title: str = "",
    author: str = "",
    as_of: str = "",
    source: str = "",
) -> Document:
    """Turn text into a document whose id is the hash of the text.

    Raises:
        BriefError: there is no text beside front matter, or `as_of` is not a date.
    """
    given = {"title": title, "author": author, "as_of": as_of, "source": source}
    return _document(extract_text(text, name), name, **given)


def _document(
    extracted: Extracted, name: str, *, title: str, author: str, as_of: str, source: str
) -> Document:
    given = {"title": title, "author": author, "as_of": as_of, "source": source}
    if as_of:
        require_date(as_of)
    text, notices = extracted.text, extracted.notices
    of_file = Path(name).suffix.lower() in _DATED
    said = dated_line(text[front_matter(text)[1] :]) if of_file or not extracted.as_of else ""
    if of_file and extracted.as_of and not said and not as_of:
        when = (
            f"Its as-of date, {extracted.as_of}, is that of the file. If its facts are of another"
        )
        notices = (*notices, f"{when}, say so: edit the document, or add it with --as-of.")
    first = next((p.label for p in extracted.parts if p.kind == "heading"), "")
    title = title or extracted.title or first or _first_line(text)
    title = title or re.sub(r"[-_ ]+", " ", Path(name).stem).strip().capitalize()
    document = Document(
        hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16],
        title,
        as_of or said or extracted.as_of,
        source or extracted.source or name,
        text,
        extracted.parts,
        author or extracted.author,
        notices,
        extracted.aside,
        tuple(sorted(key for key, value in given.items() if value)),
    )
    return with_aside(document)


def with_aside(document: Document) -> Document:
    """Return a document with what is no part of it set aside, as that is told today."""
    _, body = front_matter(document.text)
    own = document.aside
    found = [
        (start, end)
        for start, end in boilerplate_spans(document.text, body)
        if not any(s < end and start < e for s, e in own)
    ]
    return replace(document, aside=tuple(sorted([*own, *found])))


def require_date(as_of: str) -> None:
    """Raise `BriefError` where a text is no ISO date, possibly shortened to month or year."""
    if not DATE.match(as_of):
        raise BriefError(f"{as_of} is not a date. Write it as 2023, 2023-09 or 2023-09-15.")


def _first_line(text: str) -> str:
    _, body = front_matter(text)
    line = text[body:].strip().split("\n", 1)[0].strip()
    # A short line without a full stop is a title; anything else is already the text.
    return (
        line if len(line) <= _TITLE_CHARS and not line.endswith((".", "!", "?", "”", '"')) else ""
    )


def _content(path: Path) -> bytes:
    """Return the bytes of a file that stays the same from before to after; try twice."""
    for _ in range(2):
        before = _check(path, MAX_BYTES)
        try:
            data = path.read_bytes()
        except PermissionError:
            raise BriefError(
                f"{path} may not be read. Give yourself read permission on it."
            ) from None
        if before == _check(path, MAX_BYTES) and len(data) == before[0]:
            return data
    raise BriefError(f"{path.name} changes while it is read. Add it when it is complete.")


def _check(path: Path, max_bytes: int) -> tuple[int, int, int]:
    """Return what tells a file from a changed one. Raises `BriefError` where it cannot be read."""
    try:
        found = path.stat()
    except FileNotFoundError:
        raise BriefError(f"There is no file {path}. Check the path and its spelling.") from None
    except PermissionError:
        raise BriefError(f"{path} may not be read. Give yourself read permission on it.") from None
    if stat.S_ISDIR(found.st_mode):
        raise BriefError(f"{path} is a folder. Name the files in it: {path}/*.md")
    if not stat.S_ISREG(found.st_mode):
        raise BriefError(f"{path} is no file but a device or a pipe. Save it as a file first.")
    if found.st_size > max_bytes:
        raise BriefError(
            f"{path.name} is larger than {max_bytes // 1_000_000} MB. Split it and add the parts."
        )
    return found.st_size, found.st_mtime_ns, found.st_ino
