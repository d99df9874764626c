"""The dense index: a vector for each passage of the store, in a collection that the store names.

The store is the truth. Where the vectors differ from it they are mended, and whatever makes them
anew does so in a new collection and changes over to that with one transaction of the store, so
that a process that is killed leaves either the old ones or the new.
"""

import logging
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from index.absence import Absence
from index.passages import MAX_CHARS, split_passages
from index.reading import with_aside
from index.store import Store
from index.text import WORDS_VERSION
from index.types import BriefError, Document, Embedder, Passage
from index.vectors.collection import FORMAT, ChromaVectors, Place, VectorsAway, VectorsError

log = logging.getLogger(__name__)

OnProgress = Callable[[int, int], None]
"""Called with passages done and passages in all."""

_EMBED_BATCH = 64
_READ_AT_ONCE = 512  # passages of many documents


class DenseIndex:
    """The vectors of a library. Hold the folder's lock (`index.access`) while you have one."""

    def __init__(self, place: Place, store: Store, embedder: Embedder, passage_chars: int) -> None:
        """Take the vectors of `store`, which are at `place`; they are opened when first used.

        `passage_chars` is the most that a passage made from now on has.
        """
        self.place = place
        self._store = store
        self.embedder = embedder
        self.passage_chars = passage_chars
        self._opened: ChromaVectors | None = None
        self._away = Absence()

    def split(self, document: Document) -> list[Passage]:
        """Return the passages of a document, of the size that this index has."""
        return split_passages(document, self.passage_chars)

    def check_embedder(self) -> None:
        """Raise `BriefError` if the vectors come from another embedder than the present one."""
        stored = self._store.meta("embedder")
        if stored and stored != self.embedder.name:
            raise BriefError(
                f"This library was indexed with the embedder {stored}, and now "
                f"{self.embedder.name} is chosen. Choose the former again, or run: "
                f"python -m index rebuild --embedder {self.embedder.name}"
            )

    def is_made_with(self, embedder: str, passage_chars: int) -> bool:
        """Return whether what is indexed was made so; nothing was made otherwise."""
        made = self._store.meta("embedder"), stored_passage_chars(self._store)
        return not self._store.count_passages() or made == (embedder, passage_chars)

    @property
    def vectors(self) -> ChromaVectors:
        """The Chroma collection.

        Raises:
            BriefError: another embedder made it.
            VectorsError: the library's vectors are elsewhere, and here at most some of them.
        """
        if self._opened is None:
            self.check_embedder()
            found = self._open()
            if found.place != self._store.meta("vectors_place") and self._store.count_passages():
                raise VectorsError(
                    "The vectors of this library are kept in another place than --chroma says. "
                    "Start every program that uses it with the same --chroma."
                )
            self._opened = found
        return self._opened

    def _open(self) -> ChromaVectors:
        return self.place.open(self._name())

    def _name(self) -> str:
        return self._store.meta("vectors") or "vectors"

    def search(
        self, query: str, k: int, within: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return the ids of the passages nearest to a query, with cosine similarity.

        Raises:
            VectorsAway: a server does not answer, or did not a few seconds ago.
            VectorsError: the vectors are damaged or lost.
        """
        if not self._away.may_try():
            raise VectorsAway(self._away.why)
        vector = self.embedder.embed([query])[0]
        try:
            found = self.vectors.search(vector, k, within)
        except (VectorsAway, VectorsError) as error:
            log.warning("Searching by words alone: %s", error)
            if isinstance(error, VectorsAway):
                self._away.failed(str(error))
            raise
        if self._away.why:
            log.warning("Searching by vectors again.")
            self._away.ended()
        return found

    def is_whole(self) -> bool:
        """Return whether each passage has its vector, made by this version of the code."""
        passages = self._store.count_passages()
        if passages == 0 or not self.place.holds(self._name()):
            return passages == 0
        if self._is_dated():
            return False
        try:
            return self.vectors.count() == passages
        except VectorsError:
            return False

    def problems(self) -> list[str]:
        """Return in words how the vectors differ from the passages of the store."""
        try:
            have = self.vectors.ids()
        except (VectorsError, VectorsAway) as error:
            return [str(error)]
        want = self._store.passage_ids()
        found = []
        if want - have:
            found.append(f"{len(want - have)} passages have no vector.")
        if have - want:
            found.append(f"{len(have - want)} vectors belong to no passage.")
        if self._is_dated():
            found.append("Another version of Sahel Brief made the search index.")
        return found

    def _is_dated(self) -> bool:
        facts = [self._store.meta(key) for key in ("words", "vectors_format")]
        return facts != [WORDS_VERSION, FORMAT]

    # What follows changes the vectors and needs the folder alone.

    def claim(self) -> None:
        """Note down how this index is made. Raises `BriefError` if it is made another way."""
        self.check_embedder()
        stored = stored_passage_chars(self._store)
        if self._store.count_passages() and stored != self.passage_chars:
            raise BriefError(
                f"This library has passages of up to {stored} characters, and now "
                f"{self.passage_chars} are chosen. Choose the former again, or run: "
                "python -m index rebuild"
            )
        if not self._store.count_passages():  # which the place that is chosen has all of
            self._opened = self._open()
            self._store.set_meta(vectors_place=self._opened.place)
        self._store.set_meta(**self._made())

    def _made(self) -> dict[str, str]:
        return {
            "embedder": self.embedder.name,
            "passage_chars": str(self.passage_chars),
            "words": WORDS_VERSION,
            "vectors_format": FORMAT,
        }

    def add(self, passages: Sequence[Passage], on_progress: OnProgress | None = None) -> None:
        """Embed passages and keep their vectors, in place of those of the same ids."""
        for done in self._embed_into(self.vectors, passages):
            if on_progress is not None:
                on_progress(done, len(passages))
        self._count_changes(len(passages))

    def delete(self, ids: Sequence[str]) -> None:
        """Delete vectors by the ids of their passages; those that are not there are passed over.

        What a server that does not answer still has is found by nobody, and left to `mend`.
        """
        try:
            self.vectors.delete(ids)
        except VectorsAway as error:
            log.warning("Vectors of removed passages stay for now: %s", error)
            return
        self._count_changes(len(ids))

    def mend(self, on_progress: OnProgress | None = None) -> None:
        """Make the vectors those of the store's passages, whatever was left of them, or from
        wherever they were.

        Raises:
            VectorsAway: a server does not answer, so that nothing is known to be wrong.
        """
        if self._is_dated() and self._store.count_passages():
            self.rebuild(on_progress)
            return
        self.check_embedder()
        try:
            found = self._open()
            have = found.ids()
        except VectorsError:  # destroyed, so that only a new one helps
            self.rebuild(on_progress)
            return
        want = self._store.passage_ids()
        missing = sorted(want - have)
        for start in range(0, len(missing), _READ_AT_ONCE):
            ids = missing[start : start + _READ_AT_ONCE]
            for _ in self._embed_into(found, self._store.passages(ids=ids, ready=False)):
                pass
            self._count_changes(len(ids))
            if on_progress is not None:
                on_progress(start + len(ids), len(missing))
        self._store.set_meta(vectors_place=found.place)
        self._opened = found
        self.delete(sorted(have - want))
        self.place.clear(found.name)

    def rebuild(self, on_progress: OnProgress | None = None) -> None:
        """Split and embed all documents anew, beside the old index, and change over at once."""
        # One document at a time in memory, and so each is split three times, which is cheap.
        aside = {d.id: with_aside(d).aside for d in self._store.stored()}

        def contents() -> Iterator[tuple[Document, list[Passage]]]:
            for document in self._store.stored():
                changed = replace(document, aside=aside[document.id])
                yield changed, self.split(changed)

        total = sum(len(passages) for _, passages in contents())
        before, name = 0, _new_name()
        fresh = self.place.open(name)
        for _, passages in contents():
            for done in self._embed_into(fresh, passages):
                if on_progress is not None:
                    on_progress(before + done, total)
            before += len(passages)
        self._store.replace_all_passages(
            contents(),
            vectors=name,
            vectors_place=fresh.place,
            unsettled=str(fresh.count()),
            **self._made(),
        )
        self._change_over(fresh)

    def settle(self, after: int) -> bool:
        """Have the vectors in a collection that opens fast, if more than `after` have changed.

        Like `rebuild` it works beside the old one and changes over at once. Where that cannot be,
        for want of room perhaps, all stays as it is. Returns whether it changed over.
        """
        if self._unsettled() <= after or not self.place.holds(self._name()):
            return False
        try:
            fresh = self.place.settled(self.vectors, _new_name())
        except (VectorsError, VectorsAway) as error:
            log.warning("%s", error)
            return False
        self._store.set_meta(vectors=fresh.name, vectors_place=fresh.place, unsettled="0")
        self._change_over(fresh)
        return True

    def reopen(self) -> None:
        """Take notice of what another process has changed."""
        self.place.reread()
        self._opened = None

    def _unsettled(self) -> int:
        # Of a library that never counted them it is all.
        return int(self._store.meta("unsettled") or self._store.count_passages())

    def _count_changes(self, vectors: int) -> None:
        counted = bool(self._store.meta("unsettled"))  # else these are among all that there are
        self._store.set_meta(unsettled=str(self._unsettled() + vectors * counted))

    def _change_over(self, fresh: ChromaVectors) -> None:
        self._opened = fresh
        self.place.clear(fresh.name)

    def _embed_into(self, vectors: ChromaVectors, passages: Sequence[Passage]) -> Iterator[int]:
        """Yield how many passages are done, after each batch."""
        for start in range(0, len(passages), _EMBED_BATCH):
            batch = passages[start : start + _EMBED_BATCH]
            vectors.add(batch, self.embedder.embed([p.text for p in batch]))
            yield start + len(batch)


def stored_passage_chars(store: Store) -> int:
    """Return the most characters that the passages of a library were made to have."""
    return int(store.meta("passage_chars") or MAX_CHARS)


def _new_name() -> str:
    return f"vectors-{uuid.uuid4().hex[:8]}"
