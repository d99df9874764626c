"""Reads the lines of a PDF file with pdfium, and where each stands."""

import ctypes
import math
import re
from itertools import pairwise
from typing import Any

from index.formats.hyphens import HYPHEN
from index.formats.lines import Line, Piece
from index.formats.opening import open_file, page_text, turn

# In sizes of letters: words stand 0.2 to 0.5 apart, also in justified lines, columns further.
_GAP, _ALIKE, _SURELY = 0.6, 0.25, 2.5
_BOLD_WEIGHT = 600  # of 100 to 900; LibreOffice writes 400 for every font
_BOLD = re.compile(rb"(?i)bold|black|heavy|demi|-medi|cmbx|sfbx")


def read_lines(data: bytes, name: str) -> tuple[list[list[Line]], dict[str, str]]:
    """Return the lines of each page, and the metadata.

    Page by page, so that memory holds one page and the lines, however many pages there are, and
    others have their turn in between.

    Raises:
        BriefError: encrypted or damaged.
    """
    with turn():
        file = open_file(data, name)
        count = len(file)
    pages: list[list[Line]] = []
    try:
        for number in range(count):
            with turn():
                pages.append(_page(file, number))
        with turn():
            return pages, dict(file.get_metadata_dict())
    finally:
        with turn():
            file.close()


def _page(file: Any, number: int) -> list[Line]:
    import pypdfium2

    try:
        page = file[number]
    except pypdfium2.PdfiumError:
        return []  # it is named among those without text
    text = page.get_textpage()
    lines = _lines(text)
    text.close()
    page.close()
    return lines


def _lines(page: Any) -> list[Line]:
    lines = []
    for match in re.finditer(rf"[^\r\n{HYPHEN}]+{HYPHEN}?", page_text(page)):
        line = match[0]
        if stripped := line.strip():
            start = match.start() + len(line) - len(line.lstrip())
            lines.append(_line(page, stripped, start, start + len(stripped.rstrip(HYPHEN)) - 1))
    return lines


def _line(page: Any, text: str, first: int, last: int) -> Line:
    import pypdfium2.raw as raw

    x, end, y = ctypes.c_double(), ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(page, last, end, y)
    raw.FPDFText_GetCharOrigin(page, first, x, y)
    # Of three letters, as one may be an initial, the number of a note, or a word of code. Spaces
    # that pdfium adds have neither size nor font.
    letters = [first + i for i, c in enumerate(text) if not c.isspace() and c != HYPHEN]
    some = [letters[(len(letters) - 1) * n // 4] for n in (1, 2, 3)]
    sizes = sorted(_size(page, i) for i in some)
    bold = all(_is_bold(page, i) for i in {letters[0], *some, letters[-1]})
    # Lines from right to left are mirrored, so that all run the same way.
    way = 1 if end.value >= x.value else -1
    pieces = _pieces(page, text, first, sizes[1]) if way > 0 else ()
    return Line(text, sizes[1], way * x.value, way * end.value, y.value, bold, pieces)


def _pieces(page: Any, text: str, first: int, size: float) -> tuple[Piece, ...]:
    """Return what stands between gaps that are wider than those between words."""
    words = [
        (m.start(), m.end(), _box(page, first + m.start())[0], _box(page, first + m.end() - 1)[1])
        for m in re.finditer(rf"[^\s{HYPHEN}]+", text)
    ]
    gaps = [after[2] - before[3] for before, after in pairwise(words)]
    wide = [gap > _GAP * size for gap in gaps]
    # The gaps of a justified line are alike, however wide.
    if len(gaps) > 1 and max(gaps) - min(gaps) < _ALIKE * size and min(gaps) < _SURELY * size:
        wide = [False] * len(gaps)
    pieces: list[Piece] = []
    begin, _, left, _ = words[0]
    for (_, end, _, right), (start, _, x, _), apart in zip(words, words[1:], wide, strict=False):
        if apart:
            pieces.append(Piece(text[begin:end], left, right))
            begin, left = start, x
    return (*pieces, Piece(text[begin:], left, words[-1][3]))


def _box(page: Any, index: int) -> tuple[float, float]:
    """Return the left and the right end of a letter, in points."""
    import pypdfium2.raw as raw

    left, right, foot, top = (ctypes.c_double() for _ in range(4))
    raw.FPDFText_GetCharBox(page, index, left, right, foot, top)
    return left.value, right.value


def _is_bold(page: Any, index: int) -> bool:
    """Whether a letter is bold, by the name of its font where its weight does not say so."""
    import pypdfium2.raw as raw

    if raw.FPDFText_GetFontWeight(page, index) >= _BOLD_WEIGHT:
        return True
    name = ctypes.create_string_buffer(200)
    raw.FPDFText_GetFontInfo(page, index, name, len(name), None)
    return bool(_BOLD.search(name.value))


def _size(page: Any, index: int) -> float:
    """Return the size of a letter in points, to a tenth."""
    import pypdfium2.raw as raw

    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(page, index, matrix)
    scale = math.hypot(matrix.c, matrix.d) or 1.0
    return float(round(raw.FPDFText_GetFontSize(page, index) * scale, 1))
