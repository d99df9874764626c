"""Which format a file has, by what is in it first and by its name second."""

import re
from pathlib import Path

from index.formats import plain
from index.formats.archive import open_zip
from index.types import BriefError, Extracted

_OFFICE = {".docx": "Word", ".pptx": "PowerPoint"}
_MARKED = {".html", ".htm", ".xhtml"}
SUFFIXES = {*plain.SUFFIXES, *_OFFICE, *_MARKED, ".pdf", ".epub", ".zip"}
_HTML = re.compile(rb"\A(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S)
# Compound files: Word and PowerPoint before 2007, and newer ones under a password.
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MARKERS = {"word/document.xml": "docx", "ppt/presentation.xml": "pptx"}
# What else is a ZIP inside, and what to do with it.
_FOREIGN = {"xl/workbook.xml": "a spreadsheet", "content.xml": "an OpenDocument file"}


def extract(data: bytes, name: str) -> Extracted:
    """Return what a file says, whatever its format.

    Raises:
        BriefError: empty, damaged, encrypted, or a format that cannot be read. It names the remedy.
    """
    if not data:
        raise BriefError(f"{name} is empty. Add a file that has text in it.")
    kind = format_of(data, name)
    if kind == "pdf":
        from index.formats import pdf

        return pdf.extract(data, name)
    if kind == "docx":
        from index.formats import docx

        return docx.extract(data, name)
    if kind == "pptx":
        from index.formats import pptx

        return pptx.extract(data, name)
    if kind == "epub":
        from index.formats import epub

        return epub.extract(data, name)
    if kind == "html":
        from index.formats import html

        return html.extract(data, name)
    if kind == "zip":
        raise _not_that(name)
    return plain.extract(data, name)


def format_of(data: bytes, name: str) -> str:
    """Return "pdf", "docx", "pptx", "epub", "html", "zip" or "text".

    Raises:
        BriefError: none of these, with what to save it as instead.
    """
    if is_pdf(data, name):
        return "pdf"
    suffix = Path(name).suffix.lower()
    head = _head(data)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(data, name)
    if head.startswith(_COMPOUND):
        if _ENCRYPTED in data:
            raise BriefError(f"{name} is encrypted. Remove its password, save it and add that.")
        raise BriefError(
            f"{name} is of an old Office format. Save it as .docx or .pptx, or as PDF."
        )
    if head.startswith(b"{\\rtf"):
        raise BriefError(
            f"{name} is RTF, which cannot be read here. Save it as .docx and add that."
        )
    if suffix in _MARKED or _HTML.match(head):
        return "html"
    if suffix in {".pdf", ".epub", ".zip", *_OFFICE}:
        raise BriefError(
            f"{name} is damaged or no {suffix[1:].upper()} file. Get the file again, or save it "
            "anew, and add that."
        )
    if suffix not in SUFFIXES:
        raise BriefError(
            f"{name} is not a format that can be read here ({', '.join(sorted(SUFFIXES))}). "
            "Save it as plain text or PDF and add that."
        )
    return "text"


def is_pdf(data: bytes, name: str) -> bool:
    """Whether a file is a PDF, or is called so and has the mark of one."""
    head = _head(data)
    called_so = Path(name).suffix.lower() == ".pdf"
    return head.startswith(b"%PDF-") or (called_so and b"%PDF-" in head)


def _head(data: bytes) -> bytes:
    return data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")


def _zipped(data: bytes, name: str) -> str:
    with open_zip(data, name) as archive:
        names = set(archive.namelist())
    for marker, kind in _MARKERS.items():
        if marker in names:
            return kind
    # EPUB has its media type first and unpacked, so that it stands in the first bytes.
    if b"mimetypeapplication/epub+zip" in data[:100] or "META-INF/container.xml" in names:
        return "epub"
    for marker, what in _FOREIGN.items():
        if marker in names:
            raise BriefError(f"{name} is {what}, which cannot be read here. Save it as PDF.")
    return "zip"


def _not_that(name: str) -> BriefError:
    suffix = Path(name).suffix.lower()
    if suffix in _OFFICE:
        return BriefError(
            f"{name} is a ZIP archive and no {_OFFICE[suffix]} file. Name it .zip to add the files "
            f"in it, or open it in {_OFFICE[suffix]}, save it anew and add that."
        )
    return BriefError(
        f"{name} is a ZIP archive. Give it a name that ends in .zip and add it, or unpack it and "
        "add the files in it."
    )
