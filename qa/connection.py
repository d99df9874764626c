"""The line to a provider: its client, another try where that may help, and when to leave it alone.

What goes wrong comes out as a `ModelProblem`, and is counted by its kind.
"""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from index.types import BriefError
from qa.breaker import Breaker
from qa.phrasing import MAX_TOKENS
from qa.problems import Kind, ModelProblem, broken, empty, paused, problem_of, rejects
from qa.providers import OPTIONS, Provided, address_of, connect, host_of, is_loopback, where_words
from qa.remote_stream import Limits, Loop, Put, pump

_LONGEST_PAUSE_S = 600.0  # however long a provider asks for
_ENDS = ("finish_reason", "stop_reason", "done_reason")  # what providers call why they ended

log = logging.getLogger(__name__)


class Connection:
    """Asks a provider. Any thread may use it, several at once.

    `where` says in words whom, and `how` whether over an open line. Until a trial has ended, which
    sets `tried`, nothing else is asked.
    """

    def __init__(self, chosen: Provided, limits: Limits) -> None:
        """Take which model, and how long it may take. `open` comes before the first question."""
        self.chosen, self.limits = chosen, limits
        self.where, self.how = "", ""
        self._at(chosen.url)
        self.breaker = Breaker(limits.failures, limits.pause_s)
        self.tried = threading.Event()
        self._failures = Counter[str]()
        self._counting = threading.Lock()
        self.problem: ModelProblem | None = None
        self._client: BaseChatModel | None = None
        self._without: frozenset[str] = frozenset()
        self._tells_end = False
        self._backoff_s = wait_random_exponential(limits.backoff_s, max=limits.retry_after_s)
        self._loop = Loop()

    def open(self, *, offline: bool) -> None:
        """Make the client, which asks nothing yet.

        Raises:
            BriefError: the provider's package makes none, or `offline` and it is elsewhere.
        """
        name = self.chosen.provider
        try:
            client = self._connected(self._without)
        except Exception as error:
            log.debug("No client for %s: %r", self.chosen.choice, error)
            raise BriefError(
                f"The key or another setting of {name} is missing. Put it into the environment "
                f"variable that {name} uses, such as {name.upper()}_API_KEY, and start again."
            ) from error
        address = address_of(client)
        self._at(address)
        if offline and not is_loopback(host_of(address)):
            raise BriefError(
                f"{self.where} is not on this machine, and nothing is sent with --offline. Leave "
                "out --offline, or choose a model that runs here."
            )
        self._client = client

    def steps(
        self, messages: Sequence[BaseMessage], *, trial: bool = False
    ) -> Generator[AIMessageChunk | None]:
        """Yield the chunks of an answer, and None in pauses. Closing it ends the stream there.

        A `trial`, for which nobody waits, may take longer, and one that fails is enough to leave
        the provider alone.

        Raises:
            ModelProblem: there is no answer, or it has no end.
        """
        if self._client is None or not (trial or self.tried.is_set()) or not self.breaker.admits():
            raise paused(self.where)
        said = ended = False
        limits = self.limits
        first_s, whole_s = (
            (limits.trial_s,) * 2 if trial else (limits.first_token_s, limits.whole_s)
        )
        try:
            work = partial(self._asked, messages, first_s, whole_s)
            with closing(self._loop.steps(work)) as steps:
                for step in steps:
                    if step is not None:
                        said = said or bool(step.text)
                        ended = ended or any(step.response_metadata.get(e) for e in _ENDS)
                    yield step
            if not said:
                raise empty(self.where)
            # A connection that is closed in order looks like an end to most clients.
            if self._tells_end and not ended:
                raise broken(self.where)
        except GeneratorExit:  # nobody wants the rest
            if said:
                self.breaker.succeeded()
            else:
                self.breaker.released()
            raise
        except Exception as error:
            problem = self._problem(error)
            self._count(problem.kind)
            self.problem = problem
            pause_s = min(problem.retry_after_s or 0.0, _LONGEST_PAUSE_S)
            at_once = trial or problem.lasting or pause_s > limits.retry_after_s
            self.breaker.failed(at_once=at_once, pause_s=pause_s)
            raise problem from error
        self._tells_end = ended
        self.breaker.succeeded()

    def failures(self) -> dict[str, int]:
        """Return how many attempts have failed, by kind."""
        with self._counting:
            return dict(self._failures)

    def close(self) -> None:
        """End what is under way."""
        self._loop.close()

    def _at(self, url: str) -> None:
        self.where = where_words(self.chosen, url)
        self.how = where_words(self.chosen, url, how=True)

    async def _asked(
        self, messages: Sequence[BaseMessage], first_s: float, whole_s: float, put: Put
    ) -> None:
        async with asyncio.timeout(whole_s):
            async for attempt in AsyncRetrying(
                stop=stop_after_attempt(self.limits.attempts),
                wait=self._wait_s,
                retry=retry_if_exception(self._may_pass),
                before_sleep=lambda state: self._count(_failure(state).kind),
                reraise=True,
            ):
                with attempt:
                    await self._attempt(messages, first_s, put)

    async def _attempt(self, messages: Sequence[BaseMessage], first_s: float, put: Put) -> None:
        """Ask once; where the server refuses an option, once more without it, and from then on."""
        assert self._client is not None  # noqa: S101 - `steps` has looked
        client, without, said = self._client, self._without, False

        def pass_on(chunk: AIMessageChunk) -> None:
            nonlocal said
            said = said or bool(chunk.text)
            put(chunk)

        while True:
            try:
                await pump(client, messages, pass_on, first_token_s=first_s)
                break
            except Exception as error:
                refused = rejects(error, OPTIONS - without)
                if said or not refused:
                    problem = self._problem(error)
                    problem.said = said
                    raise problem from error
                without |= refused
                client = self._connected(without)
        if without != self._without:
            log.info("%s is asked without %s.", self.where, ", ".join(sorted(without)))
        self._client, self._without = client, without

    def _connected(self, without: frozenset[str]) -> BaseChatModel:
        return connect(
            self.chosen,
            without=without,
            max_tokens=MAX_TOKENS,
            connect_s=self.limits.connect_s,
            read_s=self.limits.trial_s,  # shorter ones end it before
        )

    def _problem(self, error: Exception) -> ModelProblem:
        return problem_of(error, self.where, self.chosen.model)

    def _may_pass(self, error: BaseException) -> bool:
        """Return whether to try again: nothing was said, and it need not be waited for long."""
        return (
            isinstance(error, ModelProblem)
            and error.passing
            and not error.said
            and (error.retry_after_s or 0.0) <= self.limits.retry_after_s
        )

    def _wait_s(self, state: RetryCallState) -> float:
        """Return the wait before the next attempt: as asked for, and some by chance for each."""
        return (_failure(state).retry_after_s or 0.0) + self._backoff_s(state)

    def _count(self, kind: Kind) -> None:
        with self._counting:
            self._failures[kind] += 1


def _failure(state: RetryCallState) -> Any:
    return state.outcome.exception() if state.outcome else None
