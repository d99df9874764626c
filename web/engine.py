"""What the page asks of whatever answers, and how it stands for whoever watches over it."""

import itertools
from collections.abc import Callable, Iterator
from threading import Lock
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


class Waiting:
    """Who waits for the language model, which answers one after the other: a place for each."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._places = itertools.count()
        self._present: set[int] = set()
        self._lock = Lock()

    def enter(self) -> tuple[int, int]:
        """Return a place of one's own and how many are before it."""
        with self._lock:
            place = next(self._places)
            before = len(self._present)
            self._present.add(place)
            return place, before

    def __len__(self) -> int:
        """Return how many there are, the one who is being answered included."""
        with self._lock:
            return len(self._present)

    def leave(self, place: int) -> None:
        """Give a place up; one that was given up is passed over."""
        with self._lock:
            self._present.discard(place)


Opening = Callable[[], Engine | None]
"""Gives the engine, None while the library is still being opened."""


def health(engine: Engine | None, *, known: bool = True) -> JSONResponse:
    """Return 200 as soon as questions are answered, 503 before, with the state of the weights.

    Who is not `known` learns no more than that.
    """
    if engine is None:
        return JSONResponse({"ready": False, "message": OPENING}, 503)
    if not known:
        return JSONResponse({"ready": True})
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
                "remote": status.remote,
            },
        }
    )
