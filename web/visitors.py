"""Who is asking: somebody who is signed in, else a random number in a cookie.

That names a browser, not a person, and gives access to nothing but what that browser has kept. Who
is signed in (`web/guard/gate.py`) is the same visitor in every browser, and no cookie says so.
"""

import re
import secrets

from fastapi import HTTPException, Request
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "sahel_brief_visitor"
_SHAPE = re.compile(r"[\w-]{32}")
_OPENED = re.compile(r"/\Z|/shared/")  # what somebody may open first
_YEAR_S = 365 * 24 * 3600


def known_visitor(cookies: dict[str, str]) -> str:
    """Return who has these cookies, "" for somebody without (a program, a browser's first look)."""
    found = cookies.get(COOKIE, "")
    return found if _SHAPE.fullmatch(found) else ""


def known(request: HTTPConnection) -> str:
    """Return who asks, "" where that is not known."""
    state = request.scope.get("state", {})
    return state.get("visitor") or known_visitor(request.cookies)


def visitor(request: Request) -> str:
    """Return who asks. Raises `HTTPException` 403 where that is not known."""
    if found := known(request):
        return found
    raise HTTPException(403, "Who asks is not known. Allow cookies for this page and reload it.")


class Visitors:
    """Gives each browser its cookie with the page or a shared link, as ASGI middleware: streams
    pass untouched.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Take what answers the requests."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; with the page comes a cookie where there is none."""
        is_page = scope["type"] == "http" and _OPENED.match(scope["path"])
        if not is_page or known(HTTPConnection(scope)):
            await self._app(scope, receive, send)
            return
        bearer = Response()
        bearer.set_cookie(
            COOKIE,
            secrets.token_urlsafe(24),
            max_age=_YEAR_S,
            httponly=True,
            samesite="lax",
            secure=scope["scheme"] == "https",
        )

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                cookie = (b"set-cookie", bearer.headers["set-cookie"].encode())
                message = {**message, "headers": [*message["headers"], cookie]}
            await send(message)

        await self._app(scope, receive, send_with_cookie)
