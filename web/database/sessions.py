"""Transactions: readers read what is committed; who changes something has a lock from the start.

What the database's server, or somebody who did the same at once, got in the way of is done again
once where nothing can have been kept; else it is said in words.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session, sessionmaker

from index.types import BriefError

_PAUSE_S = 0.5  # before it is tried again: a server that is started anew is up in a second or so
_COLLIDED = ("40001", "40P01")  # another transaction was in the way, and this one was taken back
_GONE = ("08", "57P", "53")  # no connection; shut down or starting; no room for another
_AGAIN = "Try again in a moment; if it goes on, see whether the database's server is running."
_AWAY = f"What is kept here cannot be reached: the database does not answer. {_AGAIN}"
_UNSURE = (
    "The database went away while this was being kept, so that it may be kept or not. Look before "
    "you do it again."
)

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[[Session], T]


class Unreachable(BriefError):
    """The database does not answer at this moment."""


class Sessions:
    """Opens transactions on one database."""

    def __init__(self, engine: Engine) -> None:
        """Take the database."""
        self.engine = engine
        self._reading = sessionmaker(engine, expire_on_commit=False)
        # SQLite then takes its lock first (`web/database/opening.py`): it knows none of rows.
        changing = engine.execution_options(changes=True)
        self._changing = sessionmaker(changing, expire_on_commit=False)

    @contextmanager
    def __call__(self) -> Iterator[Session]:
        """Give a session to read in. Raises `Unreachable`."""
        try:
            with self._reading() as session:
                yield session
        except (DBAPIError, NoConnection) as error:
            raise _said(error, _AWAY) from error

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Give a session whose changes are committed at the end. Raises `Unreachable`."""
        try:
            with self._changing.begin() as session:
                yield session
        except (DBAPIError, NoConnection) as error:
            raise _said(error, _UNSURE) from error

    def read(self, work: Work[T]) -> T:
        """Return what `work` reads, trying twice. Raises `Unreachable`."""
        try:
            with self._reading() as session:
                return work(session)
        except (DBAPIError, NoConnection) as error:
            if not _is_gone(error):
                raise
        time.sleep(_PAUSE_S)
        with self() as session:
            return work(session)

    def change(self, work: Work[T]) -> T:
        """Return what `work` gives once its changes are committed.

        It is done again once where its transaction was taken back: it must change nothing else.

        Raises:
            Unreachable: the database does not answer; whether anything was kept is said.
        """
        for is_last in (False, True):
            committing = False
            try:
                with self._changing() as session:
                    result = work(session)
                    session.flush()
                    committing = True
                    session.commit()
                    return result
            except (DBAPIError, NoConnection) as error:
                gone = _is_gone(error)
                if is_last or committing or not (gone or _has_collided(error)):
                    raise _said(error, _UNSURE if committing else _AWAY) from error
            time.sleep(_PAUSE_S if gone else 0)
        raise AssertionError  # the last try has ended in one way or the other


class Keeping(Protocol):
    """What keeps something in the database."""

    _sessions: Sessions


K = TypeVar("K", bound=Keeping)


def reads(method: Callable[Concatenate[K, Session, P], T]) -> Callable[Concatenate[K, P], T]:
    """Give a method a session to read in (`Sessions.read`)."""

    @wraps(method)
    def read(self: K, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._sessions.read(lambda session: method(self, session, *args, **kwargs))

    return read


def changes(method: Callable[Concatenate[K, Session, P], T]) -> Callable[Concatenate[K, P], T]:
    """Give a method a session whose changes are committed when it returns (`Sessions.change`)."""

    @wraps(method)
    def change(self: K, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._sessions.change(lambda session: method(self, session, *args, **kwargs))

    return change


def _said(error: Exception, words: str) -> Exception:
    return Unreachable(words) if _is_gone(error) else error


def _is_gone(error: Exception) -> bool:
    """Return whether a server is to blame. SQLite, which has none, knows no `sqlstate`."""
    if isinstance(error, NoConnection):
        return True
    if not isinstance(error, DBAPIError) or not hasattr(error.orig, "sqlstate"):
        return False
    return error.connection_invalidated or _state(error, None).startswith(_GONE)


def _has_collided(error: Exception) -> bool:
    return isinstance(error, IntegrityError) or _state(error, "") in _COLLIDED


def _state(error: Any, missing: str | None) -> str:
    """Return SQL's code of an error; what has none failed to connect, and counts as "08"."""
    state = getattr(getattr(error, "orig", None), "sqlstate", missing)
    return str(state) if state is not None else "08"
