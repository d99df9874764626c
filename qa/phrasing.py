"""The chat model words an answer from the evidence. What it says is a draft until checked."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel

from qa.prompt import NOT_STATED, beginning, prompt
from qa.types import Evidence, Speed

MAX_TOKENS = 120  # of an answer: one or two short sentences
_FIRST = NOT_STATED.split()[0]
_LIKELY = 0.5  # then it is what the model says, and the rest of it need not be waited for
# Why an answer ended, and that it was too long, in the words of several providers.
_REASONS, _TOO_LONG = ("finish_reason", "stop_reason", "done_reason"), ("length", "max_tokens")
_AROUND = " \t\n\"'“”*_`"  # what some models put around NOT STATED


@dataclass(frozen=True, slots=True)
class Draft:
    """What the model has said so far.

    `not_stated` is how likely it began with "NOT STATED", 0 to 1, by the probability of its first
    token where the provider tells it; else 1 if it says so, and None if it says anything else,
    which tells little. `text` is "" while that is undecided. `speed` is what the model says of its
    work so far, None where it says nothing. `cut` is whether it was ended before it had said all.
    `waiting` is a pause before its first word, in which whoever asked may leave. `worded_by` is
    the model that speaks in place of the one that was asked, "" where none does. `least_sure` is
    the log probability of the token so far that it was least sure of, None where none is told.
    """

    text: str
    not_stated: float | None
    speed: Speed | None = None
    cut: bool = False
    waiting: bool = False
    worded_by: str = ""
    least_sure: float | None = None


def phrase(
    chat: BaseChatModel,
    question: str,
    evidence: Sequence[Evidence],
    *,
    max_tokens: int = MAX_TOKENS,
) -> Generator[Draft]:
    """Yield the growing draft of an answer. Closing the iterator stops the model.

    Raises whatever the chat model raises: it is for the caller to fall back on quotations.
    """
    text, probability, speed, cut, worded_by = "", None, None, False, ""
    least_sure: float | None = None
    for chunk in chat.stream(prompt(question, evidence), max_tokens=max_tokens):
        worded_by = chunk.response_metadata.get("worded_by") or worded_by
        if chunk.response_metadata.get("waiting") and not text:
            yield Draft("", None, waiting=True)
            continue
        if probability is None and chunk.text:
            probability = _probability_not_stated(chunk.response_metadata)
        told = [t["logprob"] for t in _tokens(chunk.response_metadata) if "logprob" in t]
        least_sure = min([*told, least_sure or 0.0]) if told else least_sure
        speed = _speed(chunk.response_metadata) or speed
        cut = cut or _is_cut(chunk.response_metadata)
        text += chunk.text
        said = text.strip()
        begun = text.lstrip(_AROUND).upper()
        likely = begun.strip() == _FIRST and (probability or 0.0) >= _LIKELY
        if likely or begun.startswith(NOT_STATED):
            sure = 1.0 if probability is None else max(probability, _LIKELY)
            yield Draft("", sure, speed, worded_by=worded_by)
            return
        # "NOT" may still become "NOT STATED".
        if begun and not NOT_STATED.startswith(begun):
            yield Draft(said, probability, speed, cut, False, worded_by, least_sure)


def read(chat: BaseChatModel, evidence: Sequence[Evidence]) -> None:
    """Have the model read evidence, so that whoever asks about it need not wait for that.

    One on this machine keeps what it has read last. Raises as `phrase`.
    """
    for _ in chat.stream(beginning(evidence), max_tokens=1):
        pass


def _is_cut(metadata: dict[str, Any]) -> bool:
    return any(str(metadata.get(reason)).lower() in _TOO_LONG for reason in _REASONS)


def _tokens(metadata: dict[str, Any]) -> list[dict[str, Any]]:
    logprobs = metadata.get("logprobs") or []
    return (logprobs.get("content") if isinstance(logprobs, dict) else logprobs) or []  # Ollama's


def _probability_not_stated(metadata: dict[str, Any]) -> float | None:
    tokens = _tokens(metadata)
    if not tokens:
        return None
    return sum(
        math.exp(choice["logprob"])
        for choice in tokens[0].get("top_logprobs") or []
        if choice["token"].strip().upper() == _FIRST
    )


def _speed(metadata: dict[str, Any]) -> Speed | None:
    """Read the last `timings` of llama.cpp or of `qa.int8`, which `qa.llama_chat` lets through."""
    if not metadata.get("timings"):
        return None
    told = metadata["timings"][-1]
    return Speed(told["prompt_n"], told["prompt_ms"], told["predicted_n"], told["predicted_ms"])
