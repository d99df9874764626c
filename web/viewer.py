"""A document as the viewer wants it: blocks of text with their exact offsets, never markup."""

import re
from typing import Any

from index.reading import front_matter
from index.text import paragraph_spans
from index.types import Document
from qa.output import date_words

_HEADING = re.compile(r"(#{1,6})[ \t]+")


def document_json(document: Document) -> dict[str, Any]:
    """Return a document for `viewer.js`.

    A block has `start`, the offset of its first character in the document's text, its `text`, and
    `level`: 1 to 6 for a heading (its # marks are left out), 0 for a paragraph. The first of a page
    or slide has its label as `page`, one that is no evidence has `aside`. The document's `aside`
    are the texts of these.
    """
    _, body = front_matter(document.text)
    pages = [part for part in document.parts if part.kind != "heading"]
    blocks: list[dict[str, Any]] = []
    for s, e in paragraph_spans(document.text[body:]):
        start, end, level = body + s, body + e, 0
        if heading := _HEADING.match(document.text[start:end]):
            start, level = start + heading.end(), len(heading[1])
        block = {"start": start, "text": document.text[start:end], "level": level}
        if begun := [pages.pop(0).label for page in [*pages] if page.start < end]:
            block["page"] = begun[-1]
        if any(first <= start and end <= last for first, last in document.aside):
            block["aside"] = True
        blocks.append(block)
    return {
        "id": document.id,
        "title": document.title,
        "as_of": date_words(document.as_of),
        "source": document.source,
        "blocks": blocks,
        "aside": [document.text[start:end] for start, end in document.aside],
    }
