"""What chat models of this machine have in common: they do one thing at a time."""

from collections.abc import Iterator

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr

from qa.turns import Turns

_PAUSE_S = 0.5


class LocalChat(BaseChatModel):
    """Takes turns: two at once would each be half as fast.

    What is asked with `patient=False` goes before all else that waits; a question in French is
    translated so, and its evidence shown, while others' answers are worded.
    """

    _turns: Turns = PrivateAttr(default_factory=Turns)

    def _in_turn(
        self, said: Iterator[ChatGenerationChunk], *, patient: bool
    ) -> Iterator[ChatGenerationChunk]:
        """Yield what is said once it is its turn, and before that an empty chunk in each pause, in
        which whoever waits may leave; its `response_metadata` have `waiting`, True.
        """
        with self._turns.place(patient=patient) as mine:
            while not mine.wait(_PAUSE_S):
                pause = AIMessageChunk(content="", response_metadata={"waiting": True})
                yield ChatGenerationChunk(message=pause)
            yield from said
