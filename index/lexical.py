"""Lexical search in SQLite FTS5 over folded stems: names, figures, acronyms, phrases.

Lives in the database of `index.store`, in whose transactions it changes.
"""

import sqlite3
from collections.abc import Collection, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any

from index.text import stems
from index.types import Passage

SCHEMA = """
CREATE VIRTUAL TABLE IF NOT EXISTS lexical USING fts5(stems, tokenize = 'unicode61');
CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab(lexical, 'row');
"""
# Only what indexes of numbers and ids tell: to read passages or documents for each of the thousands
# of rows that share a word took most of the time. The + keeps SQLite from going by rows.
_READY = (
    "+rowid NOT IN (SELECT number FROM passages WHERE document_id IN "
    "(SELECT id FROM documents WHERE ready = 0))"
)
_RARE = 3  # passages that have a word, so that each of them is worth a look
_SMALL = 2_000  # passages, which are searched in milliseconds whatever the words


class LexicalIndex:
    """The words of passages, by the passage's row number."""

    def __init__(self, db: sqlite3.Connection, reader: sqlite3.Connection) -> None:
        """Take two connections to a database that has `SCHEMA`, and read on the second alone.

        FTS5 ends a search with "database disk image is malformed" where words are changed on its
        own connection before it has ended.
        """
        self._db, self._reader = db, reader
        self._reading = Lock()
        self._passages_with = lru_cache(maxsize=10_000)(self._count_with)
        self._total = lru_cache(maxsize=1)(self.count)

    def insert(self, number: int | None, passage: Passage) -> None:
        """Insert the words of a passage and of the heading above it."""
        self.forget()
        self._db.execute(
            "INSERT INTO lexical (rowid, stems) VALUES (?, ?)",
            (number, " ".join(stems(f"{passage.section} {passage.text}"))),
        )

    def delete(self, document_id: str) -> None:
        """Delete the words of a document's passages, which must still be there."""
        self.forget()
        self._db.execute(
            "DELETE FROM lexical WHERE rowid IN "
            "(SELECT number FROM passages WHERE document_id = ?)",
            (document_id,),
        )

    def clear(self) -> None:
        """Delete all words."""
        self.forget()
        self._db.execute("DELETE FROM lexical")

    def count(self) -> int:
        """Return how many passages have their words here."""
        return int(self._read("SELECT count(*) FROM lexical")[0][0])

    def search(
        self, query: str, k: int, within: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """Return numbers of passages that share words with a query, and BM25 (higher is better).

        `within` are the ids of the documents to search, None for all that are ready.
        """
        return self._ranked(self._telling(list(dict.fromkeys(stems(query)))), k, within)

    def with_rare_words(self, query: str, within: Collection[str] | None = None) -> list[int]:
        """Return numbers of passages that have a word of a query that next to no others have.

        Most often that is a name. Beside longer matches of common words BM25 alone may pass it by.
        """
        terms = [t for t in dict.fromkeys(stems(query)) if 0 < self._passages_with(t) <= _RARE]
        return [number for number, _ in self._ranked(terms, _RARE, within)]

    def _ranked(
        self, terms: Sequence[str], k: int, within: Collection[str] | None
    ) -> list[tuple[int, float]]:
        if not terms:
            return []
        chosen, ids = _chosen(within)
        rows = self._read(
            "SELECT rowid, -rank FROM lexical "  # noqa: S608
            f"WHERE lexical MATCH ? AND {_READY}{chosen} ORDER BY rank LIMIT ?",
            (" OR ".join(f'"{t}"' for t in terms), *ids, k),
        )
        return [(int(number), float(score)) for number, score in rows]

    def _telling(self, terms: list[str]) -> list[str]:
        """Return those of some stems that tell passages apart, in a library that is not small.

        BM25 gives a word next to nothing that a quarter of all passages have, but counts it in
        each of them: of 10,000 passages that took two thirds of a search.
        """
        if (total := self._total()) < _SMALL:
            return terms
        return [t for t in terms if self._passages_with(t) <= total / 4] or terms

    def _count_with(self, term: str) -> int:
        found = self._read("SELECT doc FROM vocabulary WHERE term = ?", (term,))
        return int(found[0][0]) if found else 0

    def forget(self) -> None:
        """Forget what was counted, because the words have changed or another process did that."""
        self._passages_with.cache_clear()
        self._total.cache_clear()

    def count_phrase(self, phrase: str, within: Collection[str] | None = None) -> int:
        """Return how many passages have these words side by side."""
        terms = " ".join(stems(phrase))
        if not terms:
            return 0
        chosen, ids = _chosen(within)
        found = self._read(
            f"SELECT count(*) FROM lexical WHERE lexical MATCH ?{chosen}",  # noqa: S608
            (f'"{terms}"', *ids),
        )
        return int(found[0][0])

    def words_like(self, prefix: str) -> list[str]:
        """Return the stems in the library that start so."""
        rows = self._read(
            "SELECT term FROM vocabulary WHERE term >= ? AND term < ?", (prefix, f"{prefix}\uffff")
        )
        return [str(term) for (term,) in rows]

    def _read(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        with self._reading:
            return self._reader.execute(statement, values).fetchall()


def _chosen(within: Collection[str] | None) -> tuple[str, list[str]]:
    """Return a condition on rows, and its values."""
    if within is None:
        return "", []
    ids = f"SELECT number FROM passages WHERE document_id IN ({','.join('?' * len(within))})"  # noqa: S608
    return f" AND +rowid IN ({ids})", list(within)
