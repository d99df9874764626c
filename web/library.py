"""The routes of the library: what is in it, and how far what was added has come."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, HTTPException, Request

from index.library import DiskLibrary
from index.reading import MAX_ARCHIVE_BYTES, MAX_BYTES, SUFFIXES
from web.adding import Adding
from web.changing import changing_routes
from web.documents import known, opened, row
from web.engine import Opening, changes_of
from web.guard.rules import may
from web.header import library_line
from web.jobs import Jobs
from web.printed import printed_routes
from web.removed import Bin
from web.viewer import document_json


def library_routes(opening: Opening, jobs: Jobs, adding: Adding, bin_: Bin) -> APIRouter:
    """Return all of them.

    Args:
        opening: gives the engine, None while the library is still being opened.
        jobs: where what takes long is done.
        adding: what takes files in.
        bin_: where removed documents are kept for a while.
    """
    router = APIRouter()
    _add_reading(router, opening, jobs)
    router.include_router(printed_routes(opening))
    router.include_router(changing_routes(opening, jobs, adding, bin_))
    return router


def _add_reading(router: APIRouter, opening: Opening, jobs: Jobs) -> None:
    @router.get("/library")
    def library(request: Request) -> dict[str, Any]:
        found = opening()
        allowed = may(getattr(request.state, "role", "admin"), "add")
        own = found.library if found else None
        return {
            "ready": found is not None,
            "can_change": bool(allowed and found and changes_of(found)),
            "suffixes": sorted(SUFFIXES),
            "max_bytes": MAX_BYTES,
            "max_archive_bytes": MAX_ARCHIVE_BYTES,
            "line": library_line(own.documents() if own else None),
            "version": own.store.meta("generation") if isinstance(own, DiskLibrary) else "",
        }

    @router.get("/documents")
    def documents() -> list[dict[str, Any]]:
        own = opened(opening).library
        return [row(info) for info in own.documents()]

    @router.get("/documents/{document_id}")
    def document(document_id: str) -> dict[str, Any]:
        return document_json(known(opened(opening).library, document_id))

    @router.get("/jobs/{job_id}")
    def job(job_id: str) -> dict[str, Any]:
        if found := jobs.find(job_id):
            return asdict(found)
        raise HTTPException(404, "Nothing is known of this any more.")
