"""What is refused is said in words: as JSON to scripts and programs, as a page to who opened it."""

import json
from functools import cache
from html import escape
from pathlib import Path
from string import Template

from fastapi import HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from index.access import InUse
from index.formats.pictures import NoSuchPage
from web.uploads import Full, TooLarge

_HERE = Path(__file__).parent


def refused(request: Request, error: Exception) -> Response:
    """Return a `BriefError` as an answer in words."""
    statuses: dict[type[Exception], int] = {
        InUse: 409, TooLarge: 413, Full: 429, NoSuchPage: 404,
    }  # fmt: skip
    return _answer(request, str(error), statuses.get(type(error), 422))


def not_served(request: Request, error: Exception) -> Response:
    """Return an `HTTPException` as an answer in words."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these alone
    return _answer(request, str(error.detail), error.status_code)


def _answer(request: Request, words: str, status: int) -> Response:
    # A script asks for */*; who follows a link asks for a page.
    if request.method != "GET" or "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"detail": words}, status)
    is_french = request.headers.get("accept-language", "").lower().startswith("fr")
    page = _template().substitute(
        language="fr" if is_french else "en",
        english=escape(words),
        french=escape(_french().get(words, words)),
    )
    return HTMLResponse(page, status)


@cache
def _template() -> Template:
    return Template((_HERE / "refusal.html").read_text("utf-8"))


@cache
def _french() -> dict[str, str]:
    words: dict[str, str] = json.loads((_HERE / "french.json").read_text("utf-8"))["words"]
    return words
