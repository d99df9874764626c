"""Who calls the API: a program, or the page in a browser; never a page of another origin."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request

from web.visitors import known

PROGRAM = "programs"  # no browser's name: those have 32 characters
"""Who owns what programs keep that say nothing of whose they are: all that reach the address."""


def owner(request: Request) -> str:
    """Return whose briefs and answers these are: a user's, a browser's, or the programs'."""
    return known(request) or PROGRAM


def refuse_foreign(request: Request) -> None:
    """Refuse what a page of another origin sends. Raises `HTTPException` 403.

    A browser says in `Origin` or `Sec-Fetch-Site` where a request comes from, and no page can
    change that; a program says nothing. That somebody follows a link is no request of a page.
    """
    headers = request.headers
    origin = headers.get("origin")
    if origin is not None:
        foreign = urlsplit(origin).netloc != headers.get("host", "") or "://" not in origin
    else:
        follows = request.method == "GET" and headers.get("sec-fetch-mode") == "navigate"
        foreign = headers.get("sec-fetch-site") in ("cross-site", "same-site") and not follows
    if foreign:
        raise HTTPException(403, "A page of another origin asks this. Ask from a program instead.")


Owner = Annotated[str, Depends(owner)]
