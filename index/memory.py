"""A library of a few given texts, in memory: for questions that bring their own passages."""

from collections.abc import Callable, Sequence

from index.fusion import fuse
from index.passages import split_passages
from index.text import stems
from index.types import BriefError, Document, DocumentInfo, Hit, Vectors


class MemoryLibrary:
    """A `Library` over documents that are not kept."""

    missed = 0

    def __init__(
        self, documents: Sequence[Document], embed: Callable[[Sequence[str]], Vectors]
    ) -> None:
        """Split and embed the documents."""
        self._documents = {d.id: d for d in documents}
        self.embed = embed
        self._passages = {p.id: p for d in documents for p in split_passages(d)}
        self._vectors = embed([p.text for p in self._passages.values()])
        self._stems = {i: f" {' '.join(stems(p.text))} " for i, p in self._passages.items()}

    def search(self, query: str, k: int) -> list[Hit]:
        """Return at most `k` passages, best first, by similarity and shared words."""
        similarity = self._vectors @ self.embed([query])[0]
        dense = dict(zip(self._passages, similarity.tolist(), strict=True))
        asked = set(stems(query))
        lexical = {i: float(len(asked & set(text.split()))) for i, text in self._stems.items()}
        scores = fuse(dense, lexical)
        best = sorted(scores, key=lambda i: -scores[i])[:k]
        return [Hit(self._passages[i], scores[i]) for i in best]

    def documents(self) -> list[DocumentInfo]:
        """Return what there is, in the order given."""
        return [document.info for document in self._documents.values()]

    def document(self, document_id: str) -> Document:
        """Return one document. Raises `BriefError` where there is none of that id."""
        if document_id not in self._documents:
            raise BriefError(f"There is no document {document_id} among the given passages.")
        return self._documents[document_id]

    def frequency(self, phrase: str) -> float:
        """Return the share of passages with these words side by side."""
        terms = f" {' '.join(stems(phrase))} "
        return sum(terms in text for text in self._stems.values()) / max(len(self._stems), 1)

    def words_like(self, prefix: str) -> list[str]:
        """Return the stems in the passages that start so."""
        found = {s for text in self._stems.values() for s in text.split()}
        return sorted(s for s in found if s.startswith(prefix))
