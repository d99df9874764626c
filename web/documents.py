"""Documents as the routes give them, and the words where there is none."""

import hashlib
from typing import Any

from fastapi import HTTPException

from index.changes import Changes
from index.inspection import summary
from index.library import DiskLibrary
from index.types import BriefError, Document, Library
from qa.output import date_words
from web.engine import OPENING, Engine, Opening, changes_of


def row(library: Library, document: Document) -> dict[str, Any]:
    """Return what the library's panel shows of a document."""
    facts: dict[str, Any] = {"id": document.id, "title": document.title}
    if isinstance(library, DiskLibrary):
        facts = summary(library, document)
        # The same for a file's next version, without telling where it lies on this machine.
        facts["file"] = hashlib.sha256(facts.pop("path").encode()).hexdigest()[:16]
    return {
        **facts,
        "as_of_words": date_words(document.as_of),
        "state": "ready",
        "aside": len(document.aside),
    }


def opened(opening: Opening) -> Engine:
    """Return the engine. Raises `HTTPException` 503 while the library is being opened."""
    if (found := opening()) is None:
        raise HTTPException(503, OPENING)
    return found


def changeable(opening: Opening) -> tuple[Engine, Changes]:
    """Return the engine and what changes its library.

    Raises `HTTPException` 405 where nothing does, 503 while the library is being opened.
    """
    found = opened(opening)
    if (changes := changes_of(found)) is None:
        raise HTTPException(405, "This library cannot be changed from the page.")
    return found, changes


def known(library: Library, document_id: str) -> Document:
    """Return a document. Raises `HTTPException` 404 where there is none of that id."""
    try:
        return library.document(document_id)
    except BriefError as error:
        raise HTTPException(404, "This document is not in the library any more.") from error
