"""The page: settings, wiring, serving. The path of a question goes on in `web/` and `qa/`."""

import argparse
import gc
import logging
import os
import sys
import threading
import webbrowser
from collections.abc import Callable
from contextlib import ExitStack, suppress
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported

from index.access import require_folder
from index.settings import LibrarySettings, add_library_arguments, library_settings
from index.types import BriefError
from qa.chat_model import ChatModel
from qa.choosing import add_model_arguments, chosen_model
from qa.clock import Clock
from qa.engine import Engine, open_engine
from qa.fetching import Report
from qa.local_model import let_others_first
from qa.profile import profile_table
from qa.weights import bar
from web.database import add_database_argument, chosen_database
from web.guard.settings import add_guard_arguments, guarding, warnings
from web.memory import collect_only_what_is_new, give_back_free_memory, use_few_arenas

EXAMPLES = (
    "Who led the second coup in Mali?",
    "By when must MINUSMA leave?",
    "What does Atallah recommend?",
    "Why might war crimes go unreported?",
)


def main() -> int:
    """Serve the page until stopped; return the exit status."""
    args = _parser().parse_args()
    gc.disable()  # what is imported and made at the start stays: 0.5 s to look through it
    try:
        return _serve(args)
    except BriefError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        gc.enable()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python app.py", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=7860, help="the port to listen on")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument(
        "--log-questions", action="store_true", help="log the words of questions, not only times"
    )
    parser.add_argument(
        "--profile", action="store_true", help="say on standard error how long the start took"
    )
    add_database_argument(parser)
    add_guard_arguments(parser)
    add_library_arguments(parser)
    add_model_arguments(parser)
    return parser


def _serve(args: argparse.Namespace) -> int:
    # What can be known at once is said at once, before the seconds that the imports take.
    require_port(args.host, args.port)
    settings = library_settings(args)
    os.umask(0o077)  # what is written is this user's alone
    use_few_arenas()
    give_back_free_memory()
    require_folder(settings.data)
    model = chosen_model(args)
    database = chosen_database(args.database, settings.data)
    guard = guarding(args, settings.data, database)
    for words in warnings(args, settings.data):
        print(words, file=sys.stderr)
    import uvicorn

    from web.guard.connections import connection_settings
    from web.stubs import no_stubs

    with no_stubs():
        from web.page import create_app

    log_to_stderr("sahel_brief.questions")
    starting = Starting(settings, model, profile=args.profile)
    app = create_app(
        starting.engine,
        examples=EXAMPLES,
        database=database,
        log_questions=args.log_questions,
        guarding=guard,
    )
    # An open page holds a connection for ever: do not wait for it to be closed.
    config = uvicorn.Config(
        app,
        args.host,
        args.port,
        log_level="warning",
        timeout_graceful_shutdown=2,
        **connection_settings(args),
    )
    server = uvicorn.Server(config)
    url = f"http://{args.host}:{args.port}"
    print(f"Sahel Brief is at {url} (Ctrl-C stops it).", flush=True)
    if not args.no_browser:
        threading.Timer(1.0, webbrowser.open, [url]).start()
    with bar() as draw, suppress(KeyboardInterrupt):  # uvicorn raises it again after its shutdown
        starting.begin(draw, on_failure=lambda: setattr(server, "should_exit", True))
        server.run()
    starting.end()
    if starting.failure:
        raise starting.failure
    return 0


class Starting:
    """Opens the library and loads the model in the background, while the page is already up."""

    def __init__(
        self, settings: LibrarySettings, model: ChatModel, *, profile: bool = False
    ) -> None:
        self._settings, self._model = settings, model
        self._profile, self._clock = profile, Clock()
        self._engine: Engine | None = None
        self._opened, self._ending = threading.Event(), threading.Event()
        self.failure: BriefError | None = None

    def engine(self) -> Engine | None:
        """Return the engine once questions can be answered, None before."""
        return self._engine

    def begin(self, on_progress: Report, on_failure: Callable[[], None]) -> None:
        """Start both; `on_failure` is called when the library cannot be opened."""
        self._model.start(on_progress)
        threading.Thread(target=self._run, args=(on_failure,), name="library", daemon=True).start()
        if self._profile:
            threading.Thread(target=self._say_profile, name="profile", daemon=True).start()

    def end(self) -> None:
        """Let go of both."""
        self._ending.set()
        if self._engine and self._engine.changes:
            self._engine.changes.end()
        self._model.close()

    def _run(self, on_failure: Callable[[], None]) -> None:
        try:
            with ExitStack() as stack:
                with self._clock.stage("opening the library"):
                    opened = open_engine(
                        self._settings, self._model, on_notice=print, renewing=True
                    )
                    engine = stack.enter_context(opened)
                with self._clock.stage("loading what selects evidence"):
                    engine.warm()
                self._engine = engine
                self._opened.set()
                collect_only_what_is_new()
                ahead = threading.Thread(target=self._read_ahead, args=(engine,), name="reading")
                ahead.start()
                stack.callback(ahead.join)  # before the library is closed
                if engine.changes and not self._ending.is_set():
                    let_others_first()
                    engine.changes.run()  # the library's lock belongs to this thread
        except BriefError as error:
            self.failure = error
            on_failure()

    def _read_ahead(self, engine: Engine) -> None:
        let_others_first()
        engine.read_ahead(self._ending)

    def _say_profile(self) -> None:
        with self._clock.stage("meanwhile, the language model"):
            self._model.wait()
        self._opened.wait()
        print(profile_table(self._clock), file=sys.stderr, flush=True)


def log_to_stderr(name: str) -> None:
    """Show a log's lines from INFO on, each with its time."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log = logging.getLogger(name)
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    log.propagate = False


def require_port(host: str, port: int) -> None:
    """Raise `BriefError` where the address cannot be listened on."""
    with socket(AF_INET6 if ":" in host else AF_INET, SOCK_STREAM) as probe:
        probe.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise BriefError(
                f"The address {host}:{port} cannot be used ({error}). Another Sahel Brief may be "
                f"running there; stop it, or choose another port: --port {port + 1}"
            ) from error


if __name__ == "__main__":
    sys.exit(main())
