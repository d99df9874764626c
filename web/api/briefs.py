"""The routes of briefs. Each caller has one, `current`, as a browser has in the page."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Response

from index.types import BriefError
from web.api.brief_shapes import CURRENT, BriefList, NewItem, WholeBrief
from web.api.callers import Owner
from web.api.problems import Missing, responses
from web.brief.content import Brief, Item
from web.brief.export import export
from web.brief.routes import Edited, Named, attached
from web.brief.rows import Kept, KeptItem
from web.brief.store import Briefs, UnknownItem
from web.brief.words import clean, clean_lines
from web.conversations import Conversations

_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FILES: dict[str, Any] = {
    "application/pdf": _BYTES,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": _BYTES,
    "text/markdown; charset=utf-8": {"schema": {"type": "string"}},
    "application/json": {"schema": {"type": "object"}},
}
_BRIEF = responses(400, 403, 404, 422, 500)
Id = Annotated[str, Path(description="`current`: each caller has one brief.", examples=[CURRENT])]


def brief_routes(briefs: Briefs, conversations: Conversations) -> APIRouter:
    """Return the routes. `briefs` keeps them, `conversations` the answers that are added."""
    router = APIRouter(tags=["briefs"])

    @router.get(
        "/briefs",
        summary="List the briefs",
        response_model=BriefList,
        responses=responses(403, 500),
    )
    def list_briefs(who: Owner) -> dict[str, Any]:
        return {"briefs": [_head(briefs.get(who))]}

    @router.get(
        "/briefs/{brief_id}", summary="Read a brief", response_model=WholeBrief, responses=_BRIEF
    )
    def read_brief(who: Owner, brief_id: Id) -> dict[str, Any]:
        _require(brief_id)
        return _whole(briefs.get(who))

    @router.patch(
        "/briefs/{brief_id}",
        summary="Give a brief a title",
        response_model=WholeBrief,
        responses=_BRIEF,
    )
    def rename_brief(who: Owner, brief_id: Id, sent: Named) -> dict[str, Any]:
        _require(brief_id)
        return _whole(briefs.rename(who, clean(sent.title)))

    @router.post(
        "/briefs/{brief_id}/items",
        summary="Add an answer",
        status_code=201,
        response_model=WholeBrief,
        responses={200: {"model": WholeBrief, "description": "It was in it already."}, **_BRIEF},
    )
    def add_item(who: Owner, brief_id: Id, sent: NewItem, response: Response) -> dict[str, Any]:
        _require(brief_id)
        try:
            record = conversations.find(who, sent.answer)
        except BriefError as error:
            raise Missing(f"{error} Ask with `keep` to have an answer kept.") from error
        kept, added = briefs.add(who, record)
        response.status_code = 201 if added else 200
        return _whole(kept)

    @router.patch(
        "/briefs/{brief_id}/items/{item_id}",
        summary="Change the title, comment or place of an answer",
        response_model=WholeBrief,
        responses=_BRIEF,
    )
    def edit_item(who: Owner, brief_id: Id, item_id: str, sent: Edited) -> dict[str, Any]:
        _require(brief_id)
        facts = sent.model_dump(exclude_none=True)
        if "title" in facts:
            facts["title"] = clean(facts["title"])
        if "comment" in facts:
            facts["comment"] = clean_lines(facts["comment"])
        try:
            return _whole(briefs.edit(who, item_id, **facts))
        except UnknownItem as error:
            raise Missing(str(error)) from error

    @router.delete(
        "/briefs/{brief_id}/items/{item_id}",
        summary="Take an answer out",
        response_model=WholeBrief,
        responses=_BRIEF,
    )
    def remove_item(who: Owner, brief_id: Id, item_id: str) -> dict[str, Any]:
        _require(brief_id)
        try:
            return _whole(briefs.remove(who, item_id))
        except UnknownItem as error:
            raise Missing(str(error)) from error

    @router.get(
        "/briefs/{brief_id}/export",
        summary="Export a brief",
        response_class=Response,
        responses={200: {"description": "The file.", "content": _FILES}, **_BRIEF},
    )
    def export_brief(
        who: Owner, brief_id: Id, format: Literal["docx", "pdf", "md", "json"]
    ) -> Response:
        _require(brief_id)
        kept = briefs.get(who)
        items = tuple(Item(i.title, i.comment, i.record) for i in kept.items)
        return attached(export(Brief(kept.title, items, datetime.now(UTC)), format))

    return router


def _require(brief_id: str) -> None:
    if brief_id != CURRENT:
        raise Missing(f"There is no brief of that id. Each caller has one: {CURRENT}.")


def _head(kept: Kept) -> dict[str, Any]:
    count = len(kept.items)
    return {"id": CURRENT, "title": kept.title, "version": kept.version, "answers": count}


def _whole(kept: Kept) -> dict[str, Any]:
    return {**_head(kept), "items": [_item(item) for item in kept.items]}


def _item(item: KeptItem) -> dict[str, Any]:
    record = item.record
    declined = bool(record.get("declined"))
    return {
        "id": item.id,
        "answer": record.get("id", ""),
        "title": item.title,
        "comment": item.comment,
        "question": record.get("question", ""),
        "declined": declined,
        "text": record.get("reason" if declined else "answer") or record.get("answer", ""),
    }
