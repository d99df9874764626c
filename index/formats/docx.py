"""Word files: headings by style, lists, tables, footnotes, also text that was inserted."""

import io
from typing import Any

from index.formats.office import check_size, damage_said, metadata
from index.formats.writing import Writing
from index.types import BriefError, Extracted

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_NOT_TEXT = {f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}instrText"}
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_GAPS = {f"{_W}{tag}": " " for tag in ("tab", "br", "cr")} | {f"{_W}noBreakHyphen": "-"}


def extract(data: bytes, name: str) -> Extracted:
    """Return the text of a Word file. A table of contents is set aside.

    Raises:
        BriefError: damaged, a renamed ZIP, or without text.
    """
    import docx
    from docx.exceptions import PythonDocxError
    from docx.opc.exceptions import OpcError

    check_size(data, name)
    out = Writing()
    with damage_said(name, "Word", PythonDocxError, OpcError):
        file = docx.Document(io.BytesIO(data))
        _blocks(file.element.body, out, _Styles(file))
        _notes(file, out)
        about = metadata(file)
    if out.is_empty:
        raise BriefError(
            f"{name} has no text; it may hold pictures of pages. Run text recognition (OCR) and "
            "add the result."
        )
    return out.extracted(**about)


class _Styles:
    """What the styles of a file make of a paragraph: a heading, an item, a line of contents."""

    def __init__(self, file: Any) -> None:
        self._styles = {style.style_id: style for style in file.styles}

    def of(self, paragraph: Any) -> tuple[int, bool, bool]:
        """Return the heading level (0 for none), whether it is an item, and whether contents."""
        own = paragraph.find(f"{_W}pPr")
        style_id = own.find(f"{_W}pStyle") if own is not None else None
        style = self._styles.get(style_id.get(f"{_W}val")) if style_id is not None else None
        level, item, contents = _level(own), _numbered(own), False
        seen = 0
        while style is not None and seen < 20:  # styles of a damaged file may go in circles
            word, _, number = (style.name or "").lower().partition(" ")
            if word == "title":
                level = level or 1
            elif word == "heading" and number.isdigit():
                level = level or int(number)
            contents = contents or word == "toc"
            properties = style.element.find(f"{_W}pPr")
            level = level or _level(properties)
            item = item or _numbered(properties)
            style, seen = style.base_style, seen + 1
        return level, item, contents


def _level(properties: Any) -> int:
    outline = properties.find(f"{_W}outlineLvl") if properties is not None else None
    level = int(outline.get(f"{_W}val", "9")) + 1 if outline is not None else 0
    return level if level <= 9 else 0  # 9 is "body text"


def _numbered(properties: Any) -> bool:
    number = properties.find(f"{_W}numPr") if properties is not None else None
    number_id = number.find(f"{_W}numId") if number is not None else None
    return number_id is not None and number_id.get(f"{_W}val") != "0"


def _blocks(container: Any, out: Writing, styles: _Styles) -> None:
    for block in container:
        if block.tag == f"{_W}p":
            level, item, contents = styles.of(block)
            text = _text(block)
            if level and not contents:
                out.heading(level, text)
            else:
                out.paragraph(text, mark="- " if item and not contents else "", aside=contents)
        elif block.tag == f"{_W}tbl":
            for row in block.iter(f"{_W}tr"):
                out.row(_text(cell) for cell in row.iterchildren(f"{_W}tc", f"{_W}sdt"))
        elif block.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"):
            _blocks(block, out, styles)


def _notes(file: Any, out: Writing) -> None:
    """Write the footnotes and endnotes at the end, under a heading of their own."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    notes = []
    for relation in file.part.rels.values():
        if relation.reltype.endswith(("/footnotes", "/endnotes")) and not relation.is_external:
            root = etree.fromstring(relation.target_part.blob, parser)
            # Those with a type are the lines that separate notes from the text.
            notes += [_text(note) for note in root if note.get(f"{_W}type", "normal") == "normal"]
    if any(note.strip() for note in notes):
        out.heading(1, "Notes")
        for note in notes:
            out.paragraph(note)


def _text(element: Any) -> str:
    """Return the text inside, without what is deleted or hidden, a space where a paragraph ends."""
    pieces = []
    for child in element:
        if child.tag == f"{_W}t":
            pieces.append(child.text or "")
        elif child.tag in _GAPS:
            pieces.append(_GAPS[child.tag])
        elif (
            isinstance(child.tag, str)
            and child.tag not in _NOT_TEXT
            and child.tag != _FALLBACK
            and not _is_hidden(child)
        ):
            pieces.append(_text(child))
            if child.tag == f"{_W}p":
                pieces.append(" ")
    return "".join(pieces)


def _is_hidden(run: Any) -> bool:
    hidden = run.find(f"{_W}rPr/{_W}vanish")
    return hidden is not None and hidden.get(f"{_W}val", "true") not in ("0", "false", "off")
