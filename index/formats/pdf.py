"""PDF files: paragraphs over page ends, pages as parts, headings, tables row by row."""

import re
from collections import Counter

from index.formats.furniture import without_furniture
from index.formats.headings import heading_levels
from index.formats.hyphens import HYPHEN
from index.formats.lines import LEADERS, body_size
from index.formats.paragraphs import blocks
from index.formats.pdfium import read_lines
from index.formats.tables import with_rows
from index.formats.writing import Writing, clean, ranges
from index.types import BriefError, Extracted

_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?")
_WORD = re.compile(r"\w+(?:-\w+)*")
_OCR = "Run text recognition (OCR) and add the file again."


def extract(data: bytes, name: str) -> Extracted:
    """Return the text of a PDF file with its pages.

    Raises:
        BriefError: encrypted, damaged, or without text.
    """
    pages, info = read_lines(data, name)
    empty = [number for number, page in enumerate(pages, start=1) if not page]
    if len(empty) == len(pages):
        raise BriefError(f"{name} has no text: it may be a scan. {_OCR}")
    pages, left_out = without_furniture(pages)
    known = Counter(
        word.lower() for page in pages for line in page for word in _WORD.findall(line.text)
    )
    out = Writing()
    begun = 0
    body = body_size(pages)
    found = [
        block
        for block in blocks([with_rows(page, known) for page in pages], known, body)
        if any(c.isalnum() for c in block.text) or any(block.cells)
    ]
    for block, level in zip(found, heading_levels(found, body), strict=True):
        block.text = block.text.replace(HYPHEN, "-")
        if block.page > begun:
            begun = block.page
            out.part(f"page {begun}", "page")
        start = out.next_start
        if block.cells:
            out.row(cell.replace(HYPHEN, "-") for cell in block.cells)
        elif level:
            out.heading(level, block.text)
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
