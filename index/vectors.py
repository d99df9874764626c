"""Dense search in an embedded Chroma collection. Ids and vectors only: texts live in the store."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from index.types import Vectors

_COLLECTION = "passages"
# `kill -9` while Chroma 1.5.9 syncs its index (by default every 1,000 records) destroys the
# collection; with a threshold never reached, it replays its log at open (0.25 s per 1,000).
_CONFIGURATION = {"hnsw": {"space": "cosine", "sync_threshold": 1_000_000}}
_BATCH = 5_000  # Chroma takes at most 5,461 records in one call


class ChromaVectors:
    """The vectors of passages, by passage id."""

    def __init__(self, folder: Path) -> None:
        """Open or create the collection in `folder`."""
        import chromadb  # 1 s

        settings = chromadb.Settings(anonymized_telemetry=False)
        client = chromadb.PersistentClient(path=str(folder), settings=settings)
        # Without a function of its own Chroma would fetch one from the network.
        self._collection = client.get_or_create_collection(
            _COLLECTION, configuration=_CONFIGURATION, embedding_function=None
        )

    def count(self) -> int:
        """Return the number of vectors."""
        return int(self._collection.count())

    def ids(self) -> set[str]:
        """Return the ids of all vectors."""
        return set(self._collection.get(include=[])["ids"])

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Add vectors, in place of those that have the same ids."""
        for start, end in _batches(len(ids)):
            self._collection.upsert(ids=list(ids[start:end]), embeddings=vectors[start:end])

    def delete(self, ids: Sequence[str]) -> None:
        """Delete vectors; ids that are not there are passed over."""
        for start, end in _batches(len(ids)):
            self._collection.delete(ids=list(ids[start:end]))

    def search(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """Return the ids nearest to a vector of shape (dimensions,), with cosine similarity."""
        k = min(k, self.count())
        if not k:
            return []
        found = self._collection.query(
            query_embeddings=np.atleast_2d(vector), n_results=k, include=["distances"]
        )
        # Chroma gives cosine distance, lower is better: from here on higher is better.
        return [(i, 1.0 - d) for i, d in zip(found["ids"][0], found["distances"][0], strict=True)]


def _batches(total: int) -> Iterator[tuple[int, int]]:
    for start in range(0, total, _BATCH):
        yield start, min(start + _BATCH, total)
