"""The tools on standard input and output. They are there at once; the library opens meanwhile.

A program that starts them may give up after a minute, which opening a large library can take.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager

import anyio

from index.types import BriefError
from qa.engine import Engine
from qa.tools import tools
from qa.types import Answer, Question


def serve(opening: Callable[[], AbstractContextManager[Engine]]) -> None:
    """Serve until standard input ends, or nobody reads standard output any more.

    Args:
        opening: opens the library, in a thread of its own. What a tool is asked before that is
            answered after; where it fails, that is the answer.
    """
    opened: Future[Engine] = Future()
    ended = threading.Event()

    def hold() -> None:
        try:
            with opening() as engine:
                opened.set_result(engine)
                ended.wait()
        except BriefError as error:
            opened.set_exception(error)
            print(f"error: {error}", file=sys.stderr)  # noqa: T201 - who started this reads it

    def ask(question: Question) -> Iterator[Answer]:
        yield from opened.result().stream(question)

    thread = threading.Thread(target=hold, name="library", daemon=True)
    server = tools(lambda: opened.result().library, ask)

    async def run() -> None:
        thread.start()  # from here on the server has standard output for itself
        await server.run_stdio_async()

    try:
        anyio.run(run)
    except* BrokenPipeError:
        pass
    finally:
        ended.set()
        thread.join(5)
