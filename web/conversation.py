"""A conversation: a question goes to the engine, a card grows in the chat, its record is kept.

Holds nothing itself; what a visitor has asked comes in and goes out as `Conversation`, which is
theirs alone, and is kept under their name.
"""

import logging
import threading
import time
import uuid
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import gradio as gr
from sqlalchemy.exc import SQLAlchemyError

from index.types import BriefError
from qa.types import Answer, Question, Turn
from web.cards import card, lines, problem
from web.conversations import Conversations
from web.engine import OPENING, Engine, Opening, Waiting, model_name
from web.records import Record, new_record, told
from web.selection import Selection, read_selection
from web.watching import Asked, Watch

_TURNS = 20  # of a conversation that are kept for follow-ups

Messages = list[dict[str, Any]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Conversation:
    """Its id, what follow-ups need, and what Stop sets to end the answer that is being given."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    turns: tuple[Turn, ...] = ()
    stopping: threading.Event | None = field(default=None, compare=False)


class Step(NamedTuple):
    """What the page shows next: the chat, the conversation behind it, and the question box."""

    chat: Messages
    conversation: Conversation
    box: Any


@dataclass(frozen=True, slots=True)
class Memory:
    """Where a visitor's conversations are kept; nothing is kept of somebody without a name."""

    conversations: Conversations
    visitor: str

    def put(self, conversation: Conversation, record: Record) -> None:
        """Keep a record. An answer must not be lost because it cannot be kept: that is logged."""
        if not self.visitor:
            return
        try:
            self.conversations.put(self.visitor, conversation.id, record)
        except (SQLAlchemyError, BriefError):
            log.exception("An answer could not be kept")


def converse(
    opening: Opening,
    question: str,
    chat: Messages,
    before: Conversation,
    selection: str = "",
    memory: Memory | None = None,
    waiting: Waiting | None = None,
    watch: Watch = lambda asked: None,
    *,
    fresh: bool = False,
) -> Iterator[Step]:
    """Yield the page's steps while a question is answered from what the tab has selected.

    `watch` is told once it is over, also where the tab was closed. `fresh` is as in `Question`.

    They alone write the chat meanwhile: Gradio 6.31 shows a step that was on its way when another
    event wrote there, so that what Stop itself wrote was lost every other time.
    """
    if not question.strip():
        gr.Info("Type a question first.", duration=5)
        yield Step(chat, before, gr.skip())
        return
    chat = [*chat, {"role": "user", "content": lines(question)}]
    stopping = threading.Event()
    now = Conversation(before.id, before.turns, stopping)
    after = Conversation(before.id, before.turns)
    record = new_record(question, before.id)
    shown = _said(chat, card(record))
    yield Step(shown, now, gr.Textbox(value="", submit_btn=False, stop_btn="Stop"))
    place = answer = None
    failed = False
    try:
        engine = yield from _opened(opening, chat, now)
        sent = asked(question, before, read_selection(selection), fresh=fresh)
        on_page, kept = shown, False
        shown = _said(chat, problem("Stopped before anything was found."))
        for answer in _until(stopping, engine.stream(sent) if engine else iter(())):
            assert engine is not None  # noqa: S101 - it gave the answer
            name, library = model_name(engine), engine.library
            record = told(record, answer, library, name)
            if waiting and place is None and answer.state == "evidence" and not answer.cached:
                place, before_it = waiting.enter()
                # A model elsewhere answers several at once.
                record["before"] = 0 if engine.model_status().remote else before_it
            shown = _said(chat, card(record))
            after = Conversation(before.id, (*before.turns, _turn(answer))[-_TURNS:])
            if memory and answer.state == "done":  # before it is shown: a kill may come next
                memory.put(now, record)
            if shown != on_page:  # not in a pause: each step takes 6 ms of a processor
                on_page = shown
                yield Step(shown, now, gr.skip())
            # So that a question outlives a killed process. Its evidence does not wait for that.
            if memory and not kept and answer.state in ("evidence", "answering"):
                memory.put(now, record)
                kept = True
            if stopping.is_set() and answer.state != "done":
                record = told(record, answer, library, name, stopped=True)
                shown = _said(chat, card(record))
        if memory and (answer is None or answer.state != "done"):
            memory.put(now, record)
    except BriefError as error:
        failed = True
        shown = _said(chat, problem(str(error)))
    except Exception:
        failed = True
        # Whatever else went wrong is told in the log: its words may quote what nobody should see.
        log.exception("A question could not be answered")
        again = "Something went wrong here. Ask again; if it happens again, see the log of app.py."
        shown = _said(chat, problem(again))
    finally:  # also where the tab was closed
        if waiting and place is not None:
            waiting.leave(place)
        watch(Asked(question, answer, failed, fresh))
    yield Step(shown, after, gr.Textbox(submit_btn="Ask", stop_btn=False))


def resumed(conversation_id: str, records: Sequence[Record]) -> tuple[Messages, Conversation]:
    """Return a conversation that was kept as the chat shows it, ready to go on."""
    chat: Messages = []
    turns = []
    for record in records:
        whole = (
            record if record["state"] == "done" else {**record, "state": "done", "stopped": True}
        )
        chat.append({"role": "user", "content": lines(whole["question"])})
        chat = _said(chat, card(whole))
        said = None if whole["declined"] else whole["answer"] or None
        turns.append(Turn(whole["resolved"], said))
    return chat, Conversation(conversation_id, tuple(turns[-_TURNS:]))


def stop(now: Conversation | None) -> None:
    """End the answer that is being given at its next step; what was shown stays."""
    if now and now.stopping:
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


def asked(
    question: str, before: Conversation, selection: Selection, *, fresh: bool = False
) -> Question:
    """Return a question of a conversation as it goes to the engine."""
    return {
        "question": question,
        "history": list(before.turns),
        "documents": list(selection.documents or ()),
        "since": selection.since,
        "fresh": fresh,
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
