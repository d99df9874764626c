"""Where stretches of the text of a PDF page are on its picture."""

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from index.formats.opening import page_text
from index.formats.pictures import load_page
from index.types import BriefError, Span

_FINE = 1_000_000  # parts of the width and height of a page, in which pdfium counts
# In heights of a line: boxes that are further apart are of two columns. Less near, as words of a
# justified line are, they must be just beside one another: a cell may be beside two lines.
_SPACE, _NEAR = 3.0, 0.8


class Box(NamedTuple):
    """A rectangle on a page as it is shown, in shares of its width and height from the top left."""

    left: float
    top: float
    right: float
    bottom: float


def read_page(file: Any, number: int) -> "PageText | None":
    """Return the text of page `number`, from 1, of a `PdfDocument`, None where it cannot be had."""
    import pypdfium2

    try:
        page = load_page(file, number)
        return PageText(page, page.get_textpage())
    except (BriefError, pypdfium2.PdfiumError):
        return None


class PageText:
    """The text of a `PdfPage` and where it stands. Use it in one's turn, and close it."""

    def __init__(self, page: Any, letters: Any) -> None:
        """Take a page and its `PdfTextPage`."""
        self._page = page
        wide, tall = page.get_size()
        self._shape = wide / tall if wide > 0 and tall > 0 else 1.0
        self._letters = letters
        self.text = page_text(letters)

    def close(self) -> None:
        """Let go of the text and of the page."""
        self._letters.close()
        self._page.close()

    def boxes(self, spans: Sequence[Span]) -> list[Box]:
        """Return a box for each line of what is in the spans of `text`, in their order."""
        boxes: list[Box] = []
        for start, end in spans:
            for box in self._rectangles(start, end):
                joined = _joined(boxes[-1], box, self._shape) if boxes else None
                if joined:
                    boxes[-1] = joined
                else:
                    boxes.append(box)
        return boxes

    def _rectangles(self, start: int, end: int) -> Iterator[Box]:
        import pypdfium2.raw as raw

        left, top, right, foot = (ctypes.c_double() for _ in range(4))
        for n in range(raw.FPDFText_CountRects(self._letters, start, end - start)):
            if raw.FPDFText_GetRect(self._letters, n, left, top, right, foot):
                (x, y), (u, v) = (self._shown(left.value, top.value),
                                  self._shown(right.value, foot.value))  # fmt: skip
                box = Box(min(x, u), min(y, v), max(x, u), max(y, v))
                if box.left < box.right and box.top < box.bottom:
                    yield box

    def _shown(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the page's own space is on the page as turned and cropped."""
        import pypdfium2.raw as raw

        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(self._page, 0, 0, _FINE, _FINE, 0, x, y, across, down)
        # What is cropped off is not marked.
        return min(max(across.value / _FINE, 0.0), 1.0), min(max(down.value / _FINE, 0.0), 1.0)


def _joined(one: Box, other: Box, shape: float) -> Box | None:
    """Return both as one where they are of the same line, None where they are not.

    `shape` is the width of the page in shares of its height.
    """
    # Of a letter without stem and of the line so far, which tells how wide a space may be.
    low, high = sorted((one.bottom - one.top, other.bottom - other.top))
    overlap = min(one.bottom, other.bottom) - max(one.top, other.top)
    apart = shape * (max(one.left, other.left) - min(one.right, other.right))
    if overlap < (0.5 if apart < _NEAR * low else 0.8) * low or apart > _SPACE * high:
        return None
    return Box(
        min(one.left, other.left),
        min(one.top, other.top),
        max(one.right, other.right),
        max(one.bottom, other.bottom),
    )
