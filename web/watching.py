"""What became of each question, for whoever watches over the page: as a line of the log.

Without the question's words, unless they are asked for, and never with those of a document.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from qa.types import Answer

Outcome = Literal["answered", "quoted", "declined", "stopped", "failed"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

log = logging.getLogger("sahel_brief.questions")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that is over. `answer` is how far it came, None where nothing was found yet.

    `failed` is one that could not be answered, or that was none; `fresh` one that was asked again.
    """

    question: str
    answer: Answer | None = None
    failed: bool = False
    fresh: bool = False

    @property
    def outcome(self) -> Outcome:
        """How it ended; "quoted" has the documents' own words alone."""
        if self.failed:
            return "failed"
        if self.answer is None or self.answer.state != "done":
            return "stopped"
        if self.answer.declined:
            return "declined"
        worded = any(s.status == "supported" for s in self.answer.sentences)
        return "answered" if worded else "quoted"

    @property
    def cache(self) -> Literal["hit", "miss", "passed"]:
        """Whether it was answered before; "passed" is one for which that was not looked up."""
        if self.fresh or self.answer is None:
            return "passed"
        return "hit" if self.answer.cached else "miss"


Watch = Callable[[Asked], None]
"""Takes each question that is over."""


def log_line(asked: Asked, *, with_question: bool = False) -> str:
    """Return a question as key=value, milliseconds for times; what is not known is left out.

    >>> log_line(Asked("Who?", Answer("Who?", "Who?")))
    'outcome=stopped cache=miss'
    """
    facts: dict[str, object] = {"outcome": asked.outcome, "cache": asked.cache}
    if asked.answer:
        facts["decline"] = asked.answer.decline
        timings = asdict(asked.answer.timings)
        stages, speed = timings.pop("stages"), timings.pop("speed") or {}
        facts |= timings | stages | {k: v for k, v in speed.items() if k.endswith("_tokens")}
    if with_question:
        facts["question"] = json.dumps(asked.question, ensure_ascii=False)
    return " ".join(f"{key}={value}" for key, value in facts.items() if value is not None)


def log_asked(asked: Asked, *, with_question: bool = False) -> None:
    """Write a question's line to the log `sahel_brief.questions`, as INFO."""
    log.info("%s", log_line(asked, with_question=with_question))
