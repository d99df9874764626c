"""The lines of pages become paragraphs, also over the end of a page.

It knows lines and where they stand, nothing of PDF.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from index.formats.hyphens import HYPHEN, joined

_BULLET = re.compile(r"\s*[•‣▪●◦■–—*-]\s+\S")
# A line of a table of contents: "Human rights ........ 12".
LEADERS = re.compile(r"(?:\.{4,}|(?:\. ){4,}|…{2,})\s*\d*\s*\Z")
_FINISHED = re.compile(r"[.!?:…؟۔。！？][”’\"')\]\d]*\s*\Z")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page: its text, size of letters, left and right end, height of its baseline.

    Measures are in points, from the lower left corner of the page; those of lines that run from
    right to left are negative.
    """

    text: str
    size: float
    left: float
    right: float
    y: float


@dataclass(slots=True)
class Block:
    """A paragraph: its text and size, and (page, offset in the text) of pages begun inside it."""

    page: int
    text: str
    size: float
    is_long: bool
    runs_over: list[tuple[int, int]] = field(default_factory=list)


def body_size(pages: Iterable[Iterable[Line]]) -> float:
    """Return the size in which most of the text is set."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[line.size] += len(line.text)
    return max(sizes, key=lambda size: sizes[size]) if sizes else 0.0


def blocks(pages: Sequence[Sequence[Line]], known: Counter[str]) -> list[Block]:
    """Return the paragraphs of all pages; `known` counts the words of the text."""
    body = body_size(pages)
    found: list[Block] = []
    for number, page in enumerate(pages, start=1):
        fresh = _page_blocks(number, page, known)
        at = _unfinished(found, fresh, body)
        if at is not None:
            # Footnotes at the foot of the page go before what they interrupt.
            last = found.pop(at)
            text = joined(last.text, fresh[0].text, known)
            last.runs_over.append((number, len(text) - len(fresh[0].text)))
            last.text = text
            found.append(last)
            fresh = fresh[1:]
        found += fresh
    return found


def _page_blocks(number: int, page: Sequence[Line], known: Counter[str]) -> list[Block]:
    found: list[Block] = []
    # The usual distance between lines, in sizes of letters: headings are set wider than text.
    leading = [(a.y - b.y) / b.size for a, b in pairwise(page) if 0 < a.y - b.y < 4 * b.size]
    usual = median(leading) if leading else 1.0
    edges = _edges(page)
    previous: Line | None = None
    for line in page:
        if previous is None or _begins(line, previous, usual, edges[round(previous.left)]):
            found.append(Block(number, line.text.strip(), line.size, False))
        else:
            found[-1].text = joined(found[-1].text, line.text.strip(), known)
        found[-1].is_long = not _has_room(
            line, edges[round(line.left)], 0.3 * (line.right - line.left)
        )
        previous = line
    return found


def _edges(page: Sequence[Line]) -> dict[int, float]:
    """Return where the column ends, on the right, of lines that begin at a place on the left."""
    ends: dict[int, float] = {}
    for line in page:
        left = round(line.left)
        ends[left] = max(line.right, ends.get(left, line.right))
    margin = 25  # points: indents and hanging numbers are of the same column
    return {x: max(end for y, end in ends.items() if abs(x - y) <= margin) for x in ends}


def _begins(line: Line, previous: Line, usual: float, edge: float) -> bool:
    """Whether a line begins a paragraph: by gap, size, bullet, indent, or room left before it."""
    if previous.text.endswith(HYPHEN):
        return False
    down = previous.y - line.y
    if previous.text.strip().isdigit() and abs(down) < line.size:
        return False  # the number of a footnote or an item, set by itself
    if abs(line.size - previous.size) > 0.1 * previous.size:
        return True
    if _BULLET.match(line.text) or LEADERS.search(previous.text):
        return True
    finished = bool(_FINISHED.search(previous.text))
    if down < 0:  # the next column
        return finished
    if down > 1.3 * max(usual, 1.0) * line.size:
        return True
    # Where the next word would have fitted, the line was ended on purpose.
    word = line.text.split(maxsplit=1)[0]
    # A letter is about half as wide as high; the average of a row of a table has gaps in it.
    letter = min((line.right - line.left) / len(line.text), 0.55 * line.size)
    if down and _has_room(previous, edge, 1.2 * letter * (len(word) + 2)):
        return finished or not word[0].islower()
    indented = line.left - previous.left > 0.8 * line.size and down > 0.5 * line.size
    return finished and indented


def _has_room(line: Line, edge: float, width: float) -> bool:
    return line.right + width < edge


def _unfinished(found: list[Block], fresh: list[Block], body: float) -> int | None:
    """Return which block the first of a new page continues, None for none."""
    if not fresh or _BULLET.match(fresh[0].text):
        return None
    at = len(found) - 1
    while at > 0 and found[at].size < 0.95 * body and found[at].page == found[-1].page:
        at -= 1
    if at < 0:
        return None
    last = found[at]
    if abs(last.size - fresh[0].size) > 0.1 * body or last.size > 1.15 * body:
        return None
    if last.text.endswith(HYPHEN):
        return at
    goes_on = last.is_long or fresh[0].text[:1].islower()
    return at if goes_on and not _FINISHED.search(last.text) else None
