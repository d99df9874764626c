"""Where the time of a command went, as a table for whoever runs it."""

from dataclasses import asdict

from qa.clock import Clock
from qa.types import Answer, Timings

_STAGES = {
    "translation_ms": "translating the question",
    "search_ms": "search",
    "selection_ms": "selecting evidence",
    "waiting_ms": "waiting for the language model",
    "prompt_ms": "reading the prompt",
    "generation_ms": "generation",
    "checking_ms": "checking",
}


def profile_table(clock: Clock, answer: Answer | None = None) -> str:
    """Return a line for each stage of a clock, then for each of an answer's:

    opening the library                0.812 s
    …
    reading the prompt                 0.951 s    63 tokens, 66 a second
    generation                         0.514 s    15 tokens, 29 a second
    …
    the answer                         1.720 s
    """
    rows = [(name, ms, "") for name, ms in clock.spent_ms.items()]
    if answer:
        rows += _of_answer(answer.timings)
    rows.append(("all of it", clock.ms(), ""))
    return "\n".join(f"{name:<36}{ms / 1000:8.3f} s    {note}".rstrip() for name, ms, note in rows)


def _of_answer(timings: Timings) -> list[tuple[str, float, str]]:
    known = {name: ms for name, ms in asdict(timings.stages).items() if ms is not None}
    notes = {}
    if speed := timings.speed:
        notes = {
            "prompt_ms": _rate(speed.prompt_tokens, speed.prompt_ms),
            "generation_ms": _rate(speed.generated_tokens, speed.generated_ms),
        }
    total_ms = timings.total_ms or 0.0
    return [
        *((_STAGES[name], ms, notes.get(name, "")) for name, ms in known.items()),
        ("the rest of the answer", max(total_ms - sum(known.values()), 0.0), ""),
        ("the answer", total_ms, ""),
    ]


def _rate(tokens: int, ms: float) -> str:
    return f"{tokens} tokens, {tokens / ms * 1000:.0f} a second" if ms else f"{tokens} tokens"
