"""Changes the tables with Alembic, in one transaction, and one process after the other."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, MetaData, text

from index.types import BriefError
from web.database.version import CURRENT, version_of

_HERE = Path(__file__).parent
_LOCK = 0x5341_4845_4C42  # any number that is nobody else's in this database
_WAIT_S = 120  # for the process that is at it


def upgrade(engine: Engine, to: str = CURRENT) -> bool:
    """Bring the tables to a version, all or nothing; return whether anything was done.

    Raises:
        BriefError: a newer version of this program, or another one, has been here.
    """
    # With that option SQLite is locked from here on; `web/database/opening.py` sees to it.
    with engine.execution_options(changes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{_WAIT_S}s'"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        before = version_of(connection)
        if before == to:  # another process was quicker
            return False
        try:
            command.upgrade(_config(connection), to)
        except CommandError as error:
            raise BriefError(
                f"The database is of another version ({before}) than this program ({to}). Start "
                "the newer version of it again, or give this one a database of its own."
            ) from error
    return True


def versions() -> list[str]:
    """Return all versions that this program knows, the first one first."""
    script = ScriptDirectory.from_config(_config())
    return [found.revision for found in script.walk_revisions()][::-1]


def differences(connection: Connection, expected: MetaData) -> list[str]:
    """Return in which way the tables are not what is expected of them, nothing where they are."""
    found = compare_metadata(MigrationContext.configure(connection), expected)
    return [" ".join(map(str, each)) for each in found]


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
