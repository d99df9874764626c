"""What the pages of a PDF file are made of: lines and rows, and the paragraphs they become."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

# A line of a table of contents: "Human rights ........ 12".
LEADERS = re.compile(r"(?:\.{4,}|(?:\. ){4,}|…{2,})\s*\d*\s*\Z")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line without a gap that is wider than those between words."""

    text: str
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page: its text, size of letters, left and right end, height of its baseline.

    Measures are in points, from the lower left corner of the page; those of lines that run from
    right to left are negative, and such lines have no pieces. `bold` is true where all of it is.
    """

    text: str
    size: float
    left: float
    right: float
    y: float
    bold: bool = False
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row of a table, "" for empty ones."""

    cells: tuple[str, ...]


@dataclass(slots=True)
class Block:
    """A paragraph: its text and size, and (page, offset in the text) of pages begun inside it.

    A row of a table has cells and no text. `bold` is true where every line is.
    """

    page: int
    text: str
    size: float
    is_long: bool
    bold: bool = False
    cells: tuple[str, ...] = ()
    runs_over: list[tuple[int, int]] = field(default_factory=list)


def body_size(pages: Iterable[Iterable[Line]]) -> float:
    """Return the size in which most of the text is set."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[line.size] += len(line.text)
    return max(sizes, key=lambda size: sizes[size]) if sizes else 0.0
