"""A library restricted to some of its documents, by name or by date."""

from collections.abc import Sequence

from index.inspection import find
from index.library import DiskLibrary
from index.reading import require_date
from index.types import BriefError, Document, DocumentInfo, Hit, Library, Vectors


def scoped(library: DiskLibrary, documents: Sequence[str] = (), since: str = "") -> Library:
    """Return a library restricted to documents, or itself where nothing restricts it.

    Args:
        library: all documents.
        documents: ids, their beginnings, paths or file names; none for all.
        since: an ISO date, possibly shortened: older documents, and those without an as-of date,
            are left out.

    Raises:
        BriefError: a document is not there, `since` is no date, or nothing is left.
    """
    if not documents and not since:
        return library
    chosen = [find(library, wanted) for wanted in documents] or library.documents()
    if since:
        require_date(since)
        # "2023" may be any day of it.
        chosen = [
            d for d in chosen if d.as_of and (d.as_of + "-12-31"[len(d.as_of) - 4 :]) >= since
        ]
    if not chosen:
        raise BriefError(
            f"No document has an as-of date since {since}. Choose an earlier date, or set that of "
            "a document with: python -m index edit ID --as-of DATE"
        )
    return Scope(library, chosen)


class Scope:
    """A `Library` of chosen documents of another."""

    def __init__(self, library: DiskLibrary, documents: Sequence[DocumentInfo]) -> None:
        """Take a library and those of its documents that count."""
        self._library, self._documents = library, list(documents)
        self._ids = frozenset(d.id for d in documents)
        # Of all documents: it only tells what may be a name in another spelling.
        self.words_like = library.words_like

    @property
    def embedder(self) -> str:
        """The name of the embedder."""
        return self._library.embedder

    @property
    def missed(self) -> int:
        """How many searches went by words alone."""
        return self._library.missed

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit-length vectors of shape (len(texts), dimensions)."""
        return self._library.embed(texts)

    def search(self, query: str, k: int) -> list[Hit]:
        """Return at most `k` passages of the chosen documents, best first."""
        return self._library.search(query, k, self._ids)

    def documents(self) -> list[DocumentInfo]:
        """Return the chosen documents, newest as-of date first."""
        return self._documents

    def document(self, document_id: str) -> Document:
        """Return one of them. Raises `BriefError` where it is none."""
        if document_id not in self._ids:
            raise BriefError(f"The question is not asked of {document_id}.")
        return self._library.document(document_id)

    def frequency(self, phrase: str) -> float:
        """Return the share of passages or titles with these words side by side."""
        return self._library.store.frequency(phrase, self._ids)
