"""The tables of the store, and how files that older versions made become like those of today."""

import sqlite3
from pathlib import Path

from index.lexical import SCHEMA as LEXICAL_SCHEMA
from index.types import BriefError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, title TEXT NOT NULL, as_of TEXT NOT NULL,
    source TEXT NOT NULL, text TEXT NOT NULL, parts TEXT NOT NULL,
    ready INTEGER NOT NULL DEFAULT 0, author TEXT NOT NULL DEFAULT '',
    notices TEXT NOT NULL DEFAULT '[]', aside TEXT NOT NULL DEFAULT '[]',
    sketch BLOB NOT NULL DEFAULT x'', edited TEXT NOT NULL DEFAULT '[]');
CREATE TABLE IF NOT EXISTS passages (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, document_id TEXT NOT NULL,
    "start" INTEGER NOT NULL, "end" INTEGER NOT NULL, text TEXT NOT NULL, place TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS originals (
    document_id TEXT PRIMARY KEY, digest TEXT NOT NULL, data BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS passages_of ON passages (document_id);
CREATE INDEX IF NOT EXISTS documents_ready ON documents (ready, id);
"""
_VERSION = "4"
# What files of the versions before lack.
_FROM_2 = ("ALTER TABLE documents ADD COLUMN edited TEXT NOT NULL DEFAULT '[]'",)
_FROM_1 = (
    "ALTER TABLE documents ADD COLUMN author TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE documents ADD COLUMN notices TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE documents ADD COLUMN aside TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE documents ADD COLUMN sketch BLOB NOT NULL DEFAULT x''",
    *_FROM_2,
)
# Of version 3 only the originals, a table of their own; older programs would leave them behind.
_FROM_3: tuple[str, ...] = ()
_LACKING = {"1": _FROM_1, "2": _FROM_2, "3": _FROM_3}


def open_database(path: Path) -> sqlite3.Connection:
    """Open or create the file. Raises `BriefError` where it cannot be, or is of no use."""
    try:
        # One connection for all threads: SQLite is compiled serialized.
        db = sqlite3.connect(path, check_same_thread=False, timeout=30)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        # A large original goes through the log, which would stay as large while the page is served.
        db.execute("PRAGMA journal_size_limit = 50000000")
        db.executescript(_SCHEMA + LEXICAL_SCHEMA)
        _migrate(db, path)
    except sqlite3.Error as error:
        raise BriefError(
            f"The library file {path} cannot be used ({error}). If the disk is full, make "
            "room; if it is damaged, move it away, start again and add your documents anew."
        ) from error
    return db


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    row = db.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()
    version = row[0] if row else _VERSION
    if version != _VERSION and version not in _LACKING:
        raise BriefError(
            f"The library {path} was made by another version of Sahel Brief (format "
            f"{version}). Use that version, or another data folder: --data DIR."
        )
    if row and version == _VERSION:
        return
    with db:
        for statement in _LACKING.get(version, ()):
            db.execute(statement)
        db.execute("REPLACE INTO meta VALUES ('version', ?)", (_VERSION,))
