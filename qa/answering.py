"""The whole path of a question, as a LangChain runnable: `invoke` for the answer, `stream` for
every step on the way to it. Read `stream` first.
"""

import logging
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from itertools import islice
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableConfig

from index.types import BY_WORDS, BriefError, Hit, Library
from qa.broad import Gatherer, is_broad
from qa.candidates import read_ahead
from qa.clock import Clock
from qa.declining import (
    ASK_MODEL,
    CLOSEST,
    probability,
    reason_silent,
    reason_unknown,
)
from qa.ending import declined, quoted, unanswered
from qa.evidence import PASSAGES, Selection, Selector
from qa.known_names import resolve_names
from qa.phrasing import phrase, read
from qa.retriever import LibraryRetriever, hit_of
from qa.selection import Featurizer, Scorer
from qa.sentence_vectors import SentenceVectors
from qa.standalone import standalone, validate
from qa.translation import is_french, read_french, to_english
from qa.turns import Turns
from qa.types import Answer, Citation, Question, Timings
from qa.worded import worded

_NOT_TRANSLATED = (
    "The question seems to be in French, and the language model that would translate it is not "
    "there. Ask in English."
)


# It keeps all processors busy: of sixteen at once all would see their evidence only at the end, and
# come to the language model in any order. With two, one has the processors while Python, of which
# one thread runs at a time, compares the words of the other.
_SELECTING = Turns(at_once=2)
# Nobody waits here but who reads ahead, until nobody is being answered.
_ANSWERING = Turns(at_once=sys.maxsize)
_AT_ONCE = 16  # sentences read ahead, 25 ms: whoever asks meanwhile has half of the processors

log = logging.getLogger(__name__)


class Answerer(Runnable[Question, Answer]):
    """Answers questions from a library. Holds no conversation: history comes with the question."""

    def __init__(
        self,
        library: Library,
        chat: Callable[[], BaseChatModel | None],
        cross_encoder: Scorer,
        vectors: SentenceVectors | None = None,
    ) -> None:
        """Take a library, a function that gives the chat model (None while there is none), what
        scores sentences, and what makes their vectors, if others use it as well.
        """
        self.library = library
        self.retriever = LibraryRetriever(library=library, k=PASSAGES)
        self._vectors = vectors or SentenceVectors()
        featurizer = Featurizer(cross_encoder, self._vectors)
        self._selector = Selector(library, featurizer)
        self._gatherer = Gatherer(library, self._selector, featurizer)
        self._chat = chat

    def warm(self) -> None:
        """Load what selects evidence, so that no question waits for it."""
        question = "What does the report say?"
        hits = self.library.search(question, PASSAGES)
        self._selector.select(question, hits)

    def read_ahead(self) -> Iterator[None]:
        """Cut the newest documents into sentences, then make these vectors, while nobody asks.

        One document at each step, then a few sentences. What a question finds need not be read
        then: 24 ms for a document of a hundred passages, 1.5 ms for the vector of a sentence.
        """
        steps = self._read_ahead()
        with suppress(BriefError, StopIteration):  # the first: one was removed meanwhile
            while True:
                with _ANSWERING.turn(patient=True):
                    next(steps)
                yield

    def _read_ahead(self) -> Iterator[None]:
        texts: dict[str, None] = {}
        for sentences in read_ahead(self.library):
            if len(texts) < self._vectors.most:
                texts.update(dict.fromkeys(sentences))
            yield
        newest = iter(list(texts)[: self._vectors.most])
        while some := list(islice(newest, _AT_ONCE)):
            self._vectors.of(some)
            yield

    def invoke(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Answer:
        """Return the answer. Raises `BriefError` where the question is empty or too long."""
        *_, last = self.stream(input, config)
        return last

    def stream(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Generator[Answer]:
        """Yield the answer as far as it has come, evidence first. Closing it stops the model.

        Raises:
            BriefError: the question is empty or too long.
        """
        missed = self.library.missed
        with _ANSWERING.turn(), closing(self._steps(input, config)) as answers:
            for answer in answers:
                # Perhaps it was another visitor's search just now, which tells as much.
                by_words = self.library.missed > missed
                yield _found_by_words(answer) if by_words else answer

    def _steps(self, input: Question, config: RunnableConfig | None) -> Generator[Answer]:
        clock, patient = Clock(), input.get("patient", False)
        question = validate(input["question"])
        resolved = standalone(question, input.get("history") or [])
        if is_french(resolved):
            with clock.stage("search"):  # names are spelled alike, and may be read meanwhile
                hits = self._hits(resolved, config)
            yield Answer(question, question, closest=tuple(hits[:CLOSEST]))
            with clock.stage("translation"):
                translated = self._in_english(resolved)
            if translated is None:
                answer = Answer(question, question, provisional=True)
                yield declined(answer, "not-translated", _NOT_TRANSLATED, hits, clock)
                return
            resolved = translated
        with clock.stage("search"):
            names_in = resolve_names(resolved, self.library)
        answer = Answer(question, names_in.question)
        yield answer
        with clock.stage("search"):
            hits = self._hits(answer.resolved, config)
        if names_in.unknown:
            reason = reason_unknown(names_in.unknown)
            yield declined(answer, "unknown-name", reason, hits, clock)
            return
        if _SELECTING.busy:  # what is found can be read until its best sentences are known
            yield replace(answer, closest=tuple(hits[:CLOSEST]))
        if is_broad(answer.resolved):
            with _SELECTING.turn(patient=patient), clock.stage("selection"):
                gathered = self._gatherer.gather(answer.resolved)
            if gathered.evidence:
                answer = self._with_evidence(answer, gathered, clock)
                yield answer
                yield quoted(answer, answer.citations, clock)
                return
        with _SELECTING.turn(patient=patient), clock.stage("selection"):
            selection = self._selector.select(answer.resolved, hits)
        answer = self._with_evidence(answer, selection, clock)
        if answer.answerability < ASK_MODEL or not selection.evidence:
            if selection.silent:
                reason = reason_silent(selection.silent)
                yield declined(answer, "silent-speaker", reason, hits, clock)
            else:
                yield unanswered(answer, hits, clock)
            return
        yield answer
        yield from worded(answer, selection, hits, clock, self._chat())

    def prepare(self, input: Question) -> Iterator[None]:
        """Find the evidence and have the chat model read it, as if the question were asked.

        The model keeps what it has read, and evidence stands before the question in the prompt, so
        that this also pays where the question goes on being typed. It yields before each piece that
        is read: who has asked meanwhile waits for no more than one.

        Raises:
            BriefError: the question is empty or too long.
        """
        chat, asked = self._chat(), input["question"].strip()
        if chat is None or is_broad(asked):
            return
        if is_french(asked):  # of half a question a translation would serve for nothing
            yield
            read_french(asked, chat)
            return
        with closing(self.stream({**input, "patient": True})) as answers:
            found = next((a for a in answers if a.state != "searching"), None)
        if found is None or found.state != "evidence":
            return
        evidence = [c.evidence for c in found.citations]
        for n in range(1, len(evidence) + 1):
            yield
            read(chat, evidence[:n])
        if asked.endswith("?"):  # else more is likely to be typed
            yield
            for _ in phrase(chat, found.resolved, evidence, max_tokens=1):
                pass

    def _hits(self, question: str, config: RunnableConfig | None) -> list[Hit]:
        return [hit_of(d) for d in self.retriever.invoke(question, config)]

    def _in_english(self, question: str) -> str | None:
        chat = self._chat()
        try:
            return to_english(question, chat) if chat else None
        except Exception as error:  # noqa: BLE001 - every provider has its own errors
            log.warning("The chat model failed: %r", error)
            return None

    def _with_evidence(self, answer: Answer, selection: Selection, clock: Clock) -> Answer:
        return replace(
            answer,
            state="evidence",
            answerability=probability(selection),
            citations=tuple(
                Citation(n, e, self.library.document(e.passage.document_id))
                for n, e in enumerate(selection.evidence, start=1)
            ),
            timings=Timings(evidence_ms=clock.ms()),
        )


def _found_by_words(answer: Answer) -> Answer:
    notice = f"{answer.notice}\n{BY_WORDS}".strip()
    return replace(answer, provisional=True, notice=notice)
