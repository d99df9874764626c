"""What goes wrong with a chat model elsewhere, in one kind of error whatever its provider raises.

Messages are for the page. They hold no words of the provider: those may quote a question or a key.
"""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any, Literal, get_args

Kind = Literal[
    "unreachable", "timeout", "limited", "server", "key", "unknown-model", "rejected", "broken",
    "empty", "paused",
]  # fmt: skip
"""Nobody listens there; it took too long; it wants to be asked less; it has a fault; it refuses the
key; it does not know the model; it does not take the request; it broke off or sent what cannot be
read; it said nothing; it was not asked, because it has failed again and again.
"""
KINDS: tuple[Kind, ...] = get_args(Kind)

_STATUSES: dict[int, Kind] = {401: "key", 403: "key", 404: "unknown-model", 408: "timeout",
                              429: "limited"}  # fmt: skip
# Of the others nothing becomes better by asking the same again.
_PASSING: frozenset[Kind] = frozenset({"unreachable", "limited", "server", "broken"})
_LASTING: frozenset[Kind] = frozenset({"key", "unknown-model"})


class ModelProblem(Exception):
    """A chat model elsewhere did not answer, or not to the end.

    `retry_after_s` is how long its provider wants to be left alone, None where it does not say.
    `said` is whether it had begun to.
    """

    def __init__(self, kind: Kind, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.kind, self.retry_after_s, self.said = kind, retry_after_s, False

    @property
    def passing(self) -> bool:
        """Whether it may be gone in a second."""
        return self.kind in _PASSING

    @property
    def lasting(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.kind in _LASTING


def problem_of(error: Exception, where: str, model: str) -> ModelProblem:
    """Return what an exception of any provider means; `where` names that for people."""
    if isinstance(error, ModelProblem):
        return error
    status = _status(error)
    names = {type(e).__name__ for e in _chain(error)}
    if status:
        kind = _STATUSES.get(status, "server" if status >= 500 else "rejected")
    elif any(isinstance(e, TimeoutError) for e in _chain(error)) or _any(names, "Timeout"):
        kind = "timeout"
    elif any(isinstance(e, ConnectionError) for e in _chain(error)) or _any(names, "ConnectError"):
        kind = "unreachable"
    else:
        kind = "broken"
    found = _in_words(kind, where, model, status or 0)
    found.retry_after_s = _retry_after_s(error)
    return found


def _in_words(kind: Kind, where: str, model: str, status: int) -> ModelProblem:
    match kind:
        case "unreachable":
            return ModelProblem(
                kind, f"{where} cannot be reached. Check that it runs and where it listens."
            )
        case "timeout":
            return ModelProblem(kind, f"{where} did not answer in time.")
        case "limited":
            return ModelProblem(kind, f"{where} wants to be asked less often, or is used up.")
        case "server":
            return ModelProblem(kind, f"{where} has a fault of its own ({status}).")
        case "key":
            return ModelProblem(
                kind, f"{where} refuses the key. Put a valid one into its environment variable."
            )
        case "unknown-model":
            return ModelProblem(
                kind,
                f"{where} has no model {model} at this address. Check its name, and that the "
                "address is whole: that of an OpenAI-compatible server mostly ends in /v1.",
            )
        case "rejected":
            return ModelProblem(kind, f"{where} does not take what it is asked ({status}).")
        case "empty":
            return ModelProblem(kind, f"{where} answers with nothing.")
        case "paused":
            return ModelProblem(kind, f"{where} has failed and is left alone for a while.")
        case _:
            return ModelProblem("broken", f"{where} broke off, or sent what cannot be read.")


def empty(where: str) -> ModelProblem:
    """Return that nothing was said."""
    return _in_words("empty", where, "", 0)


def paused(where: str) -> ModelProblem:
    """Return that it was not asked."""
    return _in_words("paused", where, "", 0)


def broken(where: str) -> ModelProblem:
    """Return that it broke off."""
    return _in_words("broken", where, "", 0)


def rejects(error: Exception, options: frozenset[str]) -> frozenset[str]:
    """Return which of the options an error refuses: those that it names, else all of them."""
    if _status(error) not in (400, 422):
        return frozenset()
    words = " ".join(str(e) for e in _chain(error)).lower()
    named = frozenset(o for o in options if o in words)
    return named or options


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    seen: set[int] = set()
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or found.__context__


def _any(names: set[str], part: str) -> bool:
    return any(part in name for name in names)


def _status(error: Exception) -> int | None:
    """Return the HTTP status, which providers keep in one of two places."""
    for e in _chain(error):
        for holder in (e, getattr(e, "response", None)):
            status = getattr(holder, "status_code", None)
            if isinstance(status, int) and 400 <= status < 600:
                return status
    return None


def _retry_after_s(error: Exception) -> float | None:
    """Read Retry-After: seconds, or a date (RFC 9110, 10.2.3)."""
    for e in _chain(error):
        headers: Any = getattr(getattr(e, "response", None), "headers", None) or {}
        if value := headers.get("retry-after"):
            try:
                return max(0.0, float(value))
            except ValueError:
                pass
            try:
                return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
            except ValueError:
                return None
    return None
