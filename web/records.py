"""An answer as it is kept and shown, in JSON's types: an old one is shown like a new one."""

import hashlib
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from index.types import BriefError, Document, Hit, Library
from qa.output import as_json, citation_json
from qa.types import Answer

Record = dict[str, Any]
"""What `qa.output.as_json` gives, and beside it:

`id`, `conversation` (its id), `asked_at` (ISO, UTC), `model` ("" where none had a say), `state`,
`draft`, `stopped`, `evidence` (all pieces, as in `citations`) and `closest` ({quote, place,
document, document_id, start, end}). Citations have the `document_sha256` of the text whose
characters they count.
"""


def new_record(question: str, conversation: str) -> Record:
    """Return the record of a question that nothing has been found for yet."""
    about = {
        "id": uuid.uuid4().hex,
        "conversation": conversation,
        "asked_at": _now(),
        "model": "",
    }
    return {**about, **_told(Answer(question, question), {}, stopped=False)}


def told(
    record: Record, answer: Answer, library: Library, model: str, *, stopped: bool = False
) -> Record:
    """Return a record with what is known of its answer by now; `model` is who words answers."""
    worded = any(s.status != "quoted" for s in answer.sentences)
    looked_at = {h.passage.document_id: _facts(library, h) for h in answer.closest}
    return {
        **record,
        **_told(answer, looked_at, stopped=stopped),
        "model": (answer.worded_by or model) if worded else "",
    }


def _facts(library: Library, hit: Hit) -> dict[str, str]:
    """Return what is known of a passage's document."""
    try:
        document = library.document(hit.passage.document_id)
    except BriefError:  # removed since it was found
        return {"document": ""}
    return {
        "document": document.title,
        "document_sha256": _sha256(document),
        "as_of": document.as_of,
        "author": document.author,
        "source": document.source,
    }


def _told(answer: Answer, looked_at: Mapping[str, dict[str, str]], *, stopped: bool) -> Record:
    found = as_json(answer)
    hashes = {c.document.id: _sha256(c.document) for c in answer.citations}
    evidence = [citation_json(c) for c in answer.citations]
    for citation in (*found["citations"], *evidence):
        citation["document_sha256"] = hashes[citation["document_id"]]
    return {
        **found,
        "state": "done" if stopped else answer.state,
        "draft": answer.draft,
        "stopped": stopped,
        "evidence": evidence,
        "closest": [_closest(hit, looked_at) for hit in answer.closest],
    }


def _closest(hit: Hit, looked_at: Mapping[str, dict[str, str]]) -> Record:
    p = hit.passage
    return {
        "quote": p.text,
        **looked_at[p.document_id],
        "place": p.place,
        "document_id": p.document_id,
        "start": p.start,
        "end": p.end,
    }


@lru_cache(maxsize=64)
def _sha256(document: Document) -> str:
    return hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
