"""How much and how fast: questions, bytes, large and slow requests, and connections."""

import argparse
import asyncio
import socket
import threading
import time

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from benchmarks.visitor import Visitor
from tests.browser import free_port
from tests.guarded import HERE, Page
from tests.test_history import engine_of
from web.guard import bodies, connections
from web.guard.audit import Audit
from web.guard.bodies import Body
from web.guard.connections import connection_settings
from web.guard.gate import Gate
from web.guard.rates import Rates
from web.guard.rules import _CHAT_BYTES, _MOST_BYTES
from web.guard.settings import Guarding
from web.page import create_app


def own_app(rates=None, **settings):
    """Return an application behind the gate that says how much it was sent."""
    app = FastAPI()

    @app.post("/v1/ask")
    @app.post("/prepare")
    @app.post("/documents")
    async def take(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    app.add_middleware(Gate, None, None, rates or Rates(**settings), Audit(None))
    return app


def test_the_question_after_the_last_one_waits_and_is_told_for_how_long():
    client = TestClient(own_app(questions_per_minute=3))
    assert [client.post("/v1/ask").status_code for _ in range(3)] == [200] * 3
    refused = client.post("/v1/ask")
    assert refused.status_code == 429
    wait = int(refused.headers["retry-after"])
    assert 1 <= wait <= 61
    assert refused.json()["detail"] == (
        "You have asked as many questions as you may in a minute. "
        f"Try again in {wait} second{'s' * (wait > 1)}."
    )
    assert client.post("/prepare").status_code == 200  # which is no question


def test_each_user_has_a_count_of_their_own(tmp_path):
    page = Page(tmp_path, questions_per_minute=1)
    statuses = [page.program(name).post("/v1/ask").status_code for name in ("ann", "kim", "ann")]
    assert statuses == [422, 422, 429]  # nothing was asked: it is the gate that counts


def test_without_login_addresses_are_counted():
    rates = Rates(questions_per_minute=1)
    one, other = (TestClient(own_app(rates), client=(a, 1)) for a in ("192.0.2.1", "192.0.2.2"))
    assert [c.post("/v1/ask").status_code for c in (one, other, one)] == [200, 200, 429]


def test_a_question_too_many_on_the_page_is_told_in_the_conversation(library, tmp_path):
    """On the page there is no status to see, so it is said where the answer would be."""
    app = create_app(
        lambda: engine_of(library), examples=[], guarding=Guarding(questions_per_minute=1)
    )
    with served_settings(app) as url:
        visitor = Visitor(url)
        first, second = (visitor.ask("What is MINUSMA?").answer for _ in range(2))
        visitor.close()
    assert "as many questions" not in first
    assert "as many questions as you may in a minute" in second


def test_who_has_sent_enough_for_an_hour_waits():
    client = TestClient(own_app(megabytes_per_hour=1))
    assert client.post("/documents", content=b"x" * 990_000).status_code == 200
    assert client.post("/documents", content=b"x" * 20_000).status_code == 200
    refused = client.post("/documents", content=b"x")
    assert refused.status_code == 429
    assert "as much as you may in an hour" in refused.json()["detail"]
    assert int(refused.headers["retry-after"]) > 60


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_large_is_refused_whether_announced_or_not(announced):
    client = TestClient(own_app())

    def pieces():
        for _ in range(11):
            yield b"x" * (_MOST_BYTES // 10)

    sent = b"x" * (_MOST_BYTES + 1) if announced else pieces()
    refused = client.post("/v1/ask", content=sent)
    assert refused.status_code == 413
    assert "more than is taken at once" in refused.json()["detail"]
    assert client.post("/v1/ask", content=b"x" * _MOST_BYTES).json() == {"bytes": _MOST_BYTES}


def test_every_route_of_the_page_refuses_what_is_too_large(tmp_path):
    """Also those of Gradio; only the library takes more, and counts it itself."""
    page = Page(tmp_path)
    browser = page.browser("eve")
    large = b"x" * (_CHAT_BYTES + 1)
    for method, path in (
        ("POST", "/gradio_api/queue/join"), ("POST", "/gradio_api/cancel"), ("PATCH", "/brief"),
        ("POST", "/brief/items"), ("POST", "/login"), ("POST", "/prepare"),
        ("PATCH", "/documents/7"), ("PUT", "/answers/7/thumb"),
    ):  # fmt: skip
        answer = browser.request(method, path, content=large, headers=HERE)
        assert answer.status_code == 413, path


def told(body):
    """Read a body to its end in an event loop of its own; return the types of what came."""

    async def read():
        types = []
        while True:
            message = await body()
            types.append(message["type"])
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                return types

    return asyncio.run(read())


def drops(size, pause_s):
    async def receive():
        await asyncio.sleep(pause_s)
        return {"type": "http.request", "body": b"x" * size, "more_body": True}

    return receive


def test_a_body_that_stops_arriving_is_ended(monkeypatch):
    monkeypatch.setattr(bodies, "_SILENT_S", 0.1)
    body = Body(drops(1, 5), 1000, lambda size: None)
    assert told(body) == ["http.disconnect"]
    assert body.refused == 408


def test_a_body_that_arrives_drop_by_drop_is_ended(monkeypatch):
    monkeypatch.setattr(bodies, "_WHILE_S", 0.2)
    slow = Body(drops(10, 0.02), 10_000, lambda size: None)
    assert told(slow)[-1] == "http.disconnect"
    assert slow.refused == 408


def test_a_body_that_arrives_in_time_is_whole_and_what_comes_after_it_is_the_servers():
    sent = iter([b"a" * 10, b"b" * 5])
    sizes = []

    async def receive():
        piece = next(sent, None)
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": piece[:1] == b"a"}

    body = Body(receive, 15, sizes.append)
    assert told(body) == ["http.request", "http.request"]
    assert (body.refused, sizes) == (0, [10, 5])
    assert asyncio.run(body()) == {"type": "http.disconnect"}


class served_settings:
    """Serve an application with the connections' settings of app.py."""

    def __init__(self, app):
        self.port = free_port()
        settings = connection_settings(argparse.Namespace(behind_proxy=None))
        config = uvicorn.Config(
            app, "127.0.0.1", self.port, log_level="error", timeout_graceful_shutdown=1, **settings
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *error):
        self.server.should_exit = True
        self.thread.join(10)


def spoken(url, *pieces, pause_s=0.0):
    """Send pieces as they are and return all that comes back, and after how many seconds."""
    host, port = url.removeprefix("http://").split(":")
    began = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=20) as wire:
        for piece in pieces:
            wire.sendall(piece)
            time.sleep(pause_s)
        got = b""
        try:
            while data := wire.recv(65536):
                got += data
        except ConnectionError:
            pass
    return got, time.monotonic() - began


def test_slow_and_large_headers_are_cut_and_a_prompt_request_is_not(monkeypatch):
    monkeypatch.setattr(connections, "HEADERS_S", 0.5)
    whole = b"POST /prepare HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab"
    with served_settings(own_app()) as url:
        for pieces in ((), (b"GET / HTTP/1.1\r\n",), (b"GET / HTTP/1.1\r\nX: ", b"a", b"b")):
            got, took = spoken(url, *pieces, pause_s=0.1)
            assert (got, 0.3 < took < 5) == (b"", True), pieces
        got, _ = spoken(url, b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000)
        assert got == b"" or got.startswith(b"HTTP/1.1 400")
        got, _ = spoken(url, whole)
        assert got.startswith(b"HTTP/1.1 200") and got.endswith(b'{"bytes":2}')
        assert b"server:" not in got.lower()
        # A body may take longer than headers: it has a limit of its own.
        got, _ = spoken(url, whole[:-2], b"a", b"b", pause_s=0.4)
        assert got.endswith(b'{"bytes":2}')


def test_a_proxy_is_believed_only_where_it_was_named():
    named = connection_settings(argparse.Namespace(behind_proxy="10.0.0.2"))
    assert (named["proxy_headers"], named["forwarded_allow_ips"]) == (True, "10.0.0.2")
    unnamed = connection_settings(argparse.Namespace(behind_proxy=None))
    assert (unnamed["proxy_headers"], unnamed["forwarded_allow_ips"]) == (False, "")


def test_what_goes_wrong_inside_is_told_in_words_without_its_own():
    app = own_app()

    @app.get("/brief")
    def broken() -> None:
        raise RuntimeError("secret")

    answer = TestClient(app, raise_server_exceptions=False).get("/brief")
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.text and "secret" not in answer.text
