"""Slides: the text of each in reading order, then what the speaker notes say."""

import io
from collections.abc import Iterable, Iterator
from typing import Any

from index.formats.office import check_size, damage_said, metadata
from index.formats.writing import Writing, clean, ranges
from index.types import BriefError, Extracted

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
# Those of MSO placeholders that repeat on every slide: date, slide number, footer, header.
_REPEATED = {16, 13, 15, 14}
_TITLES, _BODIES = {1, 3}, {2, 7}  # title, centred title; body, object


def extract(data: bytes, name: str) -> Extracted:
    """Return the text of a presentation.

    Raises:
        BriefError: damaged, a renamed ZIP, or without text.
    """
    import pptx
    from pptx.exceptions import PythonPptxError

    check_size(data, name)
    out, empty = Writing(), []
    with damage_said(name, "PowerPoint", PythonPptxError):
        file = pptx.Presentation(io.BytesIO(data))
        for number, slide in enumerate(file.slides, start=1):
            before = out.next_start
            _slide(slide, number, out)
            if out.next_start == before:
                empty.append(number)
        about = metadata(file)
    remedy = "they may be pictures. Run text recognition (OCR) and add the file again."
    if out.is_empty:
        raise BriefError(f"{name} has slides without text; {remedy}")
    notice = f"Slides without text: {ranges(empty)}; {remedy}"
    return out.extracted(**about, notices=[notice] if empty else [])


def _slide(slide: Any, number: int, out: Writing) -> None:
    shapes = list(_shapes(slide.shapes))
    # python-pptx's own `title` takes any first placeholder, such as the body in some exports.
    titles = [s for s in shapes if _placeholder(s) in _TITLES]
    title = clean(" ".join(s.text_frame.text for s in titles))
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    notes_text = notes.text if notes is not None else ""
    if not any(map(_has_text, shapes)) and not notes_text.strip():
        return
    out.part(f"slide {number}: {title}" if title else f"slide {number}", "slide")
    out.heading(2, title)
    for shape in shapes:
        if shape.has_text_frame and _placeholder(shape) not in _TITLES:
            for paragraph in shape.text_frame.paragraphs:
                out.paragraph(paragraph.text, mark="- " if _is_bullet(shape, paragraph) else "")
        elif getattr(shape, "has_table", False):
            for row in shape.table.rows:
                out.row(cell.text for cell in row.cells if not cell.is_spanned)
    if notes_text.strip():
        out.paragraph("Notes:")
        for line in notes_text.splitlines():
            out.paragraph(line)


def _shapes(shapes: Iterable[Any]) -> Iterator[Any]:
    """Yield shapes from top to bottom and left to right, those of a group where it stands."""
    for shape in sorted(shapes, key=lambda s: (s.top or 0, s.left or 0)):
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)
        elif _placeholder(shape) not in _REPEATED:
            yield shape


def _has_text(shape: Any) -> bool:
    return bool(getattr(shape, "has_table", False)) or (
        shape.has_text_frame and any(c.isalnum() for c in shape.text_frame.text)
    )


def _placeholder(shape: Any) -> int:
    """Return the number of a placeholder's type, 0 for other shapes."""
    return int(shape.placeholder_format.type or 0) if shape.is_placeholder else 0


def _is_bullet(shape: Any, paragraph: Any) -> bool:
    """Whether a paragraph has a bullet of its own, or by being in the body of the slide."""
    own = paragraph._p.find(f"{_A}pPr")  # python-pptx 1.0 has no public name for bullets
    if own is not None:
        if own.find(f"{_A}buNone") is not None:
            return False
        if own.find(f"{_A}buChar") is not None or own.find(f"{_A}buAutoNum") is not None:
            return True
    return _placeholder(shape) in _BODIES
