"""A question that is being answered for a program: counted, in its place in the queue, and kept."""

import uuid
from collections.abc import Generator
from threading import BoundedSemaphore
from typing import NamedTuple

from qa.types import Answer, Question
from web.conversations import Conversations
from web.engine import Engine, Waiting, model_name
from web.records import new_record, told
from web.uploads import Full
from web.watching import Asked, Watch

_AT_ONCE = 32  # questions of programs; the next is told to try again


class Seen(NamedTuple):
    """How far an answer is. `before` are the questions that the model answers first.

    `id` is that by which the answer is kept, "" where it is not, or not yet.
    """

    answer: Answer
    before: int = 0
    id: str = ""


class Following:
    """Follows each question from its beginning to its end, whichever that is."""

    def __init__(self, conversations: Conversations, waiting: Waiting, watch: Watch) -> None:
        """Take where answers are kept, who waits for the model, and what hears of each question."""
        self._conversations, self._waiting, self._watch = conversations, waiting, watch
        self._places = BoundedSemaphore(_AT_ONCE)

    def follow(self, engine: Engine, question: Question, keeper: str = "") -> Generator[Seen]:
        """Yield how far the answer is, and keep it for `keeper` if there is one.

        Raises:
            BriefError: a bad question, or nothing is left of the documents that it names.
            Full: as many questions are being answered as may be at once.
        """
        if not self._places.acquire(blocking=False):
            raise Full("As many questions are being answered as may be at once. Try again soon.")
        try:
            yield from self._followed(engine, question, keeper)
        finally:
            self._places.release()

    def _followed(self, engine: Engine, question: Question, keeper: str) -> Generator[Seen]:
        place = answer = None
        before, failed = 0, False
        answers = engine.stream(question)
        try:
            for answer in answers:
                if place is None and answer.state == "evidence" and not answer.cached:
                    place, before = self._waiting.enter()
                kept = keeper and answer.state == "done"
                yield Seen(answer, before, self._keep(engine, answer, keeper) if kept else "")
        except Exception:
            failed = True
            raise
        finally:
            if isinstance(answers, Generator):
                answers.close()  # which stops the model
            if place is not None:
                self._waiting.leave(place)
            fresh = question.get("fresh", False)
            self._watch(Asked(question["question"], answer, failed, fresh))

    def _keep(self, engine: Engine, answer: Answer, keeper: str) -> str:
        conversation = uuid.uuid4().hex
        record = new_record(answer.question, conversation)
        record = told(record, answer, engine.library, model_name(engine))
        self._conversations.put(keeper, conversation, record)
        return str(record["id"])
