"""A stand-in for llama.cpp's server: it writes and reads the state of its slot as asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from qa.prefix_cache import PrefixCache


@pytest.fixture
def server(tmp_path):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = urlsplit(self.path)
            (action,) = parse_qs(asked.query)["action"]
            name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["filename"]
            assert (asked.path, self.headers["Authorization"]) == ("/slots/0", "Bearer key")
            found.actions.append(action)
            if action == "save":
                (tmp_path / name).write_bytes(b"state" if found.works else b"half")
            self.send_response(200 if found.works else 500)
            self.end_headers()

        def log_message(self, *args):
            pass

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.works, found.actions = True, []
    found.url = f"http://127.0.0.1:{found.server_port}"
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "qwen.gguf"
    path.write_bytes(b"weights")
    return path


def kept(weights):
    return sorted(p.name for p in weights.parent.glob("*.prefix*"))


def test_what_was_read_once_is_taken_up_again(server, weights):
    cache = PrefixCache(weights, "You answer.", "1")
    assert not cache.restore(server.url, "key")
    assert server.actions == []
    cache.save(server.url, "key")
    assert len(kept(weights)) == 1
    assert PrefixCache(weights, "You answer.", "1").restore(server.url, "key")
    assert server.actions == ["save", "restore"]


@pytest.mark.parametrize("change", ["prefix", "version", "weights"])
def test_what_belongs_to_something_else_is_read_anew_and_deleted(server, weights, change):
    PrefixCache(weights, "You answer.", "1").save(server.url, "key")
    old = kept(weights)
    if change == "weights":
        weights.write_bytes(b"other weights")
    text = "You reply." if change == "prefix" else "You answer."
    cache = PrefixCache(weights, text, "2" if change == "version" else "1")
    assert not cache.restore(server.url, "key")
    cache.save(server.url, "key")
    assert len(kept(weights)) == 1
    assert kept(weights) != old


def test_a_state_that_cannot_be_kept_leaves_nothing(server, weights):
    server.works = False
    cache = PrefixCache(weights, "You answer.", "1")
    cache.save(server.url, "key")
    assert kept(weights) == []
    server.works = True
    cache.save(server.url, "key")
    server.works = False
    assert not cache.restore(server.url, "key")
    assert len(kept(weights)) == 1


def test_a_server_that_is_gone_is_no_error(weights):
    cache = PrefixCache(weights, "You answer.", "1")
    cache.save("http://127.0.0.1:9", "key")
    assert kept(weights) == []
