"""How long something takes, and which of its stages took the time."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from qa.types import Speed, Stages, Timings

Step = TypeVar("Step")


class Clock:
    """Counts milliseconds since it was made, and those of stages by their names.

    `speed` is the last that the chat model said of itself, None where it says nothing.
    """

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self.spent_ms: dict[str, float] = {}
        self.speed: Speed | None = None

    def ms(self) -> float:
        """Return the milliseconds so far."""
        return _ms_since(self._began)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what happens inside as time of a stage, to which it is added."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.spent_ms[name] = self.spent_ms.get(name, 0.0) + _ms_since(began)

    def waits(self, steps: Iterable[Step]) -> Iterator[Step]:
        """Yield the model's steps; the wait for the first is "waiting", for others "generation".

        A step that is itself `waiting` is not the first.
        """
        each, name = iter(steps), "waiting"
        while True:
            with self.stage(name):
                step = next(each, None)
            if step is None:
                return
            yield step
            if not getattr(step, "waiting", False):
                name = "generation"

    def whole(self, timings: Timings) -> Timings:
        """Return timings with the time of the whole answer, which is now, and of its stages."""
        spent = {f"{name}_ms": round(ms, 1) for name, ms in self.spent_ms.items()}
        # The model is waited for while it reads the prompt as well; it says how long that takes.
        if self.speed and (waited_ms := spent.get("waiting_ms")) is not None:
            prompt_ms = round(min(self.speed.prompt_ms, waited_ms), 1)
            spent |= {"waiting_ms": round(waited_ms - prompt_ms, 1), "prompt_ms": prompt_ms}
        return replace(timings, total_ms=self.ms(), stages=Stages(**spent), speed=self.speed)


def _ms_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
