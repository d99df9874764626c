"""While a question is being typed and nobody waits, what it needs is found and read already."""

import logging
from collections.abc import Callable, Iterator
from threading import Event, Lock
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


class Typing:
    """Prepares for one person at a time, and for what they have typed last."""

    def __init__(self, waiting: Waiting) -> None:
        """Take who waits for an answer; whoever does goes first."""
        self._waiting = waiting
        self._lock, self._one = Lock(), Lock()
        self._last: tuple[str, Event] | None = None  # whose it is, and that it is over

    def prepare(self, who: str, steps: Callable[[], Iterator[None]]) -> None:
        """Go through the steps, unless somebody waits or another is typing.

        What the same person typed before ends after the step in hand: what the model has read until
        then serves them as well.
        """
        mine = Event()
        with self._lock:
            if len(self._waiting) or (self._last and self._last[0] != who):
                return
            if self._last:
                self._last[1].set()
            self._last = (who, mine)
        try:
            with self._one:
                for _ in steps() if not mine.is_set() else ():
                    if mine.is_set() or len(self._waiting):
                        return
        finally:
            with self._lock:
                if self._last and self._last[1] is mine:
                    self._last = None


def preparing_routes(conversations: Conversations, opening: Opening, waiting: Waiting) -> APIRouter:
    """Return the route. Nothing comes of it but time that whoever asks need not wait."""
    router, typing = APIRouter(), Typing(waiting)

    @router.post("/prepare", status_code=204, dependencies=[Depends(from_this_page)])
    def prepare(who: Annotated[str, Depends(visitor)], sent: Typed) -> Response:
        prepares = getattr(opening(), "prepare", lambda question: iter(()))

        def steps() -> Iterator[None]:
            records = known_conversation(conversations, who, sent.conversation)
            _, before = resumed(sent.conversation, records)
            yield from prepares(asked(sent.question, before, read_selection(sent.selection)))

        try:
            typing.prepare(who, steps)
        except Exception as error:  # noqa: BLE001 - told once the question is asked
            log.debug("Nothing was prepared: %r", error)
        return Response(status_code=204)

    return router
