"""A stretch of a document to read, with what stands around it."""

from typing import Any

from index.types import BriefError, Document

MAX_CHARS = 20_000  # of one excerpt: a model's context, and a screen, hold little more
MAX_AROUND = 5_000


def excerpt(document: Document, start: int, end: int, *, around: int = 0) -> dict[str, Any]:
    """Return `text[start:end]` of a document, and up to `around` characters before and after it.

    >>> excerpt(Document("1f", "T", "", "", "One. Two. Three.", ()), 5, 9, around=5)["before"]
    'One. '

    Raises:
        BriefError: there is nothing from `start` to `end`, or it is too long.
    """
    size = len(document.text)
    if not 0 <= start < end or start >= size:
        raise BriefError(
            f"“{document.title}” has the characters 0 to {size:,}; there are none from {start:,} "
            f"to {end:,}. Give a start below {size:,} and an end above the start."
        )
    end = min(end, size)
    if end - start > MAX_CHARS:
        raise BriefError(
            f"At most {MAX_CHARS:,} characters are read at once. Read the next from {start:,} + "
            f"{MAX_CHARS:,} on."
        )
    return {
        "document_id": document.id,
        "document": document.title,
        "as_of": document.as_of,
        "characters": size,
        "start": start,
        "end": end,
        "text": document.text[start:end],
        "before": document.text[max(0, start - around) : start],
        "after": document.text[end : end + around],
    }
