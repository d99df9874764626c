"""The lines of pages become paragraphs: what repeats on every page is dropped.

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
_FINISHED = re.compile(r"[.!?:…][”’\"')\]\d]*\s*\Z")
# A margin line is furniture where it repeats, digits aside, on 3 pages and an eighth of them: the
# name of a chapter may stand on left pages only, and change.
_REPEATS, _SHARE = 3, 0.125


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page: its text, size of letters, left and right end, height of its baseline.

    Measures are in points, from the lower left corner of the page.
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


def without_furniture(pages: Sequence[Sequence[Line]]) -> tuple[list[list[Line]], list[str]]:
    """Return pages without running headers, footers and page numbers, and what those said."""
    margins = [_margin(page) for page in pages]
    counts = Counter(key for keys in margins for key in set(keys.values()))
    needed = max(_REPEATS, _SHARE * len(pages))
    left_out: dict[tuple[str, int], str] = {}
    kept = []
    for page, keys in zip(pages, margins, strict=True):
        drop = {i for i, key in keys.items() if counts[key] >= needed}
        for i in sorted(drop):
            left_out.setdefault(keys[i], page[i].text.strip())
        kept.append([line for i, line in enumerate(page) if i not in drop])
    return kept, list(left_out.values())


def _margin(page: Sequence[Line]) -> dict[int, tuple[str, int]]:
    """Return what the two highest and two lowest lines say, digits aside, and where."""
    order = sorted(range(len(page)), key=lambda i: page[i].y)
    return {
        i: (re.sub(r"\d+", "#", page[i].text.strip()), round(page[i].y / 4))
        for i in {*order[:2], *order[-2:]}
    }


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
    right = max((line.right for line in page), default=0.0)
    previous: Line | None = None
    for line in page:
        if previous is None or _begins(line, previous, usual, right):
            found.append(Block(number, line.text.strip(), line.size, False))
        else:
            found[-1].text = joined(found[-1].text, line.text.strip(), known)
        width = right - min(one.left for one in page)
        found[-1].is_long = line.right - line.left > 0.6 * width
        previous = line
    return found


def _begins(line: Line, previous: Line, usual: float, right: float) -> bool:
    """Whether a line begins a paragraph: by gap, size, bullet, indent, or a short one before it."""
    if previous.text.endswith(HYPHEN):
        return False
    if _BULLET.match(line.text) or abs(line.size - previous.size) > 0.1 * previous.size:
        return True
    down = previous.y - line.y
    finished = bool(_FINISHED.search(previous.text))
    if down < 0:  # the next column
        return finished
    if down > 1.3 * max(usual, 1.0) * line.size:
        return True
    indented = line.left - previous.left > 0.8 * line.size and down > 0.5 * line.size
    short = previous.right < previous.left + 0.75 * (right - previous.left)
    return finished and (indented or short)


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
