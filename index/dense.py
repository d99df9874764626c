"""The dense index: a vector for each passage of the store, in a folder that the store names.

The store is the truth. Where the vectors differ from it they are mended, and whatever makes them
anew does so in a new folder and changes over to that with one transaction of the store, so that a
process that is killed leaves either the old ones or the new.
"""

import logging
import shutil
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from index.passages import MAX_CHARS, split_passages
from index.reading import with_aside
from index.store import Store
from index.text import WORDS_VERSION
from index.types import BriefError, Document, Embedder, Passage
from index.vectors import FORMAT, ChromaVectors, VectorsError, forget_open_folders

log = logging.getLogger(__name__)

OnProgress = Callable[[int, int], None]
"""Called with passages done and passages in all."""

_EMBED_BATCH = 64
_READ_AT_ONCE = 512  # passages of many documents


class DenseIndex:
    """The vectors of a library. Hold the folder's lock (`index.access`) while you have one."""

    def __init__(self, folder: Path, store: Store, embedder: Embedder, passage_chars: int) -> None:
        """Take the vectors of `store` in `folder`; they are opened when first used.

        `passage_chars` is the most that a passage made from now on has.
        """
        self._folder = folder
        self._store = store
        self.embedder = embedder
        self.passage_chars = passage_chars
        self._opened: ChromaVectors | None = None

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
                "python -m index rebuild"
            )

    def is_made_with(self, embedder: str, passage_chars: int) -> bool:
        """Return whether what is indexed was made so; nothing was made otherwise."""
        made = self._store.meta("embedder"), stored_passage_chars(self._store)
        return not self._store.count_passages() or made == (embedder, passage_chars)

    @property
    def vectors(self) -> ChromaVectors:
        """The Chroma collection. Raises `BriefError` if another embedder made it."""
        if self._opened is None:
            self.check_embedder()
            self._opened = ChromaVectors(self._vectors_folder())
        return self._opened

    def _vectors_folder(self) -> Path:
        return self._folder / (self._store.meta("vectors") or "vectors")

    def search(
        self, query: str, k: int, within: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return the ids of the passages nearest to a query, with cosine similarity."""
        return self.vectors.search(self.embedder.embed([query])[0], k, within)

    def is_whole(self) -> bool:
        """Return whether each passage has its vector, made by this version of the code."""
        passages = self._store.count_passages()
        if passages == 0 or not self._vectors_folder().exists():
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
        except VectorsError as error:
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
        """Delete vectors by the ids of their passages; those that are not there are passed over."""
        self.vectors.delete(ids)
        self._count_changes(len(ids))

    def mend(self, on_progress: OnProgress | None = None) -> None:
        """Make the vectors those of the store's passages, whatever was left of them."""
        if self._is_dated() and self._store.count_passages():
            self.rebuild(on_progress)
            return
        try:
            have = self.vectors.ids()
        except VectorsError:  # destroyed, so that only a new one helps
            self.rebuild(on_progress)
            return
        want = self._store.passage_ids()
        missing = sorted(want - have)
        for start in range(0, len(missing), _READ_AT_ONCE):
            ids = missing[start : start + _READ_AT_ONCE]
            self.add(self._store.passages(ids=ids, ready=False))
            if on_progress is not None:
                on_progress(start + len(ids), len(missing))
        self.delete(sorted(have - want))

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
        fresh = ChromaVectors(self._folder / name)
        for _, passages in contents():
            for done in self._embed_into(fresh, passages):
                if on_progress is not None:
                    on_progress(before + done, total)
            before += len(passages)
        self._store.replace_all_passages(
            contents(),
            vectors=name,
            unsettled=str(fresh.count()),
            **self._made(),
        )
        self._change_over(fresh, name)

    def settle(self, after: int) -> bool:
        """Have the vectors in a folder that opens fast, if more than `after` have changed.

        Like `rebuild` it works beside the old folder and changes over at once. Where there is no
        room for that, all stays as it is. Returns whether it changed over.
        """
        if self._unsettled() <= after or not self._vectors_folder().exists():
            return False
        name = _new_name()
        try:
            fresh = self.vectors.settled(self._folder / name)
        except (OSError, VectorsError) as error:
            log.warning("The vectors could not be copied: %s", error)
            shutil.rmtree(self._folder / name, ignore_errors=True)
            return False
        self._store.set_meta(vectors=name, unsettled="0")
        self._change_over(fresh, name)
        return True

    def reopen(self) -> None:
        """Take notice of what another process has changed."""
        forget_open_folders()
        self._opened = None

    def _unsettled(self) -> int:
        # Of a library that never counted them it is all.
        return int(self._store.meta("unsettled") or self._store.count_passages())

    def _count_changes(self, vectors: int) -> None:
        counted = bool(self._store.meta("unsettled"))  # else these are among all that there are
        self._store.set_meta(unsettled=str(self._unsettled() + vectors * counted))

    def _change_over(self, fresh: ChromaVectors, name: str) -> None:
        self._opened = fresh
        for folder in set(self._folder.glob("vectors*")) - {self._folder / name}:
            shutil.rmtree(folder, ignore_errors=True)

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
