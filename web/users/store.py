"""Users as they are kept: added, changed, removed, and known by password, cookie or token."""

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from index.types import BriefError
from web.database import Sessions
from web.users.passwords import hashed, is_outdated, is_right
from web.users.rows import SignedInRow, TokenRow, UserRow

Role = Literal["read", "add", "admin"]
IDLE_S, LONGEST_S = 8 * 3600.0, 24 * 3600.0  # a working day, and never more than a day
_NOTED_S = 60.0  # that a cookie was used is written at most so often
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_TOKEN = "sb_"  # noqa: S105 - what tokens begin with, so that scanners of secrets find them


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in. `id` is the visitor that what they keep belongs to."""

    id: str
    name: str
    role: Role


class Users:
    """All of them. Methods that change something have committed when they return."""

    def __init__(self, sessions: Sessions, now: Callable[[], float] = time.time) -> None:
        """Take where they are kept and what tells the time in seconds since 1970."""
        self._sessions, self._now = sessions, now

    def all(self) -> list[tuple[User, int]]:
        """Return every user with the number of their tokens, by name."""
        tokens = select(func.count()).where(TokenRow.user_id == UserRow.id).scalar_subquery()
        with self._sessions() as session:
            rows = session.execute(select(UserRow, tokens).order_by(UserRow.name))
            return [(_user(row), count) for row, count in rows]

    def add(self, name: str, role: Role, password: str) -> User:
        """Add a user. Raises `BriefError` for a bad name or password, or one who is there."""
        if not _NAME.fullmatch(name):
            raise BriefError(
                f"{name!r} cannot be a name. Use small letters, digits, and . _ - between them."
            )
        kept = hashed(password, name)
        with self._sessions.begin() as session:
            if session.scalar(select(UserRow).filter_by(name=name)):
                raise BriefError(
                    f"There is a user {name}. Remove them first, or change their password."
                )
            row = UserRow(id=secrets.token_hex(16), name=name, role=role, password=kept)
            session.add(row)
            return _user(row)

    def remove(self, name: str) -> User:
        """Remove a user, who is signed out everywhere. Raises `BriefError` where there is none."""
        with self._sessions.begin() as session:
            row = _named(session, name)
            session.delete(row)
            return _user(row)

    def set_password(self, name: str, password: str) -> None:
        """Change a password; whoever is signed in by that name is no more.

        Raises `BriefError` where there is no such user or the password is too short.
        """
        with self._sessions.begin() as session:
            row = _named(session, name)
            row.password = hashed(password, name)
            session.execute(delete(SignedInRow).filter_by(user_id=row.id))

    def checked(self, name: str, password: str) -> User | None:
        """Return who has that name and password, in the same time where there is nobody."""
        with self._sessions() as session:
            row = session.scalar(select(UserRow).filter_by(name=name))
        # Outside of any transaction: it takes a twentieth of a second, on purpose.
        if not is_right(password, row.password if row else None) or row is None:
            return None
        if is_outdated(row.password):
            with self._sessions.begin() as session:
                _named(session, name).password = hashed(password, "")
        return _user(row)

    def is_known(self, name: str) -> bool:
        """Return whether there is a user of that name."""
        with self._sessions() as session:
            return session.scalar(select(UserRow.id).filter_by(name=name)) is not None

    def sign_in(self, user: User) -> str:
        """Return a new secret for a cookie, by which the user is known from now on."""
        secret, now = secrets.token_urlsafe(32), self._now()
        with self._sessions.begin() as session:
            old = (SignedInRow.used < now - IDLE_S) | (SignedInRow.since < now - LONGEST_S)
            session.execute(delete(SignedInRow).where(old))
            row = SignedInRow(digest=_digest(secret), user_id=user.id, since=now, used=now)
            session.add(row)
        return secret

    def signed_in(self, secret: str) -> User | None:
        """Return who is known by a cookie's secret, None where that has ended."""
        now = self._now()
        with self._sessions() as session:
            row = session.get(SignedInRow, _digest(secret))
            if row is None or now - row.used > IDLE_S or now - row.since > LONGEST_S:
                return None
            if now - row.used > _NOTED_S:
                row.used = now
                session.commit()
            user = session.get(UserRow, row.user_id)
            return _user(user) if user else None

    def sign_out(self, secret: str) -> None:
        """End what a cookie's secret stands for."""
        with self._sessions.begin() as session:
            session.execute(delete(SignedInRow).filter_by(digest=_digest(secret)))

    def new_token(self, name: str) -> str:
        """Return a new token of a user. Raises `BriefError` where there is no such user."""
        token = _TOKEN + secrets.token_urlsafe(32)
        with self._sessions.begin() as session:
            session.add(TokenRow(digest=_digest(token), user_id=_named(session, name).id))
        return token

    def revoke(self, name: str) -> int:
        """End a user's tokens and return how many. Raises `BriefError` where there is no such."""
        with self._sessions.begin() as session:
            row = _named(session, name)
            tokens = session.scalars(select(TokenRow).filter_by(user_id=row.id)).all()
            for token in tokens:
                session.delete(token)
            return len(tokens)

    def holder(self, token: str) -> User | None:
        """Return whose token this is, None where it is nobody's."""
        with self._sessions() as session:
            row = session.get(TokenRow, _digest(token))
            user = session.get(UserRow, row.user_id) if row else None
            return _user(user) if user else None


def _named(session: Session, name: str) -> UserRow:
    if row := session.scalar(select(UserRow).filter_by(name=name)):
        return row
    raise BriefError(f"There is no user {name}. See: python -m web.users list")


def _user(row: UserRow) -> User:
    return User(row.id, row.name, cast(Role, row.role))


def _digest(secret: str) -> str:
    # 256 random bits need no slow hash: there is nothing to be guessed.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
