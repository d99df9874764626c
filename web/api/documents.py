"""The routes of documents: what there is, what they say, and the changes of the page."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import JSONResponse

from index.types import DocumentInfo
from qa.excerpts import MAX_AROUND, MAX_CHARS, excerpt
from qa.schema import Excerpt
from web.adding import Adding
from web.api.document_shapes import Document, Documents, Facts, Job, Removed, Started
from web.api.problems import responses
from web.api.uploads import UPLOAD, first_file
from web.changing import change_facts, remove_document
from web.documents import changeable, known, opened
from web.engine import Opening
from web.jobs import Jobs
from web.removed import Bin

_READ = responses(403, 404, 422, 500, 503)
_CHANGED = responses(400, 403, 404, 405, 409, 422, 500, 503)


def document_routes(opening: Opening, jobs: Jobs, adding: Adding, bin_: Bin) -> APIRouter:
    """Return the routes.

    Args:
        opening: gives the engine, None while the library is still being opened.
        jobs: where what takes long is done.
        adding: what takes files in.
        bin_: where removed documents are kept for a while.
    """
    router = APIRouter(tags=["documents"])
    _add_reading(router, opening)
    _add_changing(router, opening, bin_)

    @router.post(
        "/documents",
        status_code=202,
        summary="Add a file",
        description="PDF, Word, PowerPoint, web page, EPUB, Markdown, text, or a ZIP archive of "
        "these. It is added in the background: ask for the job until its state is `done` or "
        "`failed`. The same name replaces what was added under it.",
        response_model=Started,
        responses=responses(400, 403, 405, 409, 411, 413, 422, 429, 500, 503),
        openapi_extra={"requestBody": UPLOAD},
    )
    async def add_document(request: Request) -> Any:
        changeable(opening)  # before anything is received
        async with first_file(request) as (name, body, size):
            job = await adding.take(adding.name_of(name), body, size)
        place = f"{request.scope.get('root_path', '')}/jobs/{job}"
        return JSONResponse({"job": job}, 202, {"Location": place})

    @router.get("/jobs/{job_id}", summary="How far a file is", response_model=Job, responses=_READ)
    def follow_job(job_id: str) -> dict[str, Any]:
        if found := jobs.find(job_id):
            return asdict(found)
        raise HTTPException(404, "Nothing is known of this any more.")

    return router


def _add_reading(router: APIRouter, opening: Opening) -> None:
    @router.get(
        "/documents",
        summary="List the documents",
        description="Newest as-of date first.",
        response_model=Documents,
        responses=responses(403, 422, 500, 503),
    )
    def list_documents(
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> dict[str, Any]:
        infos = opened(opening).library.documents()
        page = infos[offset : offset + limit]
        return {"total": len(infos), "documents": [_facts(info) for info in page]}

    @router.get(
        "/documents/{document_id}",
        summary="What is known of a document",
        response_model=Document,
        responses=_READ,
    )
    def describe_document(document_id: str) -> dict[str, Any]:
        library = opened(opening).library
        found = known(library, document_id)
        info = next((i for i in library.documents() if i.id == document_id), found.info)
        return {**_facts(info), "parts": [asdict(part) for part in found.parts]}

    @router.get(
        "/documents/{document_id}/text",
        summary="Read a document",
        description="`text` is `[start:end]` of the document's text, which citations and passages "
        "count too. With `around`, what stands before and after it comes beside it.",
        response_model=Excerpt,
        responses=_READ,
    )
    def read_text(
        document_id: str,
        start: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
        end: Annotated[
            int | None,
            Query(
                ge=1, le=1_000_000_000, description=f"{MAX_CHARS:,} after the start, if not given."
            ),
        ] = None,
        around: Annotated[int, Query(ge=0, le=MAX_AROUND, description="Characters.")] = 0,
    ) -> dict[str, Any]:
        found = known(opened(opening).library, document_id)
        return excerpt(found, start, start + MAX_CHARS if end is None else end, around=around)


def _add_changing(router: APIRouter, opening: Opening, bin_: Bin) -> None:
    @router.patch(
        "/documents/{document_id}",
        summary="Correct what is known of a document",
        response_model=Document,
        response_model_exclude_unset=True,
        responses=_CHANGED,
    )
    def edit_document(document_id: str, sent: Facts) -> dict[str, Any]:
        if info := change_facts(opening, document_id, sent):
            return _facts(info)
        raise HTTPException(404, "This document is not in the library any more.")

    @router.delete(
        "/documents/{document_id}",
        summary="Remove a document",
        response_model=Removed,
        responses=_CHANGED,
    )
    def delete_document(document_id: str) -> dict[str, str]:
        return {"id": document_id, "title": remove_document(opening, bin_, document_id)}


def _facts(info: DocumentInfo) -> dict[str, Any]:
    facts = asdict(info)
    del facts["path"]  # where it lies on this machine is nobody's business
    return facts
