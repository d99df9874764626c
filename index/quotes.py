"""Where a quotation stands in the text of a page, of which it may be in another order.

The stored text of a PDF file is made from that of its pages: divided words are whole again, columns
and cells stand one after the other, and what repeats at the edges is left out. So letters and
digits alone are compared, the quotation is looked for as a whole, and else in as few pieces as can
be. It knows texts, nothing of PDF.
"""

import re
import unicodedata
from itertools import pairwise, takewhile
from typing import NamedTuple

from index.types import Span

_NEAR = 400  # letters that may lie between two pieces of a quotation, such as another column's
_SURE = 12  # letters from which a piece is no chance
_SHARE = 0.5  # of a quotation that must be found, or nothing is


class Folded(NamedTuple):
    """The letters and digits of a text as they are compared, and where in it each stood.

    `begins` are the places in `letters` before which something else stood.
    """

    letters: str
    at: list[int]
    begins: frozenset[int]


def fold(text: str) -> Folded:
    """Return the letters and digits of a text, without accents and capitals.

    >>> fold("Goïta, 2").letters, sorted(fold("Goïta, 2").begins)
    ('goita2', [0, 5, 6])
    """
    letters, at = [], []
    for n, c in enumerate(text):
        for part in c.lower() if c.isascii() else unicodedata.normalize("NFKD", c).casefold():
            if part.isalnum():
                letters.append(part)
                at.append(n)
    apart = (n for n, (a, b) in enumerate(pairwise(at), start=1) if b > a + 1)
    return Folded("".join(letters), at, frozenset([0, len(at), *apart]))


def find_quote(page: Folded, quote: str, *, before: str = "", after: str = "") -> list[Span]:
    r"""Return the stretches of the text of a page that say a quotation, in its order.

    `before` and `after` stand around the quotation: where it is on the page more than once, they
    tell which is meant.

    >>> find_quote(fold("Secu-\nrity is bad. It is bad."), "Security is", after="bad")
    [(0, 13)]
    """
    words = [word for token in quote.split() if (word := fold(token).letters)]
    pieces = _pieces(words, page.letters)
    if not pieces:
        return []
    found = _placed(pieces, page, fold(before).letters, fold(after).letters)
    if sum(b - a for a, b in found) < _SHARE * sum(map(len, words)):
        return []
    return [(page.at[a], page.at[b - 1] + 1) for a, b in found]


def _pieces(words: list[str], letters: str) -> list[str]:
    """Return the longest runs of words that the page has without anything between, in order."""
    pieces: list[str] = []
    piece = ""
    for word in words:
        if piece + word in letters:
            piece += word
            continue
        if piece:
            pieces.append(piece)
        piece = word if word in letters else ""
    return [*pieces, piece] if piece else pieces


def _placed(pieces: list[str], page: Folded, before: str, after: str) -> list[Span]:
    """Return where each piece stands: the longest first, the others near their neighbours."""
    anchor = max(range(len(pieces)), key=lambda n: len(pieces[n]))
    before += "".join(pieces[:anchor])
    after = "".join(pieces[anchor + 1 :]) + after
    start = _best(pieces[anchor], page, before, after)
    placed = {anchor: (start, start + len(pieces[anchor]))}
    for order, step in ((range(anchor + 1, len(pieces)), 1), (range(anchor - 1, -1, -1), -1)):
        last = placed[anchor]
        for n in order:
            size = len(pieces[n])
            near = [(_gap(last, (at, at + size), step), at) for at in _starts(pieces[n], page)]
            if near and (min(near)[0] <= _NEAR or size >= _SURE):
                at = min(near)[1]
                placed[n] = last = (at, at + size)
    return [placed[n] for n in sorted(placed)]


def _starts(piece: str, page: Folded, *, sure: int = _SURE) -> list[int]:
    """Return where a piece stands: as whole words, or with `sure` letters inside of one too."""
    found = [m.start() for m in re.finditer(f"(?={re.escape(piece)})", page.letters)]
    whole = [at for at in found if {at, at + len(piece)} <= page.begins]
    return whole or (found if len(piece) >= sure else [])


def _best(piece: str, page: Folded, before: str, after: str) -> int:
    """Return where a piece that the page has stands among most of what stands around it."""

    def alike(start: int) -> int:
        left = page.letters[max(0, start - len(before)) : start]
        right = page.letters[start + len(piece) : start + len(piece) + len(after)]
        return _shared(left[::-1], before[::-1]) + _shared(right, after)

    return max(_starts(piece, page, sure=0), key=alike)


def _shared(one: str, other: str) -> int:
    """Return how many letters two texts begin with that are the same."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))


def _gap(last: Span, piece: Span, step: int) -> int:
    """Return how far a piece is from its neighbour; against the reading order is far."""
    between = piece[0] - last[1] if step > 0 else last[0] - piece[1]
    return between if between >= 0 else _NEAR - between
