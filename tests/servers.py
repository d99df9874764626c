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

import httpx

from benchmarks.serving import free_port
from tests.conftest import needs


class Chroma:
    """A `chroma run` over a folder, which can be killed and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        needs("chroma", bool(which("chroma")), "it comes with the package chromadb")
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["chroma", "run", "--path", str(self.folder), "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--host", "127.0.0.1"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.url}/api/v2/heartbeat").is_success:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise RuntimeError("chroma run did not come up")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def chroma(folder: Path) -> Iterator[Chroma]:
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
