"""Headers that tell the browser how little the page needs, as ASGI middleware: streams untouched.

The page's inline scripts are named by their hashes, or by a number of their own (a nonce) in the
HTML that Gradio makes. Gradio 6.31 compiles its HTML blocks and events from strings, so
'unsafe-eval' has to stay, and it writes style attributes. Nothing is loaded from another origin.
"""

import hashlib
import re
import secrets
from base64 import b64encode
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PAGE = "/"
_ONES_OWN = (b"text/html", b"application/json")
_SCRIPT = re.compile(rb"<script(?=[\s>])")
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",  # for browsers that do not know frame-ancestors
    # Not no-referrer: with that, browsers send "Origin: null" with the page's own forms.
    "referrer-policy": "same-origin",
    "permissions-policy": "accelerometer=(), camera=(), display-capture=(), geolocation=(), "
    "gyroscope=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_HSTS = {"strict-transport-security": "max-age=31536000"}
_OWN = (
    "default-src 'none'; connect-src 'self'; font-src 'self' data:; img-src 'self' data: blob:; "
    "manifest-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'"
)


class SafeHeaders:
    """Adds them to every answer, and to the page the number that its scripts are known by."""

    def __init__(self, app: ASGIApp, scripts: Iterable[str] = ()) -> None:
        """Take what answers the requests, and the inline scripts that the page adds by script."""
        self._app = app
        self._hashes = " ".join(script_hash(script) for script in scripts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_page = scope["path"] == _PAGE and scope["method"] == "GET"
        nonce = secrets.token_urlsafe(16) if is_page else ""
        allowed = f"'nonce-{nonce}' 'unsafe-eval' " if nonce else ""
        policy = f"script-src 'self' {allowed}{self._hashes}".rstrip() + f"; {_OWN}"
        added = {**_ALWAYS, "content-security-policy": policy}
        if scope["scheme"] == "https":
            added |= _HSTS

        held: Message = {}  # the start of the page, whose length is not known before its end

        async def send_safely(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                message = {**message, "headers": _headers(message, added)}
                if nonce:
                    held = message
                    return
            elif held:
                # The page comes in one piece (`web/shell.py`), documents and questions not in it.
                body = _SCRIPT.sub(b'<script nonce="%b"' % nonce.encode(), message["body"])
                others = [h for h in held["headers"] if h[0].lower() != b"content-length"]
                length = (b"content-length", str(len(body)).encode())
                await send({**held, "headers": [*others, length]})
                held, message = {}, {**message, "body": body}
            await send(message)

        await self._app(scope, receive, send_safely)


def _headers(message: Message, added: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Return a message's headers with those that are added, and none for pages of others."""
    kept = []
    told = dict(message["headers"])
    for name, value in message["headers"]:
        lower = name.lower().decode("latin-1")
        if lower not in added and not lower.startswith("access-control-"):
            kept.append((name, value))
    # Not for whoever uses the browser next. Files say it themselves.
    if told.get(b"content-type", b"").startswith(_ONES_OWN) and b"cache-control" not in told:
        kept.append((b"cache-control", b"no-store"))
    return [*kept, *((name.encode(), value.encode()) for name, value in added.items())]


def script_hash(script: str) -> str:
    """Return how a policy names a script that stands in the page itself."""
    return f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
