"""Dense search in a Chroma collection. Ids and vectors only: texts live in the store."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from index.types import BriefError, Passage, Vectors

_DOCUMENT = "document"  # the key of the metadata that a search is restricted by
FORMAT = "2"  # since vectors have that key
# `kill -9` while Chroma 1.5.9 syncs its index (by default every 1,000 records) destroys the
# collection. So it never syncs one in use, and replays its log at every opening (0.7 s per 1,000
# records) until a place's `settled` has made a copy that is synced.
NEVER = 1_000_000_000
BATCH = 5_000  # Chroma takes at most 5,461 records in one call


class VectorsError(BriefError):
    """Vectors cannot be read or written. They can always be made again from the store."""


class VectorsAway(BriefError):
    """What keeps the vectors does not answer at present. Nothing is wrong with them."""


class ChromaVectors:
    """The vectors of passages, by passage id. All methods may raise `VectorsError`."""

    def __init__(
        self,
        collection: Any,
        name: str,
        place: str,
        explained: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """Take Chroma's collection, its name in its `Place`, what tells that place from others,
        and what puts Chroma's errors into words.
        """
        self.collection = collection
        self.name, self.place = name, place
        self._explained = explained

    def count(self) -> int:
        """Return the number of vectors."""
        with self._explained():
            return int(self.collection.count())

    def ids(self) -> set[str]:
        """Return the ids of all vectors."""
        with self._explained():
            return set(self.collection.get(include=[])["ids"])

    def add(self, passages: Sequence[Passage], vectors: Vectors) -> None:
        """Add the vectors of passages, in place of those that have the same ids."""
        for start, end in batches(len(passages)):
            some = passages[start:end]
            with self._explained():
                self.collection.upsert(
                    ids=[p.id for p in some],
                    embeddings=vectors[start:end],
                    metadatas=[{_DOCUMENT: p.document_id} for p in some],
                )

    def delete(self, ids: Sequence[str]) -> None:
        """Delete vectors; ids that are not there are passed over."""
        for start, end in batches(len(ids)):
            with self._explained():
                self.collection.delete(ids=list(ids[start:end]))

    def configure(self, settings: dict[str, Any]) -> None:
        """Change settings of the collection; some count from its next opening on."""
        with self._explained():
            self.collection.modify(configuration=settings)

    def search(
        self, vector: Vectors, k: int, within: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return the ids nearest to a vector of shape (dimensions,), with cosine similarity.

        `within` are the ids of the documents to search, None for all.
        """
        if within is not None and not within:  # Chroma 1.5.9 refuses an empty list
            return []
        where = None if within is None else {_DOCUMENT: {"$in": sorted(within)}}
        with self._explained():
            found = self.collection.query(
                query_embeddings=np.atleast_2d(vector),
                n_results=k,
                where=where,
                include=["distances"],
            )
        # Chroma gives cosine distance, lower is better: from here on higher is better.
        return [(i, 1.0 - d) for i, d in zip(found["ids"][0], found["distances"][0], strict=True)]


class Place(Protocol):
    """Where a library's collections are, by names that its store knows. One is in use.

    `shared` says that others may read while one changes. `settles_after` is the number of changes
    after which a `settled` copy is worth its while.
    """

    shared: bool
    settles_after: int

    def holds(self, name: str) -> bool:
        """Return whether there is a collection of that name."""
        ...

    def open(self, name: str) -> ChromaVectors:
        """Open or create one. Raises `VectorsError` or `VectorsAway`."""
        ...

    def settled(self, vectors: ChromaVectors, name: str) -> ChromaVectors:
        """Return the same vectors under a new name, synced: they open 40 times as fast.

        Raises:
            VectorsError: it cannot be; what was begun is dropped.
        """
        ...

    def clear(self, keep: str) -> None:
        """Drop the library's collections but one, as soon as nobody reads them any more."""
        ...

    def reread(self) -> None:
        """Take notice of what another process has changed."""
        ...


def collection_settings(sync_threshold: int = NEVER) -> dict[str, Any]:
    """Return what a collection is created with; Chroma's own default distance is not cosine."""
    return {"hnsw": {"space": "cosine", "sync_threshold": sync_threshold}}


def batches(total: int) -> Iterator[tuple[int, int]]:
    """Yield where each batch of so many records starts and ends."""
    for start in range(0, total, BATCH):
        yield start, min(start + BATCH, total)
