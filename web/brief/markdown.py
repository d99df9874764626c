"""A brief as Markdown with footnotes (`[^1]`), as pandoc and GitHub read them."""

import re
from collections.abc import Iterator, Sequence

from web.brief.content import Content, Said, Section, removed_words
from web.brief.notes import Note

# What means something within a line, wherever it stands. Full stops and the like stay readable.
_INLINE = re.compile(r"[\\`*_\[\]<>~|$^&@#]|:(?=//|\w+:)|(?<=www)\.", re.IGNORECASE)
_AT_START = re.compile(r"^(?:([-+=:])|(\d+)([.)]))")


def markdown(content: Content) -> str:
    """Return the whole brief."""
    parts = [f"# {escaped(content.title)}", escaped(content.facts)]
    for section in content.sections:
        parts += _section(section)
    parts += [_note(n) for n in content.notes]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    r"""Return one line of untrusted text so that Markdown takes none of it for markup.

    >>> escaped("1. *Not* <b>")
    '1\\. \\*Not\\* \\<b\\>'
    """
    line = _INLINE.sub(lambda m: f"\\{m[0]}", text)
    return _AT_START.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", line)


def _section(section: Section) -> Iterator[str]:
    yield f"## {escaped(section.title)}"
    if section.question:
        yield f"**Question:** {escaped(section.question)}"
    if section.resolved:
        yield f"**Understood as:** {escaped(section.resolved)}"
    if section.reason:
        yield f"**{escaped(section.reason)}**"
    if section.closest:
        yield "The closest passages:"
        yield "\n".join(f"- {_one(said)}" for said in section.closest)
    if section.answer:
        yield _said(section.answer)
    if section.removed:
        struck = " ".join(f"~~{escaped(s)}~~" for s in section.removed)
        yield f"*{removed_words(section.removed)}* {struck}"
    yield from (f"*{escaped(notice)}*" for notice in section.notices)
    if section.comment:
        lines = section.comment.split("\n")
        quoted = (f"> {line}".rstrip() for line in _broken(lines))
        yield "> **Comment:** " + "\n".join(quoted).removeprefix("> ")
    yield f"*{escaped(section.facts)}*"


def _broken(lines: Sequence[str]) -> Iterator[str]:
    # A backslash at the end is a line break; before an empty line it would be one that shows.
    for n, line in enumerate(lines):
        breaks = line and n + 1 < len(lines) and lines[n + 1]
        yield f"{escaped(line)}\\" if breaks else escaped(line)


def _said(sentences: Sequence[Said]) -> str:
    return " ".join(_one(said) for said in sentences)


def _one(said: Said) -> str:
    lead = f"{escaped(said.lead)}: " if said.lead else ""
    text = f"“{escaped(said.text)}”" if said.quoted else escaped(said.text)
    if said.notes and text.endswith("!"):  # with the note after it, it would begin an image
        text = f"{text[:-1]}\\!"
    return f"{lead}{text}{''.join(f'[^{n}]' for n in said.notes)}"


def _note(note: Note) -> str:
    words = " ".join((note.said, "–", note.origin, note.provenance))
    return f"[^{note.n}]: {escaped(words)}"
