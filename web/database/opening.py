"""Opens the database: brings its tables up to date, and says in words what is wrong with it."""

import sqlite3
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError

from index.types import BriefError
from web.database.address import DATABASE, Where
from web.database.problems import NO_DRIVER, unusable
from web.database.sessions import Sessions
from web.database.version import bring_up_to_date

_POOL: dict[str, Any] = {
    "pool_size": 5,
    "max_overflow": 15,  # the page serves 32 questions at once, few of which are in here
    "pool_timeout": 15,
    "pool_recycle": 1800,  # before firewalls forget an idle connection
    "pool_pre_ping": True,  # one that a restart has ended is replaced before it is used
}
_TRIES, _BETWEEN_S = 100, 0.05
# What psycopg and libpq are told where the URL says nothing of it. All but the first are seconds.
_CONNECTION = {
    "application_name": "sahel-brief",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}


def open_database(where: Where | None = None, *, upgrade: bool = True) -> Sessions:
    """Open or create the database, or without a place one that goes with this process.

    Without `upgrade` its tables are left as they are.

    Raises:
        BriefError: it cannot be used; says why and what to do, and no password.
    """
    kept: dict[str, Any] = {}
    if where is None:
        folder = tempfile.TemporaryDirectory(prefix="sahel-brief-", ignore_cleanup_errors=True)
        where = Path(folder.name, DATABASE)
        kept["folder"] = folder  # it goes when the engine goes
    try:
        engine = _postgres(where) if isinstance(where, URL) else _sqlite(where, kept)
        if upgrade:
            bring_up_to_date(engine)
    except SQLAlchemyError as error:
        raise unusable(where, error) from error
    return Sessions(engine)


def _postgres(url: URL) -> Engine:
    own = {name: value for name, value in _CONNECTION.items() if name not in url.query}
    # Statements prepared on one connection fail behind a PgBouncer that changes it.
    own_driver = {**own, "prepare_threshold": None}
    try:
        engine = create_engine(url, connect_args=own_driver, hide_parameters=True, **_POOL)
    except ImportError as error:
        raise BriefError(NO_DRIVER) from error
    with engine.connect() as connection:
        encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise BriefError(
            f"The database {url.database} keeps text as {encoding}, which lacks most letters. Make "
            f"one in UTF-8: createdb --encoding UTF8 --template template0 NAME"
        )
    return engine


def _sqlite(path: Path, kept: dict[str, Any]) -> Engine:
    _keep_private(path)
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": 30}, execution_options=kept)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _lock)
    return engine


def _keep_private(path: Path) -> None:
    """Have nobody else on this machine read the file, nor those that SQLite puts beside it."""
    with suppress(OSError):  # what is wrong with it is said when it is opened
        path.touch(0o600)
        path.chmod(0o600)


def _prepare(connection: Any, record: object) -> None:
    # Python's module would begin transactions by itself, and after the first read of a change.
    connection.isolation_level = None
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _use_wal(connection: Any) -> None:
    """Have readers and a writer of one file not wait for each other.

    For the change itself SQLite does not wait: of two processes that make a new file, one fails.
    """
    for _ in range(_TRIES):
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")
            return
        time.sleep(_BETWEEN_S)
    connection.execute("PRAGMA journal_mode = WAL")


def _lock(connection: Connection) -> None:
    """Take the lock of all writers before what a change depends on is read."""
    options = connection.get_execution_options()
    if options.get("changes"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif options.get("steady"):  # else each statement reads what is committed by then
        connection.exec_driver_sql("BEGIN")
