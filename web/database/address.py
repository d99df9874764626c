"""Where the database is: from an option, the environment, or the file in the data folder."""

import argparse
import os
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from index.types import BriefError

DATABASE = "conversations.sqlite3"  # in the data folder
_POSTGRES = ("postgresql", "postgres", "postgresql+psycopg")
_HINT = (
    "Write postgresql://USER:PASSWORD@HOST/NAME or sqlite:///FILE, with @ / : ? # and % in a "
    "password as %40 %2F %3A %3F %23 and %25."
)

Where = Path | URL
"""A file of SQLite, or the URL of a PostgreSQL database, whose `str` has no password."""


def add_database_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that says where what is kept is."""
    parser.add_argument(
        "--database",
        metavar="URL",
        help="where conversations, briefs and users are kept: postgresql://USER@HOST/NAME, or @FILE"
        f" that has it (or SAHEL_BRIEF_DATABASE; default: {DATABASE} in the data folder)",
    )


def chosen_database(given: str | None, data: Path) -> Where:
    """Return where the database is: as given, else the environment's, else in the data folder.

    Raises:
        BriefError: it is no such URL, or the file that has it cannot be read.
    """
    words = given or os.environ.get("SAHEL_BRIEF_DATABASE")
    return parsed(words) if words else data / DATABASE


def parsed(words: str) -> Where:
    """Return what a URL stands for, or the URL in a file ("@/run/secrets/database").

    Raises:
        BriefError: it is no such URL, or the file cannot be read. Says nothing of a password.
    """
    words = (_read(Path(words[1:]).expanduser()) if words.startswith("@") else words).strip()
    try:
        url = make_url(words)
    except (ArgumentError, ValueError):
        # Their words may quote a part of a password that was taken for a port.
        raise BriefError(f"The URL of the database cannot be read. {_HINT}") from None
    if url.drivername == "sqlite" and url.database and url.database != ":memory:":
        return Path(url.database).expanduser()
    if url.drivername not in _POSTGRES or not url.database:
        raise BriefError(f"There is no such kind of database, or no name of one. {_HINT}")
    if "@" in f"{url.host}{url.database}":  # what follows the first @ of a password
        raise BriefError(f"The URL of the database has an @ too many. {_HINT}")
    return url.set(drivername="postgresql+psycopg")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise BriefError(
            f"The file {path}, which should have the URL of the database, cannot be read "
            f"({reason}). Let the user that runs this read it."
        ) from error
