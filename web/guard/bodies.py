"""What is sent along with a request: no more than it may be, and not drop by drop."""

import asyncio
from collections.abc import Callable

from starlette.types import Message, Receive

_SILENT_S, _SILENT_FILE_S = 30.0, 90.0  # between two pieces; a file's route is done before that
_LEAST_BYTES_S = 1_000.0  # that arrive in a second on the whole, after a while
_WHILE_S = 20.0


class Body:
    """Receives a request's body in place of the server's own; `refused` says why it was ended."""

    def __init__(
        self, receive: Receive, most_bytes: int | None, on_bytes: Callable[[int], None]
    ) -> None:
        """Take how much it may be, None for any, and who is told of the bytes of each piece."""
        self._receive, self._most, self._on_bytes = receive, most_bytes, on_bytes
        self._silent_s = _SILENT_FILE_S if most_bytes is None else _SILENT_S
        self._size, self._began = 0, 0.0
        self._whole = False
        self.refused = 0

    async def __call__(self) -> Message:
        """Return the next piece; to whoever reads on, one that was ended looks disconnected."""
        if self._whole:  # what comes now is that the browser has gone, whenever that is
            return await self._receive()
        clock = asyncio.get_running_loop().time
        self._began = self._began or clock()
        try:
            async with asyncio.timeout(self._silent_s):
                message = await self._receive()
        except TimeoutError:
            return self._end(408)
        if message["type"] != "http.request":
            return message
        size = len(message.get("body", b""))
        self._size += size
        self._on_bytes(size)
        self._whole = not message.get("more_body", False)
        if self._most is not None and self._size > self._most:
            return self._end(413)
        took = clock() - self._began
        if not self._whole and took > _WHILE_S and self._size < took * _LEAST_BYTES_S:
            return self._end(408)
        return message

    def _end(self, status: int) -> Message:
        self.refused = status
        return {"type": "http.disconnect"}
