"""Collections in the data folder: an embedded Chroma for each, in a folder of its own."""

import os
import shutil
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from index.vectors.collection import NEVER, ChromaVectors, VectorsError, collection_settings

_COLLECTION = "passages"
_AT_ONCE = 2  # records; the least that Chroma takes

# Chroma keeps a system for each folder, with the index in memory, for as long as the process runs.
# Here it is stopped when the last who uses it is gone; several may, and another may be newer.
_users: Counter[Any] = Counter()
_using = Lock()


class Folders:
    """A `Place` in the data folder. Two processes, one of them writing, corrupt each other."""

    shared = False
    settles_after = 1_000

    def __init__(self, folder: Path) -> None:
        """Take the data folder."""
        self._folder = folder

    def path(self, name: str) -> Path:
        """Return the folder of a collection."""
        return self._folder / name

    def holds(self, name: str) -> bool:
        """Return whether there is one; it may be damaged."""
        return self.path(name).exists()

    def open(self, name: str) -> ChromaVectors:
        """Open or create one. Raises `VectorsError` where it is damaged."""
        # Chroma 1.5.9 inserts in parallel, and a race leaves vectors where no search finds them, in
        # one of ten collections of 60. Its pool of threads reads this when it is first used.
        os.environ["RAYON_NUM_THREADS"] = "1"
        import chromadb  # 1 s

        path = self.path(name)
        settings = chromadb.Settings(anonymized_telemetry=False)
        with _explained(path):
            with _using:
                client = chromadb.PersistentClient(path=str(path), settings=settings)
                system = client._system
                _users[system] += 1
            try:
                # Without a function of its own Chroma would fetch one from the network.
                collection = client.get_or_create_collection(
                    _COLLECTION, configuration=collection_settings(), embedding_function=None
                )
            except BaseException:
                _leave(system)
                raise
        opened = ChromaVectors(collection, name, "", lambda: _explained(path))
        weakref.finalize(opened, _leave, system)
        return opened

    def settled(self, vectors: ChromaVectors, name: str) -> ChromaVectors:
        """Return the same vectors in a new folder.

        Both threshold and index are read when a collection is first used, hence the openings, each
        of which ends before the next.
        """
        path = self.path(name)
        try:
            with _explained(path):
                shutil.copytree(self.path(vectors.name), path)
            _sync_at(self.open(name), _AT_ONCE)
            _sync_now(self.open(name))
            fresh = self.open(name)
            if fresh.count() != vectors.count():
                raise VectorsError(f"The copy in {path} is not whole.")
        except (OSError, VectorsError) as error:
            shutil.rmtree(path, ignore_errors=True)
            raise VectorsError(f"The vectors could not be copied: {error}") from error
        return fresh

    def clear(self, keep: str) -> None:
        """Drop all but one: nobody else is in the data folder."""
        for folder in set(self._folder.glob("vectors*")) - {self.path(keep)}:
            shutil.rmtree(folder, ignore_errors=True)

    def reread(self) -> None:
        """Make Chroma read folders anew that it has open."""
        from chromadb.api.shared_system_client import SharedSystemClient

        SharedSystemClient.clear_system_cache()


def _sync_now(vectors: ChromaVectors) -> None:
    vectors.count()  # for which the log is read, and what was read is synced
    _sync_at(vectors, NEVER)


def _sync_at(vectors: ChromaVectors, records: int) -> None:
    vectors.configure({"hnsw": {"sync_threshold": records}})


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    from chromadb.errors import ChromaError

    try:
        yield
    # Chroma 1.5.9 fails to open a damaged folder, and a second time with an AttributeError.
    except (ChromaError, AttributeError) as error:
        raise VectorsError(
            f"The search index in {path} cannot be used ({error}). If the disk is "
            "full, make room and try again; otherwise run: python -m index rebuild"
        ) from error


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
