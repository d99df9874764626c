"""What all tables have in common: what text and JSON are in every database."""

import re
from typing import Any

from sqlalchemy import JSON, Dialect, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


class Text(TypeDecorator[str]):
    """Text of any length. What is none in a database is kept, and looked for, as U+FFFD.

    PostgreSQL refuses NUL, and no database has halves of UTF-16 pairs. Records are JSON, which
    has both as escapes, so that they stay what they were.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return a text as it is sent to the database."""
        return value if value is None else _NO_TEXT.sub("\ufffd", value)


class Base(DeclarativeBase):
    """What all tables belong to."""

    type_annotation_map = {str: Text, dict[str, Any]: JSON}  # noqa: RUF012 - read once, as SQLAlchemy wants it
