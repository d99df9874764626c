"""When to decline, and what to say then."""

import math
from collections.abc import Sequence

from index.text import rarity, stem, words
from index.types import Hit
from qa.selection import FUNCTION_WORDS

# logit(p) = SELECTION · logit(p selection) + MODEL · logit(p "NOT STATED") + INTERCEPT,
# fitted by `python -m training.fit_declining`.
SELECTION, MODEL, INTERCEPT = 1.0, -0.5, 0.0


def combined(selection: float, not_stated: float) -> float:
    """Return the probability (0 to 1) of an answer, from selection and the model's first token."""
    logit = SELECTION * _logit(selection) + MODEL * _logit(not_stated) + INTERCEPT
    return 1 / (1 + math.exp(-logit))


def _logit(p: float) -> float:
    p = min(max(p, 1e-4), 1 - 1e-4)
    return math.log(p / (1 - p))


def reason_unknown(name: str) -> str:
    """Say that the library never mentions a name."""
    return f"The report does not say: it never mentions {name}."


def reason_unanswered(question: str, hits: Sequence[Hit]) -> str:
    """Say that nothing states the answer, naming the rarest word that the passages lack."""
    have = {stem(w) for hit in hits for w in words(hit.passage.text)}
    missing = [
        w for w in words(question)
        if w not in FUNCTION_WORDS and len(w) > 2 and stem(w) not in have
    ]  # fmt: skip
    if not missing:
        return "The report does not say: no sentence in it states the answer."
    rarest = max(missing, key=rarity)
    return f"The report does not say: nothing in it that is close speaks of “{rarest}”."
