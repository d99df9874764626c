"""While a question is being typed and nobody waits, what it needs is found and read already."""

import logging
from threading import Lock
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from qa.standalone import MAX_CHARS
from web.changing import from_this_page
from web.conversation import asked, resumed
from web.conversations import Conversations
from web.engine import Opening, Waiting
from web.history import known_conversation
from web.selection import read_selection
from web.visitors import visitor

log = logging.getLogger(__name__)


class Typed(BaseModel):
    """What stands in the box so far, in which conversation, and what the tab asks it of."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    question: str = Field(min_length=1, max_length=MAX_CHARS)
    conversation: str = Field("", max_length=64)
    selection: str = Field("", max_length=100_000)


def preparing_routes(conversations: Conversations, opening: Opening, waiting: Waiting) -> APIRouter:
    """Return the route. Nothing comes of it but time that whoever asks need not wait."""
    router, one = APIRouter(), Lock()

    @router.post("/prepare", status_code=204, dependencies=[Depends(from_this_page)])
    def prepare(who: Annotated[str, Depends(visitor)], sent: Typed) -> Response:
        found = opening()
        prepares = getattr(found, "prepare", None)
        # One at a time, and never in front of somebody who has asked.
        if prepares and not len(waiting) and one.acquire(blocking=False):
            try:
                records = known_conversation(conversations, who, sent.conversation)
                _, before = resumed(sent.conversation, records)
                prepares(asked(sent.question, before, read_selection(sent.selection)))
            except Exception as error:  # noqa: BLE001 - told once the question is asked
                log.debug("Nothing was prepared: %r", error)
            finally:
                one.release()
        return Response(status_code=204)

    return router
