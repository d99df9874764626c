"""What visitors thought of answers, as questions for `python -m qa evaluate`."""

import re
from typing import Any

from web.records import Record


def evaluation_line(record: Record) -> dict[str, Any]:
    """Return a question to be judged later, with all that the visitor saw.

    After a thumb up the same evidence is expected, or declining where it was declined. What was
    wrong after a thumb down a person must say: until then it is expected to be "reviewed", which
    `evaluate` counts neither way.
    """
    line = {
        "id": record["id"],
        "question": record["resolved"],
        "kind": f"thumb-{record['thumb']}",
        "expected": "reviewed",
        "reason": record["thumb_reason"],
        "given": record["answer"],
        "evidence_given": [c["quote"] for c in record["evidence"]],
        "asked_at": record["asked_at"],
        "model": record["model"],
    }
    if record["thumb"] == "up":
        line["expected"] = "decline" if record["declined"] else "answer"
        if not record["declined"]:
            line["evidence"] = [re.escape(c["quote"]) for c in record["citations"]]
    return line
