"""The routes of a document's pages as they are printed: sizes, pictures, and marks on them."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response

from index.formats.pictures import page_sizes, picture
from index.library import DiskLibrary
from index.originals import Originals
from index.printed import quotations
from index.types import Document, Original
from web.documents import known, opened
from web.engine import Opening

_SPANS = 100  # that are looked for at once, and the characters of one
_SPAN_CHARS = 20_000
_SPAN = re.compile(r"(\d{1,12})-(\d{1,12})")
# `of` names the bytes that are drawn, so that what is at one address never changes.
_FOR_GOOD = {"Cache-Control": "private, max-age=31536000, immutable"}

Width = Annotated[int, Query(ge=100, le=2400)]


def printed_routes(opening: Opening) -> APIRouter:
    """Return the routes. Each is asked with `of`, the `printed` of the document.

    They are no coroutines: drawing takes its time, in threads of its own.
    """
    router = APIRouter(prefix="/documents/{document_id}")
    originals = Originals()

    def found(document_id: str, of: str) -> tuple[Document, Original]:
        library = opened(opening).library
        document = known(library, document_id)
        original: Original = b""
        if isinstance(library, DiskLibrary) and document.printed and document.printed == of:
            store = library.store
            original = originals.get(of, lambda: store.original(document_id))
        if not original:
            raise HTTPException(404, "These pages are not in the library any more.")
        return document, original

    @router.get("/pages")
    def pages(document_id: str, of: str) -> list[tuple[float, float]]:
        _, original = found(document_id, of)
        return [(round(wide, 1), round(tall, 1)) for wide, tall in page_sizes(original)]

    @router.get("/pages/{number}")
    def page(document_id: str, number: int, of: str, width: Width = 1200) -> Response:
        _, original = found(document_id, of)
        data = picture(original, number, width_px=width)
        return Response(data, media_type="image/jpeg", headers=_FOR_GOOD)

    @router.get("/marks")
    def marks(document_id: str, of: str, spans: str) -> list[list[dict[str, Any]]]:
        """Give for each of the spans "12-40,88-120" its pages, and boxes in shares of each."""
        document, original = found(document_id, of)
        wanted = [_span(piece) for piece in spans.split(",", _SPANS)[:_SPANS]]
        return [
            [{"page": on.page, "boxes": [[round(x, 5) for x in box] for box in on.boxes]}
             for on in of_span]
            for of_span in quotations(document, original, wanted)
        ]  # fmt: skip

    return router


def _span(piece: str) -> tuple[int, int]:
    if not (match := _SPAN.fullmatch(piece)):
        raise HTTPException(422, "Spans are written as 12-40,88-120.")
    start, end = int(match[1]), int(match[2])
    return start, min(end, start + _SPAN_CHARS)
