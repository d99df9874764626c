"""What is wrong with a database at the start, in words that name the remedy and no password."""

from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from index.types import BriefError
from web.database.address import Where

NO_DRIVER = (
    "The driver of PostgreSQL is not installed: python -m pip install -e '.[postgres]' "
    "-c constraints.txt"
)
# The server's words (libpq 15 to 18) by which it is known what is wrong: nothing else tells it
# apart before there is a connection. In another language the server's own words are all there is.
_REMEDIES = (
    ("password authentication failed", "See the user and the password in the URL."),
    ("no password supplied", "Put the password into the URL, or into PGPASSFILE's file."),
    ("no pg_hba.conf entry", "Let this machine and user in: its pg_hba.conf says who may."),
    ("certificate", "See sslmode and sslrootcert in the URL, and the name in the certificate."),
    ("does not support SSL", "Have the server speak TLS, or write sslmode=prefer in the URL."),
    ("too many", "Raise max_connections of the server, or put PgBouncer in between."),
    ("permission denied", "Let its user make tables: GRANT CREATE, USAGE ON SCHEMA public TO …"),
    ("read-only transaction", "Name the primary in the URL: this is a copy that takes no changes."),
    ("lock timeout", "Another process is bringing it up to date. Start this one again later."),
)  # fmt: skip


def unusable(where: Where, error: SQLAlchemyError) -> BriefError:
    """Return what is said of a database that cannot be used."""
    if isinstance(where, Path):
        return BriefError(
            f"The conversations in {where} cannot be used ({error}). If the disk is full, make "
            "room; if the file is damaged, move it away and start again."
        )
    said = _words(error)
    return BriefError(
        f"The database {_place(where)} cannot be used ({said}). {_remedy(where, said)}"
    )


def _place(url: URL) -> str:
    host = url.host or url.query.get("host") or "this machine"
    port = f":{url.port}" if url.port else ""
    return f"{url.database} at {host}{port}"


def _remedy(url: URL, said: str) -> str:
    if "database" in said and "does not exist" in said:
        return f"Make it: createdb --owner {url.username or 'USER'} {url.database}"
    if "role" in said and "does not exist" in said:
        return f"Make its user: createuser --pwprompt {url.username or 'USER'}"
    for words, remedy in _REMEDIES:
        if words in said:
            return remedy
    return "See whether its server is running, and the host and the port in the URL."


def _words(error: SQLAlchemyError) -> str:
    """Return what the driver said, in one line. It never has the password."""
    own = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(own).split())
