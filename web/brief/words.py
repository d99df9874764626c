"""Words of a brief that every format has the same. What comes in is untrusted."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from qa.output import date_words
from qa.providers import is_provided
from qa.weights import KNOWN

# These turn the order of what follows around, so that a quotation could be read as another.
_DIRECTIONS = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_HASH_CHARS = 16


def clean(raw: object) -> str:
    r"""Return untrusted text as one line that every format can hold.

    >>> clean("Go\x00\u202eïta\n said\ud800 so")
    'Goïta said so'
    """
    return " ".join(_allowed(str(raw or "")).split())


def clean_lines(raw: object) -> str:
    r"""Return untrusted text like `clean`, with its line breaks; empty lines end paragraphs.

    >>> clean_lines("one\r\n\n\n two\x07")
    'one\n\ntwo'
    """
    lines = [clean(line) for line in str(raw or "").splitlines()]
    kept = [line for n, line in enumerate(lines) if line or (n and lines[n - 1])]
    return "\n".join(kept).strip()


def when(iso: object) -> str:
    """Return a time in words, in UTC: "25 November 2026, 20:50 UTC"; "" where it is none.

    A time without a zone is taken to be UTC.
    """
    try:
        at = datetime.fromisoformat(str(iso))
    except ValueError:
        return ""
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return f"{date_words(at.date().isoformat())}, {at:%H:%M} UTC"


def as_of(iso: object) -> str:
    """Return an as-of date in words, "" where there is none; what is no date comes as it is."""
    sent = clean(iso)
    try:
        return date_words(sent)
    except (ValueError, IndexError):
        return sent


def model_words(record: Mapping[str, Any]) -> str:
    """Return the name of the model that worded an answer, "" where none had a say.

    Of a file it is the last part: where it lies on this machine is nobody's business.
    """
    choice = clean(record.get("model"))
    if choice in KNOWN:
        return KNOWN[choice].hub_repo.rpartition("/")[2].removesuffix("-GGUF")
    if is_provided(choice):
        return choice
    return re.split(r"[/\\]", choice)[-1]


def shortened(sha256: str) -> str:
    """Return the beginning of a hash, as it is printed."""
    return f"{sha256[:_HASH_CHARS]}…" if len(sha256) > _HASH_CHARS else sha256


def count(n: int, word: str) -> str:
    """Return "1 sentence" or "2 sentences"."""
    return f"{n} {word}{'' if n == 1 else 's'}"


def clipped(text: str, max_chars: int) -> str:
    """Return a line that ends between words where it is too long."""
    if len(text) <= max_chars:
        return text
    return f"{text[:max_chars].rsplit(' ', 1)[0].rstrip()} …"


def _allowed(text: str) -> str:
    return "".join(_one(c) for c in text)


def _one(c: str) -> str:
    # XML has neither control characters nor halves of pairs, nor what is no character.
    if c.isspace():
        return c
    code = ord(c)
    if code in _DIRECTIONS or unicodedata.category(c) in ("Cc", "Cs") or code & 0xFFFE == 0xFFFE:
        return ""
    return c
