"""A tab's stream of answers is its visitor's alone, as ASGI middleware.

Gradio 6.31 knows a tab by a short number that the browser makes up: whoever guessed it would read
along. So the visitor who comes with it first is the only one who may.
"""

import json
import re
from collections import OrderedDict
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.refusals import refusal
from web.visitors import known

_KEPT = 20_000  # tabs: many more than are open at once
_HEARTBEAT = re.compile(r"/gradio_api/heartbeat/([^/]+)")
_BODY = ("/gradio_api/queue/join", "/gradio_api/cancel")


class Tabs:
    """Refuses a tab's number from anybody but the visitor who came with it first."""

    def __init__(self, app: ASGIApp) -> None:
        """Take what answers the requests."""
        self._app = app
        self._owners: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; what is sent along with it is read here and given on."""
        if scope["type"] != "http" or not scope["path"].startswith("/gradio_api/"):
            await self._app(scope, receive, send)
            return
        if scope["path"] in _BODY:
            body, gone = await _read(receive)
            if gone:
                return
            receive = _Again(body, receive)
            tab = _in_body(body)
        else:
            tab = _in_address(scope)
        request = Request(scope)
        if tab and not self._is_own(tab, known(request)):
            await refusal(request, "This tab is somebody else's. Reload the page.", 403)(
                scope, receive, send
            )
            return
        await self._app(scope, receive, send)

    def _is_own(self, tab: str, visitor: str) -> bool:
        owner = self._owners.setdefault(tab, visitor)
        self._owners.move_to_end(tab)
        while len(self._owners) > _KEPT:
            self._owners.popitem(last=False)
        return owner == visitor


class _Again:
    """Gives a body that was read once more, then whatever comes after it."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._message: Message | None = {"type": "http.request", "body": body, "more_body": False}
        self._receive = receive

    async def __call__(self) -> Message:
        if (message := self._message) is not None:
            self._message = None
            return message
        return await self._receive()


async def _read(receive: Receive) -> tuple[bytes, bool]:
    """Return a whole body, and whether whoever sent it has gone meanwhile."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body), True
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body), False


def _in_body(body: bytes) -> str:
    try:
        sent = json.loads(body)
        return str(sent.get("session_hash") or "")
    except (ValueError, AttributeError, RecursionError):
        return ""  # which Gradio refuses in its own words


def _in_address(scope: Scope) -> str:
    if match := _HEARTBEAT.fullmatch(scope["path"]):
        return str(match[1])
    query: dict[str, list[str]] = parse_qs(scope["query_string"].decode("latin-1"))
    return query.get("session_hash", [""])[-1]
