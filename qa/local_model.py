"""The chat model on this machine: weights fetched once, a network or llama.cpp in this process."""

import logging
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from langchain_core.language_models import BaseChatModel

from index.types import BriefError
from qa.fetching import Progress
from qa.int8 import is_fast_here, opened, prepared
from qa.llama_server import LlamaServer
from qa.prompt import prefix
from qa.types import ModelStatus
from qa.weights import KNOWN, weights_path

_NICENESS = 10  # a tenth of the processor's time where others want it as well, else all of it

log = logging.getLogger(__name__)


class LocalModel:
    """A GGUF model that becomes ready in the background. Questions need not wait for it."""

    local = True

    def __init__(self, choice: str, cache: Path, *, offline: bool = False) -> None:
        """Take "1.5b", "0.5b" or a path to a GGUF file, and the folder to keep weights in."""
        self.cache = cache
        self.choice, self._offline = choice, offline
        self._server: LlamaServer | None = None
        self._chat: BaseChatModel | None = None
        self._thread: threading.Thread | None = None
        self.status = ModelStatus("loading", "The language model is about to be loaded.")

    @property
    def chat(self) -> BaseChatModel | None:
        """The chat model once it is ready, else None."""
        return self._chat

    def start(self, on_progress: Callable[[Progress], None] = lambda progress: None) -> None:
        """Fetch, load and warm in a background thread; follow it through `status`."""
        self._thread = threading.Thread(
            target=self._load_or_say, args=(on_progress,), name="chat-model", daemon=True
        )
        self._thread.start()

    def wait(self) -> None:
        """Wait until the thread that `start` began has ended, ready or failed."""
        if self._thread:
            self._thread.join()

    def _load_or_say(self, on_progress: Callable[[Progress], None]) -> None:
        try:
            self.load(on_progress)
        except BriefError as error:  # the status says it as well
            log.warning("%s Until then, answers are the report's own words.", error)

    def load(
        self, on_progress: Callable[[Progress], None] = lambda progress: None
    ) -> BaseChatModel:
        """Fetch, load and warm, and return the chat model.

        Raises:
            BriefError: the weights cannot be had or are not a model; `status` says the same.
        """

        def show(progress: Progress) -> None:
            self.status = _status(progress)
            on_progress(progress)

        try:
            path = weights_path(self.choice, self.cache, offline=self._offline, on_progress=show)
            self.status = ModelStatus("loading", "The language model is being loaded.")
            with ThreadPoolExecutor(1, initializer=let_others_first) as starting:
                self._chat = starting.submit(self._opened, path).result()
        except BriefError as error:
            self.status = ModelStatus("failed", str(error))
            raise
        self.status = ModelStatus("ready", "The language model is ready.")
        return self._chat

    def _opened(self, path: Path) -> BaseChatModel:
        # A file of one's own may be of any kind, and need not take up more than it has.
        if self.choice in KNOWN and is_fast_here():
            try:
                return opened(prepared(path, self._say_preparing), prefix())
            except (OSError, ValueError, KeyError, RuntimeError) as error:  # also OpenVINO's own
                log.warning("%s. So llama.cpp reads the language model, more slowly.", error)
        self._server = LlamaServer(path, prefix())
        return self._server.chat

    def _say_preparing(self) -> None:
        said = "The language model is being prepared for this processor, once."
        self.status = ModelStatus("loading", said)

    @property
    def address(self) -> str:
        """The URL of llama.cpp's server once it runs, "" where there is none."""
        return self._server.address if self._server else ""

    def close(self) -> None:
        """Stop the server (0.2 s)."""
        self._chat = self._server = None


def let_others_first() -> None:
    """Have this thread, and those that it starts, wait for the ones that select evidence.

    A model keeps all processors busy while it words an answer, and llama.cpp spins where it waits;
    so does a document that is added.
    """
    if sys.platform == "linux":  # elsewhere it would be that of the whole process
        os.nice(_NICENESS)


def _status(progress: Progress) -> ModelStatus:
    checking = progress.doing == "checking"
    return ModelStatus(
        "checking" if checking else "fetching",
        "The language model is being checked."
        if checking
        else f"The language model is not here yet: {progress.doing}.",
        progress.done_bytes,
        progress.total_bytes,
        progress.seconds_left,
    )
