"""Documents and passages as rows of the store's tables."""

import json

from index.likeness import sketch
from index.types import Document, DocumentInfo, Part, Passage, page_count

PASSAGE = 'p.id, p.document_id, p."start", p."end", p.text, p.place'
DOCUMENT = """id, title, as_of, source, text, parts, author, notices, aside, edited,
    coalesce((SELECT digest FROM originals WHERE document_id = documents.id), '')"""
INFO = """id, title, as_of, source, author, notices, parts, length(text), aside, path,
    (SELECT count(*) FROM passages WHERE document_id = documents.id)"""


def document_row(d: Document, path: str) -> dict[str, str | bytes]:
    """Return the columns of a document that is not ready yet."""
    return {
        "id": d.id,
        "path": path,
        "title": d.title,
        "as_of": d.as_of,
        "source": d.source,
        "text": d.text,
        "parts": json.dumps([[p.start, p.label, p.kind] for p in d.parts]),
        "author": d.author,
        "notices": json.dumps(d.notices),
        "aside": json.dumps(d.aside),
        "sketch": sketch(d.text).tobytes(),
        "edited": json.dumps(d.edited),
    }


def passage_row(p: Passage) -> dict[str, str | int]:
    """Return the columns of a passage."""
    return {
        "id": p.id,
        "document_id": p.document_id,
        "start": p.start,
        "end": p.end,
        "text": p.text,
        "place": p.place,
    }


def document_of(
    id_: str, title: str, as_of: str, source: str, text: str, parts: str, author: str,
    notices: str, aside: str, edited: str, printed: str,
) -> Document:  # fmt: skip
    """Return what the columns `DOCUMENT` say."""
    return Document(
        id_,
        title,
        as_of,
        source,
        text,
        _parts(parts),
        author,
        tuple(json.loads(notices)),
        tuple((start, end) for start, end in json.loads(aside)),
        tuple(json.loads(edited)),
        printed=printed,
    )


def info_of(
    id_: str, title: str, as_of: str, source: str, author: str, notices: str, parts: str,
    characters: int, aside: str, path: str, passages: int,
) -> DocumentInfo:  # fmt: skip
    """Return what the columns `INFO` say."""
    return DocumentInfo(
        id_,
        title,
        as_of,
        source,
        author,
        tuple(json.loads(notices)),
        page_count(_parts(parts), characters),
        characters,
        len(json.loads(aside)),
        path,
        passages,
    )


def _parts(stored: str) -> tuple[Part, ...]:
    return tuple(Part(*part) for part in json.loads(stored))
