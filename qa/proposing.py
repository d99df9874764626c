"""Questions that the sentences of a document answer, made of their own words by rules.

Whether the library answers a question, who asks has to try.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.text import paragraph_spans, sentence_spans, stem_set
from qa.clauses import DEIXIS
from qa.known_names import name_runs
from qa.shapes import Said, shaped
from qa.speakers import speakers
from qa.topics import topics

_MAX_CHARS = 110
_FEW = 3  # sentences that may name the same in any case


@dataclass(frozen=True, slots=True)
class Sentence:
    """One that stands for itself."""

    text: str
    speaker: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question that the `nth` sentence should answer. Of one `shape` one is enough."""

    question: str
    shape: str
    nth: int


def proposals(sentences: Sequence[Said], text: str) -> list[Proposal]:
    """Return questions about what the sentences say, in the order of the sentences.

    Args:
        sentences: of one or more documents.
        text: what of these documents tells how their names are written, article included.

    >>> class One:
    ...     text, speaker = "Ann Lee left Gao in June 2021.", ""
    >>> [p.question for p in proposals([One()], One.text)]
    ['When did Ann Lee leave Gao?']
    """
    found: dict[str, Proposal] = {}
    for nth, sentence in enumerate(sentences):
        for shape, question in shaped(sentence, text):
            if question not in found and _is_good(question, shape):
                found[question] = Proposal(question, shape, nth)
    return list(found.values())


def sentences_of(text: str) -> list[Sentence]:
    """Return the sentences of a passage with who says them, as far as the passage tells."""
    found, paragraphs = [], []
    for number, (start, end) in enumerate(paragraph_spans(text)):
        for s, e in sentence_spans(text[start:end]):
            found.append(text[start + s : start + e])
            paragraphs.append(number)
    return [Sentence(*pair) for pair in zip(found, speakers(found, paragraphs), strict=True)]


def in_turn(found: Sequence[Proposal], known: set[str]) -> Iterator[Proposal]:
    """Yield proposals so that shapes and sentences differ as long as they can.

    What has one of the `known` stems, those of what is spoken of, comes first.
    """
    ordered = sorted(found, key=lambda p: not known & stem_set(p.question))
    shapes: set[str] = set()
    sentences: set[int] = set()
    for again in (False, True):
        for p in ordered:
            if p.nth not in sentences and (again or p.shape not in shapes):
                shapes.add(p.shape)
                sentences.add(p.nth)
                yield p


def about(sentences: Sequence[Said], text: str) -> list[str]:
    """Return plain questions about what the sentences name, the most named first.

    What an eighth of them name is what they are all about: of that nothing is asked.
    """
    counted = Counter(topic for sentence in sentences for topic in topics(sentence.text, text))
    most = max(_FEW, len(sentences) // 8)
    told_apart = [topic for topic, times in counted.most_common() if times <= most]
    return [f"What does the report say about {topic}?" for topic in told_apart]


def _is_good(question: str, shape: str) -> bool:
    if shape != "many" and not name_runs(f"x {question.partition(' ')[2]}"):
        return False
    if len(question) > _MAX_CHARS or DEIXIS.search(question.removeprefix("How many ").lower()):
        return False
    return not re.search(r"  | [,.]|\d\)|\bthe the\b|\bbetween\b(?!.* and )", question)
