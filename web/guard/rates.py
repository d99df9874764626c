"""How often: questions and changes of each user or address, what they send, and failed logins.

Counted in memory (`limits`), so a restart forgets them. Somebody with a name is counted by it.
"""

import time
from ipaddress import ip_network
from typing import NamedTuple

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute, parse_many
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter
from starlette.requests import HTTPConnection

# The longer somebody fails, the longer they wait: at first for a minute, in the end for a day.
_FAILED_HERE = parse_many("5/minute;10/15minutes;20/day")  # one name, from one address
_FAILED_ADDRESS = parse_many("20/minute;60/hour;200/day")
_FAILED_NAME = parse_many("30/15minutes;200/day")  # from wherever
_BAD_TOKENS = RateLimitItemPerMinute(20)  # from one address, each of which is written down
_CHANGES = RateLimitItemPerMinute(600)  # of a person with several tabs, a few in a second


class Wait(NamedTuple):
    """For how many seconds, and because of what."""

    seconds: int
    why: str


class Rates:
    """Counts what is done; None for a limit means that there is none."""

    def __init__(
        self, questions_per_minute: int | None = None, megabytes_per_hour: int | None = None
    ) -> None:
        """Take how many questions and megabytes each may send."""
        storage = MemoryStorage()
        self._exact = MovingWindowRateLimiter(storage)
        # For bytes, as it keeps one figure and also counts what was too much.
        self._rough = FixedWindowRateLimiter(MemoryStorage())
        self._questions = (
            RateLimitItemPerMinute(questions_per_minute) if questions_per_minute else None
        )
        self._bytes = (
            RateLimitItemPerHour(megabytes_per_hour * 1000) if megabytes_per_hour else None
        )

    def question(self, who: str) -> Wait | None:
        """Count a question, or say how long whoever asks waits for the next."""
        if self._questions is None or self._exact.hit(self._questions, "question", who):
            return None
        return Wait(self._until(self._questions, "question", who), "questions")

    def change(self, who: str) -> Wait | None:
        """Count a request that may change something, or say how long whoever sends it waits."""
        if self._exact.hit(_CHANGES, "change", who):
            return None
        return Wait(self._until(_CHANGES, "change", who), "requests")

    def sent(self, who: str, size_bytes: int) -> None:
        """Count what was received from somebody."""
        if self._bytes and size_bytes:
            self._rough.hit(self._bytes, "bytes", who, cost=-(-size_bytes // 1000))

    def may_send(self, who: str) -> Wait | None:
        """Say how long somebody waits who has sent as much as they may."""
        if self._bytes is None or self._rough.test(self._bytes, "bytes", who):
            return None
        reset = self._rough.get_window_stats(self._bytes, "bytes", who).reset_time
        return Wait(_seconds(reset), "bytes")

    def may_sign_in(self, name: str, address: str) -> Wait | None:
        """Say how long whoever has failed waits before the next try."""
        for items, keys in _failures(name, address):
            for item in items:
                if not self._exact.test(item, *keys):
                    return Wait(self._until(item, *keys), "logins")
        return None

    def failed(self, name: str, address: str) -> None:
        """Count a failed login."""
        for items, keys in _failures(name, address):
            for item in items:
                self._exact.hit(item, *keys)

    def bad_token(self, address: str) -> Wait | None:
        """Count a token that is nobody's, or say how long its sender waits for the next."""
        keys = ("token", _network(address))
        if self._exact.hit(_BAD_TOKENS, *keys):
            return None
        return Wait(self._until(_BAD_TOKENS, *keys), "logins")

    def signed_in(self, name: str, address: str) -> None:
        """Forget what somebody failed who has now come in, from there."""
        items, keys = _failures(name, address)[0]
        for item in items:
            self._exact.clear(item, *keys)

    def _until(self, item: RateLimitItem, *keys: str) -> int:
        return _seconds(self._exact.get_window_stats(item, *keys).reset_time)


def address_of(request: HTTPConnection) -> str:
    """Return the address that a request came from, as the proxy says it where there is one."""
    return request.client.host if request.client else ""


def counted_as(request: HTTPConnection) -> str:
    """Return the name under which is counted what somebody does: of a user or an address."""
    user = request.scope.get("state", {}).get("visitor")
    return f"user {user}" if user else f"address {_network(address_of(request))}"


def _network(address: str) -> str:
    """Return what one person has: an address, of IPv6 the network of 64 bits."""
    try:
        found = ip_network(f"{address}/64" if ":" in address else address, strict=False)
    except ValueError:  # no address at all, as of a socket in a folder
        return address
    return str(found)


def _failures(name: str, address: str) -> tuple[tuple[list[RateLimitItem], tuple[str, ...]], ...]:
    network = _network(address)
    return (
        (_FAILED_HERE, ("failed", name, network)),
        (_FAILED_ADDRESS, ("failed address", network)),
        (_FAILED_NAME, ("failed name", name)),
    )


def _seconds(until: float) -> int:
    return max(1, int(until - time.time()) + 1)
