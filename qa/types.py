"""What a question turns into on its way to a checked, cited answer."""

from dataclasses import dataclass, field
from typing import Literal, TypedDict

from index.types import Document, Hit, Passage

Status = Literal["supported", "quoted", "removed"]
"""supported: the model's words, carried by the citation; quoted: the document's own words;
removed: the model's words that nothing carried, kept only to be shown on request."""

State = Literal["searching", "evidence", "answering", "done"]


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the conversation, with its answer where there was one."""

    question: str
    answer: str | None = None


class Question(TypedDict, total=False):
    """The input of the answering runnable.

    `documents` (ids) and `since` (an ISO date, possibly shortened) restrict what an engine answers
    from, as in `index.scope`; an `Answerer` has one library and takes no notice of them.
    """

    question: str
    history: list[Turn]
    documents: list[str]
    since: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One or more whole sentences: `document.text[start:end] == text`.

    `speaker` is who says it where the document attributes it, else "".
    `probability` is how likely it states the answer, 0 to 1.
    """

    passage: Passage
    start: int
    end: int
    text: str
    probability: float
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered pointer from an answer to the evidence that carries it."""

    n: int
    evidence: Evidence
    document: Document


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """One sentence of an answer. `citations` holds the numbers of its citations.

    `source` and `as_of` are title and date of its document where several documents answer.
    """

    text: str
    citations: tuple[int, ...]
    status: Status
    source: str = ""
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds since the question arrived; None for what did not happen."""

    evidence_ms: float | None = None
    first_word_ms: float | None = None
    total_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or how far it has come: streaming yields one of these per step.

    `evidence` is there from state "evidence" on, best first, and is numbered by `citations`.
    `draft` is what the model is saying and nobody has checked yet; it is "" in state "done".
    `notice` tells the user what was different this time (model still loading, a timeout).
    `closest` are passages to look at, and `instead` questions to ask, when it was declined.
    """

    question: str
    resolved: str
    state: State = "searching"
    sentences: tuple[AnswerSentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    draft: str = ""
    declined: bool = False
    reason: str = ""
    answerability: float = 0.0
    closest: tuple[Hit, ...] = ()
    instead: tuple[str, ...] = ()
    notice: str = ""
    timings: Timings = field(default_factory=Timings)

    @property
    def text(self) -> str:
        """The answer as plain text, without what was removed; the reason where declined."""
        if self.declined:
            return self.reason
        return " ".join(s.text for s in self.sentences if s.status != "removed")


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """How far the chat model is. Questions are answered in every state, by quotation until "ready".

    `message` is a sentence for the user; bytes and seconds are for a progress bar while fetching.
    """

    state: Literal["fetching", "checking", "loading", "ready", "failed"]
    message: str
    done_bytes: int = 0
    total_bytes: int = 0
    seconds_left: float | None = None
