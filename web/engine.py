"""What the page asks of whatever answers, and how it stands for whoever watches over it."""

from collections.abc import Callable, Iterator
from typing import Protocol

from fastapi.responses import JSONResponse

from index.changes import Changes
from index.types import Library
from qa.types import Answer, ModelStatus, Question

OPENING = "The library is being opened."


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


def changes_of(engine: Engine) -> Changes | None:
    """Return what changes the engine's library, None where it cannot be changed from the page."""
    found: Changes | None = getattr(engine, "changes", None)
    return found


def model_name(engine: Engine) -> str:
    """Return the name of what words answers, "" where it has none."""
    return str(getattr(getattr(engine, "model", None), "choice", ""))


Opening = Callable[[], Engine | None]
"""Gives the engine, None while the library is still being opened."""


def health(engine: Engine | None) -> JSONResponse:
    """Return 200 as soon as questions are answered, 503 before, with the state of the weights."""
    if engine is None:
        return JSONResponse({"ready": False, "message": OPENING}, 503)
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
