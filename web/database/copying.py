"""Copies a database whole to an empty one, of the same kind or another."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import URL, Connection, Table, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from index.types import BriefError
from web.database.address import Where
from web.database.everything import TABLES
from web.database.opening import open_database
from web.database.problems import unusable

_AT_ONCE = 200  # rows, of which a record is some 10 kB


def copy(source: Where, target: Where) -> Iterator[tuple[str, int]]:
    """Copy all rows; yield each table's name and how many it has. All or nothing arrives.

    What is written to the source meanwhile is not copied: nobody should use it.

    Raises:
        BriefError: one of them cannot be used, the target is not empty, or the source not there.
    """
    if isinstance(source, Path) and not source.exists():
        raise BriefError(f"There is no file {source}. See --from.")
    if source == target:
        raise BriefError("This is one and the same database. See --from and --to.")
    read, write = open_database(source).engine, open_database(target).engine
    # All tables are read as they were at one time. SQLite's is in `web/database/opening.py`.
    steady = {"isolation_level": "REPEATABLE READ"} if isinstance(source, URL) else {"steady": True}
    read = read.execution_options(**steady)
    try:
        with read.begin() as old, write.execution_options(changes=True).begin() as new:
            _require_empty(new, target)
            for table in TABLES.sorted_tables:
                _copy_table(old, new, table)
            counts = [(table.name, _count(new, table)) for table in TABLES.sorted_tables]
            if counts != [(table.name, _count(old, table)) for table in TABLES.sorted_tables]:
                raise BriefError("Not all rows have arrived, and none was kept. Try it again.")
    except SQLAlchemyError as error:
        raise unusable(target, error) from error
    yield from counts


def _copy_table(old: Connection, new: Connection, table: Table) -> None:
    rows = old.execution_options(yield_per=_AT_ONCE).execute(select(table))
    for some in rows.mappings().partitions():
        new.execute(insert(table), [dict(row) for row in some])


def _require_empty(connection: Connection, target: Where) -> None:
    for table in TABLES.sorted_tables:
        if _count(connection, table):
            raise BriefError(
                f"There is something in {target} already (its table {table.name}). Copy to an "
                "empty database: createdb, or another file."
            )


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0
