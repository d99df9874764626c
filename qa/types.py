"""What a question turns into on its way to a checked, cited answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypedDict

from index.types import Document, Hit, Passage

Status = Literal["supported", "quoted", "removed"]
"""supported: the model's words, carried by the citation; quoted: the document's own words;
removed: the model's words that nothing carried, kept only to be shown on request."""

State = Literal["searching", "evidence", "answering", "done"]

Decline = Literal["unknown-name", "silent-speaker", "wrong-premise", "not-stated", "not-translated"]
"""Why a question was declined: the library never mentions a name of it; whom it asks about says
nothing of that; the library says otherwise; nothing states the answer; nobody put it into English.
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the conversation, with its answer where there was one."""

    question: str
    answer: str | None = None


class Question(TypedDict, total=False):
    """The input of the answering runnable.

    `documents` (ids) and `since` (an ISO date, possibly shortened) restrict what an engine answers
    from, as in `index.scope`; `fresh` asks an engine for an answer that was not given before. An
    `Answerer` has one library, keeps no answers, and takes no notice of these three. `patient` is
    a question that nobody has asked yet: it lets those go first that somebody waits for.
    """

    question: str
    history: list[Turn]
    documents: list[str]
    since: str
    fresh: bool
    patient: bool


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
class Stages:
    """Milliseconds that went into the stages of an answer; None for what did not happen.

    `search` looks names up and finds passages, `selection` chooses sentences of them. `waiting` is
    until the model has its first word, for others' questions and for what it reads; where it says
    how long it read, that is `prompt`. `generation` is the wait for its other words.
    """

    translation_ms: float | None = None
    search_ms: float | None = None
    selection_ms: float | None = None
    waiting_ms: float | None = None
    prompt_ms: float | None = None
    generation_ms: float | None = None
    checking_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Speed:
    """What a chat model says of its own work: tokens, and the milliseconds that they took it.

    Tokens of the prompt are those that it had not read before.
    """

    prompt_tokens: int
    prompt_ms: float
    generated_tokens: int
    generated_ms: float


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds since the question arrived; None for what did not happen.

    `stages` are known of a whole answer, `speed` where the chat model tells it.
    """

    evidence_ms: float | None = None
    first_word_ms: float | None = None
    total_ms: float | None = None
    stages: Stages = field(default_factory=Stages)
    speed: Speed | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or how far it has come: streaming yields one of these per step.

    `evidence` is there from state "evidence" on, best first, and is numbered by `citations`.
    `draft` is what the model is saying and nobody has checked yet; it is "" in state "done".
    `notice` tells the user what was different this time (model still loading, a timeout).
    `closest` are passages to look at, and `instead` questions to ask, when it was declined, for
    the reason that `decline` names; while others' turns are waited for, there are passages in state
    "searching" as well. `provisional` is an answer without the model, which was not
    ready or failed, or one that it did not end: asked again, there may be a better one. `cached` is
    one that was given before; its timings are those of this time. `worded_by` is the model that
    worded it in place of the one that was chosen, "" where none did.
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
    decline: Decline | None = None
    provisional: bool = False
    cached: bool = False
    worded_by: str = ""

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
    "away" is a model elsewhere that does not answer and is tried again; `remote` is where it is,
    "" for one on this machine, `circuit` whether it is asked (as in `qa.breaker`), `failures` are
    counts by `qa.problems.Kind`. `fallback` is the model that words answers meanwhile, if any.
    """

    state: Literal["fetching", "checking", "loading", "ready", "away", "failed"]
    message: str
    done_bytes: int = 0
    total_bytes: int = 0
    seconds_left: float | None = None
    remote: str = ""
    fallback: str = ""
    circuit: str = ""
    failures: Mapping[str, int] = field(default_factory=dict)
