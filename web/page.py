"""The page: chat on the left, the report on the right. From here a question goes to `qa`."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported

import gradio as gr
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from index.types import BriefError
from web.adding import Adding
from web.api.application import api
from web.api.following import Following
from web.api.gradio import add_ask
from web.api.mcp import Tools
from web.brief.routes import brief_routes
from web.brief.store import Briefs
from web.conversations import Conversations
from web.database import Where, open_database
from web.engine import Opening, Waiting, health
from web.guard.assembly import put_guard
from web.guard.rates import Rates
from web.guard.settings import Guarding
from web.header import header
from web.history import history_routes
from web.jobs import Jobs
from web.library import library_routes
from web.metrics import Metrics
from web.preparing import preparing_routes
from web.refusals import not_served, refused
from web.removed import Bin
from web.shell import Shell
from web.visitors import Visitors
from web.watching import Asked, Watch, log_asked
from web.wiring import wire

_HERE = Path(__file__).parent
_SCRIPTS = (
    *("viewer.js", "contents.js", "folding.js", "finder.js", "leaves.js", "marks.js"),
    *("printed.js", "citations.js", "hover.js", "drawer.js"),
    *("library.js", "shelf.js", "folders.js", "sending.js", "underway.js", "tally.js"),
    *("adding.js", "selection.js", "answers.js", "conversations.js", "autosave.js"),
    *("brief.js", "items.js", "copying.js", "preparing.js", "room.js", "lost.js"),
    *("tongues.js", "french.js"),
)
_SIGN_OUT = '<form id="sign-out" method="post" action="/logout"><button>Sign out</button></form>'
_AT_ONCE = 32  # questions and timers that are served at once
# Whose state Gradio keeps, by default 10,000: 43 kB of settings of all that is on the page and what
# is shown. A tab that is given up is known by its conversation when it asks again.
_TABS = 256
_QUEUE = 64  # of them that may be on their way; the next is told to try again
_TOLD_EVERY_S = 60.0


def create_app(
    engine: Opening,
    *,
    examples: Sequence[str],
    database: Where | None = None,
    log_questions: bool = False,
    guarding: Guarding = Guarding(),  # noqa: B008 - it is frozen
) -> FastAPI:
    """Return the application: the page at /, GET /healthz and /metrics, and the library's routes.

    Args:
        engine: gives the engine, None while the library is still being opened.
        examples: questions to click.
        database: where what visitors keep is; without one, it goes with the application.
        log_questions: whether the log has the words of questions.
        guarding: who may come in; without it everybody who reaches the page.

    Raises:
        BriefError: the database cannot be used.
    """
    sessions = open_database(database)
    conversations = Conversations(sessions)
    waiting = Waiting()
    metrics = Metrics(engine, waiting)

    def watch(asked: Asked) -> None:
        metrics.count(asked)
        log_asked(asked, with_question=log_questions)

    following = Following(conversations, waiting, watch)
    tools = Tools(engine, following)
    app = FastAPI(openapi_url=None, lifespan=tools.until_end)

    @app.get("/healthz")
    def healthz(request: Request) -> JSONResponse:
        return health(engine(), known=bool(request.state.role))

    @app.get("/metrics")
    def figures() -> Response:
        return metrics.response()

    jobs, bin_, briefs = Jobs(), Bin(), Briefs(sessions)
    adding = Adding(engine, jobs)
    app.include_router(library_routes(engine, jobs, adding, bin_))
    app.include_router(history_routes(conversations, engine))
    app.include_router(preparing_routes(conversations, engine, waiting))
    app.include_router(brief_routes(briefs, conversations.find))
    app.mount(
        "/v1",
        api(
            engine,
            conversations=conversations,
            briefs=briefs,
            following=following,
            jobs=jobs,
            adding=adding,
            bin_=bin_,
        ),
    )
    tools.add_to(app)
    app.add_middleware(Visitors)
    app.add_middleware(Shell)
    scripts = list(_scripts())
    rates = put_guard(app, sessions, guarding, scripts)
    app.add_exception_handler(BriefError, refused)
    app.add_exception_handler(HTTPException, not_served)
    gr.mount_gradio_app(
        app,
        _blocks(engine, conversations, examples, waiting, watch, rates, following, guarding.login),
        path="/",
        theme=gr.themes.Base(
            primary_hue="teal",
            neutral_hue="stone",
            font=["system-ui", "sans-serif"],
            font_mono=["ui-monospace", "monospace"],
        ),
        css=(_HERE / "style.css").read_text("utf-8"),
        head="".join(f"<script>{script}</script>" for script in scripts),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        show_error=True,  # what is left to show is a full queue: `converse` tells all else in words
        max_file_size="1kb",  # Gradio takes uploads, this page has none
    )
    return app


def _scripts() -> Iterator[str]:
    for name in _SCRIPTS:
        if name == "french.js":  # which reads what the page's words are in French
            yield f"window.sahelBrief.french = {(_HERE / 'french.json').read_text('utf-8')}"
        yield (_HERE / name).read_text("utf-8")


def _blocks(
    engine: Opening,
    conversations: Conversations,
    examples: Sequence[str],
    waiting: Waiting,
    watch: Watch,
    rates: Rates,
    following: Following,
    login: bool,
) -> gr.Blocks:
    # Gradio 6.31 summarises its last 10,000 events after each event, for a page that is not served.
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**12)
    blocks: gr.Blocks = gr.Blocks(title="Sahel Brief", fill_height=True, analytics_enabled=False)
    with blocks:
        _top(engine, blocks, login)
        with gr.Row(elem_id="desk", equal_height=True):
            gr.HTML('<nav id="conversations" aria-label="Conversations"></nav>', elem_id="past")
            with gr.Column(elem_id="left", min_width=280, scale=1):
                chat = _chat()
                with gr.Row(elem_id="examples"):
                    buttons = [gr.Button(e, size="sm", elem_classes="example") for e in examples]
                gr.HTML('<p id="scope" role="status" hidden></p>', elem_id="scope-line")
                box = _box()
            with gr.Column(elem_id="right", min_width=280, scale=1):
                gr.HTML('<section id="viewer" aria-label="Report" tabindex="0"></section>')
        # First: its name is public, and the first to ask for it has it.
        add_ask(engine, following, rates)
        wire(engine, conversations, blocks, chat, box, buttons, waiting, watch, rates)
        blocks.state_session_capacity = _TABS
        # Nobody waits in Gradio's own line. With the default, whenever somebody enters or leaves it
        # all who are in it are told their place.
        blocks.queue(
            max_size=_QUEUE, default_concurrency_limit=_AT_ONCE, status_update_rate=_TOLD_EVERY_S
        )
    return blocks


def _top(engine: Opening, blocks: gr.Blocks, login: bool) -> None:
    def top() -> tuple[str, gr.Timer]:
        found = engine()
        status = found.model_status() if found else None
        # A model elsewhere may go and come back at any time.
        elsewhere = status is not None and bool(status.remote)
        waiting = status is None or elsewhere or status.state not in ("ready", "failed")
        documents = found.library.documents() if found else None
        return header(documents, status), gr.Timer(5.0 if elsewhere else 1.0, active=waiting)

    timer = gr.Timer(1.0)
    bar = gr.HTML(top()[0], elem_id="top")
    # Beside the bar, not in it: that is drawn anew while the model loads, and would lose the focus.
    gr.HTML(
        '<button id="past-button" type="button" aria-expanded="false">Conversations</button>'
        '<button id="brief-button" type="button" aria-haspopup="dialog">Brief</button>'
        '<button id="library-button" type="button" aria-haspopup="dialog">Library</button>'
        '<button id="theme-button" type="button" aria-label="Dark or light" title="Dark or light">'
        "◐</button>"
        '<button id="language-button" type="button">'
        '<span lang="fr" title="Afficher la page en français">FR</span>'
        '<span lang="en" title="Show the page in English">EN</span></button>'
        '<button id="help-button" type="button" aria-label="Help and keys" title="Help and keys">'
        "?</button>"
        f"{_SIGN_OUT if login else ''}"
        '<span id="library-said" class="unseen" role="status"></span>',
        elem_id="library-open",
    )
    gr.on(
        [blocks.load, timer.tick],
        top,
        None,
        [bar, timer],
        show_progress="hidden",
        api_visibility="private",
    )


def _chat() -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="chat",
        label="Conversation",
        show_label=False,
        autoscroll=False,  # to the end of what is read from its beginning
        buttons=[],
        feedback_options=None,
        group_consecutive_messages=False,
        allow_tags=False,
        latex_delimiters=[],
        placeholder="Ask the report. Every sentence is checked against the words that it cites.",
        height="100%",
    )


def _box() -> gr.Textbox:
    return gr.Textbox(
        elem_id="ask",
        placeholder="Ask the report …",
        label="Question",
        show_label=False,
        max_lines=6,
        autofocus=True,
        submit_btn="Ask",
        stop_btn=False,
    )
