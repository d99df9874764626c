"""Which paragraphs of a PDF file are headings: by the size of their letters, by bold, by number."""

import re
from collections.abc import Sequence

from index.formats.lines import LEADERS, Block

# Letters this much larger than the body's make a heading; a longer one is a display text.
_LARGER, _MAX_CHARS = 1.15, 200
# In letters of the body's size a heading is bold or has a number, and is as short as a line.
_LINE_CHARS = 120
# Where more of a text is bold than this, bold means nothing.
_BOLD_SHARE = 0.4
_NUMBER = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)(\.?)\s+[A-Z\u00c0-\u00de“\"]")
_NO_END = re.compile(r"[.,;:!…]\W*\Z")


def heading_levels(found: Sequence[Block], body: float) -> list[int]:
    """Return for each paragraph its level as a heading, from 1, or 0 where it is none.

    `body` is the size in which most of the text is set, in points.
    """
    sizes = sorted({b.size for b in found if b.size > _LARGER * body}, reverse=True)
    bold = sum(len(b.text) for b in found if b.bold)
    bold_counts = bold <= _BOLD_SHARE * sum(len(b.text) for b in found)
    levels = []
    for i, block in enumerate(found):
        following = found[i + 1] if i + 1 < len(found) else None
        if block.cells or LEADERS.search(block.text):
            level = 0
        elif block.size in sizes and len(block.text) <= _MAX_CHARS:
            level = sizes.index(block.size) + 1
        elif block.size >= 0.95 * body and following and _is_line(block, following):
            before = found[i - 1] if i else None
            numbered = _is_numbered(block, following, before)
            number = _NUMBER.match(block.text)
            depth = number[1].count(".") + 1 if number else 1
            level = len(sizes) + depth if numbered or (block.bold and bold_counts) else 0
        else:
            level = 0
        levels.append(level)
    return levels


def _is_line(block: Block, following: Block) -> bool:
    """Whether a paragraph stands alone like a heading: one short line, no sentence."""
    first = next((c for c in block.text if c.isalnum()), "")
    alone = len(block.text) <= _LINE_CHARS and not _NO_END.search(block.text)
    return alone and not first.islower() and not following.text[:1].islower()


def _is_numbered(block: Block, following: Block, before: Block | None) -> bool:
    """Whether it is "3. Findings" above text, and not an item among others."""
    number = _NUMBER.match(block.text)
    if number is None or not (number[2] or "." in number[1]) or block.is_long:
        return False
    neighbours = [b.text for b in (before, following) if b is not None]
    among_items = any(_NUMBER.match(text) for text in neighbours)
    return not among_items and (following.is_long or len(following.text) > _LINE_CHARS)
