"""Which version the tables have. Alembic, which changes them, is imported only to do that."""

from sqlalchemy import Connection, Engine, inspect, text

CURRENT = "0002"  # the last of web/database/migrations/versions
VERSIONS = "alembic_version"  # the table that Alembic keeps it in


def bring_up_to_date(engine: Engine) -> bool:
    """Make the tables those of today, whatever they were; return whether anything was done.

    Raises:
        BriefError: a newer version of this program, or another one, has been here.
    """
    with engine.connect() as connection:
        if version_of(connection) == CURRENT:
            return False
    from web.database.migrating import upgrade  # Alembic takes a tenth of a second to import

    return upgrade(engine)


def version_of(connection: Connection) -> str:
    """Return the version of the tables, "" where there are none or they are older than versions."""
    if not inspect(connection).has_table(VERSIONS):
        return ""
    return connection.scalar(text("SELECT version_num FROM alembic_version")) or ""
