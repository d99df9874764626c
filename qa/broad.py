"""Broad questions: "summarise", "compare A and B", "list the risks", "what do experts recommend".

No sentence answers them alone. Their evidence is gathered across sections and shown in the
report's own words: up to six sentences that a model would have to retell, and could retell wrongly.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.text import stem, words
from index.types import Hit, Library
from qa.candidates import Candidate, candidates
from qa.checking import alike
from qa.evidence import WIDE, Selection, Selector
from qa.selection import (
    FEATURES,
    FUNCTION_WORDS,
    SENTENCE,
    Features,
    Featurizer,
    shortlist,
    sigmoid,
)
from qa.types import Evidence

MAX_SENTENCES = 6
_SUMMARY = re.compile(
    r"\b(?:summar(?:y|i[sz]e[sd]?|i[sz]ing)|overview|gist"
    r"|in (?:a few|two|three|five) (?:sentences|words)"
    r"|(?:main|key|most important) (?:findings?|points?|messages?|takeaways?|conclusions?|facts)"
    r"|what is (?:this|the) (?:report|document|article|text) about)\b",
    re.I,
)
_COMPARE = re.compile(
    r"\b(?:compare|contrast|differences? between|differ(?:s)? from|versus|vs\.?)\b", re.I
)
_LIST = re.compile(
    r"\A\W*(?:list|enumerate|name all|give me (?:a list|all)|outline|describe|explain)\b"
    r"|\bwhat (?:are|were) (?:all )?the (?:\w+ ){0,2}(?:risks|threats|dangers|reasons|causes"
    r"|consequences|effects|recommendations|concerns|developments|problems|challenges"
    r"|implications|positions)\b"
    r"|\bwhat do(?:es)? (?:the|this) (?:report|document|article|text) say (?:about|on|of)"
    r" (?!how|what|when|where|whether|which|who|why)"
    r"|\bwhat do (?:the )?(?:\w+ )?(?:experts|analysts|authors) (?:recommend|say|think|expect"
    r"|fear|warn|advise|suggest|propose)\b|\bwhat (?:has|have) .* (?:led to|caused)\b",
    re.I,
)
_JOINED = re.compile(r"\b(?:and|with|to|versus|vs\.?|from)\b", re.I)
_ASKING = frozenset(
    (
        "summarise summarize summary summarised overview gist sentence sentences word words "
        "main key important finding findings point points message messages takeaway takeaways "
        "conclusion conclusions fact facts compare contrast difference differences differ "
        "differs versus vs list enumerate name all outline describe explain everything write "
        "briefly short few two three five risk risks threat threats danger dangers reason "
        "reasons cause causes caused consequence consequences effect effects recommendation "
        "recommendations concern concerns development developments problem problems challenge "
        "challenges implication implications position positions led role roles give experts "
        "expert analysts analyst authors recommend recommends expect expects think thinks"
    ).split()
)
_TELLING_SECTION = re.compile(r"\b(?:summary|overview|key|conclusions?|findings)\b", re.I)
_SHORTLIST = 24  # sentences to spread over sections
# Chosen by hand on the bundled report and the published article: what a sentence must be ahead by
# to be shown although its like is there already, in logits.
_LIKENESS, _SAME_SECTION, _BEHIND_BEST = 2.0, 0.7, 2.5
# A logit of the cross-encoder that 99 of 100 sentences are below here. Of 82 lists that are made of
# what could be shown with it, all are as with all 24, of which 15 are read.
_LIKED = 1.0
# Of what a sentence is about, beside how far it states an answer: alone none does.
_TOPICAL = (3.0, 2.5)  # per cosine to the question, per share of its words in context


def is_broad(question: str) -> bool:
    """Return whether a question asks for more than a sentence can say.

    >>> [is_broad(q) for q in ("List the risks for Europe.", "Who led the second coup?")]
    [True, False]
    """
    return any(p.search(question) for p in (_SUMMARY, _COMPARE, _LIST))


class Gatherer:
    """Gathers evidence for broad questions."""

    def __init__(self, library: Library, selector: Selector, featurizer: Featurizer) -> None:
        self._library = library
        self._selector = selector
        self._featurizer = featurizer

    def gather(self, question: str) -> Selection:
        """Return up to six pieces of evidence in reading order; none if the topic is not there."""
        topic = {w for w in words(question) if _names_topic(w)}
        if not topic and _SUMMARY.search(question):
            chosen = self._central(self._library.search(question, WIDE))
        elif _COMPARE.search(question) and len(subjects := _subjects(question)) == 2:
            half = MAX_SENTENCES // 2
            found = [self._about(f"What does the report say about {s}?", half) for s in subjects]
            chosen = [e for pieces in found for e in pieces] if all(found) else []
        else:
            chosen = self._about(question, MAX_SENTENCES)
        if not _covered(topic, chosen):
            return Selection((), -np.inf, -np.inf)
        merged: list[Evidence] = []
        for piece in chosen:
            self._selector.put(piece, merged)
        merged.sort(key=lambda e: (e.passage.document_id, e.start))
        return Selection(tuple(merged[:MAX_SENTENCES]), np.inf, np.inf)

    def _about(self, question: str, count: int) -> list[Evidence]:
        hits = self._library.search(question, WIDE)
        found, features = shortlist(
            self._featurizer,
            question,
            candidates(hits, self._library),
            most=_SHORTLIST,
            worth=_worth,
        )
        if not found:
            return []
        logits = _logits(features)
        return self._spread(found, logits, count, floor=float(logits.max()) - _BEHIND_BEST)

    def _central(self, hits: Sequence[Hit]) -> list[Evidence]:
        """Return what is nearest to the middle of everything, from as many sections as possible."""
        found = [c for c in candidates(hits, self._library) if len(words(c.text)) >= 8]
        if not found:
            return []
        vectors = self._featurizer.vectors([c.resolved for c in found])
        middle = vectors.mean(axis=0)
        scores = 5 * (vectors @ middle) / np.linalg.norm(middle)
        scores += [bool(_TELLING_SECTION.search(c.passage.section)) for c in found]
        return self._spread(found, scores, MAX_SENTENCES, floor=-np.inf)

    def _spread(
        self, found: Sequence[Candidate], scores: Features, count: int, *, floor: float
    ) -> list[Evidence]:
        """Return the best, each unlike those before it (maximal marginal relevance)."""
        vectors = self._featurizer.vectors([c.resolved for c in found])
        left = np.array(scores, dtype=float)
        chosen: list[int] = []
        while len(chosen) < min(count, len(found)):
            i = int(np.argmax(left))
            if scores[i] < floor or left[i] == -np.inf:
                break
            chosen.append(i)
            left -= _LIKENESS * np.clip(vectors @ vectors[i], 0, None) ** 2
            left -= [_SAME_SECTION * (c.heading == found[i].heading) for c in found]
            left[i] = -np.inf
        return [self._selector.evidence(found[i], sigmoid(float(scores[i]))) for i in chosen]


def _logits(features: Features) -> Features:
    topical = features[:, [FEATURES.index("similarity"), FEATURES.index("context_covered")]]
    return np.asarray(SENTENCE.logits(features) + topical @ np.asarray(_TOPICAL))


def _worth(read: Features, others: Features) -> NDArray[np.bool_]:
    """Return which sentences could be shown if the cross-encoder liked them (`Worth`)."""
    liked = _logits(np.column_stack([np.full(len(others), _LIKED), others]))
    return np.asarray(liked >= _logits(read).max() - _BEHIND_BEST)


def _subjects(question: str) -> list[str]:
    """Return the two things to compare: "Compare what A and B do." → ["A", "B"]."""
    kept = _COMPARE.sub(" and ", question)
    parts = [
        " ".join(w for w in re.findall(r"[\w’'-]+", part) if _names_topic(w.lower()))
        for part in _JOINED.split(kept)
    ]
    return [p for p in parts if p]


def _names_topic(word: str) -> bool:
    return word not in FUNCTION_WORDS and word not in _ASKING


def _covered(topic: set[str], chosen: Sequence[Evidence]) -> bool:
    """Return whether the evidence or its place has every word of the topic, or its family."""
    have = {stem(w) for e in chosen for w in words(f"{e.passage.section} {e.speaker} {e.text}")}
    return bool(chosen) and all(alike(stem(w), have) for w in topic)
