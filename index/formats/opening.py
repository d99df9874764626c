"""Opens PDF files with pdfium, which may be called from one thread only at a time."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from index.types import BriefError, Original

_NEXT, _CALLING = Lock(), Lock()


@contextmanager
def turn() -> Iterator[None]:
    """Call pdfium alone, in the order of asking: a long file is read page by page between others.

    Without `_NEXT` who has just had a turn would take the next before another thread wakes up.
    """
    with _NEXT:
        _CALLING.acquire()
    try:
        yield
    finally:
        _CALLING.release()


def open_file(data: Original, name: str) -> Any:
    """Return a `pypdfium2.PdfDocument`, in one's turn.

    Raises:
        BriefError: encrypted or damaged.
    """
    import pypdfium2
    import pypdfium2.raw as raw

    # From a map pdfium reads in place what it needs; of bytes pypdfium2 makes no copy either.
    given = data if isinstance(data, bytes) else (ctypes.c_ubyte * len(data)).from_buffer(data)
    try:
        return pypdfium2.PdfDocument(given)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise BriefError(
                f"{name} is encrypted. Remove the password (print it to a new PDF) and add that."
            ) from None
        raise BriefError(
            f"{name} is damaged: it cannot be opened. Get the file again, or print it to a new PDF."
        ) from None


def page_text(page: Any) -> str:
    """Return the text of a `PdfTextPage`, of which each letter is where pdfium counts it.

    A NUL stands for what has no Unicode, which pdfium leaves out of the text.
    """
    import pypdfium2.raw as raw

    text: str = page.get_text_range()
    if len(text) == page.count_chars():
        return text
    codes = (raw.FPDFText_GetUnicode(page, i) for i in range(page.count_chars()))
    return "".join("\0" if 0xD800 <= c < 0xE000 or c > 0x10FFFF else chr(c) for c in codes)
