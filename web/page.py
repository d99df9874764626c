"""The page: chat on the left, the report on the right. From here a question goes to `qa`."""

import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported

import gradio as gr
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse

from index.types import BriefError, Library
from qa.types import Answer, ModelStatus, Question, Turn
from web.cards import card, problem, text
from web.header import header
from web.viewer import document_json

_HERE = Path(__file__).parent
_QUEUE = 32  # visitors that may wait; the next is told to try again
_TURNS = 20  # of a conversation that are kept for follow-ups

Messages = list[dict[str, Any]]


class Engine(Protocol):
    """What the page asks."""

    @property
    def library(self) -> Library:
        """The documents and their search."""
        ...

    def stream(self, question: Question) -> Iterator[Answer]:
        """Yield the answer as far as it has come. Raises `BriefError` for a bad question."""
        ...

    def model_status(self) -> ModelStatus:
        """Return how far the chat model is."""
        ...


def create_app(engine: Callable[[], Engine | None], *, examples: Sequence[str]) -> FastAPI:
    """Return the application: the page at /, GET /healthz, and documents for the viewer.

    Args:
        engine: gives the engine, None while the library is still being opened.
        examples: questions to click.
    """
    app = FastAPI(openapi_url=None)

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        return _health(engine())

    @app.get("/documents")
    def documents() -> list[dict[str, str]]:
        found = engine()
        return [{"id": d.id, "title": d.title} for d in found.library.documents()] if found else []

    @app.get("/documents/{document_id}")
    def document(document_id: str) -> dict[str, Any]:
        found = engine()
        try:
            if found:
                return document_json(found.library.document(document_id))
        except BriefError as error:
            raise HTTPException(404, str(error)) from error
        raise HTTPException(503, "The library is being opened.")

    gr.mount_gradio_app(
        app,
        _blocks(engine, examples),
        path="/",
        theme=gr.themes.Base(
            primary_hue="teal",
            neutral_hue="stone",
            font=["system-ui", "sans-serif"],
            font_mono=["ui-monospace", "monospace"],
        ),
        css=(_HERE / "style.css").read_text("utf-8"),
        head=f"<script>{(_HERE / 'viewer.js').read_text('utf-8')}</script>",
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        show_error=True,
    )
    return app


def _health(engine: Engine | None) -> JSONResponse:
    if engine is None:
        return JSONResponse({"ready": False, "message": "The library is being opened."}, 503)
    status = engine.model_status()
    return JSONResponse(
        {
            "ready": True,
            "documents": len(engine.library.documents()),
            "model": {
                "state": status.state,
                "message": status.message,
                "done_bytes": status.done_bytes,
                "total_bytes": status.total_bytes,
                "seconds_left": status.seconds_left,
            },
        }
    )


def _blocks(engine: Callable[[], Engine | None], examples: Sequence[str]) -> gr.Blocks:
    def top() -> tuple[str, gr.Timer]:
        found = engine()
        status = found.model_status() if found else None
        waiting = status is None or status.state not in ("ready", "failed")
        documents = found.library.documents() if found else None
        return header(documents, status), gr.Timer(1.0, active=waiting)

    def ask(question: str, chat: Messages, turns: list[Turn]) -> Iterator[tuple[Any, ...]]:
        yield from conversation(engine, question, chat, turns)

    blocks: gr.Blocks = gr.Blocks(title="Sahel Brief", fill_height=True, analytics_enabled=False)
    with blocks:
        turns = gr.State([])
        timer = gr.Timer(1.0)
        bar = gr.HTML(lambda: top()[0], elem_id="top")
        with gr.Row(elem_id="desk", equal_height=True):
            with gr.Column(elem_id="left", min_width=320, scale=1):
                chat = gr.Chatbot(
                    elem_id="chat",
                    label="Conversation",
                    show_label=False,
                    buttons=[],
                    feedback_options=None,
                    group_consecutive_messages=False,
                    allow_tags=False,
                    latex_delimiters=[],
                    placeholder="Ask the report. Every sentence of an answer is checked against "
                    "the words that it cites.",
                    height="100%",
                )
                with gr.Row(elem_id="examples"):
                    buttons = [gr.Button(e, size="sm", elem_classes="example") for e in examples]
                box = gr.Textbox(
                    elem_id="ask",
                    placeholder="Ask the report …",
                    label="Question",
                    show_label=False,
                    lines=1,
                    max_lines=6,
                    autofocus=True,
                    submit_btn="Ask",
                    stop_btn=False,
                )
            with gr.Column(elem_id="right", min_width=320, scale=1):
                gr.HTML('<section id="viewer" aria-label="Report" tabindex="0"></section>')
        outputs = [chat, turns, box]
        asked = [
            gr.on([box.submit], ask, [box, chat, turns], outputs, api_visibility="private"),
            *(b.click(ask, [b, chat, turns], outputs, api_visibility="private") for b in buttons),
        ]
        box.stop(stopped, chat, [chat, box], cancels=asked, api_visibility="private")
        chat.clear(list, None, turns, api_visibility="private")
        timer.tick(top, None, [bar, timer], show_progress="hidden", api_visibility="private")
        blocks.queue(max_size=_QUEUE, default_concurrency_limit=_QUEUE)
    return blocks


def conversation(
    engine: Callable[[], Engine | None], question: str, chat: Messages, turns: list[Turn]
) -> Iterator[tuple[Any, ...]]:
    """Yield the conversation, its turns and the question box while a question is answered."""
    if not question.strip():
        yield chat, turns, gr.skip()
        return
    chat = [*chat, {"role": "user", "content": text(question)}]
    busy = gr.Textbox(value="", submit_btn=False, stop_btn="Stop")
    idle = gr.Textbox(submit_btn="Ask", stop_btn=False)
    yield chat, turns, busy
    try:
        found = yield from _opened(engine, chat, turns)
        for answer in found.stream({"question": question, "history": turns}):
            yield [*chat, {"role": "assistant", "content": card(answer)}], turns, gr.skip()
        turns = [*turns, Turn(answer.resolved, None if answer.declined else answer.text)][-_TURNS:]
        chat = [*chat, {"role": "assistant", "content": card(answer)}]
    except BriefError as error:
        chat = [*chat, {"role": "assistant", "content": problem(str(error))}]
    yield chat, turns, idle


def _opened(
    engine: Callable[[], Engine | None], chat: Messages, turns: list[Turn]
) -> Generator[tuple[Any, ...], None, Engine]:
    """Return the engine; while the library is being opened, yield that it is."""
    while (found := engine()) is None:
        waiting = "The library is being opened; your question is answered right after."
        yield [*chat, {"role": "assistant", "content": problem(waiting)}], turns, gr.skip()
        time.sleep(0.5)
    return found


def stopped(chat: Messages) -> tuple[Messages, Any]:
    """Leave what was shown and say that it was stopped."""
    note = '<p class="notice">Stopped. Nothing after this was checked.</p>'
    if chat and chat[-1]["role"] == "assistant":
        last = {**chat[-1], "content": f"{_plain(chat[-1]['content'])}{note}"}
        chat = [*chat[:-1], last]
    else:
        chat = [*chat, {"role": "assistant", "content": note}]
    return chat, gr.Textbox(submit_btn="Ask", stop_btn=False)


def _plain(content: Any) -> str:
    """Return the text of a message: from the page it comes as a list of blocks (Gradio 6.31)."""
    if isinstance(content, str):
        return content
    return "".join(block.get("text", "") for block in content if isinstance(block, dict))
