"""The database of what visitors keep, and of users. One SQLite file in the data folder.

Every change is committed before it is acknowledged. Documents are not in here (`index/store.py`).
"""

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from index.types import BriefError

DATABASE = "conversations.sqlite3"  # in the data folder
_TRIES = 5

Sessions = sessionmaker[Session]


class Base(DeclarativeBase):
    """What all tables belong to."""

    type_annotation_map = {dict[str, Any]: JSON}  # noqa: RUF012 - read once, as SQLAlchemy wants it


def open_database(path: Path | None = None) -> Sessions:
    """Open or create the file, or without a path one that goes with this process.

    Raises:
        BriefError: the file cannot be used.
    """
    kept: dict[str, Any] = {}
    if path is None:
        folder = tempfile.TemporaryDirectory(prefix="sahel-brief-", ignore_cleanup_errors=True)
        path = Path(folder.name, "conversations.sqlite3")
        kept["folder"] = folder  # it goes when the engine goes
    _keep_private(path)
    engine = create_engine(
        f"sqlite:///{path}", connect_args={"timeout": 30}, execution_options=kept
    )
    event.listen(engine, "connect", _prepare)
    try:
        _tables(engine)
    except SQLAlchemyError as error:
        raise BriefError(
            f"The conversations in {path} cannot be used ({error}). If the disk is full, make "
            "room; if the file is damaged, move it away and start again."
        ) from error
    return sessionmaker(engine, expire_on_commit=False)


def _keep_private(path: Path) -> None:
    """Have nobody else on this machine read the file, nor those that SQLite puts beside it."""
    with suppress(OSError):  # what is wrong with it is said when it is opened
        path.touch(0o600)
        path.chmod(0o600)


def _tables(engine: Engine) -> None:
    for left in reversed(range(_TRIES)):
        try:
            Base.metadata.create_all(engine)
            return
        except DBAPIError:  # another process that starts now has made one meanwhile
            if not left:
                raise


def _prepare(connection: Any, record: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
