"""A chat model elsewhere, as LangChain knows one: within limits, and replaced where it fails."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from qa.chat_model import ChatModel
from qa.connection import Connection
from qa.phrasing import MAX_TOKENS
from qa.problems import ModelProblem


class RemoteChat(BaseChatModel):
    """Streams what a provider says, or another model where that fails before its first token.

    Beside what the provider tells, `response_metadata` has `waiting`, True in an empty chunk of a
    pause in which whoever waits may leave, and once `worded_by`, the other model's name.

    Raises `ModelProblem` while streaming.
    """

    _connection: Connection = PrivateAttr()
    _fallback: ChatModel | None = PrivateAttr()

    def __init__(self, connection: Connection, fallback: ChatModel | None) -> None:
        """Take the line to a provider, and what answers in its place."""
        super().__init__()
        self._connection, self._fallback = connection, fallback

    @property
    def _llm_type(self) -> str:
        return "remote"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        text = "".join(chunk.text for chunk in self._stream(messages, **kwargs))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])

    def _stream(
        self, messages: list[BaseMessage], *args: Any, max_tokens: int = MAX_TOKENS, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        said_chars, most_chars = 0, max_tokens * self._connection.limits.chars_per_token
        try:
            with closing(self._connection.steps(messages)) as steps:
                for step in steps:
                    if step is None:
                        yield _chunk(waiting=True)
                        continue
                    yield ChatGenerationChunk(message=step)
                    said_chars += len(step.text)
                    if said_chars > most_chars:  # it takes no notice of `max_tokens`
                        yield _chunk(finish_reason="length")
                        return
                return
        except ModelProblem:
            chat = self._fallback.chat if self._fallback else None
            if said_chars or chat is None or self._fallback is None:
                raise
        yield _chunk(worded_by=self._fallback.choice)
        for chunk in chat.stream(messages, max_tokens=max_tokens):
            assert isinstance(chunk, AIMessageChunk)  # noqa: S101 - as LangChain's `stream` gives
            yield ChatGenerationChunk(message=chunk)


def _chunk(**metadata: object) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata=metadata))
