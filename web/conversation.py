"""A conversation: a question goes to the engine, a card grows in the chat. Holds nothing itself;
what a visitor has asked comes in and goes out as `Conversation`, which is theirs alone.
"""

import logging
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import gradio as gr

from index.types import BriefError
from qa.types import Answer, Question, Turn
from web.cards import card, lines, problem
from web.engine import OPENING, Engine, Opening
from web.selection import Selection, read_selection

_TURNS = 20  # of a conversation that are kept for follow-ups

Messages = list[dict[str, Any]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What follow-ups need, and what Stop sets to end the answer that is being given."""

    turns: tuple[Turn, ...] = ()
    stopping: threading.Event | None = None


class Step(NamedTuple):
    """What the page shows next: the chat, the conversation behind it, and the question box."""

    chat: Messages
    conversation: Conversation
    box: Any


def converse(
    opening: Opening, question: str, chat: Messages, before: Conversation, selection: str = ""
) -> Iterator[Step]:
    """Yield the page's steps while a question is answered from what the tab has selected.

    They alone write the chat meanwhile: Gradio 6.31 shows a step that was on its way when another
    event wrote there, so that what Stop itself wrote was lost every other time.
    """
    if not question.strip():
        gr.Info("Type a question first.", duration=5)
        yield Step(chat, before, gr.skip())
        return
    chat = [*chat, {"role": "user", "content": lines(question)}]
    stopping = threading.Event()
    now, after = Conversation(before.turns, stopping), Conversation(before.turns)
    yield Step(chat, now, gr.Textbox(value="", submit_btn=False, stop_btn="Stop"))
    try:
        engine = yield from _opened(opening, chat, now)
        asked = _asked(question, before, read_selection(selection))
        shown = _said(chat, problem("Stopped before anything was found."))
        for answer in _until(stopping, engine.stream(asked) if engine else iter(())):
            shown = _said(chat, card(answer))
            after = Conversation((*before.turns, _turn(answer))[-_TURNS:])
            yield Step(shown, now, gr.skip())
            if stopping.is_set() and answer.state != "done":
                shown = _said(chat, card(answer, stopped=True))
    except BriefError as error:
        shown = _said(chat, problem(str(error)))
    except Exception:
        # Whatever else went wrong is told in the log: its words may quote what nobody should see.
        log.exception("A question could not be answered")
        again = "Something went wrong here. Ask again; if it happens again, see the log of app.py."
        shown = _said(chat, problem(again))
    yield Step(shown, after, gr.Textbox(submit_btn="Ask", stop_btn=False))


def stop(now: Conversation) -> None:
    """End the answer that is being given at its next step; what was shown stays."""
    if now.stopping:
        now.stopping.set()


def _opened(
    opening: Opening, chat: Messages, now: Conversation
) -> Generator[Step, None, Engine | None]:
    """Return the engine; while the library is being opened, yield that it is. None if stopped."""
    while (engine := opening()) is None and now.stopping and not now.stopping.is_set():
        waiting = problem(f"{OPENING} Your question is answered right after.")
        yield Step(_said(chat, waiting), now, gr.skip())
        time.sleep(0.5)
    return engine


def _asked(question: str, before: Conversation, selection: Selection) -> Question:
    return {
        "question": question,
        "history": list(before.turns),
        "documents": list(selection.documents or ()),
        "since": selection.since,
    }


def _until(stopping: threading.Event, answers: Iterator[Answer]) -> Iterator[Answer]:
    """Yield the answers until it is set. What gives them is closed, which stops the model."""
    try:
        for answer in answers:
            yield answer
            if stopping.is_set():
                return
    finally:
        if isinstance(answers, Generator):
            answers.close()


def _said(chat: Messages, html: str) -> Messages:
    return [*chat, {"role": "assistant", "content": html}]


def _turn(answer: Answer) -> Turn:
    return Turn(answer.resolved, None if answer.declined else answer.text or None)
