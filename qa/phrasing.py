"""The chat model words an answer from the evidence. What it says is a draft until checked."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel

from qa.prompt import NOT_STATED, prompt
from qa.types import Evidence, Speed

_FIRST = NOT_STATED.split()[0]


@dataclass(frozen=True, slots=True)
class Draft:
    """What the model has said so far.

    `not_stated` is how likely it began with "NOT STATED", 0 to 1, by the probability of its first
    token where the provider tells it, else by its words. `text` is "" while that is undecided.
    `speed` is what the model says of its work so far, None where it says nothing. `cut` is whether
    it was ended before it had said all.
    """

    text: str
    not_stated: float
    speed: Speed | None = None
    cut: bool = False


def phrase(
    chat: BaseChatModel, question: str, evidence: Sequence[Evidence], *, max_tokens: int = 120
) -> Generator[Draft]:
    """Yield the growing draft of an answer. Closing the iterator stops the model.

    Raises whatever the chat model raises: it is for the caller to fall back on quotations.
    """
    text, probability, speed, cut = "", None, None, False
    for chunk in chat.stream(prompt(question, evidence), max_tokens=max_tokens):
        if probability is None and chunk.text:
            probability = _probability_not_stated(chunk.response_metadata)
        speed = _speed(chunk.response_metadata) or speed
        cut = cut or chunk.response_metadata.get("finish_reason") == "length"
        text += chunk.text
        said = text.strip()
        if said.upper().startswith(NOT_STATED):
            yield Draft("", 1.0 if probability is None else max(probability, 0.5), speed)
            return
        # "NOT" may still become "NOT STATED".
        if said and not NOT_STATED.startswith(said.upper()):
            yield Draft(said, probability or 0.0, speed, cut)


def _probability_not_stated(metadata: dict[str, Any]) -> float | None:
    logprobs = metadata.get("logprobs") or {}
    content = logprobs.get("content") or []
    if not content:
        return None
    return sum(
        math.exp(choice["logprob"])
        for choice in content[0].get("top_logprobs", [])
        if choice["token"].strip().upper() == _FIRST
    )


def _speed(metadata: dict[str, Any]) -> Speed | None:
    """Read the last `timings` of llama.cpp, which `qa.local_chat` lets through."""
    if not metadata.get("timings"):
        return None
    told = metadata["timings"][-1]
    return Speed(told["prompt_n"], told["prompt_ms"], told["predicted_n"], told["predicted_ms"])
