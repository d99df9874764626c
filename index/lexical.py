"""Lexical search in SQLite FTS5 over folded stems: names, figures, acronyms, phrases.

Lives in the database of `index.store`, in whose transactions it changes.
"""

import sqlite3
from collections.abc import Collection

from index.text import stems
from index.types import Passage

SCHEMA = """
CREATE VIRTUAL TABLE IF NOT EXISTS lexical USING fts5(stems, tokenize = 'unicode61');
CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab(lexical, 'row');
"""


class LexicalIndex:
    """The words of passages, by the passage's row number."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Take the connection of a database that has `SCHEMA`."""
        self._db = db

    def insert(self, number: int | None, passage: Passage) -> None:
        """Insert the words of a passage and of the heading above it."""
        self._db.execute(
            "INSERT INTO lexical (rowid, stems) VALUES (?, ?)",
            (number, " ".join(stems(f"{passage.section} {passage.text}"))),
        )

    def delete(self, document_id: str) -> None:
        """Delete the words of a document's passages, which must still be there."""
        self._db.execute(
            "DELETE FROM lexical WHERE rowid IN "
            "(SELECT number FROM passages WHERE document_id = ?)",
            (document_id,),
        )

    def clear(self) -> None:
        """Delete all words."""
        self._db.execute("DELETE FROM lexical")

    def count(self) -> int:
        """Return how many passages have their words here."""
        return int(self._db.execute("SELECT count(*) FROM lexical").fetchone()[0])

    def search(
        self, query: str, k: int, within: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """Return numbers of passages that share words with a query, and BM25 (higher is better).

        `within` are the ids of the documents to search, None for all that are ready.
        """
        terms = " OR ".join(f'"{s}"' for s in dict.fromkeys(stems(query)))
        if not terms:
            return []
        chosen, ids = _chosen(within)
        rows = self._db.execute(
            "SELECT lexical.rowid, -bm25(lexical) FROM lexical "  # noqa: S608
            "JOIN passages p ON p.number = lexical.rowid "
            "JOIN documents d ON d.id = p.document_id AND d.ready "
            f"WHERE lexical MATCH ?{chosen} ORDER BY bm25(lexical) LIMIT ?",
            (terms, *ids, k),
        )
        return [(int(number), float(score)) for number, score in rows]

    def count_phrase(self, phrase: str, within: Collection[str] | None = None) -> int:
        """Return how many passages have these words side by side."""
        terms = " ".join(stems(phrase))
        if not terms:
            return 0
        chosen, ids = _chosen(within)
        found = self._db.execute(
            "SELECT count(*) FROM lexical "  # noqa: S608
            "JOIN passages p ON p.number = lexical.rowid "
            f"WHERE lexical MATCH ?{chosen}",
            (f'"{terms}"', *ids),
        ).fetchone()
        return int(found[0])

    def words_like(self, prefix: str) -> list[str]:
        """Return the stems in the library that start so."""
        return [
            str(row[0])
            for row in self._db.execute(
                "SELECT term FROM vocabulary WHERE term >= ? AND term < ?",
                (prefix, f"{prefix}\uffff"),
            )
        ]


def _chosen(within: Collection[str] | None) -> tuple[str, list[str]]:
    """Return a condition on passages p, and its values."""
    if within is None:
        return "", []
    return f" AND p.document_id IN ({','.join('?' * len(within))})", list(within)
