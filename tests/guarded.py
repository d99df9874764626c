"""A guarded page, users of each role in it, and all of its routes."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Mount

from web.database import open_database
from web.engine import Opening
from web.guard.settings import Guarding
from web.page import create_app
from web.users.store import Users

PASSWORD = "correct horse battery staple"
ROLES = {"ann": "read", "ben": "add", "eve": "admin", "kim": "read"}
HERE = {"X-Sahel-Brief": "1"}


class Page:
    """An application with login, its users, and where its audit log is."""

    def __init__(self, folder: Path, engine: Opening = lambda: None, **guarding: Any) -> None:
        self.audit = folder / "audit.jsonl"
        database = folder / "conversations.sqlite3"
        self.users = Users(open_database(database))
        known = self.users.all()
        self.names = (
            ROLES if known else {n: self.users.add(n, r, PASSWORD) for n, r in ROLES.items()}
        )
        guard = Guarding(**({"login": True, "audit": self.audit} | guarding))
        self.app = create_app(engine, examples=[], database=database, guarding=guard)

    def browser(self, name: str = "", **more: Any) -> TestClient:
        """Return a browser, in which that user has signed in."""
        client = TestClient(self.app, follow_redirects=False, **more)
        if name:
            user = next(user for user, _ in self.users.all() if user.name == name)
            client.cookies.set("sahel_brief_session", self.users.sign_in(user))
        return client

    def program(self, name: str) -> TestClient:
        """Return a program with a token of that user."""
        sent = {"Authorization": f"Bearer {self.users.new_token(name)}"}
        return TestClient(self.app, follow_redirects=False, headers=sent)


def asked(
    app: FastAPI, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Ask with a path as it is, which every client would write otherwise; return the answer."""
    sent = [(k.replace("_", "-").encode(), v.encode("latin-1")) for k, v in headers.items()]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
        "root_path": "", "headers": [(b"host", b"127.0.0.1"), *sent],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    got: list[Any] = []

    coming = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(coming, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        got.append(message)

    asyncio.run(app(scope, receive, send))
    if not got:  # a stream that was left before it began
        return 499, {}, b""
    named = {k.decode(): v.decode("latin-1") for k, v in got[0]["headers"]}
    return got[0]["status"], named, b"".join(m.get("body", b"") for m in got[1:])


def routes(app: FastAPI) -> Iterator[tuple[str, str, bool]]:
    """Yield the method and path of each route, and whether it is one of Gradio's own."""
    yield from _routes(app.routes, gradio=False)


def _routes(found: list[Any], *, gradio: bool, under: str = "") -> Iterator[tuple[str, str, bool]]:
    for route in found:
        if inner := getattr(route, "original_router", None):
            # As they are mounted here, a router that is included adds nothing to its paths.
            assert not route.include_context.prefix
            yield from _routes(inner.routes, gradio=gradio, under=under)
        elif isinstance(route, Mount) and not route.path:
            yield from _routes(route.routes, gradio=True)
        elif isinstance(route, Mount) and not gradio:
            path = under + route.path
            yield from _routes(route.routes, gradio=False, under=path)
            if not route.routes:  # files
                yield "GET", f"{path}/{{path:path}}", False
        else:
            for method in sorted(getattr(route, "methods", None) or {"GET"}):
                yield method, under + route.path, gradio
