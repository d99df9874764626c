"""What is painted before Gradio has drawn the page: its title and its outline."""

from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SHELL = (Path(__file__).parent / "shell.html").read_bytes()
_BEFORE = b"<gradio-app"


class Shell:
    """Puts the outline into the page, as ASGI middleware: all else passes untouched."""

    def __init__(self, app: ASGIApp) -> None:
        """Take what answers the requests."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; the page is held back until it is whole."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def send_with_outline(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if message["type"] != "http.response.body":
                await send(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            whole = bytes(body).replace(_BEFORE, _SHELL + _BEFORE, 1)
            others = [h for h in start["headers"] if h[0].lower() != b"content-length"]
            length = (b"content-length", str(len(whole)).encode())
            await send({**start, "headers": [*others, length]})
            await send({"type": "http.response.body", "body": whole})

        await self._app(scope, receive, send_with_outline)
