"""The lines of pages become paragraphs, also over the end of a column or a page.

It knows lines and where they stand, nothing of PDF.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from index.formats.hyphens import HYPHEN, joined
from index.formats.lines import LEADERS, Block, Line, Row, body_size

_BULLET = re.compile(r"\s*[•‣▪●◦■–—*-]\s+\S")
# "3. Fuel", "(b) Fuel", "iv) Fuel".
_ITEM = re.compile(r"\s*\(?(\d{1,3}|[a-z]|[ivx]{1,5})(?:[.)]|\.\))(?:\s+\S|\Z)")
# A note at the foot of a column, where its letters are as large as the text's.
_NOTE = re.compile(r"(?:\d{1,3}|[*†‡])\s+\S")
_FINISHED = re.compile(r"[.!?:…؟۔。！？][”’\"')\]\d]*\s*\Z")


def blocks(
    pages: Sequence[Sequence[Line | Row]], known: Counter[str], body: float = 0.0
) -> list[Block]:
    """Return the paragraphs and rows of all pages.

    `known` counts the words of the text, `body` is the size in which most of it is set.
    """
    body = body or body_size([[i for i in page if isinstance(i, Line)] for page in pages])
    found: list[Block] = []
    for number, page in enumerate(pages, start=1):
        fresh = _page_blocks(number, page, known, body)
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


def _page_blocks(
    number: int, page: Sequence[Line | Row], known: Counter[str], body: float
) -> list[Block]:
    found: list[Block] = []
    lines = [item for item in page if isinstance(item, Line)]
    # The usual distance between lines, in sizes of letters: headings are set wider than text.
    leading = [(a.y - b.y) / b.size for a, b in pairwise(lines) if 0 < a.y - b.y < 4 * b.size]
    usual = median(leading) if leading else 1.0
    edges = _edges(lines)
    previous: Line | None = None
    for line in page:
        if isinstance(line, Row):
            found.append(Block(number, "", body, False, cells=line.cells))
            previous = None
            continue
        item = bool(found) and previous is not None and _is_item(line, previous, found[-1])
        edge = edges[round(previous.left)] if previous else 0.0
        if previous is None or item or _begins(line, previous, usual, edge):
            fresh = Block(number, line.text.strip(), line.size, False, line.bold)
            # The next column may go on with what a footnote below the last one interrupts.
            up = previous is not None and line.y > previous.y
            at = _unfinished(found, [fresh], body) if up else None
            found.append(fresh if at is None else _continued(found.pop(at), fresh, known))
        else:
            found[-1].text = joined(found[-1].text, line.text.strip(), known)
            found[-1].bold = found[-1].bold and line.bold
        found[-1].is_long = not _has_room(
            line, edges[round(line.left)], 0.3 * (line.right - line.left)
        )
        previous = line
    return found


def _continued(block: Block, fresh: Block, known: Counter[str]) -> Block:
    block.text = joined(block.text, fresh.text, known)
    block.bold = block.bold and fresh.bold
    return block


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
    if line.bold != previous.bold and (finished or down > 1.1 * max(usual, 1.0) * line.size):
        return True
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


def _is_item(line: Line, previous: Line, block: Block) -> bool:
    """Whether a line is an item of a list with numbers or letters, not a sentence that goes on."""
    item = _ITEM.match(line.text)
    if item is None or previous.text.endswith(HYPHEN):
        return False
    apart = len(line.pieces) > 1 and line.pieces[0].text == line.text.split(maxsplit=1)[0]
    above = _ITEM.match(block.text)
    follows = above is not None and (
        int(item[1]) == int(above[1]) + 1
        if item[1].isdigit() and above[1].isdigit()
        else len(item[1]) == len(above[1]) == 1 and ord(item[1]) == ord(above[1]) + 1
    )
    return apart or follows or bool(_FINISHED.search(previous.text))


def _has_room(line: Line, edge: float, width: float) -> bool:
    return line.right + width < edge


def _unfinished(found: list[Block], fresh: list[Block], body: float) -> int | None:
    """Return which block the first of a new page continues, None for none."""
    if not fresh or fresh[0].cells or _BULLET.match(fresh[0].text):
        return None
    at = len(found) - 1
    while at > 0 and found[at].page == found[-1].page:
        if found[at].size >= 0.95 * body and not _NOTE.match(found[at].text):
            break
        at -= 1
    if at < 0:
        return None
    last = found[at]
    if last.cells:
        return None
    if abs(last.size - fresh[0].size) > 0.1 * body or last.size > 1.15 * body:
        return None
    if last.text.endswith(HYPHEN):
        return at
    goes_on = last.is_long or fresh[0].text[:1].islower()
    return at if goes_on and not _FINISHED.search(last.text) else None
