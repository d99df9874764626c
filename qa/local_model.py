"""The chat model on this machine: weights fetched once, llama.cpp in this process."""

import logging
import os
import secrets
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from index.types import BriefError
from qa.fetching import Progress
from qa.prefix_cache import PrefixCache
from qa.prompt import prefix
from qa.types import ModelStatus
from qa.weights import weights_path

_CONTEXT_TOKENS = 4096
_TIMEOUT_S = 60.0
_NICENESS = 10  # a tenth of the processor's time where others want it as well, else all of it
_NO_ORIGIN = "none.invalid"  # which is that of no page
_PROMPTS_MIB = 64  # of other prompts' states that llama.cpp keeps in memory: 28 KiB a token

log = logging.getLogger(__name__)


class LocalModel:
    """A GGUF model that becomes ready in the background. Questions need not wait for it."""

    local = True

    def __init__(self, choice: str, cache: Path, *, offline: bool = False) -> None:
        """Take "1.5b", "0.5b" or a path to a GGUF file, and the folder to keep weights in."""
        self.cache = cache
        self.choice, self._offline = choice, offline
        self._server: Any = None
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
            self._server = _Server(path)
        except BriefError as error:
            self.status = ModelStatus("failed", str(error))
            raise
        chat = _connect(self._server)
        self._server.warm(chat)
        self._chat = chat
        self.status = ModelStatus("ready", "The language model is ready.")
        return chat

    @property
    def address(self) -> str:
        """The URL of the server once it runs."""
        return str(self._server.server.listening_address)

    def close(self) -> None:
        """Stop the server (0.2 s)."""
        self._chat = self._server = None


class _Server:
    def __init__(self, path: Path) -> None:
        import xllamacpp

        self._prefix_cache = PrefixCache(
            path, "\n".join(str(message.content) for message in prefix()), version("xllamacpp")
        )
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(path)
        parameters.n_ctx = _CONTEXT_TOKENS
        parameters.n_parallel = 1  # visitors queue: two at once would each be half as fast
        parameters.n_batch = 512  # a stop waits for the batch in hand: 5 s, with 2048 21 s
        # Into memory, not mapped: llama.cpp packs most weights anew, and would keep both (0.6 GB).
        parameters.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
        parameters.verbosity = 0
        parameters.cache_ram_mib = _PROMPTS_MIB
        parameters.slot_save_path = f"{self._prefix_cache.folder}{os.sep}"
        # Without these xllamacpp 2026.10 answers any page in the browser, and serves one itself.
        self.key = secrets.token_urlsafe(32)
        parameters.api_keys = [self.key]
        parameters.cors_origins, parameters.cors_origins_explicit = _NO_ORIGIN, True
        parameters.cors_credentials = parameters.ui = False
        try:
            with ThreadPoolExecutor(1, initializer=_let_others_first) as starting:
                self.server = starting.submit(xllamacpp.Server, parameters).result()
        except RuntimeError as error:
            raise BriefError(
                f"{path} cannot be loaded as a language model. If it was fetched by this program, "
                "delete it and start again; if it is your own, check that it is a GGUF chat model "
                "and that there is memory for it."
            ) from error

    def warm(self, chat: BaseChatModel) -> None:
        """Read the fixed prefix of all prompts, which llama.cpp keeps from here on."""
        address = str(self.server.listening_address)
        if not self._prefix_cache.restore(address, self.key):
            chat.invoke([*prefix(), ("user", "Evidence:")], max_tokens=1)
            self._prefix_cache.save(address, self.key)


def _let_others_first() -> None:
    """Have this thread, and those that it starts, wait for the ones that select evidence.

    llama.cpp keeps all processors busy while it words an answer, and spins where it waits.
    """
    if sys.platform == "linux":  # elsewhere it would be that of the whole process
        os.nice(_NICENESS)


def _connect(server: _Server) -> BaseChatModel:
    from qa.local_chat import LocalChat

    return LocalChat(
        model="local",
        base_url=f"{server.server.listening_address}/v1",
        api_key=SecretStr(server.key),
        temperature=0,
        timeout=_TIMEOUT_S,
        max_retries=0,
        logprobs=True,
        top_logprobs=10,
        stream_usage=False,
        # At each token, as one who is declined by the first does not wait for the last.
        extra_body={"timings_per_token": True},
    )


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
