"""The audit log: who did what and when, a JSON object a line. Never words of questions or secrets.

Each line is written with one call at the end of the file, so that processes do not mix theirs.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from index.types import BriefError

AUDIT = "audit.jsonl"
_FACT_CHARS = 300


class Audit:
    """Appends to a file; without one nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        """Take the file. Raises `BriefError` where it cannot be written."""
        self.path = path
        if path:
            self._append(path, "")

    def write(self, event: str, who: str, **facts: object) -> None:
        """Write down what somebody has done; facts that are None or "" are left out.

        What cannot be encoded or would end the line is escaped: it cannot forge another.
        Raises `BriefError` where it cannot be written: what is not written down is not done.
        """
        if self.path is None:
            return
        line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event}
        line["who"] = who[:_FACT_CHARS]
        for name, value in facts.items():
            if value not in (None, ""):
                line[name] = value if isinstance(value, int) else str(value)[:_FACT_CHARS]  # type: ignore[assignment]
        self._append(self.path, json.dumps(line) + "\n")  # in ASCII

    def _append(self, path: Path, text: str) -> None:
        try:
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(file, text.encode("ascii"))
            finally:
                os.close(file)
        except OSError as error:
            raise BriefError(
                f"The audit log {path} cannot be written ({error}). Make room, or give yourself "
                "write permission there."
            ) from error
