"""Passwords: how long they must be, and their hashes (argon2id, with argon2-cffi's parameters)."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from index.types import BriefError

LEAST_CHARS, _MOST_CHARS = 12, 1000
_HASHER = PasswordHasher()


def hashed(password: str, name: str) -> str:
    """Return a password's hash. Raises `BriefError` where it is too short, too long or the name."""
    if len(password) < LEAST_CHARS:
        raise BriefError(f"A password has at least {LEAST_CHARS} characters. Choose a longer one.")
    if len(password) > _MOST_CHARS:
        raise BriefError(f"A password has at most {_MOST_CHARS} characters. Choose a shorter one.")
    if name and password.casefold().replace(name.casefold(), "").strip() == "":
        raise BriefError("The password is the name. Choose another one.")
    return _HASHER.hash(password)


def is_right(password: str, kept: str | None) -> bool:
    """Return whether a password has that hash; without one it takes as long to say no."""
    try:
        _HASHER.verify(kept or _nobodys(), password[:_MOST_CHARS])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Return whether a hash was made with weaker parameters than are used today."""
    return _HASHER.check_needs_rehash(kept)


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_urlsafe())
