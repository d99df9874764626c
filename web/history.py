"""The routes of what was asked before: conversations, answers, thumbs, shared links."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from index.types import BriefError
from web.brief.content import Brief, Item
from web.brief.export import export
from web.brief.routes import attached
from web.changing import from_this_page
from web.conversations import Conversations
from web.database import Unreachable
from web.engine import Opening
from web.feedback import evaluation_line
from web.records import Record
from web.suggestions import follow_ups
from web.visitors import known, visitor

Visitor = Annotated[str, Depends(visitor)]
Here = Depends(from_this_page)


class Title(BaseModel):
    """The new title of a conversation."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    title: str = Field(min_length=1, max_length=200)


class Sharing(BaseModel):
    """Whether whoever has its link may see a conversation."""

    model_config = ConfigDict(extra="forbid")
    shared: bool


class Judgement(BaseModel):
    """What somebody thinks of an answer; an empty thumb takes it back."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    thumb: Literal["up", "down", ""]
    reason: str = Field("", max_length=1000)


def history_routes(conversations: Conversations, opening: Opening) -> APIRouter:
    """Return the routes. Each serves the visitor's own alone; of others' nothing is said."""
    router = APIRouter()

    @router.get("/conversations")
    def all_(who: Visitor, words: Annotated[str, Field(max_length=500)] = "") -> list[Any]:
        return conversations.all(who, words)

    @router.patch("/conversations/{conversation_id}", dependencies=[Here])
    def rename(who: Visitor, conversation_id: str, sent: Title) -> dict[str, str]:
        conversations.rename(who, conversation_id, sent.title)
        return {"title": sent.title}

    @router.delete("/conversations/{conversation_id}", dependencies=[Here])
    def remove(who: Visitor, conversation_id: str) -> dict[str, str]:
        conversations.remove(who, conversation_id)
        return {"id": conversation_id}

    @router.put("/conversations/{conversation_id}/shared", dependencies=[Here])
    def share(who: Visitor, conversation_id: str, sent: Sharing) -> dict[str, str | None]:
        return {"shared": conversations.share(who, conversation_id, shared=sent.shared)}

    @router.get("/shared/{secret}", response_model=None)
    def take(request: Request, secret: str, again: bool = False) -> RedirectResponse:
        if not again and not known(request):
            # Whoever opens the link first has no cookie yet: it comes with this answer.
            return RedirectResponse(f"{request.url.path}?again=true", 303)
        who = visitor(request)
        # A copy, so that going on with it changes nothing for whoever shared it.
        return RedirectResponse(f"/?c={conversations.take_shared(who, secret)}", 303)

    @router.get("/conversations/{conversation_id}/export")
    def exported(who: Visitor, conversation_id: str, format: str) -> Response:
        title = conversations.title(who, conversation_id)
        records = conversations.records(who, conversation_id)
        items = tuple(Item(record["question"], "", record) for record in records)
        return attached(export(Brief(title, items, datetime.now(UTC)), format))

    @router.get("/conversations/{conversation_id}")
    def records(who: Visitor, conversation_id: str) -> list[Record]:
        return conversations.records(who, conversation_id)

    @router.get("/answers/{record_id}")
    def answer(who: Visitor, record_id: str) -> Record:
        return conversations.find(who, record_id)

    @router.put("/answers/{record_id}/thumb", dependencies=[Here])
    def judge(who: Visitor, record_id: str, sent: Judgement) -> JSONResponse:
        conversations.judge(who, record_id, sent.thumb, sent.reason)
        return JSONResponse({"thumb": sent.thumb})

    @router.get("/answers/{record_id}/next")
    def next_(who: Visitor, record_id: str) -> list[str]:
        record = conversations.find(who, record_id)
        asked = [r["resolved"] for r in conversations.records(who, record["conversation"])]
        found = opening()
        return follow_ups(found, record, asked) if found else []

    @router.get("/feedback.jsonl")
    def feedback(who: Visitor) -> StreamingResponse:
        def lines() -> Iterator[str]:
            for record in conversations.judged(who):
                yield json.dumps(evaluation_line(record), ensure_ascii=False) + "\n"

        name = {"Content-Disposition": 'attachment; filename="feedback.jsonl"'}
        return StreamingResponse(lines(), media_type="application/jsonl", headers=name)

    return router


def known_conversation(
    conversations: Conversations, who: str, conversation_id: str
) -> list[Record]:
    """Return a conversation's records, none where the visitor has no such. Raises `Unreachable`."""
    try:
        return conversations.records(who, conversation_id) if who and conversation_id else []
    except Unreachable:
        raise
    except BriefError:
        return []
