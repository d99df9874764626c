"""A file becomes a `Document`: decoding, front matter, title, headings."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path

from charset_normalizer import from_bytes

from index.boilerplate import boilerplate_spans
from index.text import paragraph_spans
from index.types import BriefError, Document, Part

SUFFIXES = {".md", ".markdown", ".txt", ".text"}
MAX_BYTES = 100_000_000
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(
    r"^(title|as_of|as-of|date|source|author)[ \t]*:[ \t]*(\S.*?)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?\Z")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\Z")
_TITLE_CHARS = 120


def read_document(path: Path, *, title: str = "", as_of: str = "", source: str = "") -> Document:
    """Read a Markdown or plain text file. Given metadata wins over the file's own.

    Raises:
        BriefError: the file is missing, empty, binary, too large or of another format.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise BriefError(
            f"{path.name} is not a format that can be read here ({', '.join(sorted(SUFFIXES))}). "
            "Save it as plain text or Markdown and add that."
        )
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BriefError(
                f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB. Split it and add the "
                "parts."
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise BriefError(f"There is no file {path}. Check the path and its spelling.") from None
    except IsADirectoryError:
        raise BriefError(f"{path} is a folder. Name the files in it: {path}/*.md") from None
    except PermissionError:
        raise BriefError(f"{path} may not be read. Give yourself read permission on it.") from None
    return parse_document(
        decode(data, path.name), name=path.name, title=title, as_of=as_of, source=source
    )


def decode(data: bytes, name: str) -> str:
    r"""Return the text of a file in whatever common encoding, with `\n` line ends.

    Raises:
        BriefError: nothing but white space, or not text.
    """
    if not data.strip():
        raise BriefError(f"{name} is empty. Add a file that has text in it.")
    text: str | None = None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", errors="replace")
    elif b"\0" not in data:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = _decode_legacy(data)
    control = sum(c < " " and c not in "\t\n\r\f" for c in text[:10_000]) if text else 0
    if text is None or control > len(text[:10_000]) / 100:
        raise BriefError(f"{name} is not text. Export it as plain text (UTF-8) and add that.")
    if not text.strip("\ufeff \t\r\n"):
        raise BriefError(f"{name} is empty. Add a file that has text in it.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode_legacy(data: bytes) -> str:
    best = from_bytes(data[:100_000]).best()
    text = data.decode(best.encoding if best else "cp1252", errors="replace")
    # Among the encodings of Latin letters the detector only guesses, and takes French for Czech;
    # Windows-1252 is the likeliest by far. Other alphabets it tells apart well.
    if any(c.isalpha() and c > "\u024f" for c in text):
        return text
    return data.decode("cp1252", errors="replace")


def parse_document(
    text: str, *, name: str, title: str = "", as_of: str = "", source: str = ""
) -> Document:
    """Turn text into a document whose id is the hash of the text.

    Raises:
        BriefError: there is no text beside front matter, or `as_of` is not a date.
    """
    if as_of:
        require_date(as_of)
    fields, body = front_matter(text)
    if not text[body:].strip():
        raise BriefError(f"{name} has front matter but no text. Add a file that has text in it.")
    parts = _headings(text, body)
    own_date = fields.get("as_of") or fields.get("as-of") or fields.get("date", "")
    title = title or fields.get("title") or (parts[0].label if parts else _first_line(text, body))
    title = title or re.sub(r"[-_ ]+", " ", Path(name).stem).strip().capitalize()
    as_of = as_of or (own_date if _DATE.match(own_date) else "")
    source = source or fields.get("source") or name
    digest = hashlib.sha256(text.encode()).hexdigest()
    return with_aside(Document(digest[:16], title, as_of, source, text, parts))


def with_aside(document: Document) -> Document:
    """Return a document with what is no part of it set aside, as that is told today."""
    _, body = front_matter(document.text)
    return replace(document, aside=boilerplate_spans(document.text, body))


def require_date(as_of: str) -> None:
    """Raise `BriefError` where a text is no ISO date, possibly shortened to month or year."""
    if not _DATE.match(as_of):
        raise BriefError(f"{as_of} is not a date. Write it as 2023, 2023-09 or 2023-09-15.")


def front_matter(text: str) -> tuple[dict[str, str], int]:
    r"""Return the known fields of a front matter and the offset at which the body starts.

    Read line by line, not as YAML: `title: Mali: a report` is what people write, and not YAML.

    >>> front_matter("---\ntitle: Mali: now\n---\nText")
    ({'title': 'Mali: now'}, 25)
    """
    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, 0
    fields = {key.lower(): value.strip("\"'") for key, value in _FIELD.findall(match[1] or "")}
    return fields, match.end()


def _headings(text: str, body: int) -> tuple[Part, ...]:
    parts = []
    for start, end in paragraph_spans(text[body:]):
        if heading := _HEADING.match(text[body + start : body + end]):
            parts.append(Part(body + start, heading[2]))
    return tuple(parts)


def _first_line(text: str, body: int) -> str:
    line = text[body:].strip().split("\n", 1)[0].strip()
    # A short line without a full stop is a title; anything else is already the text.
    return (
        line if len(line) <= _TITLE_CHARS and not line.endswith((".", "!", "?", "”", '"')) else ""
    )
