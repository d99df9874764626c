"""What a library holds and what a search returns. Everything else in `index` is behind these."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from mmap import mmap
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
PartKind = Literal["heading", "page", "slide"]
Span = tuple[int, int]
Original = bytes | mmap
"""The bytes of a file as it was added, where they are many in a file on disk."""

_PAGE = re.compile(r"(?:, |\A)pages? \d+(?:–\d+)?\Z|\Aslide \d+(?:: |\Z)")


class BriefError(Exception):
    """Something the user can put right. The message says what happened and names the remedy."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a document that a person can find: from `start` to the next of its kind.

    A heading stands at `start` itself, as a paragraph of its own; a page or slide has no text of
    its own there, and may start inside a paragraph that began on the one before.
    """

    start: int
    label: str
    kind: PartKind = "heading"


@dataclass(frozen=True, slots=True)
class Extracted:
    r"""What a file says, before it is a document: `text` has `\n` line ends and paragraphs between
    blank lines, and `parts` count characters of it.

    The metadata is the file's own, "" where it has none; `as_of` is an ISO date, possibly
    shortened. `notices` say in words what could not be read ("page 3 has no text; it may be a
    scan"). `aside` are spans of whole paragraphs or lines that are no part of what it says.
    """

    text: str
    parts: tuple[Part, ...] = ()
    title: str = ""
    author: str = ""
    as_of: str = ""
    source: str = ""
    notices: tuple[str, ...] = ()
    aside: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A document as stored. Offsets everywhere count characters of `text`.

    `as_of` is an ISO date, possibly shortened to month or year ("2023-09"), or "".
    `text` of a text file includes front matter, so that offsets are those of the file; passages
    start after it. `notices` and `aside` are as in `Extracted`; what is set aside is no evidence.
    `edited` names what of title, author, source and as_of the user gave: a newer version keeps it.
    `original` is the file itself, where its pages can be shown as they are printed (a PDF), on its
    way into the library; what comes from there has instead as `printed` what tells it from others,
    16 hex digits of its SHA-256, or "" where none is kept.
    """

    id: str
    title: str
    as_of: str
    source: str
    text: str
    parts: tuple[Part, ...]
    author: str = ""
    notices: tuple[str, ...] = ()
    aside: tuple[Span, ...] = ()
    edited: tuple[str, ...] = ()
    original: Original = field(default=b"", compare=False, repr=False)
    printed: str = field(default="", compare=False)

    @property
    def info(self) -> "DocumentInfo":
        """What a list says of it; `path` and `passages` are the store's to know."""
        return DocumentInfo(
            self.id,
            self.title,
            self.as_of,
            self.source,
            self.author,
            self.notices,
            page_count(self.parts, len(self.text)),
            len(self.text),
            len(self.aside),
        )


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What a list says of a document, without its text, of which a library may have gigabytes.

    `path` is where it was added from. `characters` counts those of the text, `aside` the spans of
    it that are no evidence.
    """

    id: str
    title: str
    as_of: str
    source: str
    author: str
    notices: tuple[str, ...]
    pages: int
    characters: int
    aside: int
    path: str = ""
    passages: int = 0


def page_count(parts: Sequence[Part], characters: int) -> int:
    """Return how many pages a document has: its own, or one for every 3,000 characters.

    >>> page_count((), 4000)
    2
    """
    return sum(part.kind != "heading" for part in parts) or -(-characters // 3000)


@dataclass(frozen=True, slots=True)
class Passage:
    """A verbatim slice: `document.text[start:end] == text`, always.

    `place` is where a person finds it, such as "3. Coups, paragraph 2".
    """

    id: str
    document_id: str
    start: int
    end: int
    text: str
    place: str

    @property
    def section(self) -> str:
        """The heading or slide title it stands under, "" where there is none: no page numbers.

        >>> Passage("", "", 0, 0, "", "3. Coups, page 5, paragraph 2").section
        '3. Coups'
        """
        return _PAGE.sub("", self.place.rpartition(", paragraph")[0])


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found. `score` is in 0..1, higher is better."""

    passage: Passage
    score: float


class Embedder(Protocol):
    """Turns texts into vectors. `name` is stored with an index, which only it may then search."""

    name: str

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit-length float32 row per text, shape (len(texts), dimensions)."""
        ...


BY_WORDS = "Only words were searched: what says the same in other words may be missing."
"""What is said where a search counted in `Library.missed`."""


class Library(Protocol):
    """What answering needs of an index.

    `missed` counts the searches that went by words alone, as the vectors could not be searched.
    """

    @property
    def missed(self) -> int: ...

    def search(self, query: str, k: int) -> list[Hit]:
        """Return at most `k` passages for a query, best first."""
        ...

    def documents(self) -> list[DocumentInfo]:
        """Return what there is, newest as-of date first."""
        ...

    def document(self, document_id: str) -> Document:
        """Return one document. Raises `BriefError` where the library has none of that id."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit-length vectors from the embedder that the library was built with."""
        ...

    def frequency(self, phrase: str) -> float:
        """Return the share of passages or titles with these words side by side, 0 if in none."""
        ...

    def words_like(self, prefix: str) -> list[str]:
        """Return the stems in the library that start so, for names spelled another way."""
        ...
