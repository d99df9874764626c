"""What an engine needs of the chat model that words its answers, wherever that runs."""

from collections.abc import Callable
from typing import Protocol

from langchain_core.language_models import BaseChatModel

from qa.fetching import Progress
from qa.types import ModelStatus


class ChatModel(Protocol):
    """A chat model that becomes ready in the background. Questions need not wait for it.

    `choice` names it in answers that are kept. `local` is whether it runs in this process: then
    what is being typed may be read ahead, which elsewhere would cost money and leave the machine.
    """

    choice: str
    local: bool

    @property
    def status(self) -> ModelStatus:
        """How far it is."""
        ...

    @property
    def chat(self) -> BaseChatModel | None:
        """The chat model once there is one to ask, else None."""
        ...

    def start(self, on_progress: Callable[[Progress], None] = lambda progress: None) -> None:
        """Get ready in a background thread; follow it through `status`."""
        ...

    def wait(self) -> None:
        """Wait until what `start` began has ended, ready or failed."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...
