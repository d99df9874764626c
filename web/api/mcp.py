"""The tools of `qa/tools.py` at `/mcp` of the page (streamable HTTP), where `mcp` is installed."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, HTTPException, Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from index.types import BriefError
from qa.types import Answer, Question
from web.api.callers import refuse_foreign
from web.api.following import Following
from web.api.problems import answer_problem
from web.engine import OPENING, Engine, Opening

if TYPE_CHECKING:
    from mcp.server import MCPServer


class Tools:
    """The tools as a part of the page's application, made when they are first called: importing
    `mcp` takes a second, for which no page should wait.
    """

    def __init__(self, opening: Opening, following: Following) -> None:
        """Take what gives the engine, and what counts questions."""
        self._opening, self._following = opening, following
        self._making = asyncio.Lock()
        self._app: ASGIApp | None = None
        self._run: asyncio.Task[None] | None = None

    def add_to(self, app: FastAPI) -> None:
        """Give the application the route, if `mcp` is installed."""
        if find_spec("mcp"):
            app.router.routes.append(Route("/mcp", endpoint=_Endpoint(self)))

    @asynccontextmanager
    async def until_end(self, app: FastAPI) -> AsyncIterator[None]:
        """End calls when the application ends, whose lifespan this is."""
        yield
        if self._run:
            self._run.cancel()
            with suppress(asyncio.CancelledError):
                await self._run

    async def made(self) -> ASGIApp:
        """Return the application that answers, making it if this is the first call."""
        async with self._making:
            if self._app is None:
                server = await asyncio.to_thread(self._server)
                from mcp.server.transport_security import TransportSecuritySettings

                # Who may call is said below, as for /v1. Each call stands for itself.
                self._app = server.streamable_http_app(
                    stateless_http=True,
                    transport_security=TransportSecuritySettings(
                        enable_dns_rebinding_protection=False
                    ),
                )
                ready = asyncio.Event()
                self._run = asyncio.create_task(_run(server, ready))
                await ready.wait()
            return self._app

    def _server(self) -> "MCPServer":
        from qa.tools import tools

        return tools(lambda: self._engine().library, self._ask)

    def _engine(self) -> Engine:
        if (engine := self._opening()) is None:
            raise BriefError(f"{OPENING} Try again in a few seconds.")
        return engine

    def _ask(self, question: Question) -> Iterator[Answer]:
        with closing(self._following.follow(self._engine(), question)) as steps:
            for seen in steps:
                yield seen.answer


async def _run(server: "MCPServer", ready: asyncio.Event) -> None:
    async with server.session_manager.run():
        ready.set()
        await asyncio.Event().wait()  # until cancelled


class _Endpoint:
    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        try:
            refuse_foreign(Request(scope))
        except HTTPException as error:
            return await answer_problem(error)(scope, receive, send)
        return await (await self._tools.made())(scope, receive, send)
