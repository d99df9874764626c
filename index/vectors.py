"""Dense search in an embedded Chroma collection. Ids and vectors only: texts live in the store."""

import shutil
import weakref
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from index.types import BriefError, Passage, Vectors

_COLLECTION = "passages"
_DOCUMENT = "document"  # the key of the metadata that a search is restricted by
FORMAT = "2"  # since vectors have that key
# `kill -9` while Chroma 1.5.9 syncs its index (by default every 1,000 records) destroys the
# collection. So it never syncs a folder in use, and replays its log at every opening (0.7 s per
# 1,000 records) until `settled` has made a copy that is synced.
_NEVER, _AT_ONCE = 1_000_000_000, 2
_BATCH = 5_000  # Chroma takes at most 5,461 records in one call


# Chroma keeps a system for each folder, with the index in memory, for as long as the process runs.
# Here it is stopped when the last who uses it is gone; several may, and another may be newer.
_users: Counter[Any] = Counter()
_using = Lock()


def forget_open_folders() -> None:
    """Make Chroma read folders anew that it has open, because another process changed them."""
    from chromadb.api.shared_system_client import SharedSystemClient

    SharedSystemClient.clear_system_cache()


def _leave(system: Any) -> None:
    from chromadb.api.shared_system_client import SharedSystemClient

    with _using:
        _users[system] -= 1
        if _users[system]:
            return
        del _users[system]
        known = SharedSystemClient._identifier_to_system
        for folder in [key for key, value in known.items() if value is system]:
            del known[folder]
        with suppress(AttributeError):  # stopped already
            system.stop()


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
            with _using:
                client = chromadb.PersistentClient(path=str(folder), settings=settings)
                _users[client._system] += 1
            weakref.finalize(self, _leave, client._system)
            # Without a function of its own Chroma would fetch one from the network.
            self._collection = client.get_or_create_collection(
                _COLLECTION,
                configuration={"hnsw": {"space": "cosine", "sync_threshold": _NEVER}},
                embedding_function=None,
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

    def settled(self, folder: Path) -> "ChromaVectors":
        """Return the same vectors in a new `folder`, synced: they open 40 times as fast.

        Both threshold and index are read when a collection is first used, hence the openings, each
        of which ends before the next.
        """
        with self._explained():
            shutil.copytree(self._folder, folder)
        ChromaVectors(folder)._sync_at(_AT_ONCE)
        ChromaVectors(folder)._sync_now()
        fresh = ChromaVectors(folder)
        if fresh.count() != self.count():
            raise VectorsError(f"The copy of {self._folder} is not whole.")
        return fresh

    def _sync_now(self) -> None:
        self.count()  # for which the log is read, and what was read is synced
        self._sync_at(_NEVER)

    def _sync_at(self, records: int) -> None:
        with self._explained():
            self._collection.modify(configuration={"hnsw": {"sync_threshold": records}})

    def ids(self) -> set[str]:
        """Return the ids of all vectors."""
        with self._explained():
            return set(self._collection.get(include=[])["ids"])

    def add(self, passages: Sequence[Passage], vectors: Vectors) -> None:
        """Add the vectors of passages, in place of those that have the same ids."""
        for start, end in _batches(len(passages)):
            some = passages[start:end]
            with self._explained():
                self._collection.upsert(
                    ids=[p.id for p in some],
                    embeddings=vectors[start:end],
                    metadatas=[{_DOCUMENT: p.document_id} for p in some],
                )

    def delete(self, ids: Sequence[str]) -> None:
        """Delete vectors; ids that are not there are passed over."""
        for start, end in _batches(len(ids)):
            with self._explained():
                self._collection.delete(ids=list(ids[start:end]))

    def search(
        self, vector: Vectors, k: int, within: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return the ids nearest to a vector of shape (dimensions,), with cosine similarity.

        `within` are the ids of the documents to search, None for all.
        """
        k = min(k, self.count())
        if not k or (within is not None and not within):  # Chroma 1.5.9 refuses an empty list
            return []
        where = None if within is None else {_DOCUMENT: {"$in": sorted(within)}}
        with self._explained():
            found = self._collection.query(
                query_embeddings=np.atleast_2d(vector),
                n_results=k,
                where=where,
                include=["distances"],
            )
        # Chroma gives cosine distance, lower is better: from here on higher is better.
        return [(i, 1.0 - d) for i, d in zip(found["ids"][0], found["distances"][0], strict=True)]


def _batches(total: int) -> Iterator[tuple[int, int]]:
    for start in range(0, total, _BATCH):
        yield start, min(start + _BATCH, total)
