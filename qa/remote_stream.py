"""A provider's stream within limits of time, in an event loop of its own.

Only there can a stream that has gone quiet be ended at once, whatever the provider: by a limit, or
because nobody wants it any more. Visitors are answered in threads, which take what has come.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage

Put = Callable[[AIMessageChunk], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much a provider may take. By hand: somebody waits, with evidence to read.

    `whole_s` is for an answer with all attempts, `trial_s` for the trial at the start, for which a
    server may have to load its model. `backoff_s` is before the second attempt, twice
    that before the third, each less by chance; `retry_after_s` the longest wait that a provider may
    ask for. After so many `failures` in a row it is left alone for `pause_s`. A token has about
    four characters; more than `chars_per_token` and it does not count them.
    """

    connect_s: float = 5.0
    first_token_s: float = 30.0
    whole_s: float = 60.0
    trial_s: float = 180.0
    attempts: int = 3
    backoff_s: float = 0.5
    retry_after_s: float = 10.0
    failures: int = 3
    pause_s: float = 30.0
    chars_per_token: int = 8


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None


class Loop:
    """An event loop in a thread of its own, for as long as the program asks a provider."""

    def __init__(self) -> None:
        """Start it."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="chat-provider", daemon=True
        )
        self._thread.start()

    def steps(
        self, work: Callable[[Put], Coroutine[Any, Any, None]], *, pause_s: float = 0.25
    ) -> Generator[AIMessageChunk | None]:
        """Yield what a coroutine puts, and None in each pause. Closing it cancels the coroutine.

        Raises what the coroutine raises, `RuntimeError` once the loop is closed.
        """
        came: SimpleQueue[AIMessageChunk | _End] = SimpleQueue()

        async def run() -> None:
            try:
                await work(came.put)
            except asyncio.CancelledError:
                came.put(_End(RuntimeError("The chat model was closed.")))
                raise
            except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
                came.put(_End(error))
            else:
                came.put(_End(None))

        if self._loop.is_closed():
            raise RuntimeError("The chat model was closed.")
        future = asyncio.run_coroutine_threadsafe(run(), self._loop)
        try:
            while True:
                try:
                    step = came.get(timeout=pause_s)
                except Empty:
                    yield None
                    continue
                if isinstance(step, _End):
                    if step.error:
                        raise step.error
                    return
                yield step
        finally:
            future.cancel()

    def close(self) -> None:
        """Cancel what is under way and end the thread."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(_cancel_others(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def pump(
    chat: BaseChatModel, messages: Sequence[BaseMessage], put: Put, *, first_token_s: float
) -> None:
    """Put each chunk of an answer; `TimeoutError` where its first token takes too long."""
    stream = cast(AsyncGenerator[AIMessageChunk], chat.astream(list(messages)))
    async with asyncio.timeout(first_token_s) as limit, aclosing(stream) as chunks:
        async for chunk in chunks:
            if chunk.text:
                limit.reschedule(None)
            put(chunk)
