"""PDF files: paragraphs over page ends, pages as parts, headings by the size of their letters."""

import ctypes
import math
import re
from collections import Counter
from typing import Any

from index.formats.furniture import without_furniture
from index.formats.hyphens import HYPHEN
from index.formats.lines import LEADERS, Line, blocks, body_size
from index.formats.writing import Writing, clean, ranges
from index.types import BriefError, Extracted

_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?")
_WORD = re.compile(r"\w+(?:-\w+)*")
_OCR = "Run text recognition (OCR) and add the file again."
# Letters this much larger than the body's make a heading; a longer one is a display text.
_HEADING_SIZE, _HEADING_CHARS = 1.15, 200
_PASSWORD_NEEDED = 4  # FPDF_ERR_PASSWORD


def extract(data: bytes, name: str) -> Extracted:
    """Return the text of a PDF file with its pages.

    Raises:
        BriefError: encrypted, damaged, or without text.
    """
    pages, info = _pages(data, name)
    empty = [number for number, page in enumerate(pages, start=1) if not page]
    if len(empty) == len(pages):
        raise BriefError(f"{name} has no text: it may be a scan. {_OCR}")
    pages, left_out = without_furniture(pages)
    known = Counter(
        word.lower() for page in pages for line in page for word in _WORD.findall(line.text)
    )
    out = Writing()
    begun = 0
    larger = _heading_sizes(pages)
    for block in blocks(pages, known):
        block.text = block.text.replace(HYPHEN, "-")
        if not any(c.isalnum() for c in block.text):
            continue
        if block.page > begun:
            begun = block.page
            out.part(f"page {begun}", "page")
        start = out.next_start
        if block.size in larger and len(block.text) <= _HEADING_CHARS:
            out.heading(larger.index(block.size) + 1, block.text)
        else:
            out.paragraph(block.text, aside=bool(LEADERS.search(block.text)))
        for page, offset in block.runs_over:
            # Cleaning shortens what stands before; the offset counts what is left.
            before = clean(block.text[:offset])
            gap = block.text[offset - 1 : offset].isspace()
            out.part(f"page {page}", "page", start=start + len(before) + gap)
            begun = page
    return out.extracted(
        title=info.get("Title", ""),
        author=info.get("Author", ""),
        as_of=_date(info.get("CreationDate", "")) or _date(info.get("ModDate", "")),
        notices=_notices(empty, left_out),
    )


def _notices(empty: list[int], left_out: list[str]) -> list[str]:
    notices = []
    if len(empty) == 1:
        notices.append(f"page {empty[0]} has no text: it may be a scan. {_OCR}")
    elif empty:
        notices.append(f"pages {ranges(empty)} have no text: they may be scans. {_OCR}")
    if left_out:
        shown = "; ".join(f"“{clean(text)}”" for text in left_out[:5])
        more = f" and {len(left_out) - 5} more" if len(left_out) > 5 else ""
        notices.append(f"Lines that repeat at the edge of pages are left out: {shown}{more}.")
    return notices


def _date(date: str) -> str:
    """Return "2026-11-24" of "D:20261124222550Z"."""
    match = _DATE.match(date)
    return "-".join(part for part in match.groups() if part) if match else ""


def _heading_sizes(pages: list[list[Line]]) -> list[float]:
    """Return the sizes of headings, largest first, those beyond the third as one level each."""
    body = body_size(pages)
    return sorted({line.size for p in pages for line in p if line.size > _HEADING_SIZE * body})[
        ::-1
    ]


def _pages(data: bytes, name: str) -> tuple[list[list[Line]], dict[str, str]]:
    """Read page by page, so that memory holds lines and one page, however many there are."""
    import pypdfium2

    try:
        file = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD_NEEDED or "assword" in str(error):
            raise BriefError(
                f"{name} is encrypted. Remove the password (print it to a new PDF) and add that."
            ) from None
        raise BriefError(
            f"{name} is damaged: it cannot be opened. Get the file again, or print it to a new PDF."
        ) from None
    try:
        pages: list[list[Line]] = []
        for number in range(len(file)):
            try:
                page = file[number]
            except pypdfium2.PdfiumError:
                pages.append([])
                continue
            text = page.get_textpage()
            pages.append(_lines(text))
            text.close()
            page.close()
        return pages, dict(file.get_metadata_dict())
    finally:
        file.close()


def _lines(page: Any) -> list[Line]:
    text = page.get_text_range()
    if len(text) != page.count_chars():
        # pdfium leaves out of the text what has no Unicode; offsets then need each character.
        import pypdfium2.raw as raw

        codes = (raw.FPDFText_GetUnicode(page, i) for i in range(page.count_chars()))
        text = "".join(
            chr(c)
            if 0 < c < 0x110000 and c not in range(0xD800, 0xE000)
            else HYPHEN
            if c == 0xFFFE
            else "\x00"
            for c in codes
        )
    lines = []
    for match in re.finditer(rf"[^\r\n{HYPHEN}]+{HYPHEN}?", text):
        line = match[0]
        if stripped := line.strip():
            start = match.start() + len(line) - len(line.lstrip())
            lines.append(_line(page, stripped, start, start + len(stripped.rstrip(HYPHEN)) - 1))
    return lines


def _line(page: Any, text: str, first: int, last: int) -> Line:
    import pypdfium2.raw as raw

    x, y, end, _ = (ctypes.c_double() for _ in range(4))
    raw.FPDFText_GetCharOrigin(page, last, end, y)
    raw.FPDFText_GetCharOrigin(page, first, x, y)
    matrix = raw.FS_MATRIX()
    middle = (first + last) // 2  # not the first: it may be a large initial or a small number
    raw.FPDFText_GetMatrix(page, middle, matrix)
    scale = math.hypot(matrix.c, matrix.d) or 1.0
    size = round(raw.FPDFText_GetFontSize(page, middle) * scale, 1)
    return Line(text, size, x.value, end.value, y.value)
