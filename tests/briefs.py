"""Stored answers for the tests of the brief."""

import hashlib
from typing import Any

SHA256 = hashlib.sha256(b"report").hexdigest()
COUP = "In May 2021, Colonel Assimi Goïta led a second coup, arresting President Bah N’Daw."
ENDED = "France ended the Épervier mission – its oldest – and “left no one behind”."


def citation(n: int, quote: str, **more: Any) -> dict[str, Any]:
    return {
        "n": n, "quote": quote, "document": "Sahel security report", "speaker": "",
        "place": "2. Mali, page 3, paragraph 1", "start": 10, "end": 10 + len(quote),
        "document_id": "d1", "document_sha256": SHA256, "as_of": "2023-09",
        "author": "A. Diallo", "source": "report.pdf",
        **more,
    }  # fmt: skip


def record(id_: str = "a1", **more: Any) -> dict[str, Any]:
    """Return an answer of two sentences, one worded and one quoted; a third was removed."""
    return {
        "id": id_, "asked_at": "2026-11-25T20:50:00+00:00", "model": "1.5b", "state": "done",
        "stopped": False, "question": "Who led the second coup in Mali?",
        "resolved": "Who led the second coup in Mali?",
        "answer": f"Goïta led it in May 2021. {ENDED}", "declined": False, "reason": "",
        "answerability": 0.9, "as_of": "2024-03-05",
        "sentences": [
            {"text": "Goïta led it in May 2021.", "status": "supported", "citations": [1]},
            {"text": "Three thousand left.", "status": "removed", "citations": []},
            {"text": ENDED, "status": "quoted", "citations": [2, 1]},
        ],
        "citations": [
            citation(1, COUP),
            citation(2, ENDED, speaker="Jack Lewis", document="Chad today", as_of="2024-03-05"),
        ],
        "evidence": [], "closest": [], "instead": [], "notice": "", "draft": "",
        "timings": {"evidence_ms": 90.0, "first_word_ms": None, "total_ms": 150.0},
        **more,
    }  # fmt: skip


def declined(id_: str = "a2") -> dict[str, Any]:
    closest = [
        {"quote": "Chad sent 1,000 soldiers.", "place": "3. Chad", "document": "Chad today",
         "document_id": "d1", "start": 4, "end": 29},
    ]  # fmt: skip
    return record(
        id_, model="", question="How many people live in Chad?",
        resolved="How many people live in Chad?", declined=True, sentences=[], citations=[],
        reason="The report does not say: it never mentions people in Chad.",
        answer="The report does not say: it never mentions people in Chad.",
        evidence=[citation(1, "Chad is large.")], closest=closest,
    )  # fmt: skip
