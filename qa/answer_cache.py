"""Answers that were given, for whoever asks the same again of the same documents and model.

Holds no documents, which may be large: citations find theirs again in the library.
"""

import re
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock

from index.types import BriefError, Library
from qa.clock import Clock
from qa.standalone import standalone, validate
from qa.types import Answer, Citation, Evidence, Timings, Turn

_MOST = 256  # answers, of which one holds 1 to 7 kB
_QUOTES = str.maketrans("‘’“”", "''\"\"")


@dataclass(frozen=True, slots=True)
class Key:
    """What makes two questions the same: their words, what is asked, and who words the answer.

    `generation` counts the changes of the library, so that each change forgets all before it.
    """

    question: str
    documents: frozenset[str]
    since: str
    generation: str
    model: str


def normalised(question: str, history: Sequence[Turn]) -> str:
    """Return what a question asks, follow-ups filled in, whatever its spaces, quotes and end.

    Capitals stay: "US" and "us" ask for different things.

    Raises:
        BriefError: the question is empty or too long.

    >>> normalised("where is  he based", [Turn("Who is Royce de Melo?")])
    'Where is Royce de Melo based'
    """
    asked = standalone(validate(question), history)
    asked = re.sub(r"[\s?!.]+\Z", "", unicodedata.normalize("NFC", asked).translate(_QUOTES))
    return asked[:1].upper() + asked[1:]


class AnswerCache:
    """The answers given last. Any thread may use it; of two that ask at once, both are answered."""

    def __init__(self, most: int = _MOST) -> None:
        """Take how many answers are kept."""
        self._most = most
        self._kept: OrderedDict[Key, tuple[Answer, list[tuple[int, Evidence]]]] = OrderedDict()
        self._lock = Lock()

    def keep(self, key: Key, answer: Answer) -> None:
        """Keep an answer if it is whole and was given with the model, in place of the one used
        least lately.
        """
        if answer.state != "done" or answer.provisional:
            return
        evidence = [(c.n, c.evidence) for c in answer.citations]
        with self._lock:
            self._kept[key] = (replace(answer, citations=()), evidence)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def find(self, key: Key, library: Library) -> Answer | None:
        """Return the answer that was given, with its documents from the library, or None."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
        answer, evidence = found
        try:
            citations = tuple(
                Citation(n, e, library.document(e.passage.document_id)) for n, e in evidence
            )
        except BriefError:  # removed since the key was made
            return None
        return replace(answer, citations=citations, cached=True)


def steps(answer: Answer, question: str, clock: Clock) -> Iterator[Answer]:
    """Yield the steps of an answer that was given before, evidence first, with the times of now."""
    yield Answer(question, answer.resolved, cached=True)
    timings = Timings(evidence_ms=clock.ms())
    if answer.citations:
        yield Answer(
            question,
            answer.resolved,
            "evidence",
            citations=answer.citations,
            answerability=answer.answerability,
            timings=timings,
            cached=True,
        )
    if not answer.declined:
        timings = replace(timings, first_word_ms=clock.ms())
    yield replace(answer, question=question, timings=replace(timings, total_ms=clock.ms()))
