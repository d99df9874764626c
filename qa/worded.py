"""The chat model's answer from its first word to its last, which it may not reach.

What it begins half sure is held back until it is whole, when all that it tells of itself is known.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from langchain_core.language_models import BaseChatModel

from index.types import Hit
from qa.clock import Clock
from qa.declining import ASK_MODEL, SHOW_ANSWER, SHOW_WHOLE, beyond, probability
from qa.drafting import DraftChecker
from qa.ending import best_quoted, tells_what_is_asked, unanswered, without_model
from qa.evidence import Selection
from qa.phrasing import Draft, phrase
from qa.prompt import evidence_line
from qa.sources import by_source
from qa.types import Answer

# Chosen on the project's own questions: a sentence that was removed may only have said it in other
# words.
_SURE_ENOUGH_TO_QUOTE = 0.4
_BROKE_OFF = "The language model broke off: what it had said until then was checked."
_BROKE_OFF_EARLY = "The language model broke off: these are the report's own words."
_TOO_LONG = "The language model said too much and was cut: what it had said until then was checked."

log = logging.getLogger(__name__)


def worded(
    answer: Answer,
    selection: Selection,
    hits: Sequence[Hit],
    clock: Clock,
    chat: BaseChatModel | None,
) -> Iterator[Answer]:
    """Yield an answer that has its evidence as the chat model words it, until it has ended.

    Without a model, and where it fails before a word, evidence is quoted.
    """
    if chat is None:
        notice = "The language model is not ready yet: these are the report's own words."
        yield without_model(answer, notice, hits, clock)
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
                        yield unanswered(_first_word(answer, clock), hits, clock)
                        return
                    held = likely < SHOW_ANSWER
                last = draft
                if _at_best(draft, selection) < SHOW_WHOLE:  # whatever is still to come
                    yield unanswered(_first_word(answer, clock), hits, clock)
                    return
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
        yield without_model(answer, notice, hits, clock)
        return
    answer = _first_word(answer, clock)
    # What broke off tells nothing more of itself.
    if (_right(answer, last, selection) < SHOW_WHOLE) if whole else held:
        yield unanswered(answer, hits, clock)
        return
    if held:
        answer = _as_far_as(checker.follow(answer, last.text), last)
    with clock.stage("checking"):
        answer = checker.finish(answer, whole=whole)
    if not whole:
        carried = any(s.status != "removed" for s in answer.sentences)
        notice = _BROKE_OFF if carried else _BROKE_OFF_EARLY
        answer = replace(answer, provisional=True, notice=notice)
    yield _finished(answer, checker.nearest, hits, clock, whole=whole)


def _finished(
    answer: Answer, nearest: int, hits: Sequence[Hit], clock: Clock, *, whole: bool
) -> Answer:
    kept = [s.text for s in answer.sentences if s.status != "removed"]
    if kept and tells_what_is_asked(answer, " ".join(kept)):
        timings = clock.whole(answer.timings)
        return by_source(replace(answer, state="done", draft="", timings=timings))
    if kept:
        sentences = tuple(replace(s, citations=(), status="removed") for s in answer.sentences)
        answer = replace(answer, sentences=sentences)
    # That nothing the model said was carried speaks against an answer, if it has said all.
    if answer.answerability < (_SURE_ENOUGH_TO_QUOTE if whole else SHOW_ANSWER):
        return unanswered(answer, hits, clock)
    return best_quoted(answer, answer.citations[nearest : nearest + 1], hits, clock)


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


def _at_best(draft: Draft, selection: Selection) -> float:
    """Return how likely a draft can be right once it is whole: no token makes it surer again, and
    nothing that it says beyond the question counts for more than all of that.
    """
    if draft.least_sure is None:
        return 1.0
    return probability(selection, draft.not_stated, least_sure=draft.least_sure, beyond=1.0)


def _first_word(answer: Answer, clock: Clock) -> Answer:
    if answer.timings.first_word_ms is not None:
        return answer
    return replace(answer, timings=replace(answer.timings, first_word_ms=clock.ms()))
