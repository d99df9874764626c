"""The library on disk: store and vectors together, for search and for change.

Reading is shared between processes; changing takes the folder alone. The vectors are only a
derivative of the store: whenever the two differ, the store is right and the vectors are mended.
"""

import logging
import shutil
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from index.fusion import fuse
from index.likeness import NEARLY_THE_SAME, likest, sketch
from index.passages import split_passages
from index.reading import require_date, with_aside
from index.store import Store
from index.text import WORDS_VERSION
from index.types import BriefError, Document, DocumentInfo, Embedder, Hit, Passage, Vectors
from index.vectors import FORMAT, ChromaVectors, VectorsError, forget_open_folders

log = logging.getLogger(__name__)

OnProgress = Callable[[int, int], None]
"""Called with passages done and passages in all."""

OnBatch = Callable[[int], None]
"""Called with the passages of each batch that is done."""

_EMBED_BATCH = 64
_READ_AT_ONCE = 512  # passages of many documents
_DOCUMENTS_HELD = 64  # with their texts, of those last asked for
# Vectors that Chroma adds anew at each opening: 0.7 s for 1,000. While many documents are added,
# a tenth of all, so that copying them stays a small part of the work.
_SETTLE_AFTER = 5_000


class Added(NamedTuple):
    """What became of a document. `like` is one that was there and says (nearly) the same.

    "unchanged" and "edited" (other metadata) have the text of the same file before, "duplicate"
    that of another, which stays as it is. `likeness` is 0 to 1.
    """

    outcome: Literal["added", "replaced", "unchanged", "edited", "duplicate"]
    like: Document | None = None
    likeness: float = 0.0


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
        self._infos: list[DocumentInfo] | None = None
        self._document = lru_cache(maxsize=_DOCUMENTS_HELD)(self.store.document)
        self._generation = self.store.meta("generation")
        self.words_like = self.store.lexical.words_like
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

    def search(self, query: str, k: int, within: Collection[str] | None = None) -> list[Hit]:
        """Return at most `k` passages, best first, by dense and lexical search together.

        `within` are the ids of the documents to search, None for all.
        """
        vector = self.embed([query])[0]
        dense = self.vectors.search(vector, 4 * k, within)
        lexical = self.store.lexical_search(query, 4 * k, within)
        scores = fuse(dict(dense), {p.id: score for p, score in lexical})
        best = sorted(scores, key=lambda i: -scores[i])[:k]
        passages = {p.id: p for p in self.store.passages(ids=best)} if best else {}
        return [Hit(passages[i], scores[i]) for i in best if i in passages]

    def documents(self) -> list[DocumentInfo]:
        """Return the documents that can be searched, newest as-of date first."""
        if self._infos is None:
            self._infos = self.store.infos()
        return self._infos

    def document(self, document_id: str) -> Document:
        """Return one document. Raises `BriefError` where the library has none of that id."""
        found = self._document(document_id)
        if found is None:
            raise BriefError(f"There is no document {document_id}. See: python -m index list")
        return found

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
        if self.store.infos(ready=False):
            return False
        passages = self.store.count_passages()
        if passages == 0 or not self._vectors_folder().exists():
            return passages == 0
        if self._is_dated():
            return False
        try:
            return self.vectors.count() == passages
        except VectorsError:
            return False

    @property
    def embedder(self) -> str:
        """The name of the embedder."""
        return self._embedder.name

    def vector_problems(self) -> list[str]:
        """Return in words how the vectors differ from the passages of the store."""
        try:
            have = self.vectors.ids()
        except VectorsError as error:
            return [str(error)]
        want = self.store.passage_ids()
        found = []
        if want - have:
            found.append(f"{len(want - have)} passages have no vector.")
        if have - want:
            found.append(f"{len(have - want)} vectors belong to no passage.")
        if self._is_dated():
            found.append("Another version of Sahel Brief made the search index.")
        return found

    def _is_dated(self) -> bool:
        """Return whether another version of this code made the index."""
        facts = [self.store.meta(key) for key in ("words", "vectors_format")]
        return facts != [WORDS_VERSION, FORMAT]

    # What follows changes the library and needs its folder alone.

    def add(
        self,
        document: Document,
        path: str,
        on_progress: OnProgress | None = None,
        *,
        given: Mapping[str, str] = MappingProxyType({}),
    ) -> Added:
        """Add a document, in place of the one that came from the same path before.

        `given` is metadata that the user gave: it also changes that of a document that is there,
        while the file's own does not undo what was edited, also not of a new version of it.

        Raises:
            BriefError: another embedder made this library.
        """
        self.check_embedder()
        known = self.store.document(document.id)
        if known is not None:
            return self._known(known, path, given)
        if (older := self.store.at(path)) is not None:
            document = _with_edits_of(older, document)
        passages = split_passages(document)
        like, share = self._most_like(document, path)
        self.store.set_meta(
            embedder=self._embedder.name, words=WORDS_VERSION, vectors_format=FORMAT
        )
        self.store.insert(document, path, passages)
        self._embed_into(self.vectors, passages, _counted(on_progress, len(passages)))
        replaced = self._finish(document.id, path, len(passages))
        self.settle(max(_SETTLE_AFTER, self.store.count_passages() // 10))
        return Added("replaced" if replaced else "added", like, share)

    def _known(self, known: Document, path: str, given: Mapping[str, str]) -> Added:
        if self.store.path(known.id) != path:
            return Added("duplicate", known, 1.0)
        if all(getattr(known, key) == value for key, value in given.items()):
            return Added("unchanged", known, 1.0)
        self.edit(known.id, **given)
        return Added("edited", known, 1.0)

    def _most_like(self, document: Document, path: str) -> tuple[Document | None, float]:
        others = self.store.sketches(but=path)
        best, share = likest(sketch(document.text), others) if others else ("", 0.0)
        if share < NEARLY_THE_SAME:
            return None, 0.0
        return self.store.document(best), share

    def edit(self, document_id: str, **facts: str) -> None:
        """Change title, author, source or as-of date of a document.

        Raises:
            BriefError: there is no such document, or the date is none.
        """
        self.document(document_id)
        if facts.get("as_of"):
            require_date(facts["as_of"])
        self.store.edit(document_id, **facts)
        self._forget()

    def _finish(self, document_id: str, path: str, added: int) -> bool:
        stale = self.store.finish(document_id, path)
        self.vectors.delete(stale)
        self._forget(added + len(stale))
        return bool(stale)

    def remove(self, document_id: str) -> None:
        """Remove a document and its vectors."""
        ids = [p.id for p in self.store.passages(document_id=document_id)]
        self.store.remove(document_id)
        self.vectors.delete(ids)
        self._forget(len(ids))

    def mend(self, on_progress: OnProgress | None = None) -> None:
        """Finish what a killed process left half done; make the vectors those of the store."""
        if self._is_dated() and self.store.count_passages():
            self.rebuild(on_progress)
            return
        try:
            have = self.vectors.ids()
        except VectorsError:  # destroyed, so that only a new one helps
            self.rebuild(on_progress)
            return
        want = self.store.passage_ids()
        missing, progress = sorted(want - have), _counted(on_progress, len(want - have))
        for start in range(0, len(missing), _READ_AT_ONCE):
            passages = self.store.passages(ids=missing[start : start + _READ_AT_ONCE], ready=False)
            self._embed_into(self.vectors, passages, progress)
        self.vectors.delete(sorted(have - want))
        for info in self.store.infos(ready=False):
            self._finish(info.id, info.path, 0)
        self._forget(len(missing))

    def rebuild(self, on_progress: OnProgress | None = None) -> None:
        """Split and embed all documents anew, beside the old index, and change over at once."""
        # One document at a time in memory, and so each is split three times, which is cheap.
        aside = {d.id: with_aside(d).aside for d in self.store.stored()}

        def contents() -> Iterator[tuple[Document, list[Passage]]]:
            for document in self.store.stored():
                changed = replace(document, aside=aside[document.id])
                yield changed, split_passages(changed)

        progress = _counted(on_progress, sum(len(passages) for _, passages in contents()))
        name = _new_name()
        fresh = ChromaVectors(self.folder / name)
        for _, passages in contents():
            self._embed_into(fresh, passages, progress)
        self.store.replace_all_passages(
            contents(),
            vectors=name,
            embedder=self._embedder.name,
            words=WORDS_VERSION,
            vectors_format=FORMAT,
            unsettled=str(fresh.count()),
        )
        self._change_over(fresh, name)

    def settle(self, after: int) -> None:
        """Have the vectors in a folder that opens fast, if more than `after` have changed.

        Like `rebuild` it works beside the old folder and changes over at once. Where there is no
        room for that, all stays as it is.
        """
        if self._unsettled() <= after or not self._vectors_folder().exists():
            return
        name = _new_name()
        try:
            fresh = self.vectors.settled(self.folder / name)
        except (OSError, VectorsError) as error:
            log.warning("The vectors could not be copied: %s", error)
            shutil.rmtree(self.folder / name, ignore_errors=True)
            return
        self.store.set_meta(vectors=name, unsettled="0")
        self._change_over(fresh, name)

    def _unsettled(self) -> int:
        return int(self.store.meta("unsettled") or self.store.count_passages())

    def _change_over(self, fresh: ChromaVectors, name: str) -> None:
        self._vectors = fresh
        self._forget()
        for folder in set(self.folder.glob("vectors*")) - {self.folder / name}:
            shutil.rmtree(folder, ignore_errors=True)

    def _embed_into(
        self, vectors: ChromaVectors, passages: Sequence[Passage], progress: OnBatch
    ) -> None:
        for start in range(0, len(passages), _EMBED_BATCH):
            batch = passages[start : start + _EMBED_BATCH]
            vectors.add(batch, self.embed([p.text for p in batch]))
            progress(len(batch))

    def refresh(self) -> None:
        """Take notice of what another process may have changed since the folder was opened."""
        if self.store.meta("generation") != self._generation:
            forget_open_folders()
            self._vectors = None
            self._drop_caches()
            self._generation = self.store.meta("generation")

    def _forget(self, vectors: int = 0) -> None:
        """Forget what was true before a change, and count it and the vectors it changed."""
        self._generation = str(int(self.store.meta("generation") or 0) + 1)
        counted = bool(self.store.meta("unsettled"))  # else these are among all that there are
        unsettled = self._unsettled() + vectors * counted
        self.store.set_meta(generation=self._generation, unsettled=str(unsettled))
        self._drop_caches()

    def _drop_caches(self) -> None:
        self._infos = None
        self._document.cache_clear()
        self.frequency.cache_clear()

    def close(self) -> None:
        """Close the files."""
        self.store.close()


def _new_name() -> str:
    return f"vectors-{uuid.uuid4().hex[:8]}"


def _counted(on_progress: OnProgress | None, total: int) -> OnBatch:
    """Return what adds batches up for `on_progress`."""
    done = 0

    def progress(batch: int) -> None:
        nonlocal done
        done += batch
        if on_progress is not None:
            on_progress(done, total)

    return progress


def _with_edits_of(older: Document, document: Document) -> Document:
    """Return a new version of a document with what the user gave of the older one."""
    kept = {key: getattr(older, key) for key in older.edited if key not in document.edited}
    return replace(document, **kept, edited=tuple(sorted({*older.edited, *document.edited})))
