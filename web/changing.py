"""Changes to the library from its page: add, edit, remove, undo. Each needs a header of its own,
which no page of another origin can send.
"""

from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeout
from functools import partial
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Header, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from index.changes import Changes
from index.library import DiskLibrary
from index.reading import require_date
from index.types import BriefError, DocumentInfo, Library
from web.adding import Adding, add_adding
from web.documents import changeable, known, row
from web.engine import Opening
from web.jobs import Item, Jobs
from web.removed import Bin, Removed

_WAIT_S = 600.0  # for a change: one that was asked for earlier may be indexing a long document

Result = TypeVar("Result")
Text = Annotated[str, Field(max_length=500)]


class Facts(BaseModel):
    """What can be changed of a document; None stays as it is."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    title: Text | None = None
    author: Text | None = None
    source: Text | None = None
    as_of: Text | None = None


def changing_routes(opening: Opening, jobs: Jobs, adding: Adding, bin_: Bin) -> APIRouter:
    """Return the routes that change the library.

    Args:
        opening: gives the engine, None while the library is still being opened.
        jobs: where what takes long is done.
        adding: what takes files in.
        bin_: where removed documents are kept for a while.
    """
    router = APIRouter(dependencies=[Depends(from_this_page)])

    add_adding(router, adding)

    @router.patch("/documents/{document_id}")
    def edit(document_id: str, sent: Facts) -> JSONResponse:
        try:
            info = change_facts(opening, document_id, sent)
        except WrongFact as error:
            return JSONResponse({"detail": str(error), "field": error.field}, 422)
        return JSONResponse(row(info) if info else {})

    @router.delete("/documents/{document_id}")
    def remove(document_id: str) -> dict[str, str]:
        return {"id": document_id, "title": remove_document(opening, bin_, document_id)}

    @router.post("/documents/{document_id}/restore", status_code=202)
    def restore(document_id: str) -> dict[str, str]:
        found, changes = changeable(opening)
        if (removed := bin_.take(document_id)) is None:
            raise HTTPException(404, "This was removed too long ago. Add its file again.")

        def end(succeeded: bool) -> None:
            if not succeeded:
                bin_.put(removed)

        return {"job": jobs.start(partial(_free, found.library, removed), changes, end)}

    return router


def from_this_page(x_sahel_brief: Annotated[str, Header()] = "") -> None:
    """Refuse what another page sends. Raises `HTTPException` 403."""
    # A page of another origin would have to ask before it sends this, and nobody answers it.
    if x_sahel_brief != "1":
        raise HTTPException(403, "The library is changed from its own page: send X-Sahel-Brief: 1.")


class WrongFact(BriefError):
    """What is wrong with one of the facts."""

    def __init__(self, field: str, words: str) -> None:
        """Take which one it is, and what is wrong in words."""
        super().__init__(words)
        self.field = field


def change_facts(opening: Opening, document_id: str, sent: Facts) -> DocumentInfo | None:
    """Change what is known of a document and return that, None where it is gone meanwhile.

    Raises:
        WrongFact: a fact cannot be.
        HTTPException: there is no such document, or the library cannot be changed now.
    """
    found, changes = changeable(opening)
    known(found.library, document_id)
    facts = {key: " ".join(v.split()) for key, v in sent.model_dump(exclude_none=True).items()}
    if facts.get("title") == "":
        raise WrongFact("title", "A document needs a title.")
    try:
        if facts.get("as_of"):
            require_date(facts["as_of"])
    except BriefError as error:
        raise WrongFact("as_of", str(error)) from error
    _wait(changes, lambda own: own.edit(document_id, **facts))
    return next((i for i in found.library.documents() if i.id == document_id), None)


def remove_document(opening: Opening, bin_: Bin, document_id: str) -> str:
    """Remove a document, put it into the bin and return its title.

    Raises:
        HTTPException: there is no such document, or the library cannot be changed now.
    """
    found, changes = changeable(opening)
    known(found.library, document_id)

    def change(own: DiskLibrary) -> Removed:
        removed = Removed(own.whole(document_id), own.store.path(document_id))
        own.remove(document_id)
        return removed

    removed = _wait(changes, change)
    bin_.put(removed)
    return removed.document.title


def _wait(changes: Changes, change: Callable[[DiskLibrary], Result]) -> Result:
    try:
        return changes.put(change).result(_WAIT_S)
    except FutureTimeout:
        raise HTTPException(503, "The library is busy with other changes. Try again.") from None


def _free(library: Library, removed: Removed) -> list[Item]:
    if isinstance(library, DiskLibrary) and any(
        info.path == removed.path and info.id != removed.document.id for info in library.documents()
    ):
        raise BriefError("Another version of this file was added since. Remove that first.")
    return [Item(*removed)]
