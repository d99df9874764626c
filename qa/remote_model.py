"""A chat model elsewhere, for an engine: tried at the start, and again while it does not answer."""

import logging
import threading
from collections.abc import Callable

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

from index.types import BriefError
from qa.chat_model import ChatModel
from qa.connection import Connection
from qa.fetching import Progress
from qa.problems import ModelProblem
from qa.prompt import prefix
from qa.providers import Provided
from qa.remote_chat import RemoteChat
from qa.remote_stream import Limits
from qa.types import ModelStatus

# Tells whether key, name and address are right, and nothing of anybody; what every prompt begins
# with many servers need not read again.
_TRIAL = [*prefix(), HumanMessage("Evidence:\n- This is a trial.\n\nQuestion: What is this?")]
_LOOKS = 4  # at whether a pause is over, in the length of one

log = logging.getLogger(__name__)


class RemoteModel:
    """A provider's model. Questions and their evidence leave this machine, which it says."""

    local = False

    def __init__(
        self,
        chosen: Provided,
        *,
        fallback: ChatModel | None = None,
        offline: bool = False,
        limits: Limits | None = None,
    ) -> None:
        """Take the model, and one that words answers while that does not.

        With `offline` it must be on this machine.
        """
        self.choice = chosen.choice
        self._fallback, self._offline = fallback, offline
        self._connection = Connection(chosen, limits or Limits())
        self._chat = RemoteChat(self._connection, fallback)
        self._failure = ""
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def chat(self) -> BaseChatModel | None:
        """The chat model once it was tried, or something answers in its place, else None."""
        ready = self._connection.tried.is_set() or (self._fallback and self._fallback.chat)
        return self._chat if ready else None

    @property
    def status(self) -> ModelStatus:
        """How it stands, whether it answers or not."""
        line = self._connection
        circuit = line.breaker.state
        failures = line.failures()
        instead = self._fallback.choice if self._fallback and self._fallback.chat else ""
        if self._failure:
            return ModelStatus("failed", self._failure, fallback=instead)
        if not self._connection.tried.is_set():
            return ModelStatus(
                "loading", f"Whether {line.where} answers is being tried.", fallback=instead
            )
        if circuit == "closed":
            return ModelStatus(
                "ready", "The language model is ready.",
                remote=line.how, circuit=circuit, failures=failures,
            )  # fmt: skip
        return ModelStatus(
            "away", f"{line.problem} It is tried again by itself.",
            remote=line.how, fallback=instead, circuit=circuit, failures=failures,
        )  # fmt: skip

    def start(self, on_progress: Callable[[Progress], None] = lambda progress: None) -> None:
        """Try it in a background thread, and again while it does not answer."""
        if self._fallback:
            self._fallback.start(on_progress)
        self._thread = threading.Thread(target=self._watch, name="chat-model", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait until it was tried; where it does not answer, for what does in its place."""
        self._connection.tried.wait()
        if self._fallback and self.status.state != "ready":
            self._fallback.wait()

    def close(self) -> None:
        """Ask nothing any more."""
        self._closing.set()
        self._connection.close()
        if self._thread:
            self._thread.join(5)
        if self._fallback:
            self._fallback.close()

    def _watch(self) -> None:
        try:
            self._connection.open(offline=self._offline)
        except BriefError as error:
            self._failure = str(error)
            log.warning("%s", error)
            self._connection.tried.set()
            return
        line = self._connection
        log.warning(
            "Each question and the sentences found for it are sent to %s. Your documents as a "
            "whole are not.",
            line.how,
        )  # fmt: skip
        self._try()
        self._connection.tried.set()
        while not self._closing.wait(line.limits.pause_s / _LOOKS):
            if line.breaker.state == "half-open":
                self._try()

    def _try(self) -> None:
        """Ask for a word. What is wrong is said by `status`, and logged."""
        before = self._connection.problem
        try:
            for _ in self._connection.steps(_TRIAL, trial=True):
                if self._closing.is_set():
                    return
        except ModelProblem as problem:
            if problem.kind != "paused":  # a question has the trial
                log.warning("%s It is tried again by itself.", problem)
            return
        if before:
            log.warning("%s answers again.", self._connection.where)
