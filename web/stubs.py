"""Gradio without the type stubs that it writes beside itself whenever it is imported."""

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def no_stubs() -> Iterator[None]:
    """Import Gradio inside, in half the time.

    Gradio 6 parses the source of each of its components to write a `.pyi` beside it, a second of
    every start, which only editors read. It does without where a component's file is not known.
    """
    getfile = inspect.getfile

    def unknown_to_gradio(thing: Any) -> str:
        if sys._getframe(1).f_globals.get("__name__") == "gradio.component_meta":
            raise OSError("no stub is wanted")
        return getfile(thing)

    inspect.getfile = unknown_to_gradio  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = getfile
