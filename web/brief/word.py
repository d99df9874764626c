"""A brief as a Word document (DOCX) with footnotes at the foot of each page."""

import io
from collections.abc import Sequence

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from web.brief.content import Content, Said, Section, removed_words
from web.brief.footnotes import Footnotes

_FONT = "Arial"  # each office program has it, or one of the same widths
_INK, _QUIET, _ACCENT = (
    RGBColor(0x1F, 0x2A, 0x30),
    RGBColor(0x55, 0x55, 0x55),
    RGBColor(0x0B, 0x6B, 0x66),
)
_SIZES = {"Normal": 11, "Title": 20, "Heading 1": 14, "footnote text": 9}


def word(content: Content) -> bytes:
    """Return the whole brief as a file."""
    document = docx.Document()
    notes = Footnotes(document)
    _set_up(document, content)
    document.add_paragraph(content.title, "Title")
    document.add_paragraph(content.facts, "Facts")
    for section in content.sections:
        _add(document, section, notes)
    notes.finish()
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _add(document: Document, section: Section, notes: Footnotes) -> None:
    document.add_paragraph(section.title, "Heading 1")
    for name, words in (("Question", section.question), ("Understood as", section.resolved)):
        if words:
            document.add_paragraph(
                f"{name}: {words}", "Facts"
            ).paragraph_format.keep_with_next = True
    if section.reason:
        document.add_paragraph().add_run(section.reason).bold = True
    if section.closest:
        document.add_paragraph("The closest passages:").paragraph_format.keep_with_next = True
        for said in section.closest:
            _say(document.add_paragraph(style="List Bullet"), [said], notes)
    if section.answer:
        _say(document.add_paragraph(), section.answer, notes)
    if section.removed:
        paragraph = document.add_paragraph(f"{removed_words(section.removed)} ", "Facts")
        paragraph.add_run(" ".join(section.removed)).font.strike = True
    for notice in section.notices:
        document.add_paragraph(notice, "Facts")
    if section.comment:
        _comment(document, section.comment)
    document.add_paragraph(section.facts, "Facts")
    for note in section.notes:
        notes.write(note.n, note.said, f"{note.origin} {note.provenance}")


def _say(paragraph: Paragraph, sentences: Sequence[Said], notes: Footnotes) -> None:
    for place, said in enumerate(sentences):
        if place:
            paragraph.add_run(" ")
        if said.lead:
            paragraph.add_run(f"{said.lead}: ").font.color.rgb = _QUIET
        paragraph.add_run(f"“{said.text}”" if said.quoted else said.text)
        for nth, n in enumerate(said.notes):
            if nth:
                paragraph.add_run(", ", "footnote reference")
            notes.refer(paragraph, n)


def _comment(document: Document, comment: str) -> None:
    for n, lines in enumerate(comment.split("\n\n")):
        paragraph = document.add_paragraph(style="Comment")
        if not n:
            paragraph.add_run("Comment: ").bold = True
        paragraph.add_run(lines)  # python-docx makes a line break of each newline


def _set_up(document: Document, content: Content) -> None:
    properties = document.core_properties
    properties.title, properties.author = content.title[:255], "Sahel Brief"
    properties.comments, properties.language = "", "en-GB"
    properties.created = properties.modified = content.made_at.replace(tzinfo=None)
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(25)
    page.top_margin, page.bottom_margin = Mm(22), Mm(20)
    _style(document)
    footer = page.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _field(footer, "PAGE")


def _style(document: Document) -> None:
    styles = document.styles
    for language in styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), "en-GB")  # what is underlined as misspelt
    facts = styles.add_style("Facts", WD_STYLE_TYPE.PARAGRAPH)
    comment = styles.add_style("Comment", WD_STYLE_TYPE.PARAGRAPH)
    for style in (facts, comment):
        style.base_style = styles["Normal"]
    for name, size in {**_SIZES, "Facts": 9, "Comment": 10.5, "Footer": 9}.items():
        font = styles[name].font
        font.size, font.name = Pt(size), _FONT
        font.color.rgb = _QUIET if name in ("Facts", "Footer") else _INK
        fonts = styles[name].element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)  # a theme's font would win over the name
        fonts.set(qn("w:cs"), _FONT)
    normal = styles["Normal"].paragraph_format
    normal.space_after, normal.line_spacing = Pt(7), 1.15
    styles["Title"].font.bold = styles["Heading 1"].font.bold = True
    styles["Heading 1"].font.color.rgb = _ACCENT
    styles["Heading 1"].paragraph_format.space_before = Pt(16)
    styles["Heading 1"].paragraph_format.space_after = Pt(4)
    _line(styles["Title"].element, "bottom", None)
    styles["Title"].paragraph_format.space_after = Pt(4)
    styles["footnote text"].paragraph_format.space_after = Pt(1)
    styles["footnote text"].paragraph_format.line_spacing = 1.0
    facts.paragraph_format.space_after = Pt(4)
    comment.paragraph_format.left_indent = Mm(4)
    _line(comment.element, "left", "0B6B66")


def _line(style: object, side: str, colour: str | None) -> None:
    """Give a style a line on one side, or take away the one that it has."""
    properties = style.get_or_add_pPr()  # type: ignore[attr-defined]
    for old in properties.findall(qn("w:pBdr")):
        properties.remove(old)
    if colour is None:
        return
    borders = OxmlElement("w:pBdr")
    line = OxmlElement(f"w:{side}")
    for name, value in (("val", "single"), ("sz", "12"), ("space", "8"), ("color", colour)):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    # The schema has an order, and Word insists on it.
    later = ("shd", "tabs", "suppressAutoHyphens", "spacing", "ind", "contextualSpacing", "jc")
    properties.insert_element_before(borders, *(f"w:{tag}" for tag in later))


def _field(paragraph: Paragraph, instruction: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), f" {instruction} ")
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "1"
    run.append(text)
    field.append(run)
    paragraph._p.append(field)
