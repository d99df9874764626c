"""What takes its time step by step, for programs that go on meanwhile (asyncio)."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Final, TypeVar

Step = TypeVar("Step")
_END: Final = object()


async def in_thread(
    steps: Iterator[Step], *, pause_s: float | None = None
) -> AsyncGenerator[Step | None]:
    """Yield the steps of an iterator, all taken in one thread; None whenever one takes `pause_s`.

    Closing or cancelling it closes a generator as soon as the step under way is done, without
    waiting for that: so a language model is stopped. Without `pause_s` there is no None.
    """
    loop, context = asyncio.get_running_loop(), copy_context()

    def step_on() -> Step | object:
        return next(steps, _END)

    thread = ThreadPoolExecutor(1, thread_name_prefix="steps")
    coming: asyncio.Future[Any] | None = None
    try:
        while True:
            coming = loop.run_in_executor(thread, context.run, step_on)
            while not (await asyncio.wait({coming}, timeout=pause_s))[0]:
                yield None
            if (step := coming.result()) is _END:
                return
            yield step
    finally:
        if coming:
            coming.cancel()  # nobody hears of it any more
        if isinstance(steps, Generator):
            thread.submit(steps.close)  # after the step under way: there is one thread
        thread.shutdown(wait=False)
