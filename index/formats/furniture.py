"""Running headers, footers and page numbers: what repeats at the edge of pages is dropped."""

import re
from collections import Counter
from collections.abc import Sequence

from index.formats.lines import Line

# A margin line is furniture where it repeats, digits aside, on 3 pages and an eighth of them, or
# on 10: the name of a chapter may stand on left pages only, and change.
_REPEATS, _SHARE, _SURELY = 3, 0.125, 10
# A margin line with nothing but the number of its page needs no others: "– 2 –", "Page 2 of 9". It
# says nothing that the place of a passage does not, so it is not reported.
_PAGE_NUMBER = re.compile(r"\W*(?:page|p\.)?\s*(\d+)(?:\s*(?:of|/)\s*\d+)?\W*", re.I)


def without_furniture(pages: Sequence[Sequence[Line]]) -> tuple[list[list[Line]], list[str]]:
    """Return pages without running headers, footers and page numbers, and what those said."""
    margins = [_margins(page) for page in pages]
    counts = Counter(key for top, foot in margins for key in {*top.values(), *foot.values()})
    needed = max(_REPEATS, min(_SHARE * len(pages), _SURELY))
    left_out: dict[tuple[str, int], str] = {}
    kept = []
    for number, (page, keys) in enumerate(zip(pages, margins, strict=True), start=1):
        drop = {
            i
            for edge in keys
            for i in list(edge)[:1]
            if (said := _PAGE_NUMBER.fullmatch(page[i].text)) and int(said[1]) == number
        }
        for edge in keys:
            for i, key in edge.items():
                # The second line goes only with the first: else it is of the text.
                if counts[key] < needed:
                    break
                drop.add(i)
                left_out.setdefault(key, page[i].text.strip())
        kept.append([line for i, line in enumerate(page) if i not in drop])
    return kept, list(left_out.values())


def _margins(page: Sequence[Line]) -> list[dict[int, tuple[str, int]]]:
    """Return what the two highest and the two lowest lines say, digits aside, and where."""
    order = sorted(range(len(page)), key=lambda i: page[i].y)
    return [
        {i: (re.sub(r"\d+", "#", page[i].text.strip()), round(page[i].y / 4)) for i in edge}
        for edge in (order[:-3:-1], order[:2])
    ]
