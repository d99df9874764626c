"""The tables of users, of who is signed in, and of tokens. Secrets are here as hashes alone."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from web.database import Base


class UserRow(Base):
    """`id` is random: what a user keeps hangs on it, so that a later one of that name has none."""

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    password: Mapped[str]


class SignedInRow(Base):
    """`digest` is of the secret in the cookie. Times are in seconds since 1970."""

    __tablename__ = "signed_in"
    digest: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    since: Mapped[float]
    used: Mapped[float]


class TokenRow(Base):
    """`digest` is of the token, which is shown once."""

    __tablename__ = "tokens"
    digest: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
