"""What is refused is said in words: as JSON to scripts and programs, as a page to who opened it."""

import json
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from string import Template

from fastapi import HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from index.access import InUse
from index.formats.pictures import NoSuchPage
from index.vectors.collection import VectorsAway
from web.database import Unreachable
from web.uploads import Full, TooLarge

_HERE = Path(__file__).parent
_SLOT = re.compile(r"\{([nx]\d?)\}")


_STATUSES: dict[type[Exception], int] = {
    InUse: 409, TooLarge: 413, Full: 429, NoSuchPage: 404, VectorsAway: 503, Unreachable: 503,
}  # fmt: skip


def status_of(error: Exception) -> int:
    """Return the HTTP status of a `BriefError`."""
    return _STATUSES.get(type(error), 422)


def refused(request: Request, error: Exception) -> Response:
    """Return a `BriefError` as an answer in words."""
    return refusal(request, str(error), status_of(error))


def not_served(request: Request, error: Exception) -> Response:
    """Return an `HTTPException` as an answer in words."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these alone
    return refusal(request, str(error.detail), error.status_code)


def refusal(
    request: Request, words: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """Return words as an answer: JSON to a script, a page in two languages to who opened it."""
    # A script asks for */*; who follows a link asks for a page.
    if request.method != "GET" or "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"detail": words}, status, headers)
    is_french = request.headers.get("accept-language", "").lower().startswith("fr")
    page = _template().substitute(
        language="fr" if is_french else "en",
        english=escape(words),
        french=escape(in_french(words)),
    )
    return HTMLResponse(page, status, headers)


def refusal_script() -> str:
    """Return the script of that page, which the browser is told to run."""
    return _template().template.partition("<script>")[2].partition("</script>")[0]


def in_french(words: str) -> str:
    """Return what the page's French is for the server's words, the words where it has none."""
    own, patterns = _french()
    if words in own:
        return own[words]
    for pattern, french in patterns:
        if match := pattern.fullmatch(words):
            return french.format_map(match.groupdict())
    return words


@cache
def _template() -> Template:
    return Template((_HERE / "refusal.html").read_text("utf-8"))


@cache
def _french() -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    """Return the French of whole sentences, and of those with {n} or {x} in them."""
    words: dict[str, str] = json.loads((_HERE / "french.json").read_text("utf-8"))["words"]
    shaped = []
    for english, french in words.items():
        if _SLOT.search(english) and "{w" not in english:
            source = _SLOT.sub(r"(?P<\1>.+?)", re.sub(r"[.*+?^$()|\[\]]", r"\\\g<0>", english))
            shaped.append((re.compile(source), french))
    return words, shaped
