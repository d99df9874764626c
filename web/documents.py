"""Documents as the routes give them, and the words where there is none."""

import hashlib
from dataclasses import asdict
from typing import Any

from fastapi import HTTPException

from index.changes import Changes
from index.types import BriefError, Document, DocumentInfo, Library
from qa.output import date_words
from web.engine import OPENING, Engine, Opening, changes_of


def row(info: DocumentInfo) -> dict[str, Any]:
    """Return what the library's panel shows of a document."""
    facts = asdict(info)
    # The same for a file's next version, without telling where it lies on this machine.
    facts["file"] = hashlib.sha256(facts.pop("path").encode()).hexdigest()[:16]
    return {**facts, "as_of_words": date_words(info.as_of), "state": "ready"}


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
