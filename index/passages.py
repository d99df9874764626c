"""A document becomes passages: whole paragraphs of one section, short ones together."""

from collections.abc import Iterator
from dataclasses import dataclass

from index.reading import front_matter
from index.text import Span, outside, paragraph_spans, sentence_spans
from index.types import Document, Passage

# A passage should say one thing and still carry its context. MiniLM reads 256 word pieces,
# about 1,000 characters; what is longer would be embedded cut off.
MIN_CHARS, MAX_CHARS = 300, 1000


@dataclass(slots=True)
class _Paragraph:
    span: Span
    section: str
    number: int


def split_passages(document: Document) -> list[Passage]:
    """Return the passages of a document in order; each is a verbatim slice of its text."""
    passages = []
    for group in _groups(document):
        for start, end in _pieces(document.text, group[0].span[0], group[-1].span[1]):
            passages.append(
                Passage(
                    id=f"{document.id}:{start}-{end}",
                    document_id=document.id,
                    start=start,
                    end=end,
                    text=document.text[start:end],
                    place=_place(group, start, end),
                )
            )
    return passages


def _paragraphs(document: Document) -> Iterator[_Paragraph]:
    _, body = front_matter(document.text)
    parts = iter(document.parts)
    upcoming = next(parts, None)
    section, number = "", 0
    for s, e in paragraph_spans(document.text[body:]):
        span = (body + s, body + e)
        if upcoming and span[0] >= upcoming.start:
            section, number = upcoming.label, 0
            upcoming = next(parts, None)
            continue
        number += 1
        for piece in outside(span, document.aside, document.text):
            yield _Paragraph(piece, section, number)


def _groups(document: Document) -> Iterator[list[_Paragraph]]:
    """Yield runs of neighbouring paragraphs of one section that make one passage together."""
    group: list[_Paragraph] = []
    for paragraph in _paragraphs(document):
        if group:
            length = paragraph.span[1] - group[0].span[0]
            full = group[-1].span[1] - group[0].span[0] >= MIN_CHARS or length > MAX_CHARS
            gap = (group[-1].span[1], paragraph.span[0])
            parted = any(gap[0] <= s < gap[1] for s, _ in document.aside)
            if full or parted or paragraph.section != group[0].section:
                yield group
                group = []
        group.append(paragraph)
    if group:
        yield group


def _pieces(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield slices of at most `MAX_CHARS`, cut between sentences, or inside one without end."""
    if end - start <= MAX_CHARS:
        yield start, end
        return
    piece_start = piece_end = start
    for s, e in sentence_spans(text[start:end]):
        s, e = start + s, start + e
        if piece_end > piece_start and e - piece_start > MAX_CHARS:
            yield piece_start, piece_end
            piece_start = s
        while e - piece_start > MAX_CHARS:
            cut = text.rfind(" ", piece_start + 1, piece_start + MAX_CHARS)
            cut = cut if cut > piece_start else piece_start + MAX_CHARS
            yield piece_start, cut
            piece_start = cut + 1 if text[cut : cut + 1] == " " else cut
        piece_end = e
    if piece_end > piece_start:
        yield piece_start, piece_end


def _place(group: list[_Paragraph], start: int, end: int) -> str:
    numbers = [p.number for p in group if p.span[0] < end and p.span[1] > start]
    paragraphs = (
        f"paragraph {numbers[0]}" if len(numbers) == 1 else f"paragraphs {numbers[0]}–{numbers[-1]}"
    )
    return f"{group[0].section}, {paragraphs}" if group[0].section else paragraphs
