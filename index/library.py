"""The library on disk: store and vectors together, for search and for change.

Reading is shared between processes; changing takes the folder alone. The vectors are only a
derivative of the store: whenever the two differ, the store is right and the vectors are mended.
"""

import shutil
import uuid
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from index.fusion import fuse
from index.passages import split_passages
from index.store import Store
from index.text import WORDS_VERSION
from index.types import BriefError, Document, Embedder, Hit, Passage, Vectors
from index.vectors import ChromaVectors, VectorsError

Outcome = Literal["added", "replaced", "unchanged"]
OnProgress = Callable[[int, int], None]
"""Called with passages done and passages in all."""

_EMBED_BATCH = 64


class DiskLibrary:
    """A `Library` in a folder. Hold the folder's lock (`index.access`) while you have one."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        """Open the library in `folder`, or an empty one.

        Raises:
            BriefError: the folder holds vectors of another embedder, or cannot be used.
        """
        self.folder = folder
        self.store = Store(folder / "library.sqlite3")
        self._embedder = embedder
        self._vectors: ChromaVectors | None = None
        self._document = lru_cache(maxsize=64)(self._read_document)
        self.words_like = self.store.words_like
        self.frequency = lru_cache(maxsize=10_000)(self.store.frequency)

    def check_embedder(self) -> None:
        """Raise `BriefError` if the vectors come from another embedder than the present one."""
        stored = self.store.meta("embedder")
        if stored and stored != self._embedder.name:
            raise BriefError(
                f"This library was indexed with the embedder {stored}, and now "
                f"{self._embedder.name} is chosen. Choose the former again, or run: "
                "python -m index rebuild"
            )

    def search(self, query: str, k: int) -> list[Hit]:
        """Return at most `k` passages, best first, by dense and lexical search together."""
        vector = self.embed([query])[0]
        dense = self.vectors.search(vector, 4 * k)
        lexical = self.store.lexical_search(query, 4 * k)
        scores = fuse(dict(dense), {p.id: score for p, score in lexical})
        best = sorted(scores, key=lambda i: -scores[i])[:k]
        passages = {p.id: p for p in self.store.passages(ids=best)} if best else {}
        return [Hit(passages[i], scores[i]) for i in best if i in passages]

    def documents(self) -> list[Document]:
        """Return the documents that can be searched, newest as-of date first."""
        return self.store.documents()

    def document(self, document_id: str) -> Document:
        """Return one document. Raises `BriefError` where the library has none of that id."""
        return self._document(document_id)

    def _read_document(self, document_id: str) -> Document:
        for document in self.store.documents():
            if document.id == document_id:
                return document
        raise BriefError(f"There is no document {document_id}. See: python -m index list")

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit-length vectors of shape (len(texts), dimensions)."""
        return self._embedder.embed(texts)

    @property
    def vectors(self) -> ChromaVectors:
        """The Chroma collection, opened when first used."""
        if self._vectors is None:
            self.check_embedder()
            self._vectors = ChromaVectors(self._vectors_folder())
        return self._vectors

    def _vectors_folder(self) -> Path:
        return self.folder / (self.store.meta("vectors") or "vectors")

    def is_whole(self) -> bool:
        """Return whether nothing was left half done by a process that was killed."""
        if self.store.documents(ready=False):
            return False
        passages = self.store.count_passages()
        if passages == 0 or not self._vectors_folder().exists():
            return passages == 0
        if self.store.meta("words") != WORDS_VERSION:
            return False
        try:
            return self.vectors.count() == passages
        except VectorsError:
            return False

    # What follows changes the library and needs its folder alone.

    def add(self, document: Document, path: str, on_progress: OnProgress | None = None) -> Outcome:
        """Add a document, in place of the one that came from the same path before.

        Raises:
            BriefError: another embedder made this library.
        """
        self.check_embedder()
        known = {d.id for d in self.documents()}
        if document.id in known:
            return "unchanged"
        passages = split_passages(document)
        self.store.set_meta(embedder=self._embedder.name, words=WORDS_VERSION)
        self.store.insert(document, path, passages)
        self._embed_into(self.vectors, passages, on_progress)
        return "replaced" if self._finish(document.id, path) else "added"

    def _finish(self, document_id: str, path: str) -> bool:
        stale = self.store.finish(document_id, path)
        self.vectors.delete(stale)
        self._forget()
        return bool(stale)

    def remove(self, document_id: str) -> None:
        """Remove a document and its vectors."""
        ids = [p.id for p in self.store.passages(document_id=document_id)]
        self.store.remove(document_id)
        self.vectors.delete(ids)
        self._forget()

    def mend(self, on_progress: OnProgress | None = None) -> None:
        """Finish what a killed process left half done; make the vectors those of the store."""
        if self.store.meta("words") != WORDS_VERSION:
            self.store.index_words()
        try:
            have = self.vectors.ids()
        except VectorsError:  # destroyed, so that only a new one helps
            self.rebuild(on_progress)
            return
        pending = self.store.documents(ready=False)
        passages = self.store.passages()
        self._embed_into(self.vectors, [p for p in passages if p.id not in have], on_progress)
        self.vectors.delete(sorted(have - {p.id for p in passages}))
        for document in pending:
            self._finish(document.id, self.store.path(document.id))

    def rebuild(self, on_progress: OnProgress | None = None) -> None:
        """Split and embed all documents anew, beside the old index, and change over at once."""
        documents = self.documents() + self.store.documents(ready=False)
        passages = [p for d in documents for p in split_passages(d)]
        old, name = self._vectors_folder(), f"vectors-{uuid.uuid4().hex[:8]}"
        fresh = ChromaVectors(self.folder / name)
        self._embed_into(fresh, passages, on_progress)
        self.store.replace_all_passages(
            passages, vectors=name, embedder=self._embedder.name, words=WORDS_VERSION
        )
        self._vectors = fresh
        self._forget()
        for folder in {old, *self.folder.glob("vectors*")} - {self.folder / name}:
            shutil.rmtree(folder, ignore_errors=True)

    def _embed_into(
        self, vectors: ChromaVectors, passages: Sequence[Passage], on_progress: OnProgress | None
    ) -> None:
        for start in range(0, len(passages), _EMBED_BATCH):
            batch = passages[start : start + _EMBED_BATCH]
            vectors.add([p.id for p in batch], self.embed([p.text for p in batch]))
            if on_progress is not None:
                on_progress(min(start + _EMBED_BATCH, len(passages)), len(passages))

    def _forget(self) -> None:
        self._document.cache_clear()
        self.frequency.cache_clear()

    def close(self) -> None:
        """Close the files."""
        self.store.close()
