"""Text files: whatever encoding, front matter, `#` headings, form feeds between pages."""

import re

from charset_normalizer import from_bytes

from index.text import paragraph_spans
from index.types import BriefError, Extracted, Part

SUFFIXES = {".md", ".markdown", ".txt", ".text"}
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(
    r"^(title|as_of|as-of|date|source|author)[ \t]*:[ \t]*(\S.*?)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?\Z")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\Z")


def extract(data: bytes, name: str) -> Extracted:
    """Return what a text file says; its text is the file's, so that offsets are too.

    Raises:
        BriefError: empty, or not text.
    """
    return extract_text(decode(data, name), name)


def extract_text(text: str, name: str) -> Extracted:
    """Return what a text says. Raises `BriefError` where there is nothing but front matter."""
    fields, body = front_matter(text)
    if not text[body:].strip():
        raise BriefError(f"{name} has front matter but no text. Add a file that has text in it.")
    own_date = fields.get("as_of") or fields.get("as-of") or fields.get("date", "")
    return Extracted(
        text,
        tuple(sorted((*_pages(text, body), *_headings(text, body)), key=lambda p: p.start)),
        title=fields.get("title", ""),
        author=fields.get("author", ""),
        as_of=own_date if DATE.match(own_date) else "",
        source=fields.get("source", ""),
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
    if not text.strip("\ufeff \t\r\n\f"):
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


def _headings(text: str, body: int) -> list[Part]:
    return [
        Part(body + start, heading[2])
        for start, end in paragraph_spans(text[body:])
        if (heading := _HEADING.match(text[body + start : body + end]))
    ]


def _pages(text: str, body: int) -> list[Part]:
    """Return the pages where form feeds separate them, as exports of PDF files have it."""
    if "\f" not in text:
        return []
    pages, number, start = [], 1, body
    for piece in text[body:].split("\f"):
        if piece.strip():
            first = start + len(piece) - len(piece.lstrip())
            pages.append(Part(first, f"page {number}", "page"))
        number, start = number + 1, start + len(piece) + 1
    return pages
