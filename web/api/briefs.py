"""The routes of briefs. Each caller has one, `current`, as a browser has in the page."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from index.types import BriefError
from web.api.callers import Owner
from web.api.problems import Missing, responses
from web.brief.content import Brief, Item
from web.brief.export import export
from web.brief.routes import Edited, Named, attached
from web.brief.rows import Kept, KeptItem
from web.brief.store import Briefs, UnknownItem
from web.brief.words import clean, clean_lines
from web.conversations import Conversations

_ID = "current"
_BRIEF = responses(400, 403, 404, 422, 500)
Id = Annotated[str, Path(description="`current`: each caller has one brief.", examples=[_ID])]


class BriefItem(BaseModel):
    """An answer in a brief."""

    id: str
    answer: str = Field(description="The id of the answer.")
    title: str
    comment: str
    question: str
    declined: bool
    text: str = Field(description="The answer as plain text, or why it was declined.")


class BriefHead(BaseModel):
    """A brief without its answers."""

    id: str = Field(examples=[_ID])
    title: str
    version: int = Field(description="Counts its changes.")
    answers: int = Field(description="How many are in it.")


class WholeBrief(BriefHead):
    """A brief."""

    items: list[BriefItem]


class Briefs_(BaseModel):
    """All briefs of whoever calls."""

    model_config = ConfigDict(title="Briefs")
    briefs: list[BriefHead]


class NewItem(BaseModel):
    """Which answer is added."""

    model_config = ConfigDict(extra="forbid")
    answer: str = Field(
        min_length=1, max_length=200, description="Its id: ask with `keep` to get one."
    )


def brief_routes(briefs: Briefs, conversations: Conversations) -> APIRouter:
    """Return the routes. `briefs` keeps them, `conversations` the answers that are added."""
    router = APIRouter(tags=["briefs"])

    @router.get(
        "/briefs", summary="List the briefs", response_model=Briefs_, responses=responses(403, 500)
    )
    def all_(who: Owner) -> dict[str, Any]:
        return {"briefs": [_head(briefs.get(who))]}

    @router.get("/briefs/{brief_id}", response_model=WholeBrief, responses=_BRIEF)
    def brief(who: Owner, brief_id: Id) -> dict[str, Any]:
        _require(brief_id)
        return _whole(briefs.get(who))

    @router.patch("/briefs/{brief_id}", response_model=WholeBrief, responses=_BRIEF)
    def rename(who: Owner, brief_id: Id, sent: Named) -> dict[str, Any]:
        _require(brief_id)
        return _whole(briefs.rename(who, clean(sent.title)))

    @router.post(
        "/briefs/{brief_id}/items",
        summary="Add an answer",
        status_code=201,
        response_model=WholeBrief,
        responses={200: {"model": WholeBrief, "description": "It was in it already."}, **_BRIEF},
    )
    def add(who: Owner, brief_id: Id, sent: NewItem, response: Response) -> dict[str, Any]:
        _require(brief_id)
        try:
            record = conversations.find(who, sent.answer)
        except BriefError as error:
            raise Missing(f"{error} Ask with `keep` to have an answer kept.") from error
        kept, added = briefs.add(who, record)
        response.status_code = 201 if added else 200
        return _whole(kept)

    @router.patch("/briefs/{brief_id}/items/{item_id}", response_model=WholeBrief, responses=_BRIEF)
    def edit(who: Owner, brief_id: Id, item_id: str, sent: Edited) -> dict[str, Any]:
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
        "/briefs/{brief_id}/items/{item_id}", response_model=WholeBrief, responses=_BRIEF
    )
    def remove(who: Owner, brief_id: Id, item_id: str) -> dict[str, Any]:
        _require(brief_id)
        try:
            return _whole(briefs.remove(who, item_id))
        except UnknownItem as error:
            raise Missing(str(error)) from error

    @router.get(
        "/briefs/{brief_id}/export",
        summary="Export a brief",
        response_class=Response,
        responses={200: {"description": "The file.", "content": {"*/*": {}}}, **_BRIEF},
    )
    def exported(
        who: Owner, brief_id: Id, format: Literal["docx", "pdf", "md", "json"]
    ) -> Response:
        _require(brief_id)
        kept = briefs.get(who)
        items = tuple(Item(i.title, i.comment, i.record) for i in kept.items)
        return attached(export(Brief(kept.title, items, datetime.now(UTC)), format))

    return router


def _require(brief_id: str) -> None:
    if brief_id != _ID:
        raise Missing(f"There is no brief of that id. Each caller has one: {_ID}.")


def _head(kept: Kept) -> dict[str, Any]:
    count = len(kept.items)
    return {"id": _ID, "title": kept.title, "version": kept.version, "answers": count}


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
