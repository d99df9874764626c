"""Kills a program under load, and sees how long nobody is answered and whether anything is lost."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from benchmarks.endurance.client import QUESTION, Done
from benchmarks.endurance.load import Load
from benchmarks.endurance.processes import Supervisor

_LIMIT_S = 300.0
_AFTER_S = 1.0  # connections that were open before are found broken by their next use


@dataclass(frozen=True, slots=True)
class Kill:
    """What came of one kill. Seconds are from the kill to the first answer, and to the first that
    the language model worded (None where there is none); `interrupted` are things that clients
    were doing and had to do again, `lost` what is not as it was acknowledged.
    """

    program: str
    began: float
    ended: float
    answer_s: float
    worded_s: float | None
    interrupted: int
    lost: tuple[str, ...]


def kill_under_load(
    program: str,
    supervisor: Supervisor,
    load: Load,
    browser: httpx.Client,
    look: Callable[[], list[str]],
    *,
    worded: bool,
) -> Kill:
    """Kill a program while clients use it, wait for the next answer, and look what was lost.

    Args:
        program: its name.
        supervisor: runs it, and starts it again.
        load: the clients.
        browser: asks for the next answer; signed in where that is needed.
        look: returns what is lost, while nobody does anything.
        worded: whether there is a language model to be waited for.
    """
    began = time.monotonic()
    supervisor.kill(program)
    answer_s = _until_answered(browser, began, worded=False)
    worded_s = _until_answered(browser, began, worded=True) if worded else None
    ended = time.monotonic() + _AFTER_S
    time.sleep(_AFTER_S)
    lost = tuple(load.paused(look))
    hit = sum(bool(done.wrong) and overlaps(done, began, ended) for done in load.done)
    return Kill(program, began, ended, answer_s, worded_s, hit, lost)


def failures(done: Sequence[Done], kills: Sequence[Kill]) -> list[Done]:
    """Return what went wrong and was hit by no kill."""
    return [d for d in done if d.wrong and not any(overlaps(d, k.began, k.ended) for k in kills)]


def overlaps(done: Done, began: float, ended: float) -> bool:
    """Return whether something was being done at any time between two moments."""
    return done.began <= ended and done.ended >= began


def _until_answered(browser: httpx.Client, began: float, *, worded: bool) -> float:
    """Ask until there is an answer, of the model if it is to be `worded`; return the seconds.

    Raises:
        RuntimeError: it took more than five minutes.
    """
    while time.monotonic() - began < _LIMIT_S:
        try:
            answer = browser.post("/v1/ask", json={"question": QUESTION, "fresh": True})
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == 200:
            statuses = {s["status"] for s in answer.json()["sentences"]}
            if not worded or "supported" in statuses:
                return round(time.monotonic() - began, 2)
        time.sleep(0.05)
    raise RuntimeError("No answer came for five minutes after a kill.")
