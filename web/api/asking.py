"""`POST /v1/ask`: an answer at once as JSON, or on its way as server-sent events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import StreamingResponse

from qa.output import as_json
from qa.steps import in_thread
from qa.types import Question
from web.api import shapes
from web.api.callers import Owner
from web.api.events import EVENT_SCHEMA, HEARTBEAT, event, events_of
from web.api.following import Following, Seen
from web.api.problems import problem_of, responses
from web.documents import opened
from web.engine import Opening

Steps = AsyncGenerator[Seen | None]

_BEAT_S = 15.0  # proxies close a connection on which nothing comes for a minute, or for less
_LOOK_S = 1.0  # until it is seen that whoever asked is gone
_EVENTS = """
Events of the stream, each with one JSON object as data:

- `evidence`: what was found, before the model says a word. Absent where nothing states an answer.
- `draft`: what the model is saying and nobody has checked yet. It replaces the draft before.
- `sentence`: a sentence that was checked. It may yet be told whose it is: `done` has the last word.
- `done`: the whole answer, as without a stream. The last event.
- `error`: what went wrong, as `application/problem+json`. The last event.

A comment (`: …`) comes where nothing else does. Closing the connection stops the model.
"""


def asking_routes(opening: Opening, following: Following, *, beat_s: float = _BEAT_S) -> APIRouter:
    """Return the route.

    Args:
        opening: gives the engine, None while the library is still being opened.
        following: what counts questions and keeps answers.
        beat_s: after which time without an event there is a comment.
    """
    router = APIRouter(tags=["questions"])
    about = "Every sentence of the answer is checked against the words it cites.\n"

    @router.post(
        "/ask",
        summary="Ask a question",
        description=about + _EVENTS,
        response_model=shapes.Answer,
        response_model_exclude_unset=True,
        responses={
            200: {
                "description": "The answer.",
                "content": {"text/event-stream": {"itemSchema": EVENT_SCHEMA}},
            },
            **responses(400, 403, 422, 429, 500, 503),
        },
    )
    async def ask(request: Request, sent: shapes.Ask, who: Owner) -> Response | dict[str, Any]:
        engine, question = opened(opening), question_of(sent)
        streams = sent.stream or "text/event-stream" in request.headers.get("accept", "")
        answers = following.follow(engine, question, who if sent.keep else "")
        steps = in_thread(answers, pause_s=beat_s if streams else _LOOK_S)
        # What is wrong with the question is known before its first step: so it has its status.
        while (first := await anext(steps)) is None:
            pass
        if not streams:
            return await _whole(request, first, steps)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        told = _told(first, steps)
        return StreamingResponse(told, media_type="text/event-stream", headers=headers)

    return router


def question_of(sent: shapes.Ask) -> Question:
    """Return what was sent as the engine takes it."""
    return {
        "question": sent.question,
        "history": [earlier.turn for earlier in sent.history],
        "documents": sent.documents,
        "since": sent.since,
        "fresh": sent.fresh,
    }


async def _whole(request: Request, seen: Seen, steps: Steps) -> dict[str, Any]:
    async with aclosing(steps):
        async for step in steps:
            seen = step or seen
            if await request.is_disconnected():
                raise HTTPException(503, "Nobody waits for this answer any more.")
    return answer_json(seen)


async def _told(seen: Seen, steps: Steps) -> AsyncGenerator[bytes]:
    async with aclosing(steps):
        for sent in events_of(None, seen):
            yield sent
        try:
            async for step in steps:
                if step is None or step == seen:
                    yield HEARTBEAT
                    continue
                for sent in events_of(seen, step):
                    yield sent
                seen = step
            yield event("done", answer_json(seen))
        except Exception as error:  # noqa: BLE001 - the status is sent: this is where it is said
            yield event("error", problem_of(error).model_dump())


def answer_json(seen: Seen) -> dict[str, Any]:
    """Return a whole answer in JSON's types."""
    return {**as_json(seen.answer), "id": seen.id or None}
