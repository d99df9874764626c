"""Documents, passages and lexical search in one SQLite file: the truth that vectors follow.

A document is there once its transaction is committed, and is searched once it is `ready`,
which means that its vectors are in place. A killed process leaves at most an unready one.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from index.text import WORDS_VERSION, stems
from index.types import BriefError, Document, Part, Passage

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, title TEXT NOT NULL, as_of TEXT NOT NULL,
    source TEXT NOT NULL, text TEXT NOT NULL, parts TEXT NOT NULL,
    ready INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS passages (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, document_id TEXT NOT NULL,
    "start" INTEGER NOT NULL, "end" INTEGER NOT NULL, text TEXT NOT NULL, place TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS passages_of ON passages (document_id);
CREATE VIRTUAL TABLE IF NOT EXISTS lexical USING fts5(stems, tokenize = 'unicode61');
CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab(lexical, 'row');
"""
_PASSAGE = 'p.id, p.document_id, p."start", p."end", p.text, p.place'
_VERSION = "1"


class Store:
    """The SQLite side of a library. Methods that change something commit before they return."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raises `BriefError` where it cannot be, or is of no use."""
        try:
            # One connection for all threads: SQLite is compiled serialized.
            self._db = sqlite3.connect(path, check_same_thread=False, timeout=30)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise BriefError(
                f"The library file {path} cannot be used ({error}). If the disk is full, make "
                "room; if it is damaged, move it away, start again and add your documents anew."
            ) from error
        if (version := self.meta("version") or _VERSION) != _VERSION:
            raise BriefError(
                f"The library {path} was made by another version of Sahel Brief (format "
                f"{version}). Use that version, or another data folder: --data DIR."
            )
        self.set_meta(version=_VERSION)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def meta(self, key: str) -> str:
        """Return a fact about the library, "" where it was never set."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def set_meta(self, **facts: str) -> None:
        """Set facts about the library."""
        with self._db:
            for key, value in facts.items():
                if self.meta(key) != value:
                    self._db.execute("REPLACE INTO meta VALUES (?, ?)", (key, value))

    def insert(self, document: Document, path: str, passages: Sequence[Passage]) -> None:
        """Insert a document that is not ready yet, with its passages."""
        parts = json.dumps([[p.start, p.label] for p in document.parts])
        with self._db:
            self._db.execute(
                "REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
                (document.id, path, document.title, document.as_of, document.source,
                 document.text, parts),
            )  # fmt: skip
            self._delete_passages(document.id)
            self._insert_passages(passages)

    def finish(self, document_id: str, path: str) -> list[str]:
        """Make a document ready and drop what it replaces: the others of its path.

        Returns the ids of the passages that were dropped.
        """
        with self._db:
            old = self._db.execute(
                "SELECT id FROM documents WHERE path = ? AND id != ?", (path, document_id)
            ).fetchall()
            dropped = [p.id for (other,) in old for p in self.passages(document_id=other)]
            for (other,) in old:
                self._delete(other)
            self._db.execute("UPDATE documents SET ready = 1 WHERE id = ?", (document_id,))
        return dropped

    def remove(self, document_id: str) -> None:
        """Remove a document and its passages."""
        with self._db:
            self._delete(document_id)

    def index_words(self) -> None:
        """Make the lexical index of all passages anew, as their words are counted today."""
        with self._db:
            self._db.execute("DELETE FROM lexical")
            numbered = self._db.execute("SELECT number, place, text FROM passages").fetchall()
            for number, place, text in numbered:
                self._insert_words(number, place, text)
            self._db.execute("REPLACE INTO meta VALUES ('words', ?)", (WORDS_VERSION,))

    def replace_all_passages(self, passages: Iterable[Passage], **facts: str) -> None:
        """Put new passages for all documents in place and set facts, in one transaction."""
        with self._db:
            self._db.execute("DELETE FROM passages")
            self._db.execute("DELETE FROM lexical")
            self._insert_passages(passages)
            self._db.execute("UPDATE documents SET ready = 1")
            for key, value in facts.items():
                self._db.execute("REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _delete(self, document_id: str) -> None:
        self._delete_passages(document_id)
        self._db.execute("DELETE FROM documents WHERE id = ?", (document_id,))

    def _delete_passages(self, document_id: str) -> None:
        self._db.execute(
            "DELETE FROM lexical WHERE rowid IN "
            "(SELECT number FROM passages WHERE document_id = ?)",
            (document_id,),
        )
        self._db.execute("DELETE FROM passages WHERE document_id = ?", (document_id,))

    def _insert_passages(self, passages: Iterable[Passage]) -> None:
        for p in passages:
            number = self._db.execute(
                'INSERT INTO passages (id, document_id, "start", "end", text, place) '
                "VALUES (?, ?, ?, ?, ?, ?)",
                (p.id, p.document_id, p.start, p.end, p.text, p.place),
            ).lastrowid
            self._insert_words(number, p.place, p.text)

    def _insert_words(self, number: int | None, place: str, text: str) -> None:
        self._db.execute(
            "INSERT INTO lexical (rowid, stems) VALUES (?, ?)",
            (number, " ".join(stems(f"{place} {text}"))),
        )

    def documents(self, *, ready: bool = True) -> list[Document]:
        """Return the documents, newest as-of date first; those that are not ready on request."""
        rows = self._db.execute(
            "SELECT id, title, as_of, source, text, parts FROM documents WHERE ready = ? "
            "ORDER BY as_of DESC, title",
            (int(ready),),
        )
        return [_document(row) for row in rows]

    def path(self, document_id: str) -> str:
        """Return the path a document was added from, "" where there is no such document."""
        row = self._db.execute("SELECT path FROM documents WHERE id = ?", (document_id,)).fetchone()
        return str(row[0]) if row else ""

    def passages(self, *, document_id: str = "", ids: Sequence[str] = ()) -> list[Passage]:
        """Return passages: those of a document in order, those with `ids` in any, or all."""
        query, values = f"SELECT {_PASSAGE} FROM passages p", list(ids)  # noqa: S608
        if document_id:
            query, values = f"{query} WHERE document_id = ?", [document_id]
        elif ids:
            query += f" WHERE id IN ({','.join('?' * len(ids))})"
        return [Passage(*row) for row in self._db.execute(f"{query} ORDER BY number", values)]

    def count_passages(self, document_id: str = "") -> int:
        """Return how many passages a document has, or all of them together."""
        query = "SELECT count(*) FROM passages WHERE ? IN ('', document_id)"
        return int(self._db.execute(query, (document_id,)).fetchone()[0])

    def lexical_search(self, query: str, k: int) -> list[tuple[Passage, float]]:
        """Return passages that share words with the query, and BM25 (higher is better)."""
        terms = " OR ".join(f'"{s}"' for s in dict.fromkeys(stems(query)))
        if not terms:
            return []
        rows = self._db.execute(
            f"SELECT {_PASSAGE}, -bm25(lexical) FROM lexical "  # noqa: S608
            "JOIN passages p ON p.number = lexical.rowid "
            "JOIN documents d ON d.id = p.document_id AND d.ready "
            "WHERE lexical MATCH ? ORDER BY bm25(lexical) LIMIT ?",
            (terms, k),
        )
        return [(Passage(*row[:6]), float(row[6])) for row in rows]

    def frequency(self, phrase: str) -> float:
        """Return the share of passages with these words side by side, or of titles if larger."""
        terms = " ".join(stems(phrase))
        passages = self.count_passages()
        if not terms or not passages:
            return 0.0
        found = self._db.execute(
            "SELECT count(*) FROM lexical WHERE lexical MATCH ?", (f'"{terms}"',)
        ).fetchone()[0]
        titles = [f" {' '.join(stems(d.title))} " for d in self.documents()]
        in_titles = sum(f" {terms} " in t for t in titles) / max(len(titles), 1)
        return max(float(found) / passages, in_titles)

    def words_like(self, prefix: str) -> list[str]:
        """Return the stems in the library that start so."""
        return [
            str(row[0])
            for row in self._db.execute(
                "SELECT term FROM vocabulary WHERE term >= ? AND term < ?",
                (prefix, f"{prefix}\uffff"),
            )
        ]


def _document(row: tuple[str, str, str, str, str, str]) -> Document:
    *facts, parts = row
    id_, title, as_of, source, text = facts
    return Document(
        id_, title, as_of, source, text, tuple(Part(s, label) for s, label in json.loads(parts))
    )
