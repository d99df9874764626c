"""The library on disk: store and vectors together, for search and for change.

Reading is shared between processes; who may change when is said in `index.access`. The vectors are
only a derivative of the store: whenever the two differ, the store is right and they are mended.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from index.dense import DenseIndex, OnProgress
from index.fusion import fuse
from index.likeness import NEARLY_THE_SAME, likest, sketch
from index.originals import digest, set_down
from index.passages import MAX_CHARS
from index.reading import require_date
from index.store import Store
from index.types import BriefError, Document, DocumentInfo, Embedder, Hit, Vectors
from index.vectors.address import ChromaServer
from index.vectors.collection import Place, VectorsAway, VectorsError
from index.vectors.folders import Folders
from index.vectors.server import Collections

_DOCUMENTS_HELD = 64  # with their texts, of those last asked for
# Vectors that Chroma adds anew at each opening: 0.7 s for 1,000. While many documents are added,
# a tenth of all, so that copying them stays a small part of the work.
_SETTLE_AFTER = 5_000


class Added(NamedTuple):
    """What became of a document. `like` is one that was there and says (nearly) the same.

    "unchanged" and "edited" (other metadata) have the text of the same file before, "duplicate"
    that of another, which stays as it is. `likeness` is 0 to 1. `has_pages` where what was there
    got the original that it was without.
    """

    outcome: Literal["added", "replaced", "unchanged", "edited", "duplicate"]
    like: Document | None = None
    likeness: float = 0.0
    has_pages: bool = False


class DiskLibrary:
    """A `Library` in a folder. Hold the folder's lock (`index.access`) while you have one."""

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        passage_chars: int = MAX_CHARS,
        *,
        server: ChromaServer | None = None,
    ) -> None:
        """Open the library in `folder`, or an empty one; new passages have `passage_chars`.

        Its vectors are in the folder as well, or on a `server`.

        Raises:
            BriefError: the folder holds vectors of another embedder, or cannot be used.
        """
        self.folder = folder
        self.store = Store(folder / "library.sqlite3")
        place: Place = Collections(server, self.store.library_id()) if server else Folders(folder)
        self.dense = DenseIndex(place, self.store, embedder, passage_chars)
        self.missed = 0
        self.needs_mending = False
        self._infos: list[DocumentInfo] | None = None
        self._document = lru_cache(maxsize=_DOCUMENTS_HELD)(self.store.document)
        self._generation = self.store.meta("generation")
        self.words_like = self.store.lexical.words_like
        self.frequency = lru_cache(maxsize=10_000)(self.store.frequency)

    def search(self, query: str, k: int, within: Collection[str] | None = None) -> list[Hit]:
        """Return at most `k` passages, best first, by dense and lexical search together.

        `within` are the ids of the documents to search, None for all. Where the vectors cannot be
        searched, words alone decide, which `missed` counts.
        """
        self.notice_changes()
        try:
            dense = self.dense.search(query, 4 * k, within)
        except (VectorsAway, VectorsError) as error:
            dense = []
            self.missed += 1
            self.needs_mending |= isinstance(error, VectorsError)
        lexical = self.store.lexical_search(query, 4 * k, within)
        scores = fuse(dict(dense), {p.id: score for p, score in lexical})
        best = sorted(scores, key=lambda i: -scores[i])[:k]
        # What alone has a name must not be passed by for what shares many common words.
        rare = [i for i in self.store.with_rare_words(query, within) if i not in best][: k // 4]
        best = sorted([*best[: k - len(rare)], *rare], key=lambda i: -scores.get(i, 0.0))
        passages = {p.id: p for p in self.store.passages(ids=best)} if best else {}
        return [Hit(passages[i], scores.get(i, 0.0)) for i in best if i in passages]

    def documents(self) -> list[DocumentInfo]:
        """Return the documents that can be searched, newest as-of date first."""
        self.notice_changes()
        if self._infos is None:
            self._infos = self.store.infos()
        return self._infos

    def document(self, document_id: str) -> Document:
        """Return one document. Raises `BriefError` where the library has none of that id."""
        found = self._document(document_id)
        if found is None:
            raise BriefError(f"There is no document {document_id}. See: python -m index list")
        return found

    def whole(self, document_id: str) -> Document:
        """Return one document with its original, to be put back. Raises `BriefError` like it."""
        original = set_down(self.store.original(document_id))
        return replace(self.document(document_id), original=original)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit-length vectors of shape (len(texts), dimensions)."""
        return self.dense.embedder.embed(texts)

    def is_whole(self) -> bool:
        """Return whether nothing was left half done by a process that was killed."""
        return not self.store.infos(ready=False) and self.dense.is_whole()

    @property
    def generation(self) -> str:
        """Counts the changes of which this process has taken notice, "" before the first."""
        self.notice_changes()
        return self._generation

    @property
    def is_shared(self) -> bool:
        """Whether other processes may change it while this one reads."""
        return self.dense.place.shared

    @property
    def embedder(self) -> str:
        """The name of the embedder."""
        return self.dense.embedder.name

    # What follows changes the library, of which one process at a time is capable.

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
        self.dense.check_embedder()
        known = self.store.document(document.id)
        if known is not None:
            kept = self._keep_original(known, document, path)
            return self._known(known, path, given)._replace(has_pages=kept and not known.printed)
        if (older := self.store.at(path)) is not None:
            document = _with_edits_of(older, document)
        passages = self.dense.split(document)
        like, share = self._most_like(document, path)
        self.dense.claim()
        self.store.insert(document, path, passages)
        self.dense.add(passages, on_progress)
        replaced = self._finish(document.id, path)
        least = max(_SETTLE_AFTER, self.dense.place.settles_after)
        self.settle(max(least, self.store.count_passages() // 10))
        return Added("replaced" if replaced else "added", like, share)

    def _known(self, known: Document, path: str, given: Mapping[str, str]) -> Added:
        if self.store.path(known.id) != path:
            return Added("duplicate", known, 1.0)
        if all(getattr(known, key) == value for key, value in given.items()):
            return Added("unchanged", known, 1.0)
        self.edit(known.id, **given)
        return Added("edited", known, 1.0)

    def _keep_original(self, known: Document, document: Document, path: str) -> bool:
        """Keep what a document was added without, or the newer of its file, its pages the same.

        Returns whether there was one to be kept.
        """
        of_it = not known.printed or self.store.path(known.id) == path
        if not document.original or not of_it or known.parts != document.parts:
            return False
        if digest(document.original) == known.printed:
            return False
        self.store.keep_original(known.id, document.original)
        self._forget()
        return True

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

    def _finish(self, document_id: str, path: str) -> bool:
        stale = self.store.finish(document_id, path)
        self.dense.delete(stale)
        self._forget()
        return bool(stale)

    def remove(self, document_id: str) -> None:
        """Remove a document and its vectors."""
        ids = [p.id for p in self.store.passages(document_id=document_id)]
        self.store.remove(document_id)
        self.dense.delete(ids)
        self._forget()

    def mend(self, on_progress: OnProgress | None = None) -> None:
        """Finish what a killed process left half done; make the vectors those of the store."""
        begun = self.store.infos(ready=False)
        self.dense.mend(on_progress)
        for info in begun:
            self._finish(info.id, info.path)
        if self.is_shared:  # what was in the folder before is of no use any more
            Folders(self.folder).clear("")
        self.needs_mending = False
        self._forget()

    def rebuild(
        self,
        on_progress: OnProgress | None = None,
        *,
        embedder: Embedder | None = None,
        passage_chars: int = 0,
    ) -> None:
        """Split and embed all documents anew, beside the old index, and change over at once.

        With another embedder or passage size where they are given; until the end all goes on being
        found with the old.
        """
        dense = DenseIndex(
            self.dense.place,
            self.store,
            embedder or self.dense.embedder,
            passage_chars or self.dense.passage_chars,
        )
        dense.rebuild(on_progress)
        self.dense = dense
        self._forget()

    def settle(self, after: int | None = None) -> None:
        """Have the vectors where they open fast, if more than `after` of them have changed."""
        if self.dense.settle(self.dense.place.settles_after if after is None else after):
            self._forget()

    def notice_changes(self) -> None:
        """Take notice of what another process has changed, where one may: 0.01 ms."""
        if self.is_shared:
            self.refresh()

    def refresh(self) -> None:
        """Take notice of what another process may have changed since the folder was opened."""
        if (generation := self.store.meta("generation")) != self._generation:
            self.dense.reopen()
            self._drop_caches()
            self._generation = generation

    def _forget(self) -> None:
        """Forget what was true before a change, and then count it: who finds the new count finds
        nothing that is old.
        """
        self._drop_caches()
        generation = str(int(self.store.meta("generation") or 0) + 1)
        self.store.set_meta(generation=generation)
        self._generation = generation

    def _drop_caches(self) -> None:
        self._infos = None
        self._document.cache_clear()
        self.frequency.cache_clear()
        self.store.lexical.forget()

    def close(self) -> None:
        """Close the files."""
        self.store.close()


def _with_edits_of(older: Document, document: Document) -> Document:
    """Return a new version of a document with what the user gave of the older one."""
    kept = {key: getattr(older, key) for key in older.edited if key not in document.edited}
    return replace(document, **kept, edited=tuple(sorted({*older.edited, *document.edited})))
