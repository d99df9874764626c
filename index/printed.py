"""Where quotations stand on the pages of a document as they are printed."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from index.formats.marks import Box, PageText, read_page
from index.formats.opening import open_file, turn
from index.quotes import Folded, find_quote, fold
from index.types import Document, Original, Span

_AROUND_CHARS = 300  # of the text, that tell which of two equal quotations is meant
_PAGE = re.compile(r"page (\d+)\Z")


class OnPage(NamedTuple):
    """A page that a quotation is on, from 1, and a box for each line, none if it is not found."""

    page: int
    boxes: list[Box]


class _Piece(NamedTuple):
    """What of a quotation is on a page, and that page, in offsets of the document's text."""

    number: int
    span: Span
    page: Span


def quotations(document: Document, original: Original, spans: Sequence[Span]) -> list[list[OnPage]]:
    """Return for each span of the document's text where it is printed, page by page.

    Raises:
        BriefError: the original cannot be opened.
    """
    pieces = [list(_pieces(document, span)) for span in spans]
    pages: dict[int, tuple[PageText, Folded] | None] = {}
    with turn(), open_file(original, document.title) as file:
        try:
            for number in {piece.number for of_span in pieces for piece in of_span}:
                page = read_page(file, number)
                pages[number] = (page, fold(page.text)) if page else None
            return [[_found(document.text, p, pages[p.number]) for p in own] for own in pieces]
        finally:
            for known in pages.values():
                if known:
                    known[0].close()


def _pieces(document: Document, span: Span) -> Iterator[_Piece]:
    """Yield what of a span is on each page, by the places where pages begin in the text."""
    marks = [(int(m[1]), p.start) for p in document.parts
             if p.kind == "page" and (m := _PAGE.match(p.label))]  # fmt: skip
    for (number, begin), (_, end) in pairwise([*marks, (0, len(document.text))]):
        start, stop = max(span[0], begin), min(span[1], end)
        if document.text[start:stop].strip():
            yield _Piece(number, (start, stop), (begin, end))


def _found(text: str, piece: _Piece, page: tuple[PageText, Folded] | None) -> OnPage:
    if page is None:
        return OnPage(piece.number, [])
    (start, end), (begin, stop) = piece.span, piece.page
    found = find_quote(
        page[1],
        text[start:end],
        before=text[max(begin, start - _AROUND_CHARS) : start],
        after=text[end : min(stop, end + _AROUND_CHARS)],
    )
    return OnPage(piece.number, page[0].boxes(found))
