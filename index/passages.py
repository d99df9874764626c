"""A document becomes passages: whole paragraphs of one section, short ones together."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from index.formats.plain import front_matter
from index.text import Span, outside, paragraph_spans, sentence_spans
from index.types import Document, Part, Passage

# A passage should say one thing and still carry its context. MiniLM reads 256 word pieces,
# about 1,000 characters; what is longer would be embedded cut off.
MAX_CHARS = 1000
_FULL = 0.3  # of the most: short paragraphs are put together up to that


@dataclass(slots=True)
class _Paragraph:
    """`run` tells paragraphs apart that no passage may hold together."""

    span: Span
    run: int
    page: str
    section: str
    slide: str
    number: int


def split_passages(document: Document, max_chars: int = MAX_CHARS) -> list[Passage]:
    """Return the passages of a document in order, of at most `max_chars` characters.

    Each is a verbatim slice of its text.
    """
    pages = [part for part in document.parts if part.kind == "page"]
    passages = []
    for group in _groups(document, max_chars):
        begin, finish = group[0].span[0], group[-1].span[1]
        for start, end in _pieces(document.text, begin, finish, max_chars):
            passages.append(
                Passage(
                    id=f"{document.id}:{start}-{end}",
                    document_id=document.id,
                    start=start,
                    end=end,
                    text=document.text[start:end],
                    place=_place(group, start, end, pages),
                )
            )
    return passages


def _paragraphs(document: Document) -> Iterator[_Paragraph]:
    """Yield the paragraphs that are evidence: no headings, and nothing that is set aside."""
    _, body = front_matter(document.text)
    parts, at = document.parts, 0
    section = page = slide = ""
    number = run = 0
    for s, e in paragraph_spans(document.text[body:]):
        span = (body + s, body + e)
        heading = False
        while at < len(parts) and parts[at].start <= span[0]:
            part = parts[at]
            at += 1
            if part.kind == "page":
                page = part.label
                # Below a heading the paragraphs are counted on, over the ends of pages.
                number = number if section else 0
            else:
                heading = part.kind == "heading"
                section = part.label if heading else ""
                slide = slide if heading else part.label
                number, run = 0, run + 1
        if heading:
            continue
        # A page that begins inside a paragraph has begun for the next one.
        number += 1
        for piece in outside(span, document.aside, document.text):
            yield _Paragraph(piece, run, page, section, slide, number)


def _groups(document: Document, max_chars: int) -> Iterator[list[_Paragraph]]:
    """Yield runs of neighbouring paragraphs of one section that make one passage together."""
    group: list[_Paragraph] = []
    for paragraph in _paragraphs(document):
        if group:
            length = paragraph.span[1] - group[0].span[0]
            now = group[-1].span[1] - group[0].span[0]
            full = now >= _FULL * max_chars or length > max_chars
            apart = (paragraph.run, paragraph.page) != (group[0].run, group[0].page)
            gap = (group[-1].span[1], paragraph.span[0])
            parted = any(gap[0] <= s < gap[1] for s, _ in document.aside)
            if full or apart or parted:
                yield group
                group = []
        group.append(paragraph)
    if group:
        yield group


def _pieces(text: str, start: int, end: int, max_chars: int) -> Iterator[Span]:
    """Yield slices of at most `max_chars`, cut between sentences, or inside one without end."""
    if end - start <= max_chars:
        yield start, end
        return
    piece_start = piece_end = start
    for s, e in sentence_spans(text[start:end]):
        s, e = start + s, start + e
        if piece_end > piece_start and e - piece_start > max_chars:
            yield piece_start, piece_end
            piece_start = s
        while e - piece_start > max_chars:
            cut = text.rfind(" ", piece_start + 1, piece_start + max_chars)
            cut = cut if cut > piece_start else piece_start + max_chars
            yield piece_start, cut
            piece_start = cut + 1 if text[cut : cut + 1] == " " else cut
        piece_end = e
    if piece_end > piece_start:
        yield piece_start, piece_end


def _place(group: list[_Paragraph], start: int, end: int, pages: list[Part]) -> str:
    """Return where a person finds a passage: "3. Coups, pages 5–6, paragraph 2"."""
    first = group[0]
    # The label of a slide already has the title, which is its heading.
    section = "" if first.slide.endswith(f": {first.section}") else first.section
    numbers = [p.number for p in group if p.span[0] < end and p.span[1] > start]
    paragraphs = f"paragraph{_few(str(numbers[0]), str(numbers[-1]))}"
    where = (first.slide, section, _pages(pages, start, end), paragraphs)
    return ", ".join(part for part in where if part)


def _pages(pages: list[Part], start: int, end: int) -> str:
    starts = [page.start for page in pages]
    first, last = bisect_right(starts, start) - 1, bisect_right(starts, end - 1) - 1
    if last < 0:
        return ""
    names = [pages[i].label.removeprefix("page ") for i in (max(first, 0), last)]
    return f"page{_few(*names)}"


def _few(first: str, last: str) -> str:
    return f" {first}" if first == last else f"s {first}–{last}"
