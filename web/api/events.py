"""An answer on its way, as server-sent events: what is new since the step before."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from fastapi.sse import format_sse_event

from qa.output import citation_json
from web.api.following import Seen
from web.api.shapes import EventName

HEARTBEAT = format_sse_event(comment="still there")

_DATA: dict[EventName, str] = {
    "evidence": "Evidence",
    "draft": "Draft",
    "sentence": "Sentence",
    "done": "Answer",
    "error": "Problem",
}
EVENT_SCHEMA: dict[str, Any] = {
    "oneOf": [
        {
            "type": "object",
            "required": ["event", "data"],
            "properties": {
                "event": {"const": name},
                "data": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": {"$ref": f"#/components/schemas/{model}"},
                },
            },
        }
        for name, model in _DATA.items()
    ]
}
"""What an event is, as OpenAPI 3.2 has it; 3.1 has no word for it."""


def events_of(before: Seen | None, now: Seen) -> Iterator[bytes]:
    """Yield the events that lead from a step to the next; `done` is not one of them.

    Sentences are told once each, as they are checked; the draft whenever it changes.
    """
    old, answer = before and before.answer, now.answer
    if answer.state != "searching" and answer.citations and not (old and old.citations):
        found = {
            "question": answer.question,
            "resolved": answer.resolved,
            "answerability": round(answer.answerability, 4),
            "evidence": [citation_json(c) for c in answer.citations],
            "evidence_ms": answer.timings.evidence_ms,
            "before": now.before,
        }
        yield event("evidence", found)
    told = {(s.text, s.status) for s in old.sentences} if old else set()
    for sentence in answer.sentences:
        if (sentence.text, sentence.status) not in told:
            yield event("sentence", asdict(sentence))
    if answer.draft and answer.draft != (old.draft if old else ""):
        yield event("draft", {"text": answer.draft})


def event(name: EventName, data: Mapping[str, Any]) -> bytes:
    r"""Return one event as it is sent.

    >>> event("draft", {"text": "Mali"})
    b'event: draft\ndata: {"text": "Mali"}\n\n'
    """
    return format_sse_event(event=name, data_str=json.dumps(data))
