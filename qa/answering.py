"""The whole path of a question, as a LangChain runnable: `invoke` for the answer, `stream` for
every step on the way to it. Read `stream` first.
"""

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableConfig

from index.types import BriefError, Hit, Library
from qa.broad import Gatherer, is_broad
from qa.candidates import read_ahead
from qa.clock import Clock
from qa.declining import (
    ASK_MODEL,
    CLOSEST,
    SHOW_ANSWER,
    SHOW_WHOLE,
    beyond,
    contradicting,
    instead,
    probability,
    reason_contradicted,
    reason_silent,
    reason_unanswered,
    reason_unknown,
)
from qa.drafting import DraftChecker
from qa.evidence import PASSAGES, Selection, Selector
from qa.figures import figures, tells_number
from qa.known_names import resolve_names
from qa.phrasing import Draft, phrase
from qa.prompt import evidence_line
from qa.retriever import LibraryRetriever, hit_of
from qa.selection import Featurizer, Scorer, asks_for_number
from qa.sources import by_source
from qa.standalone import standalone, validate
from qa.translation import is_french, to_english
from qa.turns import Turns
from qa.types import Answer, AnswerSentence, Citation, Decline, Question, Timings

# Chosen on the project's own questions: a sentence that was removed may only have said it in other
# words.
_SURE_ENOUGH_TO_QUOTE = 0.4
_NOT_TRANSLATED = (
    "The question seems to be in French, and the language model that would translate it is not "
    "there. Ask in English."
)

_BY_WORDS = "Only words were searched: what says the same in other words may be missing."
_BROKE_OFF = "The language model broke off: what it had said until then was checked."
_BROKE_OFF_EARLY = "The language model broke off: these are the report's own words."
_TOO_LONG = "The language model said too much and was cut: what it had said until then was checked."

# It keeps all processors busy: of sixteen at once all would see their evidence only at the end, and
# come to the language model in any order.
_SELECTING = Turns()

log = logging.getLogger(__name__)


class Answerer(Runnable[Question, Answer]):
    """Answers questions from a library. Holds no conversation: history comes with the question."""

    def __init__(
        self,
        library: Library,
        chat: Callable[[], BaseChatModel | None],
        cross_encoder: Scorer,
    ) -> None:
        """Take a library, a function that gives the chat model (None while there is none), and
        what scores sentences.
        """
        self.library = library
        self.retriever = LibraryRetriever(library=library, k=PASSAGES)
        featurizer = Featurizer(library, cross_encoder)
        self._selector = Selector(library, featurizer)
        self._gatherer = Gatherer(library, self._selector, featurizer)
        self._chat = chat

    def warm(self) -> None:
        """Load what selects evidence, so that no question waits for it."""
        question = "What does the report say?"
        hits = self.library.search(question, PASSAGES)
        self._selector.select(question, hits)

    def read_ahead(self) -> Iterator[None]:
        """Cut documents into sentences while nobody asks, one at each step.

        At their first question it takes 24 ms for one of a hundred passages, and a question may
        find dozens.
        """
        steps = read_ahead(self.library)
        with suppress(BriefError, StopIteration):  # the first: one was removed meanwhile
            while True:
                with _SELECTING.turn(patient=True):
                    next(steps)
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
        with closing(self._steps(input, config)) as answers:
            for answer in answers:
                # Perhaps it was another visitor's search just now, which tells as much.
                by_words = self.library.missed > missed
                yield _found_by_words(answer) if by_words else answer

    def _steps(self, input: Question, config: RunnableConfig | None) -> Generator[Answer]:
        clock, patient = Clock(), input.get("patient", False)
        question = validate(input["question"])
        resolved = standalone(question, input.get("history") or [])
        if is_french(resolved):
            yield Answer(question, question)
            with clock.stage("translation"):
                translated = self._in_english(resolved)
            if translated is None:
                answer = Answer(question, question, provisional=True)
                yield _declined(answer, "not-translated", _NOT_TRANSLATED, [], clock)
                return
            resolved = translated
        with clock.stage("search"):
            names_in = resolve_names(resolved, self.library)
        answer = Answer(question, names_in.question)
        yield answer
        with clock.stage("search"):
            hits = [hit_of(d) for d in self.retriever.invoke(answer.resolved, config)]
        if names_in.unknown:
            reason = reason_unknown(names_in.unknown)
            yield _declined(answer, "unknown-name", reason, hits, clock)
            return
        if is_broad(answer.resolved):
            with _SELECTING.turn(patient=patient), clock.stage("selection"):
                gathered = self._gatherer.gather(answer.resolved)
            if gathered.evidence:
                answer = self._with_evidence(answer, gathered, clock)
                yield answer
                yield _quoted(answer, answer.citations, clock)
                return
        with _SELECTING.turn(patient=patient), clock.stage("selection"):
            selection = self._selector.select(answer.resolved, hits)
        answer = self._with_evidence(answer, selection, clock)
        if answer.answerability < ASK_MODEL or not selection.evidence:
            if selection.silent:
                reason = reason_silent(selection.silent)
                yield _declined(answer, "silent-speaker", reason, hits, clock)
            else:
                yield _unanswered(answer, hits, clock)
            return
        yield answer
        yield from self._worded(answer, selection, hits, clock)

    def prepare(self, input: Question) -> None:
        """Find the evidence and have the chat model read it, as if the question were asked.

        The model keeps what it has read, and evidence stands before the question in the prompt, so
        that this also pays where the question goes on being typed.

        Raises:
            BriefError: the question is empty or too long.
        """
        chat = self._chat()
        if chat is None or is_french(input["question"]) or is_broad(input["question"]):
            return
        with closing(self.stream({**input, "patient": True})) as answers:
            found = next((a for a in answers if a.state != "searching"), None)
        if found and found.state == "evidence":
            evidence = [c.evidence for c in found.citations]
            for _ in phrase(chat, found.resolved, evidence, max_tokens=1):
                pass

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

    def _worded(
        self, answer: Answer, selection: Selection, hits: Sequence[Hit], clock: Clock
    ) -> Iterator[Answer]:
        chat = self._chat()
        if chat is None:
            notice = "The language model is not ready yet: these are the report's own words."
            yield _without_model(answer, notice, hits, clock)
            return
        evidence = [c.evidence for c in answer.citations]
        with clock.stage("checking"):
            checker = DraftChecker(answer.resolved, evidence, [hit.passage for hit in hits])
        last, held, whole = None, False, True
        try:
            with closing(phrase(chat, answer.resolved, evidence)) as drafts:
                for draft in clock.waits(drafts):
                    if draft.waiting:
                        yield answer
                        continue
                    clock.speed = draft.speed or clock.speed
                    if last is None:
                        likely = probability(selection, draft.not_stated)
                        answer = replace(answer, answerability=likely)
                        # What a whole draft tells of itself is worth waiting for, where it does.
                        if likely < (SHOW_ANSWER if draft.least_sure is None else ASK_MODEL):
                            yield _unanswered(_first_word(answer, clock), hits, clock)
                            return
                        held = likely < SHOW_ANSWER
                    last = draft
                    if not held:
                        with clock.stage("checking"):
                            answer = checker.follow(_first_word(answer, clock), draft.text)
                        answer = _as_far_as(answer, draft)
                    yield answer
        except Exception as error:  # noqa: BLE001 - every provider has its own errors
            log.warning("The chat model failed: %r", error)
            whole = False
        if last is None:  # not a word
            notice = "The language model did not answer: these are the report's own words."
            yield _without_model(answer, notice, hits, clock)
            return
        answer = _first_word(answer, clock)
        # What broke off tells nothing more of itself.
        if (_right(answer, last, selection) < SHOW_WHOLE) if whole else held:
            yield _unanswered(answer, hits, clock)
            return
        if held:
            answer = _as_far_as(checker.follow(answer, last.text), last)
        with clock.stage("checking"):
            answer = checker.finish(answer, whole=whole)
        if not whole:
            carried = any(s.status != "removed" for s in answer.sentences)
            notice = _BROKE_OFF if carried else _BROKE_OFF_EARLY
            answer = replace(answer, provisional=True, notice=notice)
        yield self._finished(answer, checker.nearest, hits, clock, whole=whole)

    def _finished(
        self, answer: Answer, nearest: int, hits: Sequence[Hit], clock: Clock, *, whole: bool
    ) -> Answer:
        kept = [s.text for s in answer.sentences if s.status != "removed"]
        if kept and _tells_what_is_asked(answer, " ".join(kept)):
            timings = clock.whole(answer.timings)
            return by_source(replace(answer, state="done", draft="", timings=timings))
        if kept:
            sentences = tuple(replace(s, citations=(), status="removed") for s in answer.sentences)
            answer = replace(answer, sentences=sentences)
        # That nothing the model said was carried speaks against an answer, if it has said all.
        if answer.answerability < (_SURE_ENOUGH_TO_QUOTE if whole else SHOW_ANSWER):
            return _unanswered(answer, hits, clock)
        return _best_quoted(answer, answer.citations[nearest : nearest + 1], hits, clock)


def _found_by_words(answer: Answer) -> Answer:
    notice = f"{answer.notice}\n{_BY_WORDS}".strip()
    return replace(answer, provisional=True, notice=notice)


def _as_far_as(answer: Answer, draft: Draft) -> Answer:
    """Return the answer with how its draft came about: cut, or by another model than was chosen."""
    notice = _TOO_LONG if draft.cut else ""
    if draft.worded_by:
        notice = f"The model that was chosen did not answer: {draft.worded_by} worded this."
    provisional = draft.cut or bool(draft.worded_by)
    return replace(answer, provisional=provisional, notice=notice, worded_by=draft.worded_by)


def _right(answer: Answer, draft: Draft, selection: Selection) -> float:
    """Return how likely a whole draft is right, 0 to 1, by all that it tells of itself."""
    evidence = " ".join(evidence_line(c.evidence) for c in answer.citations)
    return probability(
        selection,
        draft.not_stated,
        least_sure=draft.least_sure,
        beyond=beyond(answer.resolved, draft.text, evidence),
    )


def _first_word(answer: Answer, clock: Clock) -> Answer:
    if answer.timings.first_word_ms is not None:
        return answer
    return replace(answer, timings=replace(answer.timings, first_word_ms=clock.ms()))


def _unanswered(answer: Answer, hits: Sequence[Hit], clock: Clock) -> Answer:
    """Decline because nothing states the answer; correct what the question assumes, if possible."""
    other = contradicting(answer.resolved, [c.evidence for c in answer.citations])
    if other is None:
        reason = reason_unanswered(answer.resolved, hits)
        return _declined(answer, "not-stated", reason, hits, clock)
    rest = [hit for hit in hits if hit.passage.id != other.passage.id]
    hits = [Hit(other.passage, 1.0), *rest]
    return _declined(answer, "wrong-premise", reason_contradicted(other), hits, clock)


def _declined(
    answer: Answer, decline: Decline, reason: str, hits: Sequence[Hit], clock: Clock
) -> Answer:
    timings = answer.timings
    if timings.evidence_ms is None:
        timings = replace(timings, evidence_ms=clock.ms())
    return replace(
        answer,
        state="done",
        declined=True,
        decline=decline,
        reason=reason,
        sentences=(),
        citations=(),
        draft="",
        closest=tuple(hits[:CLOSEST]),
        instead=instead(answer.resolved, hits),
        timings=clock.whole(timings),
    )


def _without_model(answer: Answer, notice: str, hits: Sequence[Hit], clock: Clock) -> Answer:
    """Answer with the best piece of evidence, if it is likely enough to state the answer."""
    answer = replace(answer, provisional=True)
    if answer.answerability < SHOW_ANSWER:
        return _unanswered(answer, hits, clock)
    answer = replace(answer, draft="", sentences=(), notice=notice)
    return _best_quoted(answer, answer.citations[:1], hits, clock)


def _best_quoted(
    answer: Answer, citations: Sequence[Citation], hits: Sequence[Hit], clock: Clock
) -> Answer:
    if not any(_tells_what_is_asked(answer, c.evidence.text) for c in citations):
        return _unanswered(answer, hits, clock)
    return _quoted(answer, citations, clock)


def _tells_what_is_asked(answer: Answer, text: str) -> bool:
    """Return whether a text tells a number that the question does not, if it asks for one."""
    question = answer.resolved
    return not asks_for_number(question) or tells_number(text, figures(question))


def _quoted(answer: Answer, citations: Sequence[Citation], clock: Clock) -> Answer:
    """Answer with pieces of evidence themselves, each after its speaker."""
    quotes = tuple(AnswerSentence(evidence_line(c.evidence), (c.n,), "quoted") for c in citations)
    removed = tuple(s for s in answer.sentences if s.status == "removed")
    timings = answer.timings
    if timings.first_word_ms is None:
        timings = replace(timings, first_word_ms=clock.ms())
    return by_source(
        replace(
            answer,
            state="done",
            draft="",
            sentences=(*quotes, *removed),
            timings=clock.whole(timings),
        )
    )
