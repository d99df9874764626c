"""Connections: bounded, and ended where a request's first lines do not arrive in time.

uvicorn 0.54 waits for them for ever; its h11 bounds their size, which its httptools does not.
"""

import argparse
import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_S = 15.0
_HEADERS_BYTES = 32_768
_CONNECTIONS = 512  # an open page has two or three; the next is told 503


class PromptProtocol(H11Protocol):
    """Closes a connection whose request has not come with all of its headers after a while."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take what arrives; wait on where it is less than a request."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait()
        else:
            self._wait_no_more()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEADERS_S, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None


def connection_settings(args: argparse.Namespace) -> dict[str, Any]:
    """Return what uvicorn is told of connections, and of a proxy where `args` has one."""
    return {
        "http": PromptProtocol,
        "ws": "none",  # nothing here has one
        "h11_max_incomplete_event_size": _HEADERS_BYTES,
        "limit_concurrency": _CONNECTIONS,
        "server_header": False,
        # uvicorn believes whatever comes from this machine, if it is not told otherwise.
        "proxy_headers": bool(args.behind_proxy),
        "forwarded_allow_ips": args.behind_proxy or "",
    }
