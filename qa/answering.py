"""The whole path of a question, as a LangChain runnable: `invoke` for the answer, `stream` for
every step on the way to it. Read `stream` first.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableConfig

from index.text import sentence_spans, stem, words
from index.types import Hit, Library
from qa.checking import attributed, carried_by
from qa.declining import combined, reason_unanswered, reason_unknown
from qa.evidence import Selector
from qa.figures import figures, name_known, names
from qa.known_names import resolve_names
from qa.phrasing import Draft, phrase
from qa.prompt import evidence_line
from qa.retriever import LibraryRetriever, hit_of
from qa.standalone import standalone, validate
from qa.types import Answer, AnswerSentence, Citation, Evidence, Question, Timings

# Below the first, the model is not asked; below the second, what it says is not shown.
# Chosen on SQuAD 2.0 articles that nothing was fitted on (see the README).
ASK_MODEL, SHOW_ANSWER = 0.1, 0.35
_CLOSEST = 3

log = logging.getLogger(__name__)


class Answerer(Runnable[Question, Answer]):
    """Answers questions from a library. Holds no conversation: history comes with the question."""

    def __init__(self, library: Library, chat: Callable[[], BaseChatModel | None]) -> None:
        """Take a library and a function that gives the chat model, None while there is none."""
        self.library = library
        self.retriever = LibraryRetriever(library=library)
        self._selector = Selector(library)
        self._chat = chat

    def invoke(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Answer:
        """Return the answer. Raises `BriefError` where the question is empty or too long."""
        *_, last = self.stream(input, config)
        return last

    def stream(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Answer]:
        """Yield the answer as far as it has come, evidence first. Closing it stops the model.

        Raises:
            BriefError: the question is empty or too long.
        """
        clock = _Clock()
        question = validate(input["question"])
        resolved = standalone(question, input.get("history") or [])
        names_in = resolve_names(resolved, self.library)
        answer = Answer(question, names_in.question)
        yield answer
        hits = [hit_of(d) for d in self.retriever.invoke(answer.resolved, config)]
        if names_in.unknown:
            yield _declined(answer, reason_unknown(names_in.unknown), hits, clock)
            return
        selection = self._selector.select(answer.resolved, hits)
        answer = replace(
            answer,
            state="evidence",
            answerability=selection.probability,
            citations=tuple(
                Citation(n, e, self.library.document(e.passage.document_id))
                for n, e in enumerate(selection.evidence, start=1)
            ),
            timings=Timings(evidence_ms=clock.ms()),
        )
        if selection.probability < ASK_MODEL or not selection.evidence:
            yield _declined(answer, reason_unanswered(answer.resolved, hits), hits, clock)
            return
        yield answer
        yield from self._worded(answer, hits, clock)

    def _worded(self, answer: Answer, hits: Sequence[Hit], clock: "_Clock") -> Iterator[Answer]:
        chat = self._chat()
        if chat is None:
            notice = "The language model is not ready yet: these are the report's own words."
            yield _quoted(replace(answer, notice=notice), clock)
            return
        evidence = [c.evidence for c in answer.citations]
        checker = Checker(answer.resolved, evidence)
        before_model = answer.answerability
        try:
            with closing(phrase(chat, answer.resolved, evidence)) as drafts:
                for draft in drafts:
                    if answer.timings.first_word_ms is None:
                        answer = _first_word(answer, draft, before_model, clock)
                        if answer.answerability < SHOW_ANSWER:
                            reason = reason_unanswered(answer.resolved, hits)
                            yield _declined(answer, reason, hits, clock)
                            return
                    answer = checker.follow(answer, draft.text)
                    yield answer
        except Exception as error:  # noqa: BLE001 - every provider has its own errors
            log.warning("The chat model failed: %r", error)
            notice = "The language model did not answer: these are the report's own words."
            yield _quoted(replace(answer, draft="", sentences=(), notice=notice), clock)
            return
        yield self._finished(checker.finish(answer), hits, clock)

    def _finished(self, answer: Answer, hits: Sequence[Hit], clock: "_Clock") -> Answer:
        if any(s.status != "removed" for s in answer.sentences):
            timings = replace(answer.timings, total_ms=clock.ms())
            return replace(answer, state="done", draft="", timings=timings)
        if answer.answerability < 0.5:
            return _declined(answer, reason_unanswered(answer.resolved, hits), hits, clock)
        return _quoted(answer, clock)


class Checker:
    """Follows a growing draft and checks each sentence as soon as it is complete."""

    def __init__(self, question: str, evidence: Sequence[Evidence]) -> None:
        self._evidence = evidence
        self._lines = [evidence_line(e) for e in evidence]
        self._granted = [_granted(question, e) for e in evidence]
        self._done = 0  # characters of the draft that are checked
        self._text = ""

    def follow(self, answer: Answer, text: str) -> Answer:
        """Return the answer with the sentences that are complete in `text`, and the rest as draft.

        The rest is held back from its first figure or name on that no evidence has.
        """
        self._text = text
        spans = sentence_spans(text[self._done :])
        for start, end in spans[:-1]:
            answer = self._checked(answer, text[self._done + start : self._done + end])
        if len(spans) > 1:
            self._done += spans[-1][0]
        rest = text[self._done :]
        return replace(
            answer, state="answering", draft=rest if self._is_safe(rest) else answer.draft
        )

    def finish(self, answer: Answer) -> Answer:
        """Return the answer with the last sentence checked, and without a draft."""
        rest = self._text[self._done :].strip()
        return replace(self._checked(answer, rest) if rest else answer, draft="")

    def _is_safe(self, draft: str) -> bool:
        evidence = " ".join([*self._lines, *self._granted])
        # The last word may be incomplete: "15" may become "15,000".
        complete = draft.rpartition(" ")[0]
        return figures(complete) <= figures(evidence) and all(
            name_known(name, evidence) for name, _ in names(complete)
        )

    def _checked(self, answer: Answer, text: str) -> Answer:
        chosen, verdict = carried_by(text, self._lines, granted=self._granted)
        if not verdict.passed:
            return replace(
                answer, sentences=(*answer.sentences, AnswerSentence(text, (), "removed"))
            )
        numbers = tuple(sorted(i + 1 for i in chosen))
        speaker = next((self._evidence[i].speaker for i in chosen if self._evidence[i].speaker), "")
        if speaker and not attributed(text, speaker):
            text = f"According to {speaker}, {_lower_first(text)}"
        sentence = AnswerSentence(text, numbers, "supported")
        return replace(answer, sentences=(*answer.sentences, sentence))


def _granted(question: str, evidence: Evidence) -> str:
    """Return the words of a question that the passage around the evidence has.

    "It" in the evidence may be the mission that the passage and the question call by its name.
    """
    around = f"{evidence.passage.place} {evidence.passage.text}"
    have = {stem(w) for w in words(around)}
    return " ".join(w for w in words(question) if stem(w) in have and not w.isdigit())


def _lower_first(text: str) -> str:
    first = text.split(" ", 1)[0]
    plain = (first.isalpha() and not names(f"x {first}")) or first in (
        "The",
        "A",
        "An",
        "In",
        "There",
    )
    return text[:1].lower() + text[1:] if plain else text


def _first_word(answer: Answer, draft: Draft, before_model: float, clock: "_Clock") -> Answer:
    return replace(
        answer,
        answerability=combined(before_model, draft.not_stated),
        timings=replace(answer.timings, first_word_ms=clock.ms()),
    )


def _declined(answer: Answer, reason: str, hits: Sequence[Hit], clock: "_Clock") -> Answer:
    evidence_ms = answer.timings.evidence_ms
    return replace(
        answer,
        state="done",
        declined=True,
        reason=reason,
        sentences=(),
        citations=(),
        draft="",
        closest=tuple(hits[:_CLOSEST]),
        timings=replace(
            answer.timings,
            evidence_ms=clock.ms() if evidence_ms is None else evidence_ms,
            total_ms=clock.ms(),
        ),
    )


def _quoted(answer: Answer, clock: "_Clock") -> Answer:
    """Answer with the best evidence itself."""
    best = answer.citations[0]
    text = " ".join(best.evidence.text.split())
    removed = tuple(s for s in answer.sentences if s.status == "removed")
    timings = answer.timings
    if timings.first_word_ms is None:
        timings = replace(timings, first_word_ms=clock.ms())
    return replace(
        answer,
        state="done",
        draft="",
        sentences=(AnswerSentence(text, (best.n,), "quoted"), *removed),
        timings=replace(timings, total_ms=clock.ms()),
    )


class _Clock:
    def __init__(self) -> None:
        self._began = time.perf_counter()

    def ms(self) -> float:
        return round((time.perf_counter() - self._began) * 1000, 1)
