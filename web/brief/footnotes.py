"""Real footnotes for python-docx 1.2, which has none: the part, its styles and the references."""

from typing import Any

from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import nsdecls, qn
from docx.text.paragraph import Paragraph
from lxml import etree

_REFERENCE, _TEXT = "FootnoteReference", "FootnoteText"
# The two that Word wants before any of one's own: the line above footnotes, and the longer one.
_SEPARATORS = (("-1", "separator"), ("0", "continuationSeparator"))


class Footnotes:
    """The footnotes of one document. Word numbers them in the order in which they are referred to.

    `refer` in that order, `write` each, and `finish` before the document is saved.
    """

    def __init__(self, document: Document) -> None:
        """Begin with none."""
        self._document = document
        self._root = etree.fromstring(f"<w:footnotes {nsdecls('w')}/>")
        self._referred: set[int] = set()
        _add_styles(document)
        for id_, kind in _SEPARATORS:
            note = _within(self._root, "w:footnote", type=kind, id=id_)
            _within(_within(_within(note, "w:p"), "w:r"), f"w:{kind}")

    def refer(self, paragraph: Paragraph, n: int) -> None:
        """Add the number of a footnote to a paragraph.

        A footnote has one reference of its own; where it is referred to again, a field repeats its
        number and follows it when Word numbers anew.
        """
        if n in self._referred:
            _repeat(paragraph, n)
            return
        self._referred.add(n)
        _within(paragraph._p, "w:bookmarkStart", id=str(n), name=_bookmark(n))
        run = _styled_run(paragraph._p, _REFERENCE)
        _within(run, "w:footnoteReference", id=str(n))
        _within(paragraph._p, "w:bookmarkEnd", id=str(n))

    def write(self, n: int, said: str, provenance: str) -> None:
        """Write a footnote: what is quoted, and below it, smaller, where that comes from."""
        note = _within(self._root, "w:footnote", id=str(n))
        paragraph = _paragraph(note)
        _within(_styled_run(paragraph, _REFERENCE), "w:footnoteRef")
        _text(paragraph, f" {said}")
        below = _paragraph(note)
        _text(below, provenance, grey=True)

    def finish(self) -> None:
        """Add the footnotes to the document's package."""
        settings = self._document.settings.element
        listed = OxmlElement("w:footnotePr")
        for id_, _ in _SEPARATORS:
            _within(listed, "w:footnote", id=id_)
        settings.insert_element_before(listed, "w:endnotePr", "w:compat", "w:docVars", "w:rsids")
        own = self._document.part
        data = etree.tostring(self._root, xml_declaration=True, encoding="UTF-8", standalone=True)
        part = Part(PackURI("/word/footnotes.xml"), CONTENT_TYPE.WML_FOOTNOTES, data, own.package)
        own.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)


def _add_styles(document: Document) -> None:
    styles = document.styles
    reference = styles.add_style("footnote reference", WD_STYLE_TYPE.CHARACTER)
    reference.element.set(qn("w:styleId"), _REFERENCE)
    reference.font.superscript = True
    text = styles.add_style("footnote text", WD_STYLE_TYPE.PARAGRAPH)
    text.element.set(qn("w:styleId"), _TEXT)
    text.base_style = styles["Normal"]
    for style in (reference, text):  # else Word shows two of each: its own and this
        style.element.attrib.pop(qn("w:customStyle"), None)


def _bookmark(n: int) -> str:
    return f"_RefNote{n}"


def _repeat(paragraph: Paragraph, n: int) -> None:
    field = _within(paragraph._p, "w:fldSimple", instr=f" NOTEREF {_bookmark(n)} \\f \\h ")
    _text_of(_styled_run(field, _REFERENCE), str(n))


def _paragraph(note: Any) -> Any:
    paragraph = _within(note, "w:p")
    _within(_within(paragraph, "w:pPr"), "w:pStyle", val=_TEXT)
    return paragraph


def _styled_run(parent: Any, style: str) -> Any:
    run = _within(parent, "w:r")
    _within(_within(run, "w:rPr"), "w:rStyle", val=style)
    return run


def _text(paragraph: Any, text: str, *, grey: bool = False) -> None:
    run = _within(paragraph, "w:r")
    if grey:
        look = _within(run, "w:rPr")
        _within(look, "w:color", val="555555")
        _within(look, "w:sz", val="15")
    _text_of(run, text)


def _text_of(run: Any, text: str) -> None:
    node = _within(run, "w:t")
    node.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    node.text = text


def _within(parent: Any, tag: str, **attributes: str) -> Any:
    node = etree.SubElement(parent, qn(tag))
    for name, value in attributes.items():
        node.set(qn(f"w:{name}"), value)
    return node
