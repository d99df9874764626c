"""A chat model's server that does wrong what it is told to do wrong: real HTTP on loopback.

It speaks as OpenAI, Ollama, Anthropic and Mistral do, and says what is written for it, or passes on
what a real server says and breaks that.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class Reply:
    """What is done with one request.

    `text` is sent word by word, `word_s` apart, the first after `first_after_s`. `cut_after` is
    the number of words after which the connection is gone, without an end where `cut_cleanly`.
    `not_stated` is the probability of NOT as the first token, None for no word of it. `sends` is
    sent in place of all that. `refuses` are names that a request must not have, else it is 400.
    `upstream` is a server that answers in place of `text`.
    """

    text: str = "Yes."
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    first_after_s: float = 0.0
    word_s: float = 0.0
    cut_after: int | None = None
    cut_cleanly: bool = False
    not_stated: float | None = None
    sends: bytes = b""
    refuses: tuple[str, ...] = ()
    upstream: str = ""


class FaultServer:
    """Replies as its script says, then with `then`. Keeps what it was asked.

    `closed` counts the streams that whoever asked has ended before their end.
    """

    def __init__(self, then: Reply | None = None) -> None:
        """Listen on a free port of 127.0.0.1."""
        self.then = then or Reply()
        self._script: list[Reply] = []
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.closed = 0
        self._lock = threading.Lock()
        self._listen(0)

    def _listen(self, port: int) -> None:
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.faults = self
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        """Its address, without /v1."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def script(self, *replies: Reply) -> None:
        """Do these with the next requests."""
        with self._lock:
            self._script = list(replies)

    def next(self, asked: dict[str, Any], key: str) -> Reply:
        """Take a request down and return what to do with it."""
        with self._lock:
            self.asked.append(asked)
            self.keys.append(key)
            return self._script.pop(0) if self._script else self.then

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()

    def come_back(self) -> None:
        """Listen again where it has listened before."""
        self._listen(self._server.server_address[1])


@contextmanager
def faults(then: Reply | None = None) -> Iterator[FaultServer]:
    """Give a server for as long as it is needed."""
    server = FaultServer(then)
    try:
        yield server
    finally:
        server.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    faults: FaultServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: that a client goes away is what is tried here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Answer one request."""
        body = self.rfile.read(int(self.headers["content-length"]))
        asked = json.loads(body)
        key = self.headers.get("authorization") or self.headers.get("x-api-key") or ""
        reply = self.server.faults.next(asked, key)
        time.sleep(reply.first_after_s)
        refused = [name for name in reply.refuses if name in asked]
        if refused or reply.status != 200:
            words = f"unsupported: {', '.join(refused)}" if refused else "no"
            error = json.dumps({"error": {"message": words}}).encode()
            self._head(400 if refused else reply.status, reply.headers, len(error))
            self.wfile.write(error)
            return
        self._head(200, reply.headers)
        try:
            pieces = self._passed_on(reply, body) if reply.upstream else self._written(reply)
            for n, piece in enumerate(pieces):
                if n == reply.cut_after:
                    if reply.cut_cleanly:
                        self._send(b"")
                    self.close_connection = True
                    return
                self._send(piece)
            self._send(b"")
        except (BrokenPipeError, ConnectionResetError):
            self.server.faults.closed += 1

    def _written(self, reply: Reply) -> Iterator[bytes]:
        if reply.sends:
            yield reply.sends
            return
        speak = {"/api/chat": _ollama, "/v1/messages": _anthropic}.get(self.path, _openai)
        words = [f"{word} " for word in reply.text.split(" ")] if reply.text else []
        for n, word in enumerate(words):
            if n == len(words) - 1:
                word = word.removesuffix(" ")
            yield speak(word, reply.not_stated if n == 0 else None)
            time.sleep(reply.word_s)
        yield speak(None, None)

    def _passed_on(self, reply: Reply, body: bytes) -> Iterator[bytes]:
        with httpx.stream(
            "POST", reply.upstream + self.path.removeprefix("/v1"), content=body, timeout=60,
            headers={"authorization": self.headers["authorization"],
                     "content-type": "application/json"},
        ) as found:  # fmt: skip
            for line in found.iter_lines():
                if line:
                    yield f"{line}\n\n".encode()

    def _head(self, status: int, headers: Mapping[str, str], length: int | None = None) -> None:
        self.send_response(status)
        kind = "application/json" if length is not None else "text/event-stream"
        self.send_header("content-type", kind)
        for name, value in headers.items():
            self.send_header(name, value)
        if length is None:
            self.send_header("transfer-encoding", "chunked")
        else:
            self.send_header("content-length", str(length))
        self.end_headers()

    def _send(self, piece: bytes) -> None:
        self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _openai(word: str | None, not_stated: float | None) -> bytes:
    choice: dict[str, Any] = {"index": 0, "delta": {}, "finish_reason": "stop"}
    if word is not None:
        choice = {"index": 0, "delta": {"role": "assistant", "content": word}}
        choice["finish_reason"] = None
    if not_stated is not None:
        logprob = _logprob(not_stated)
        top = [{"token": "NOT", "logprob": logprob, "bytes": None}]
        told = {"token": word, "logprob": -0.1, "bytes": None, "top_logprobs": top}
        choice["logprobs"] = {"content": [told]}
    chunk = {
        "id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [choice],
    }  # fmt: skip
    return f"data: {json.dumps(chunk)}\n\n".encode() + (b"data: [DONE]\n\n" if not word else b"")


def _ollama(word: str | None, not_stated: float | None) -> bytes:
    chunk: dict[str, Any] = {
        "model": "m", "created_at": "2026-01-01T00:00:00Z", "done": word is None,
        "message": {"role": "assistant", "content": word or ""},
    }  # fmt: skip
    if word is None:
        chunk["done_reason"] = "stop"
    if not_stated is not None:
        top = [{"token": "NOT", "logprob": _logprob(not_stated)}]
        chunk["logprobs"] = [{"token": word, "logprob": -0.1, "top_logprobs": top}]
    return json.dumps(chunk).encode() + b"\n"


def _anthropic(word: str | None, not_stated: float | None) -> bytes:
    if word is not None:
        delta = {"type": "text_delta", "text": word}
        return _event("content_block_delta", {"index": 0, "delta": delta})
    end = {"delta": {"stop_reason": "end_turn", "stop_sequence": None},
           "usage": {"output_tokens": 3}}  # fmt: skip
    return _event("message_delta", end) + _event("message_stop", {})


def _event(kind: str, data: Mapping[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()


def _logprob(probability: float) -> float:
    import math

    return math.log(probability)
