"""Collections on a Chroma server, which many processes, machines and libraries may share.

Each is named by the library's id, so that nothing of others is touched. No text is sent to it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx

from index.vectors.address import ChromaServer
from index.vectors.collection import (
    BATCH,
    NEVER,
    ChromaVectors,
    VectorsAway,
    VectorsError,
    collection_settings,
)
from index.vectors.session import in_words, session

# Another process takes notice of a change at its next question; one that is under way is over then.
_KEPT_S = 600.0
_LISTED = 1_000
_RETIRED = "retired_at"  # the key of the metadata: seconds since 1970


class Lost(VectorsError):
    """A collection, or what it should be in, is not on the server."""


class Collections:
    """A `Place` on a server, connected to when it is first used."""

    shared = True
    settles_after = 20_000  # a copy goes over the network; a start reads them anew

    def __init__(self, server: ChromaServer, library_id: str) -> None:
        """Take the server, and what tells this library from others."""
        self._server = server
        self._prefix = f"sahel-brief-{library_id}-"
        self._names = {"tenant": server.tenant, "database": server.database}
        self._where = f"The Chroma server at {server.url}"

    def holds(self, name: str) -> bool:
        """Return whether there is one. Raises `VectorsAway` where the server does not say."""
        with suppress(Lost), self._explained():
            self._api.get_collection(self._prefix + name, **self._names)
            return True
        return False

    def open(self, name: str) -> ChromaVectors:
        """Open or create one. Raises `VectorsAway` where the server does not answer."""
        return self._opened(name)

    def settled(self, vectors: ChromaVectors, name: str) -> ChromaVectors:
        """Return the same vectors in a new collection, synced when it has all of them.

        It would be synced again after as many changes; before that the next copy is made.
        """
        ids = sorted(vectors.ids())
        fresh = self._opened(name, sync_threshold=max(len(ids), 2))
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            with self._explained():
                found = vectors.collection.get(ids=some, include=["embeddings", "metadatas"])
                fresh.collection.add(
                    ids=found["ids"],
                    embeddings=found["embeddings"],
                    metadatas=found["metadatas"],
                )
        if fresh.count() != len(ids):
            raise VectorsError("The copy of the vectors on the Chroma server is not whole.")
        fresh.configure({"hnsw": {"sync_threshold": NEVER}})  # from the server's next start on
        return fresh

    def clear(self, keep: str) -> None:
        """Drop what was replaced ten minutes ago, and mark what is not in use now for later."""
        with self._explained():
            for model in self._own():
                retired = (model.metadata or {}).get(_RETIRED)
                if model.name == self._prefix + keep:
                    continue
                if retired is None:
                    metadata = {**(model.metadata or {}), _RETIRED: int(time.time())}
                    self._api._modify(id=model.id, new_metadata=metadata, **self._names)
                elif time.time() - float(retired) > _KEPT_S:
                    self._api.delete_collection(model.name, **self._names)

    def reread(self) -> None:
        """Do nothing: the server knows what others have changed."""

    def _own(self) -> list[Any]:
        found: list[Any] = []
        while True:
            some = self._api.list_collections(limit=_LISTED, offset=len(found), **self._names)
            found += some
            if len(some) < _LISTED:
                return [model for model in found if model.name.startswith(self._prefix)]

    def _opened(self, name: str, sync_threshold: int = NEVER) -> ChromaVectors:
        from chromadb.api.models.Collection import Collection

        try:
            with self._explained():
                model = self._api.create_collection(
                    self._prefix + name,
                    configuration=collection_settings(sync_threshold),
                    get_or_create=True,
                    **self._names,
                )
        except VectorsError as error:
            raise VectorsAway(
                f"{error} Make the database {self._names['database']} of the tenant "
                f"{self._names['tenant']} there, or name another: "
                "--chroma URL?tenant=NAME&database=NAME"
            ) from error
        collection = Collection(client=self._api, model=model, embedding_function=None)
        return ChromaVectors(collection, name, f"server {model.id}", self._explained)

    @cached_property
    def _api(self) -> Any:
        """Chroma's client, after a look at which version the server speaks."""
        from chromadb.api import ServerAPI
        from chromadb.config import Settings, System

        # Not `HttpClient`: that connects before it can be told how long to wait.
        parts = urlsplit(self._server.url)
        settings = Settings(
            anonymized_telemetry=False,
            chroma_api_impl="chromadb.api.fastapi.FastAPI",
            chroma_server_host=self._server.url,
            chroma_server_http_port=parts.port,
            chroma_server_api_default_path="/api/v2",
        )
        api: Any = System(settings).instance(ServerAPI)
        api._session.close()  # nothing was sent yet
        api._session = session(self._server)
        if not (version := str(api.get_version())).startswith("1."):
            raise VectorsAway(
                f"{self._where} has version {version}. Run one of version 1 there: chroma run."
            )
        return api

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from chromadb.errors import ChromaError, NotFoundError

        try:
            yield
        except NotFoundError as error:
            raise Lost(f"{self._where} does not have what is asked for ({error}).") from error
        except ChromaError as error:
            raise VectorsError(f"{self._where} refuses what is asked ({error}).") from error
        except httpx.HTTPError as error:
            raise VectorsAway(in_words(error, self._server)) from error
        except (ValueError, KeyError, TypeError) as error:  # of what reads its answers
            raise VectorsAway(f"{self._where} does not answer as Chroma does ({error}).") from error
