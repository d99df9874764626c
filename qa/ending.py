"""How an answer ends that the chat model does not: declined, or with evidence quoted."""

from collections.abc import Sequence
from dataclasses import replace

from index.types import Hit
from qa.clock import Clock
from qa.declining import (
    CLOSEST,
    SHOW_ANSWER,
    contradicting,
    instead,
    reason_contradicted,
    reason_unanswered,
)
from qa.figures import figures, tells_number
from qa.prompt import evidence_line
from qa.selection import asks_for_number
from qa.sources import by_source
from qa.types import Answer, AnswerSentence, Citation, Decline


def unanswered(answer: Answer, hits: Sequence[Hit], clock: Clock) -> Answer:
    """Decline because nothing states the answer; correct what the question assumes, if possible."""
    other = contradicting(answer.resolved, [c.evidence for c in answer.citations])
    if other is None:
        reason = reason_unanswered(answer.resolved, hits)
        return declined(answer, "not-stated", reason, hits, clock)
    rest = [hit for hit in hits if hit.passage.id != other.passage.id]
    hits = [Hit(other.passage, 1.0), *rest]
    return declined(answer, "wrong-premise", reason_contradicted(other), hits, clock)


def declined(
    answer: Answer, decline: Decline, reason: str, hits: Sequence[Hit], clock: Clock
) -> Answer:
    """Decline with a reason, the closest passages, and what could be asked instead."""
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


def without_model(answer: Answer, notice: str, hits: Sequence[Hit], clock: Clock) -> Answer:
    """Answer with the best piece of evidence, if it is likely enough to state the answer."""
    answer = replace(answer, provisional=True)
    if answer.answerability < SHOW_ANSWER:
        return unanswered(answer, hits, clock)
    answer = replace(answer, draft="", sentences=(), notice=notice)
    return best_quoted(answer, answer.citations[:1], hits, clock)


def best_quoted(
    answer: Answer, citations: Sequence[Citation], hits: Sequence[Hit], clock: Clock
) -> Answer:
    """Answer with these pieces of evidence, if one of them tells what is asked."""
    if not any(tells_what_is_asked(answer, c.evidence.text) for c in citations):
        return unanswered(answer, hits, clock)
    return quoted(answer, citations, clock)


def tells_what_is_asked(answer: Answer, text: str) -> bool:
    """Return whether a text tells a number that the question does not, if it asks for one."""
    question = answer.resolved
    return not asks_for_number(question) or tells_number(text, figures(question))


def quoted(answer: Answer, citations: Sequence[Citation], clock: Clock) -> Answer:
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
