"""Dense search in an embedded Chroma collection. Ids and vectors only: texts live in the store."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from index.types import BriefError, Vectors

_COLLECTION = "passages"
# `kill -9` while Chroma 1.5.9 syncs its index (by default every 1,000 records) destroys the
# collection; with a threshold never reached, it replays its log at open (0.25 s per 1,000).
_CONFIGURATION = {"hnsw": {"space": "cosine", "sync_threshold": 1_000_000}}
_BATCH = 5_000  # Chroma takes at most 5,461 records in one call


class VectorsError(BriefError):
    """Chroma cannot read or write its files. They can always be made again from the store."""


class ChromaVectors:
    """The vectors of passages, by passage id."""

    def __init__(self, folder: Path) -> None:
        """Open or create the collection in `folder`. All methods may raise `VectorsError`."""
        import chromadb  # 1 s

        self._folder = folder
        settings = chromadb.Settings(anonymized_telemetry=False)
        with self._explained():
            client = chromadb.PersistentClient(path=str(folder), settings=settings)
            # Without a function of its own Chroma would fetch one from the network.
            self._collection = client.get_or_create_collection(
                _COLLECTION, configuration=_CONFIGURATION, embedding_function=None
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from chromadb.errors import ChromaError

        try:
            yield
        # Chroma 1.5.9 fails to open a damaged folder, and a second time with an AttributeError.
        except (ChromaError, AttributeError) as error:
            raise VectorsError(
                f"The search index in {self._folder} cannot be used ({error}). If the disk is "
                "full, make room and try again; otherwise run: python -m index rebuild"
            ) from error

    def count(self) -> int:
        """Return the number of vectors."""
        with self._explained():
            return int(self._collection.count())

    def ids(self) -> set[str]:
        """Return the ids of all vectors."""
        with self._explained():
            return set(self._collection.get(include=[])["ids"])

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Add vectors, in place of those that have the same ids."""
        for start, end in _batches(len(ids)):
            with self._explained():
                self._collection.upsert(ids=list(ids[start:end]), embeddings=vectors[start:end])

    def delete(self, ids: Sequence[str]) -> None:
        """Delete vectors; ids that are not there are passed over."""
        for start, end in _batches(len(ids)):
            with self._explained():
                self._collection.delete(ids=list(ids[start:end]))

    def search(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """Return the ids nearest to a vector of shape (dimensions,), with cosine similarity."""
        k = min(k, self.count())
        if not k:
            return []
        with self._explained():
            found = self._collection.query(
                query_embeddings=np.atleast_2d(vector), n_results=k, include=["distances"]
            )
        # Chroma gives cosine distance, lower is better: from here on higher is better.
        return [(i, 1.0 - d) for i, d in zip(found["ids"][0], found["distances"][0], strict=True)]


def _batches(total: int) -> Iterator[tuple[int, int]]:
    for start in range(0, total, _BATCH):
        yield start, min(start + _BATCH, total)
