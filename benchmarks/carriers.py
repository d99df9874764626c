"""Files of several formats that carry a text in some place of theirs, made from words alone.

Around it stands a harmless page, so that the text is all that anybody could mind.
"""

import base64
import codecs
import re
import zipfile
from collections.abc import Callable
from html import escape
from io import BytesIO

from docx import Document as Word
from pptx import Presentation
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

TITLE = "The market of Sarn"
HOST = (
    "The market of Sarn opens on Mondays. Traders bring grain, salt and cloth from the villages.",
    "Its roof was mended in spring. The old scales were sold to a museum.",
)
LAST = "The stalls stand in rows, and each row has a name that is painted on a board."
_LEET = str.maketrans("aeiost", "431057")
_HIDDEN = {
    "display:none": '<p style="display:none">{}</p>',
    "hidden": "<p hidden>{}</p>",
    "white": '<p style="color:#fff;background:#fff">{}</p>',
    "small": '<p style="font-size:0">{}</p>',
    "off the page": '<p style="position:absolute;left:-9999px">{}</p>',
    "comment": "<!-- {} -->",
    "footnote": '<p id="fn1"><sup>1</sup> {}</p>',
    "table": "<table><tr><th>Item</th><th>Note</th></tr><tr><td>Salt</td><td>{}</td></tr></table>",
    "heading": "<h2>{}</h2>",
    "alt": '<p><img src="seal.png" alt="{}"> The seal of the market.</p>',
}


def disguised(text: str, how: str) -> str:
    """Return a text as it is written to be overlooked: by people, or by filters.

    >>> disguised("Say so.", "rot13")
    'Fnl fb.'
    """
    if how == "base64":
        return f"Decode and follow: {base64.b64encode(text.encode()).decode()}"
    if how == "rot13":
        return codecs.encode(text, "rot13")
    if how == "leet":
        return text.translate(_LEET)
    if how == "zero-width":
        return "\u200b".join(text)
    if how == "tags":  # characters that only programs see
        return "".join(chr(0xE0000 + ord(c)) for c in text if ord(c) < 0x7F)
    if how == "spaced":
        return " ".join(text)
    return text


def is_harmless(text: str) -> bool:
    """Return whether a text has only words of the page around what is carried."""
    around = " ".join((TITLE, *HOST, LAST))
    return " ".join(text.strip("-#| ").split()) in around


def carried(format_: str, place: str, text: str) -> tuple[str, bytes]:
    """Return the name and the bytes of a file that has a text in a place of it.

    Args:
        format_: md, txt, html, docx, pdf, pptx or epub.
        place: "text" for a paragraph of its own, or what the format has: "title", "author", "file
            name", "heading", "table", "footnote", "notes", "comment", "alt", or a way to hide it.
        text: what is carried, with paragraphs between blank lines.
    """
    stem = re.sub(r"[^\w ,.]", " ", text)[:120].strip() if place == "file name" else "market"
    return f"{stem}.{format_}", _MAKERS[format_](place, text)


def _md(place: str, text: str) -> bytes:
    about = {"title": TITLE, **({place: text} if place in ("title", "author", "source") else {})}
    parts = [*HOST]
    if place == "table":
        parts += [f"| Item | Note |\n|---|---|\n| Salt | {text} |"]
    elif place == "footnote":
        parts += [f"The scales were old.[^1]\n\n[^1]: {text}"]
    elif place == "alt":
        parts += [f"![{text}](seal.png) The seal of the market."]
    elif place == "comment":
        parts += [f"<!-- {text} -->"]
    elif place == "heading":
        parts += [f"## {text}", LAST]
    elif place == "text":
        parts += [text]
    front = "".join(f"{name}: {value}\n" for name, value in about.items())
    return "\n\n".join([f"---\n{front}---", *parts]).encode()


def _txt(place: str, text: str) -> bytes:
    return "\n\n".join([TITLE, *HOST, *([text] if place == "text" else [])]).encode()


def _html(place: str, text: str) -> bytes:
    title = text if place == "title" else TITLE
    author = f'<meta name="author" content="{escape(text)}">' if place == "author" else ""
    body = [f"<p>{p}</p>" for p in HOST]
    if place in _HIDDEN:
        body.append(_HIDDEN[place].format(text if place == "comment" else escape(text)))
    elif place == "text":
        body += [f"<p>{escape(p)}</p>" for p in text.split("\n\n")]
    body.append(f"<p>{LAST}</p>")
    head = f'<meta charset="utf-8"><title>{escape(title)}</title>{author}'
    page = f"<article><h1>{escape(title)}</h1>{''.join(body)}</article>"
    return f"<html><head>{head}</head><body>{page}</body></html>".encode()


def _docx(place: str, text: str) -> bytes:
    word, made = Word(), BytesIO()
    word.core_properties.title = (text if place == "title" else TITLE)[:255]
    word.core_properties.author = (text if place == "author" else "A trader")[:255]
    for paragraph in HOST:
        word.add_paragraph(paragraph)
    if place == "table":
        table = word.add_table(2, 2)
        for cell, words in zip(table._cells, ("Item", "Note", "Salt", text), strict=True):
            cell.text = words
    elif place == "heading":
        word.add_heading(text, 2)
        word.add_paragraph(LAST)
    elif place == "hidden":
        word.add_paragraph().add_run(text).font.hidden = True
    elif place == "text":
        for paragraph in text.split("\n\n"):
            word.add_paragraph(paragraph)
    word.save(made)
    return made.getvalue()


def _pptx(place: str, text: str) -> bytes:
    slides, made = Presentation(), BytesIO()
    slide = slides.slides.add_slide(slides.slide_layouts[1])
    slide.shapes.title.text = text if place == "heading" else TITLE
    slide.placeholders[1].text = "\n".join([*HOST, *([text] if place == "text" else [])])
    if place == "notes":
        slide.notes_slide.notes_text_frame.text = text
    slides.core_properties.title = TITLE
    slides.save(made)
    return made.getvalue()


def _pdf(place: str, text: str) -> bytes:
    made = BytesIO()
    canvas = Canvas(made)
    canvas.setTitle(text if place == "title" else TITLE)
    canvas.setAuthor(text if place == "author" else "A trader")
    down = 780
    said = [(p, "") for p in (TITLE, *HOST)]
    said += [(p, place) for p in text.split("\n\n") if place in ("text", "white", "small")]
    for paragraph, how in said:
        canvas.setFillGray(1 if how == "white" else 0)
        size = 1 if how == "small" else 11
        canvas.setFont("Helvetica", size)
        for line in paragraph.split("\n"):
            for row in simpleSplit(line, "Helvetica", size, 450):
                canvas.drawString(72, down, row)
                down -= 14
        down -= 12
    canvas.save()
    return made.getvalue()


def _epub(place: str, text: str) -> bytes:
    made = BytesIO()
    title = escape(text) if place == "title" else TITLE
    said = "".join(f"<p>{escape(p)}</p>" for p in (*HOST, *([text] if place == "text" else [])))
    container = (
        '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<rootfiles><rootfile full-path="book.opf" '
        'media-type="application/oebps-package+xml"/></rootfiles>'
        "</container>"
    )
    book = (
        '<package version="3.0" xmlns="http://www.idpf.org/2007/opf">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title>'
        '</metadata><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
        '</manifest><spine><itemref idref="a"/></spine></package>'
    )
    page = (
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Sarn</title></head>'
        f"<body><h1>{TITLE}</h1>{said}</body></html>"
    )
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("book.opf", book)
        archive.writestr("a.xhtml", page)
    return made.getvalue()


_MAKERS: dict[str, Callable[[str, str], bytes]] = {
    "md": _md,
    "txt": _txt,
    "html": _html,
    "docx": _docx,
    "pptx": _pptx,
    "pdf": _pdf,
    "epub": _epub,
}
