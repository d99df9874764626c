"""Which sentences state the answer, and how sure that is: features and a logistic fit of them.

The coefficients come from `python -m training.fit`; each feature can be read off.
"""

import math
import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.text import rarity, stem, stem_set, words
from qa.candidates import Candidate
from qa.sentence_vectors import SentenceVectors

Features = NDArray[np.float64]

FUNCTION_WORDS = frozenset(
    (
        "a about according after all also am an and any are as at be been before being both "
        "but by can could did do does doing done during each for from give had has have "
        "having he her here hers him his how i if in into is it its itself just let may me "
        "might more most much many must my no nor not now of off on once one only or other "
        "our out over own please report reported reports said same say says shall she should "
        "so some such tell than that the their them then there these they this those through "
        "to too under until up us very was we were what when where which while who whom whose "
        "why will with would you your document documents text article passage s t d ll re ve "
        "exactly actually mention mentioned mentions state states stated"
    ).split()
)
_DATE = re.compile(
    r"\b(?:1[89]|20)\d\d\b|\b(?:January|February|March|April|May|June|July|August|September|"
    r"October|November|December|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b|"
    r"\b(?:century|decade|years?|months?|weeks?|days?)\b"
)
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|"
    r"forty|fifty|hundred|thousand|million|billion|dozen|half|double|twice|none|no)\w*\b",
    re.I,
)
_NAME = re.compile(r"(?<!^)(?<![.!?“\"] )\b[A-Z][\w’'-]+")
_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|large|big|old|high|far)\b|"
    r"\bwhat (?:number|percentage|share|proportion|size)\b|\bwhat (?:is|was) the (?:death )?toll\b",
    re.I,
)
_WANTS = (
    (re.compile(r"\b(?:when|what (?:year|date|day|month)|which (?:year|date|day|month)|since when|"
                r"how long|by when|until when)\b", re.I), _DATE),
    (_ASKS_NUMBER, _NUMBER),
    (re.compile(r"\b(?:who|whom|whose|where|which (?:country|countries|city|firm|group|groups|"
                r"person|people|state|place))\b", re.I), _NAME),
)  # fmt: skip

FEATURES = (
    "cross_encoder",  # its logit, 0 for "none of them"
    "similarity",  # cosine of question and sentence
    "covered",  # share of the question's words in the sentence, weighted by rarity
    "context_covered",  # the same with context
    "kind",  # has a date, number or name where one is asked for: 1, does not: -1, not asked: 0
    "search",  # the passage's fused search score
)


# What the cross-encoder reads, 4.5 ms for each on two idle cores. How sure an answer is was fitted
# on as many: with another number `python -m training.fit` is due.
_SHORTLIST, _AT_ONCE = 12, 4
# For each of the shortlist, sentences whose vectors are compared: of the right sentences of 114
# held-out questions 112 come into it, as many as where all 63 of a question have one (1.5 ms).
_EMBEDDED = 2


Worth = Callable[[Features, Features], NDArray[np.bool_]]
"""Given all features of what was read, and all but the first of each other: which to read still."""


class Scorer(Protocol):
    """Scores how far sentences state the answer to a question."""

    def logits(self, question: str, candidates: Sequence[Candidate]) -> Features:
        """Return one logit per candidate; 0 stands for "none of them"."""
        ...


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic model: probability = sigmoid(coefficients · features + intercept)."""

    coefficients: tuple[float, ...]
    intercept: float

    def logits(self, features: Features) -> Features:
        """Return one logit per row of a matrix of shape (n, number of features)."""
        return np.asarray(features @ np.asarray(self.coefficients) + self.intercept)


# In the order of FEATURES, CHEAP without the first, LEXICAL without the second as well.
# `python -m training.fit sentences` prints them.
LEXICAL = Weights((3.033, 0.73, 0.639, 5.982), -9.79)
CHEAP = Weights((3.863, 1.583, 0.463, 0.599, 5.622), -10.621)
SENTENCE = Weights((0.395, 2.615, 0.281, -0.48, 0.557, 3.692), -6.147)


def sigmoid(logit: float) -> float:
    """Return the probability of a logit."""
    return 1 / (1 + math.exp(-min(max(logit, -50.0), 50.0)))


def content_weights(question: str) -> dict[str, float]:
    """Return the stems of a question's words that carry meaning, with their rarity in English.

    >>> list(content_weights("Who led the second coup in Mali?"))
    ['led', 'second', 'coup', 'mali']
    """
    kept = [w for w in words(question) if w not in FUNCTION_WORDS and (len(w) > 1 or w.isdigit())]
    return {stem(w): rarity(w) for w in kept}


class Featurizer:
    """Computes the features of candidate sentences."""

    def __init__(self, cross_encoder: Scorer, vectors: SentenceVectors | None = None) -> None:
        """Take what scores sentences, and what makes their vectors, if others use it as well."""
        self._cross_encoder = cross_encoder
        self._vectors = vectors or SentenceVectors()

    def full(self, question: str, candidates: Sequence[Candidate], cheap: Features) -> Features:
        """Return the matrix of shape (len(candidates), len(FEATURES)), given all but its first."""
        return np.column_stack([self._cross_encoder.logits(question, candidates), cheap])

    def cheap(self, question: str, candidates: Sequence[Candidate], lexical: Features) -> Features:
        """Return all features but the first, given all but the first two: one column more."""
        asked, *alone = self.vectors([question, *(c.resolved for c in candidates)])
        similarity = [float(asked @ vector) for vector in alone]
        return np.column_stack([similarity, lexical])

    def lexical(self, question: str, candidates: Sequence[Candidate]) -> Features:
        """Return the features that no model is asked for: all but the first two.

        Of shape (len(candidates), len(FEATURES) - 2).
        """
        weights = content_weights(question)
        wanted = _wanted(question)
        rows = []
        for c in candidates:
            alone = covered(weights, stem_set(c.resolved))
            in_context = covered(weights, frozenset().union(*map(stem_set, c.in_context)))
            kind = 0.0 if wanted is None else (1.0 if wanted.search(c.text) else -1.0)
            rows.append((alone, in_context, kind, c.score))
        return np.asarray(rows, dtype=np.float64).reshape(len(candidates), len(FEATURES) - 2)

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the unit vectors of texts, shape (len(texts), dimensions)."""
        return self._vectors.of(texts)


def _wanted(question: str) -> re.Pattern[str] | None:
    return next((kind for asks, kind in _WANTS if asks.search(question)), None)


def asks_one_fact(question: str) -> bool:
    """Return whether a question asks for a name, a place, a date or a number.

    >>> asks_one_fact("Who led the coup?"), asks_one_fact("Why was there a coup?")
    (True, False)
    """
    return _wanted(question) is not None


def asks_for_number(question: str) -> bool:
    """Return whether a question asks how many or how much."""
    return bool(_ASKS_NUMBER.search(question))


def covered(weights: dict[str, float], stems: Set[str]) -> float:
    """Return the share of a question's words in a text, weighted; 0.5 if the question has none."""
    total = math.fsum(weights.values())
    return math.fsum(w for s, w in weights.items() if s in stems) / total if total else 0.5


def shortlist(
    featurizer: Featurizer,
    question: str,
    found: Sequence[Candidate],
    *,
    weights: Weights = CHEAP,
    most: int = _SHORTLIST,
    worth: Worth = lambda read, others: np.ones(len(others), dtype=bool),
) -> tuple[list[Candidate], Features]:
    """Return at most so many candidates that are worth the cross-encoder's time, with all features.

    Twice as many are worth a vector, which in a large library most sentences have none of yet. The
    first four are read in any case, of the others, four at a time, those that `worth` says.
    """
    lexical = featurizer.lexical(question, found)
    kept = _best(LEXICAL.logits(lexical), _EMBEDDED * most)
    chosen = [found[i] for i in kept]
    cheap = featurizer.cheap(question, chosen, lexical[kept])
    order = _best(weights.logits(cheap), most)
    features = np.zeros((0, len(FEATURES)))
    read = order[:0]
    others, some = order, order[:_AT_ONCE]
    while len(some):
        these = featurizer.full(question, [chosen[i] for i in some], cheap[some])
        features, read = np.vstack([features, these]), np.concatenate([read, some])
        others = others[~np.isin(others, some)]
        some = others[worth(features, cheap[others])][:_AT_ONCE]
    return [chosen[i] for i in read], features


def _best(logits: Features, most: int) -> NDArray[np.intp]:
    return np.argsort(-logits, kind="stable")[:most]
