"""A brief as a file of one of four formats, with a name that says what is in it."""

import re
from collections.abc import Callable
from typing import NamedTuple

from index.types import BriefError
from web.brief.as_json import as_json
from web.brief.content import Brief, Content, content
from web.brief.markdown import markdown

_NAME_CHARS = 80


def _word(brief: Brief, said: Content) -> bytes:
    from web.brief.word import word  # not while the page starts: 0.1 s, as below

    return word(said)


def _pdf(brief: Brief, said: Content) -> bytes:
    from web.brief.pdf import pdf

    return pdf(said)


_FORMATS: dict[str, tuple[str, Callable[[Brief, Content], bytes]]] = {
    "docx": (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _word,
    ),
    "pdf": ("application/pdf", _pdf),
    "md": ("text/markdown; charset=utf-8", lambda brief, said: markdown(said).encode()),
    "json": ("application/json", lambda brief, said: as_json(brief, said).encode()),
}


class Exported(NamedTuple):
    """A file's name, its media type and what is in it."""

    name: str
    media_type: str
    data: bytes


def export(brief: Brief, format_: str) -> Exported:
    """Return the brief as a file.

    Raises:
        BriefError: nothing is in the brief, or there is no such format.
    """
    if format_ not in _FORMATS:
        raise BriefError(f"A brief is exported as one of: {', '.join(_FORMATS)}.")
    if not brief.items:
        raise BriefError("The brief is empty. Add an answer to it first.")
    media_type, write = _FORMATS[format_]
    said = content(brief)
    return Exported(f"{_stem(said)}.{format_}", media_type, write(brief, said))


def _stem(said: Content) -> str:
    # No character that a file system, a shell or a spreadsheet takes for something else.
    words = re.sub(r"[^\w\s.,()’–-]", " ", said.title)
    title = " ".join(words.split())[:_NAME_CHARS].strip(" .-–")
    return f"{title or 'Briefing note'} {said.made_at:%Y-%m-%d}"
