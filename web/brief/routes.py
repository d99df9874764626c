"""The routes of the brief. Each serves the visitor's own alone."""

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from web.brief.content import Brief, Item
from web.brief.export import Exported, export
from web.brief.rows import Kept, KeptItem
from web.brief.store import Briefs, UnknownItem
from web.brief.words import clean, clean_lines, count, when
from web.changing import from_this_page
from web.records import Record
from web.visitors import visitor

Visitor = Annotated[str, Depends(visitor)]
Here = Depends(from_this_page)
FindRecord = Callable[[str, str], Record]
"""Gives a visitor's answer by its id. Raises `BriefError` where there is none."""


class Added(BaseModel):
    """Which answer is added."""

    model_config = ConfigDict(extra="forbid")
    record: Annotated[str, Field(min_length=1, max_length=200)]


class Named(BaseModel):
    """The title of the brief."""

    model_config = ConfigDict(extra="forbid")
    title: Annotated[str, Field(max_length=300)]


class Edited(BaseModel):
    """What can be changed of an item; None stays as it is."""

    model_config = ConfigDict(extra="forbid")
    title: Annotated[str, Field(max_length=300)] | None = None
    comment: Annotated[str, Field(max_length=5000)] | None = None
    position: Annotated[int, Field(ge=0, le=10_000)] | None = None


def brief_routes(briefs: Briefs, find_record: FindRecord) -> APIRouter:
    """Return the routes.

    Args:
        briefs: where they are kept.
        find_record: what an id that is added stands for.
    """
    router = APIRouter(prefix="/brief", route_class=_InWords)

    @router.get("")
    def brief(who: Visitor) -> dict[str, Any]:
        return _shown(briefs.get(who))

    @router.patch("", dependencies=[Here])
    def rename(who: Visitor, sent: Named) -> dict[str, Any]:
        return _shown(briefs.rename(who, clean(sent.title)))

    @router.post("/items", status_code=201, dependencies=[Here])
    def add(who: Visitor, sent: Added, response: Response) -> dict[str, Any]:
        kept, added = briefs.add(who, find_record(who, sent.record))
        response.status_code = 201 if added else 200
        return {**_shown(kept), "added": added}

    @router.patch("/items/{item_id}", dependencies=[Here])
    def edit(who: Visitor, item_id: str, sent: Edited) -> dict[str, Any]:
        facts = sent.model_dump(exclude_none=True)
        if "title" in facts:
            facts["title"] = clean(facts["title"])
        if "comment" in facts:
            facts["comment"] = clean_lines(facts["comment"])
        return _shown(briefs.edit(who, item_id, **facts))

    @router.delete("/items/{item_id}", dependencies=[Here])
    def remove(who: Visitor, item_id: str) -> dict[str, Any]:
        return _shown(briefs.remove(who, item_id))

    @router.post("/items/{item_id}/restore", dependencies=[Here])
    def restore(who: Visitor, item_id: str) -> dict[str, Any]:
        return _shown(briefs.restore(who, item_id))

    @router.get("/export")
    def exported(who: Visitor, format: str) -> Response:
        kept = briefs.get(who)
        items = tuple(Item(i.title, i.comment, i.record) for i in kept.items)
        return attached(export(Brief(kept.title, items, datetime.now(UTC)), format))

    return router


def attached(file: Exported) -> Response:
    """Return a file for the browser to save."""
    # Not every program reads the name in UTF-8, so there is one in ASCII too.
    plain = unicodedata.normalize("NFKD", file.name).encode("ascii", "ignore").decode()
    name = (
        f"attachment; filename=\"{' '.join(plain.split())}\"; filename*=UTF-8''{quote(file.name)}"
    )
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return Response(file.data, media_type=file.media_type, headers=headers)


class _InWords(APIRoute):
    """A route that says 404 in words where an item is not there."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except UnknownItem as error:
                raise HTTPException(404, str(error)) from error

        return handled


def _shown(kept: Kept) -> dict[str, Any]:
    return {
        "title": kept.title,
        "version": kept.version,
        "items": [_item(item) for item in kept.items],
    }


def _item(item: KeptItem) -> dict[str, Any]:
    """Return what the drawer shows of an item."""
    record = item.record
    declined = bool(record.get("declined"))
    cited = count(len(record.get("citations") or []), "source")
    removed = sum(s.get("status") == "removed" for s in record.get("sentences") or [])
    facts = [
        f"Asked {when(record.get('asked_at'))}",
        "declined" if declined else cited,
        f"{count(removed, 'sentence')} removed by the check" if removed and not declined else "",
    ]
    return {
        "id": item.id,
        "record": record.get("id", ""),
        "title": item.title,
        "comment": item.comment,
        "question": record.get("question", ""),
        "answer": record.get("reason" if declined else "answer") or record.get("answer", ""),
        "declined": declined,
        "facts": " · ".join(fact for fact in facts if fact),
    }
