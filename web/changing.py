"""Changes to the library from its page: add, edit, remove, undo. Each needs a header of its own,
which no page of another origin can send.
"""

from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeout
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Header, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from index.changes import Changes
from index.library import DiskLibrary
from index.reading import MAX_BYTES, require_date
from index.types import BriefError, Document, Library
from web.documents import known, opened, row
from web.engine import Engine, Opening, changes_of
from web.jobs import Jobs
from web.removed import Bin, Removed
from web.uploads import file_name, own_folder, read, receive, too_large

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


def changing_routes(opening: Opening, jobs: Jobs, bin_: Bin) -> APIRouter:
    """Return the routes that change the library.

    Args:
        opening: gives the engine, None while the library is still being opened.
        jobs: where what takes long is done.
        bin_: where removed documents are kept for a while.
    """
    router = APIRouter(dependencies=[Depends(from_this_page)])

    @router.post("/documents", status_code=202)
    async def add(request: Request, name: str) -> dict[str, str]:
        _, changes = _changeable(opening)
        if not (own_name := file_name(name)):
            raise BriefError("The file has no name. Give it one and add it again.")
        if int(request.headers.get("content-length") or 0) > MAX_BYTES:
            raise too_large(own_name)
        folder = own_folder()
        try:
            path = await receive(request.stream(), Path(folder.name), own_name)
        except BaseException:  # too large, or the browser is gone
            folder.cleanup()
            raise

        def work() -> tuple[Document, str]:
            return read(path, own_name), f"upload/{own_name}"

        return {"job": jobs.start(work, changes, lambda succeeded: folder.cleanup())}

    @router.patch("/documents/{document_id}")
    def edit(document_id: str, sent: Facts) -> JSONResponse:
        found, changes = _changeable(opening)
        known(found.library, document_id)
        facts = {key: " ".join(v.split()) for key, v in sent.model_dump(exclude_none=True).items()}
        if facts.get("title") == "":
            return _wrong("title", "A document needs a title.")
        try:
            if facts.get("as_of"):
                require_date(facts["as_of"])
        except BriefError as error:
            return _wrong("as_of", str(error))
        _wait(changes, lambda own: own.edit(document_id, **facts))
        info = next((i for i in found.library.documents() if i.id == document_id), None)
        return JSONResponse(row(info) if info else {})

    @router.delete("/documents/{document_id}")
    def remove(document_id: str) -> dict[str, str]:
        found, changes = _changeable(opening)
        known(found.library, document_id)

        def change(own: DiskLibrary) -> Removed:
            removed = Removed(own.document(document_id), own.store.path(document_id))
            own.remove(document_id)
            return removed

        removed = _wait(changes, change)
        bin_.put(removed)
        return {"id": document_id, "title": removed.document.title}

    @router.post("/documents/{document_id}/restore", status_code=202)
    def restore(document_id: str) -> dict[str, str]:
        found, changes = _changeable(opening)
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


def _changeable(opening: Opening) -> tuple[Engine, Changes]:
    found = opened(opening)
    if (changes := changes_of(found)) is None:
        raise HTTPException(405, "This library cannot be changed from the page.")
    return found, changes


def _wait(changes: Changes, change: Callable[[DiskLibrary], Result]) -> Result:
    try:
        return changes.put(change).result(_WAIT_S)
    except FutureTimeout:
        raise HTTPException(503, "The library is busy with other changes. Try again.") from None


def _free(library: Library, removed: Removed) -> tuple[Document, str]:
    if isinstance(library, DiskLibrary) and any(
        info.path == removed.path and info.id != removed.document.id for info in library.documents()
    ):
        raise BriefError("Another version of this file was added since. Remove that first.")
    return removed


def _wrong(field: str, words: str) -> JSONResponse:
    return JSONResponse({"detail": words, "field": field}, 422)
