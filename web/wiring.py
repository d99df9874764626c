"""What the page's events do: a question is asked, stopped, asked again; a conversation goes on."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import gradio as gr

from index.types import BriefError
from web.cards import problem
from web.conversation import Conversation, Memory, Messages, Step, converse, resumed, stop
from web.conversations import Conversations
from web.database import Unreachable
from web.engine import Opening, Waiting
from web.guard.rates import Rates, counted_as
from web.guard.waiting import wait_words
from web.history import known_conversation
from web.visitors import known
from web.watching import Watch

_ID_CHARS = 64


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a script of the page sends beside the box: a question, in place of an earlier one.

    `conversation` is the id of the one that the tab shows.
    """

    question: str = ""
    replaces: str = ""
    conversation: str = ""

    @property
    def again(self) -> bool:
        """Whether the very same is asked again, which answers it afresh; an edit types its own."""
        return bool(self.question and self.replaces)


def read_wanted(raw: str | None) -> Wanted:
    """Return what `answers.js` has sent; what cannot be read is nothing: it is untrusted.

    >>> read_wanted('{"question": "Who?", "replaces": "1f"}')
    Wanted(question='Who?', replaces='1f')
    """
    try:
        sent = json.loads(raw or "{}")
        ids = [str(sent.get(name, ""))[:_ID_CHARS] for name in ("replaces", "conversation")]
        return Wanted(str(sent.get("question", "")), *ids)
    except (ValueError, AttributeError, RecursionError):
        return Wanted()


def wire(
    opening: Opening,
    conversations: Conversations,
    blocks: gr.Blocks,
    chat: gr.Chatbot,
    box: gr.Textbox,
    examples: list[gr.Button],
    waiting: Waiting,
    watch: Watch,
    rates: Rates,
) -> None:
    """Connect the components. Called inside `blocks`."""

    def ask(
        typed: str,
        shown: Messages,
        now: Conversation | None,
        selection: str,
        raw: str,
        event: gr.EventData,
        request: gr.Request,
    ) -> Iterator[Step]:
        def refused(words: str) -> Step:
            told = {"role": "assistant", "content": problem(words)}
            return Step([*shown, told], before, gr.skip())

        memory, wanted = Memory(conversations, _who(request)), read_wanted(raw)
        before = now or Conversation()
        if (who := request.request) and (wait := rates.question(counted_as(who))):
            yield refused(wait_words(wait))
            return
        if wanted.replaces:
            with suppress(BriefError):  # deleted meanwhile: then it is asked at the end
                conversations.cut(memory.visitor, wanted.replaces)
        # A process that was started anew, or another one, knows the tab by its conversation alone.
        own = before.id if now else wanted.conversation
        if wanted.replaces or not now:
            try:
                left = known_conversation(conversations, memory.visitor, own)
            except Unreachable as error:
                yield refused(str(error))
                return
            if now or left:
                shown, before = resumed(own, left)
        clicked = event.target.value if event.target in examples else ""
        question = wanted.question or clicked or typed
        yield from converse(
            opening, question, shown, before, selection, memory, waiting, watch, fresh=wanted.again
        )

    def resume(wanted: str, request: gr.Request) -> tuple[Messages, Conversation]:
        records = known_conversation(conversations, _who(request), (wanted or "")[:_ID_CHARS])
        return resumed(wanted, records) if records else ([], Conversation())

    now = gr.State(None)
    # Never filled: the tab puts in what it selects and wants when it asks.
    selection, wanted = gr.Textbox(visible=False), gr.Textbox(visible=False)
    # What the page's scripts press.
    go = gr.Button("Ask", elem_id="go", elem_classes="unseen")
    resuming = gr.Button("Resume", elem_id="resume", elem_classes="unseen")
    # One event for box and buttons, so that "once" keeps a tab from asking two things at once.
    gr.on(
        [box.submit, go.click, *(b.click for b in examples)],
        ask,
        [box, chat, now, selection, wanted],
        [chat, now, box],
        js="async (typed, chat, now) => [typed, chat, now, await window.sahelBrief.selection(), "
        "window.sahelBrief.wanted()]",
        trigger_mode="once",
        show_progress="hidden",  # the answer shows it; Gradio would read out "common.complete"
        api_visibility="private",
    )
    gr.on(
        [blocks.load, resuming.click],
        resume,
        [wanted],
        [chat, now],
        js="() => [window.sahelBrief.conversation()]",
        show_progress="hidden",
        api_visibility="private",
    )
    box.stop(stop, now, None, show_progress="hidden", api_visibility="private")


def _who(request: gr.Request) -> str:
    return known(request.request) if request.request else ""
