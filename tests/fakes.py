"""Written stand-ins: an embedder of bags of words and a chat model that says what it is told."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from numpy.typing import NDArray
from pydantic import Field

from index.text import stems
from index.types import Vectors
from qa.candidates import Candidate
from qa.selection import content_weights, covered


class BagOfWords:
    """Embeds a text as its word stems, hashed into 512 dimensions: shared words are similarity."""

    def __init__(self, name: str = "bag-of-words") -> None:
        self.name = name
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        rows = np.zeros((len(texts), 512), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in stems(text):
                row[sum(ord(c) * 31**i for i, c in enumerate(word)) % 512] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


class SharedWords:
    """Scores a sentence by the share of the question's words in it: -6 for none, 6 for all."""

    def logits(self, question: str, candidates: Sequence[Candidate]) -> NDArray[np.float64]:
        weights = content_weights(question)
        shares = [covered(weights, set(stems("\n".join(c.in_context)))) for c in candidates]
        return 12 * np.asarray(shares, dtype=np.float64) - 6


class Scripted(BaseChatModel):
    """Streams the next of its answers word by word, and keeps the prompts that it was given.

    An answer that is an exception is raised in its place, after `fails_after` words. With
    `not_stated`, the probability that it would have begun so, it tells how sure it is of each word.
    """

    answers: list[Any]
    prompts: list[list[BaseMessage]] = Field(default_factory=list)
    words_said: int = 0
    fails_after: int = 0
    closed: int = 0
    not_stated: float | None = None
    log_probability: float = 0.0

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        text = "".join(c.text for c in self._stream(messages))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])

    def _stream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        self.prompts.append(messages)
        answer = self.answers.pop(0)
        try:
            if isinstance(answer, Exception):
                for _ in range(self.fails_after):
                    yield _chunk("word ")
                raise answer
            words = answer.split(" ")
            for n, word in enumerate(words):
                chunk = _chunk(word if n == len(words) - 1 else f"{word} ")
                if self.not_stated is not None:
                    begun = [{"token": "NOT", "logprob": math.log(self.not_stated)}]
                    told = {"logprob": self.log_probability, "top_logprobs": begun}
                    chunk.message.response_metadata["logprobs"] = {"content": [told]}
                self.words_said += 1
                yield chunk
        finally:
            self.closed += 1


def _chunk(text: str) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(text))
