"""A document as the viewer wants it: blocks of text with their exact offsets, never markup."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from index.reading import front_matter
from index.text import paragraph_spans
from index.types import Document, Part, Span
from qa.output import date_words

_HEADING = re.compile(r"(#{1,6})[ \t]+")


def document_json(document: Document) -> dict[str, Any]:
    """Return a document for `viewer.js`.

    A block has `start`, the offset of its first character in the document's text, its `text`, and
    `level`: 1 to 6 for a heading (its # marks are left out), 0 for a paragraph. The first of a page
    or slide has its label as `page`; it is empty where there was no text to be read. A paragraph
    over the edge of a page is two blocks. One that is no evidence has `aside`. The document's
    `aside` are the texts of these. `printed` is not empty where its pages can be shown as they are
    printed (`web/printed.py`).
    """
    aside = [start for start, _ in document.aside]
    blocks: list[dict[str, Any]] = []
    for page, start, end in _blocks(document):
        heading = _HEADING.match(document.text[start:end])
        begin = start + (heading.end() if heading else 0)
        level = len(heading[1]) if heading else 0
        block = {"start": begin, "text": document.text[begin:end], "level": level}
        if page:
            block["page"] = page.label
        n = bisect_right(aside, begin) - 1
        if n >= 0 and start < end <= document.aside[n][1]:
            block["aside"] = True
        blocks.append(block)
    return {
        "id": document.id,
        "title": document.title,
        "as_of": date_words(document.as_of),
        "source": document.source,
        "printed": document.printed,
        "blocks": blocks,
        "aside": [document.text[start:end] for start, end in document.aside],
    }


def _blocks(document: Document) -> Iterator[tuple[Part | None, int, int]]:
    """Yield the spans of blocks in order, the first of each page with it."""
    spans = _pieces(document)
    pages = [part for part in document.parts if part.kind != "heading"]
    ends = [*(page.start for page in pages[1:]), len(document.text)]
    n = 0
    for page, end in zip(pages, ends, strict=False):
        while n < len(spans) and spans[n][0] < page.start:
            yield None, *spans[n]
            n += 1
        if n < len(spans) and spans[n][0] < end:
            yield page, *spans[n]
            n += 1
        else:
            yield page, page.start, page.start
    for span in spans[n:]:
        yield None, *span


def _pieces(document: Document) -> list[Span]:
    """Return the spans of paragraphs, cut where a page begins inside of one."""
    _, body = front_matter(document.text)
    edges = [part.start for part in document.parts if part.kind != "heading"]
    pieces: list[Span] = []
    for s, e in paragraph_spans(document.text[body:]):
        start, end = body + s, body + e
        within = edges[bisect_right(edges, start) : bisect_right(edges, end - 1)]
        for first, last in zip([start, *within], [*within, end], strict=True):
            piece = document.text[first:last]
            left = first + len(piece) - len(piece.lstrip())
            if piece.strip():
                pieces.append((left, left + len(piece.strip())))
    return pieces
