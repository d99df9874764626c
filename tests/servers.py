"""Servers of others that tests start: a real Chroma, and one that says no."""

import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from threading import Thread

from benchmarks.chroma_server import Chroma
from tests.conftest import needs


@contextmanager
def chroma(folder: Path) -> Iterator[Chroma]:
    needs("chroma", bool(which("chroma")), "it comes with the package chromadb")
    server = Chroma(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def certificate(path: Path, key: Path) -> None:
    """Write a certificate for localhost that vouches for itself, and its key."""
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command = [*made, "-keyout", str(key), "-out", str(path), *named]
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def answering(
    status: int,
    body: bytes = b"",
    *,
    wait_s: float = 0.0,
    tls: tuple[Path, Path] | None = None,
) -> Iterator[tuple[str, list[str]]]:
    """A server that answers everything so; yields its address and the tokens that it was shown.

    With `tls`, a certificate and its key, it is https.
    """
    shown: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers.get("Authorization", ""))
            time.sleep(wait_s)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        at = f"https://localhost:{server.server_port}" if tls else None
        yield at or f"http://127.0.0.1:{server.server_port}", shown
    finally:
        server.shutdown()
        server.server_close()
