"""Documents and passages in one SQLite file: the truth that vectors follow.

A document is there once its transaction is committed, and is searched once it is `ready`,
which means that its vectors are in place. A killed process leaves at most an unready one.
"""

import json
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from index.lexical import LexicalIndex
from index.likeness import Sketch
from index.originals import digest
from index.rows import DOCUMENT, INFO, PASSAGE, document_of, document_row, info_of, passage_row
from index.schema import open_database
from index.text import stems
from index.types import Document, DocumentInfo, Original, Passage

EDITABLE = ("title", "author", "source", "as_of")


class Store:
    """The SQLite side of a library. Methods that change something commit before they return."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raises `BriefError` where it cannot be, or is of no use."""
        self._db = open_database(path)
        self._reader = open_database(path)
        self.lexical = LexicalIndex(self._db, self._reader)

    def close(self) -> None:
        """Close the file."""
        self._reader.close()
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

    def library_id(self) -> str:
        """Return what tells this library from all others, made when it is first asked for."""
        if not self.meta("library"):
            with self._db:  # of two processes that ask at once both get the first's
                made = ("library", uuid.uuid4().hex)
                self._db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", made)
        return self.meta("library")

    def insert(self, document: Document, path: str, passages: Sequence[Passage]) -> None:
        """Insert a document that is not ready yet, with its passages."""
        with self._db:
            self._delete(document.id)
            row = document_row(document, path)
            self._db.execute(
                f"INSERT INTO documents ({', '.join(row)}) "  # noqa: S608
                f"VALUES ({', '.join('?' * len(row))})",
                list(row.values()),
            )
            self._insert_passages(passages)
            if document.original:
                self._insert_original(document.id, document.original)

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
        """Remove a document, its passages and its original."""
        with self._db:
            self._delete(document_id)

    def keep_original(self, document_id: str, original: Original) -> None:
        """Keep an original with a document that is there, in place of one that it may have."""
        with self._db:
            self._insert_original(document_id, original)

    def original(self, document_id: str) -> bytes:
        """Return the original of a document, b"" where none is kept."""
        row = self._db.execute(
            "SELECT data FROM originals WHERE document_id = ?", (document_id,)
        ).fetchone()
        return bytes(row[0]) if row else b""

    def edit(self, document_id: str, **facts: str) -> None:
        """Change facts of a document, of those in `EDITABLE`, and keep in mind that they were."""
        with self._db:
            row = self._db.execute(
                "SELECT edited FROM documents WHERE id = ?", (document_id,)
            ).fetchone()
            edited = {*json.loads(row[0] if row else "[]"), *facts} & {*EDITABLE}
            self._db.execute(
                "UPDATE documents SET edited = ? WHERE id = ?",
                (json.dumps(sorted(edited)), document_id),
            )
            for key in EDITABLE:
                if key in facts:
                    self._db.execute(
                        f"UPDATE documents SET {key} = ? WHERE id = ?",  # noqa: S608
                        (facts[key], document_id),
                    )

    def replace_all_passages(
        self, contents: Iterable[tuple[Document, Sequence[Passage]]], **facts: str
    ) -> None:
        """Put new passages for all documents in place and set facts, in one transaction.

        Of the documents themselves only what is set aside is new.
        """
        with self._db:
            self._db.execute("DELETE FROM passages")
            self.lexical.clear()
            for document, passages in contents:
                self._db.execute(
                    "UPDATE documents SET aside = ? WHERE id = ?",
                    (json.dumps(document.aside), document.id),
                )
                self._insert_passages(passages)
            self._db.execute("UPDATE documents SET ready = 1")
            for key, value in facts.items():
                self._db.execute("REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _delete(self, document_id: str) -> None:
        self.lexical.delete(document_id)
        self._db.execute("DELETE FROM passages WHERE document_id = ?", (document_id,))
        self._db.execute("DELETE FROM originals WHERE document_id = ?", (document_id,))
        self._db.execute("DELETE FROM documents WHERE id = ?", (document_id,))

    def _insert_original(self, document_id: str, original: Original) -> None:
        self._db.execute(
            "REPLACE INTO originals VALUES (?, ?, ?)", (document_id, digest(original), original)
        )

    def _insert_passages(self, passages: Iterable[Passage]) -> None:
        for p in passages:
            number = self._db.execute(
                'INSERT INTO passages (id, document_id, "start", "end", text, place) '
                "VALUES (:id, :document_id, :start, :end, :text, :place)",
                passage_row(p),
            ).lastrowid
            self.lexical.insert(number, p)

    def infos(self, *, ready: bool = True) -> list[DocumentInfo]:
        """Return what there is, newest as-of date first; what is not ready on request."""
        rows = self._db.execute(
            f"SELECT {INFO} FROM documents WHERE ready = ? ORDER BY as_of DESC, title",  # noqa: S608
            (int(ready),),
        )
        return [info_of(*row) for row in rows]

    def document(self, document_id: str, *, ready: bool = True) -> Document | None:
        """Return a document that is ready, or on request any, or None."""
        row = self._db.execute(
            f"SELECT {DOCUMENT} FROM documents WHERE id = ? AND ready >= ?",  # noqa: S608
            (document_id, int(ready)),
        ).fetchone()
        return document_of(*row) if row else None

    def stored(self) -> Iterator[Document]:
        """Yield all documents, ready or not, one at a time."""
        for (document_id,) in self._db.execute("SELECT id FROM documents").fetchall():
            if document := self.document(document_id, ready=False):
                yield document

    def at(self, path: str) -> Document | None:
        """Return the document that was added from a path and is ready, or None."""
        row = self._db.execute(
            f"SELECT {DOCUMENT} FROM documents WHERE ready AND path = ?",  # noqa: S608
            (path,),
        ).fetchone()
        return document_of(*row) if row else None

    def sketches(self, *, but: str) -> dict[str, Sketch]:
        """Return the sketch of each document that is ready, by its id, but for one path."""
        rows = self._db.execute(
            "SELECT id, sketch FROM documents WHERE ready AND path != ?", (but,)
        ).fetchall()
        return {i: np.frombuffer(data, dtype=np.uint32) for i, data in rows if data}

    def path(self, document_id: str) -> str:
        """Return the path a document was added from, "" where there is no such document."""
        row = self._db.execute("SELECT path FROM documents WHERE id = ?", (document_id,)).fetchone()
        return str(row[0]) if row else ""

    def passages(
        self, *, document_id: str = "", ids: Sequence[str] = (), ready: bool = True
    ) -> list[Passage]:
        """Return the passages of a document, or those with `ids`, in order.

        By `ids` only those of documents that are `ready`, unless all are asked for.
        """
        query, values = f"SELECT {PASSAGE} FROM passages p", list(ids)  # noqa: S608
        if document_id:
            query, values = f"{query} WHERE document_id = ?", [document_id]
        else:
            query += (
                f" WHERE id IN ({','.join('?' * len(ids))})"  # noqa: S608
                " AND document_id IN (SELECT id FROM documents WHERE ready >= CAST(? AS INT))"
            )
            values.append(str(int(ready)))
        return [Passage(*row) for row in self._db.execute(f"{query} ORDER BY number", values)]

    def count_passages(self, document_id: str = "") -> int:
        """Return how many passages a document has, or all of them together."""
        where = " WHERE document_id = ?" if document_id else ""
        query = f"SELECT count(*) FROM passages{where}"  # noqa: S608
        return int(self._db.execute(query, [document_id] if where else []).fetchone()[0])

    def passage_ids(self) -> set[str]:
        """Return the ids of all passages."""
        return {i for (i,) in self._db.execute("SELECT id FROM passages")}

    def lexical_search(
        self, query: str, k: int, within: Collection[str] | None = None
    ) -> list[tuple[Passage, float]]:
        """Return passages that share words with the query, and BM25 (higher is better)."""
        found = dict(self.lexical.search(query, k, within))
        rows = self._db.execute(
            f"SELECT p.number, {PASSAGE} FROM passages p "  # noqa: S608
            f"WHERE p.number IN ({','.join('?' * len(found))})",
            list(found),
        )
        passages = {number: Passage(*row) for number, *row in rows}
        # One that another thread has removed in between is not found.
        return [(passages[n], score) for n, score in found.items() if n in passages]

    def with_rare_words(self, query: str, within: Collection[str] | None = None) -> list[str]:
        """Return ids of passages that have a word of the query that next to no others have."""
        numbers = self.lexical.with_rare_words(query, within)
        rows = self._db.execute(
            f"SELECT id FROM passages WHERE number IN ({','.join('?' * len(numbers))})",  # noqa: S608
            numbers,
        )
        return [str(passage_id) for (passage_id,) in rows]

    def frequency(self, phrase: str, within: Collection[str] | None = None) -> float:
        """Return the share of passages with these words side by side, or of titles if larger."""
        terms = " ".join(stems(phrase))
        passages = self.count_passages()
        if not terms or not passages:
            return 0.0
        titles = self._titles()
        named = [t for i, t in titles.items() if within is None or i in within]
        in_titles = sum(f" {terms} " in title for title in named) / max(len(named), 1)
        return max(self.lexical.count_phrase(phrase, within) / passages, in_titles)

    def _titles(self) -> dict[str, str]:
        """Return the stems of each title, between blanks, by the document's id."""
        rows = self._db.execute("SELECT id, title FROM documents WHERE ready")
        return {i: _stems_of(title) for i, title in rows}

    def problems(self) -> list[str]:
        """Return in words what is wrong inside the file: nothing, in a sound one."""
        found = [
            f"The file is damaged: {row[0]}"
            for row in self._db.execute("PRAGMA integrity_check(5)")
            if row[0] != "ok"
        ]
        orphans = self._db.execute(
            "SELECT count(*) FROM passages WHERE document_id NOT IN (SELECT id FROM documents)"
        ).fetchone()[0]
        if orphans:
            found.append(f"{orphans} passages belong to no document.")
        if (words := self.lexical.count()) != (passages := self.count_passages()):
            found.append(f"{passages} passages, but the words of {words}.")
        for document in self.stored():
            wrong = sum(
                document.text[p.start : p.end] != p.text
                for p in self.passages(document_id=document.id)
            )
            if wrong:
                found.append(f"{wrong} passages of {document.id} are not slices of its text.")
        return found


@lru_cache(maxsize=100_000)
def _stems_of(title: str) -> str:
    return f" {' '.join(stems(title))} "
