"""Users as they are kept: added, changed, removed, and known by password, cookie or token."""

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from index.types import BriefError
from web.database import Sessions, changes, reads
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

    @reads
    def all(self, session: Session) -> list[tuple[User, int]]:
        """Return every user with the number of their tokens, by name."""
        tokens = select(func.count()).where(TokenRow.user_id == UserRow.id).scalar_subquery()
        rows = session.execute(select(UserRow, tokens))
        # Sorted here: each PostgreSQL has its own idea of where "-" comes.
        return sorted(((_user(row), n) for row, n in rows), key=lambda found: found[0].name)

    def add(self, name: str, role: Role, password: str) -> User:
        """Add a user. Raises `BriefError` for a bad name or password, or one who is there."""
        if not _NAME.fullmatch(name):
            raise BriefError(
                f"{name!r} cannot be a name. Use small letters, digits, and . _ - between them."
            )
        row = UserRow(
            id=secrets.token_hex(16), name=name, role=role, password=hashed(password, name)
        )
        return self._put(row)

    @changes
    def _put(self, session: Session, row: UserRow) -> User:
        if session.scalar(select(UserRow).filter_by(name=row.name)):
            raise BriefError(
                f"There is a user {row.name}. Remove them first, or change their password."
            )
        session.merge(row)
        return _user(row)

    @changes
    def remove(self, session: Session, name: str) -> User:
        """Remove a user, who is signed out everywhere. Raises `BriefError` where there is none."""
        row = _named(session, name)
        session.delete(row)
        return _user(row)

    @changes
    def set_password(self, session: Session, name: str, password: str) -> None:
        """Change a password; whoever is signed in by that name is no more.

        Raises `BriefError` where there is no such user or the password is too short.
        """
        row = _named(session, name)
        row.password = hashed(password, name)
        session.execute(delete(SignedInRow).filter_by(user_id=row.id))

    def checked(self, name: str, password: str) -> User | None:
        """Return who has that name and password, in the same time where there is nobody."""
        row = self._row(name)
        # Outside of any transaction: it takes a twentieth of a second, on purpose.
        if not is_right(password, row.password if row else None) or row is None:
            return None
        if is_outdated(row.password):
            self._renew(name, hashed(password, ""))
        return _user(row)

    @changes
    def _renew(self, session: Session, name: str, password: str) -> None:
        _named(session, name).password = password

    @reads
    def _row(self, session: Session, name: str) -> UserRow | None:
        return session.scalar(select(UserRow).filter_by(name=name))

    @reads
    def is_known(self, session: Session, name: str) -> bool:
        """Return whether there is a user of that name."""
        return session.scalar(select(UserRow.id).filter_by(name=name)) is not None

    @changes
    def sign_in(self, session: Session, user: User) -> str:
        """Return a new secret for a cookie, by which the user is known from now on."""
        secret, now = secrets.token_urlsafe(32), self._now()
        old = (SignedInRow.used < now - IDLE_S) | (SignedInRow.since < now - LONGEST_S)
        session.execute(delete(SignedInRow).where(old))
        row = SignedInRow(digest=_digest(secret), user_id=user.id, since=now, used=now)
        session.add(row)
        return secret

    def signed_in(self, secret: str) -> User | None:
        """Return who is known by a cookie's secret, None where that has ended."""
        user, used = self._signed_in(_digest(secret))
        if user and self._now() - used > _NOTED_S:
            self._note_used(_digest(secret))
        return user

    @reads
    def _signed_in(self, session: Session, digest: str) -> tuple[User | None, float]:
        now = self._now()
        row = session.get(SignedInRow, digest)
        if row is None or now - row.used > IDLE_S or now - row.since > LONGEST_S:
            return None, 0.0
        user = session.get(UserRow, row.user_id)
        return (_user(user) if user else None), row.used

    @changes
    def _note_used(self, session: Session, digest: str) -> None:
        session.execute(update(SignedInRow).filter_by(digest=digest).values(used=self._now()))

    @changes
    def sign_out(self, session: Session, secret: str) -> None:
        """End what a cookie's secret stands for."""
        session.execute(delete(SignedInRow).filter_by(digest=_digest(secret)))

    @changes
    def new_token(self, session: Session, name: str) -> str:
        """Return a new token of a user. Raises `BriefError` where there is no such user."""
        token = _TOKEN + secrets.token_urlsafe(32)
        session.add(TokenRow(digest=_digest(token), user_id=_named(session, name).id))
        return token

    @changes
    def revoke(self, session: Session, name: str) -> int:
        """End a user's tokens and return how many. Raises `BriefError` where there is no such."""
        row = _named(session, name)
        tokens = session.scalars(select(TokenRow).filter_by(user_id=row.id)).all()
        for token in tokens:
            session.delete(token)
        return len(tokens)

    @reads
    def holder(self, session: Session, token: str) -> User | None:
        """Return whose token this is, None where it is nobody's."""
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
