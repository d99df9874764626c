"""A brief as a PDF with selectable text: the answers, then the numbered sources they refer to."""

import io
import threading
from collections.abc import Iterator
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    PageTemplate,
    Paragraph,
)

from web.brief.content import Content, Said, Section, removed_words
from web.brief.font import NAME, printable, register
from web.brief.notes import Note
from web.brief.words import clipped

_INK, _QUIET, _ACCENT = HexColor("#1f2a30"), HexColor("#555555"), HexColor("#0b6b66")
_SIDE, _TOP, _BOTTOM = 24 * mm, 22 * mm, 22 * mm
# reportlab 5.1 reads glyphs from one open font for all documents.
_ONE_AT_A_TIME = threading.Lock()


def _style(name: str, size: float, **more: object) -> ParagraphStyle:
    plain = {"fontName": f"{NAME}-Regular", "textColor": _INK, "leading": size * 1.42}
    return ParagraphStyle(name, fontSize=size, **{**plain, **more})


_TITLE = _style("title", 20, fontName=f"{NAME}-Bold", leading=25, spaceAfter=3)
_HEADING = _style(
    "heading", 13, fontName=f"{NAME}-Bold", textColor=_ACCENT, spaceBefore=15, spaceAfter=3,
    keepWithNext=1,
)  # fmt: skip
_TEXT = _style("text", 10.5, spaceAfter=5)
_BULLET = _style("bullet", 10.5, leftIndent=12, bulletIndent=2, spaceAfter=4)
_FACTS = _style("facts", 8.5, textColor=_QUIET, spaceAfter=4)
_LABEL = _style("label", 8.5, textColor=_QUIET, spaceAfter=4, keepWithNext=1)
_COMMENT = _style(
    "comment", 10, leftIndent=10, borderPadding=(3, 0, 4, 8), spaceBefore=4, spaceAfter=8
)
_NOTE = _style("note", 9, leftIndent=20, bulletIndent=0, bulletFontSize=9, spaceAfter=1)
_PROVENANCE = _style("provenance", 7.8, textColor=_QUIET, leftIndent=20, spaceAfter=7)


def pdf(content: Content) -> bytes:
    """Return the whole brief as a file."""
    with _ONE_AT_A_TIME:
        register()
        file = io.BytesIO()
        document = _Outlined(
            file, pagesize=A4, title=content.title, author="Sahel Brief", creator="Sahel Brief",
            subject=content.facts, lang="en-GB", leftMargin=_SIDE, rightMargin=_SIDE,
            topMargin=_TOP, bottomMargin=_BOTTOM,
        )  # fmt: skip
        frame = Frame(_SIDE, _BOTTOM, document.width, document.height, 0, 0, 0, 0)
        foot = printable(clipped(content.title, 80))
        page = PageTemplate(frames=[frame], onPage=lambda canvas, _: _foot(canvas, foot))
        document.addPageTemplates([page])
        document.build(list(_all(content)))
        return file.getvalue()


def _all(content: Content) -> Iterator[Flowable]:
    yield Paragraph(_marked(content.title), _TITLE)
    yield Paragraph(_marked(content.facts), _FACTS)
    for section in content.sections:
        yield from _section(section)
    if content.notes:
        yield Paragraph("Sources", _HEADING)
    for note in content.notes:
        yield KeepTogether(list(_note(note)))


def _section(section: Section) -> Iterator[Flowable]:
    yield Paragraph(_marked(section.title), _HEADING)
    for name, words in (("Question", section.question), ("Understood as", section.resolved)):
        if words:
            yield Paragraph(f"{name}: {_marked(words)}", _LABEL)
    if section.reason:
        yield Paragraph(f"<b>{_marked(section.reason)}</b>", _TEXT)
    if section.closest:
        yield Paragraph("The closest passages:", _LABEL)
        yield from (Paragraph(_said(said), _BULLET, bulletText="•") for said in section.closest)
    if section.answer:
        yield Paragraph(" ".join(_said(said) for said in section.answer), _TEXT)
    if section.removed:
        struck = _marked(" ".join(section.removed))
        yield Paragraph(f"{removed_words(section.removed)} <strike>{struck}</strike>", _FACTS)
    yield from (Paragraph(_marked(notice), _FACTS) for notice in section.notices)
    if section.comment:
        lines = "<br/>".join(_marked(line) for line in section.comment.split("\n"))
        yield _Barred(f"<b>Comment:</b> {lines}", _COMMENT)
    yield Paragraph(_marked(section.facts), _FACTS)


def _said(said: Said) -> str:
    lead = f'<font color="#555555">{_marked(said.lead)}:</font> ' if said.lead else ""
    text = _marked(f"“{said.text}”" if said.quoted else said.text)
    links = ", ".join(f'<a href="#note-{n}" color="#0b6b66">{n}</a>' for n in said.notes)
    return f'{lead}{text}<super size="7" rise="3.6">{links}</super>' if links else lead + text


def _note(note: Note) -> Iterator[Flowable]:
    anchor = f'<a name="note-{note.n}"/>'
    yield Paragraph(f"{anchor}{_marked(note.said)}", _NOTE, bulletText=f"{note.n}.")
    yield Paragraph(_marked(f"{note.origin} {note.provenance}"), _PROVENANCE)


def _marked(text: str) -> str:
    return escape(printable(text))


def _foot(canvas: Canvas, title: str) -> None:
    canvas.saveState()
    canvas.setFont(f"{NAME}-Regular", 8)
    canvas.setFillColor(_QUIET)
    canvas.drawString(_SIDE, 12 * mm, title)
    canvas.drawRightString(A4[0] - _SIDE, 12 * mm, f"Page {canvas.getPageNumber()}")
    canvas.restoreState()


class _Outlined(BaseDocTemplate):  # type: ignore[misc]  # reportlab has no types
    """A document whose headings are in the reader's list of contents too."""

    def afterFlowable(self, flowable: Flowable) -> None:
        if getattr(flowable, "style", None) is _HEADING:
            key = f"heading-{id(flowable)}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(clipped(flowable.getPlainText(), 120), key, 0)


class _Barred(Paragraph):  # type: ignore[misc]
    """A paragraph with a line beside it."""

    def draw(self) -> None:
        self.canv.saveState()
        self.canv.setStrokeColor(_ACCENT)
        self.canv.setLineWidth(1.5)
        self.canv.line(2, 0, 2, self.height)
        self.canv.restoreState()
        super().draw()
