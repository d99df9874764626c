"""What a department runs: Chroma, PostgreSQL, nginx, and two processes of app.py on one folder."""

import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from shutil import which
from typing import Any

import httpx
from sqlalchemy import URL

from benchmarks.chroma_server import Chroma
from benchmarks.machine import ROOT
from benchmarks.serving import Served, free_port, serving
from tests.conftest import needs
from tests.servers import certificate, chroma

TOKEN = "only-nginx-and-app.py-know-this"
PASSWORD = "correct horse battery staple"
_NO_MODEL = "/nowhere/model.gguf"  # so that answers are quotations


class Department:
    """All of them; `apps` are the processes, `url` is where nginx is."""

    def __init__(self, folder: Path, database: URL, stack: ExitStack) -> None:
        self.folder, self.data = folder, folder / "data"
        self._stack = stack
        self.chroma: Chroma = stack.enter_context(chroma(folder / "chroma"))
        self.ports = (free_port(), free_port())
        self.https, self.chroma_https = free_port(), free_port()
        self.url = f"https://localhost:{self.https}"
        self.ca = folder / "certificate.pem"
        certificate(self.ca, folder / "key.pem")
        self.environment = {
            **os.environ,
            "SAHEL_BRIEF_CHROMA": f"https://localhost:{self.chroma_https}",
            "SAHEL_BRIEF_CHROMA_TOKEN": TOKEN,
            "SAHEL_BRIEF_CHROMA_CA": str(self.ca),
            "SAHEL_BRIEF_DATA": str(self.data),
            "SAHEL_BRIEF_DATABASE": database.render_as_string(hide_password=False),
        }
        stack.enter_context(nginx(folder, self._nginx_settings()))
        self.run("web.users", "add", "ann", "--role", "admin", sent=f"{PASSWORD}\n")
        self.token = self.run("web.users", "token", "ann").strip()
        self.apps = [self._app(port) for port in self.ports]
        for app in self.apps:
            self._wait(app)

    def _app(self, port: int) -> Served:
        options = ("--behind-proxy", "--allowed-host", "localhost")
        app = serving(self.data, _NO_MODEL, self.environment, port=port, options=options)
        return self._stack.enter_context(app)

    def revive(self) -> None:
        """Start again what was killed."""
        if self.chroma.process is None:
            self.chroma.start()
        for nth, app in enumerate(self.apps):
            if app.process.poll() is not None:
                self.apps[nth] = self._app(self.ports[nth])
                self._wait(self.apps[nth])

    def _wait(self, app: Served) -> None:
        """Wait until questions are answered; `Served.wait` looks at a page that wants no login."""
        until = time.monotonic() + 240
        while time.monotonic() < until and app.process.poll() is None:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{app.url}/healthz", timeout=10).is_success:
                    return
            time.sleep(0.1)
        raise RuntimeError("app.py did not come up")

    def run(self, module: str, *arguments: str, sent: str = "") -> str:
        """Run a command and return what it printed."""
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, input=sent, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def doctor(self) -> str:
        """Return what `doctor` says, also of a library that is not sound."""
        command = [sys.executable, "-m", "index", "doctor"]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        return done.stdout

    def program(self, nth: int | None = None) -> httpx.Client:
        """Return a program that speaks to one of the processes, or to whichever nginx chooses."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = self.url if nth is None else self.apps[nth].url
        return httpx.Client(base_url=url, headers=headers, verify=self.trusted, timeout=60)

    def browser(self) -> httpx.Client:
        """Return a browser in which somebody has signed in, through nginx."""
        client = httpx.Client(base_url=self.url, verify=self.trusted, timeout=60)
        said = client.post("/login", data={"name": "ann", "password": PASSWORD})
        assert said.status_code == 303, said.text
        return client

    @property
    def trusted(self) -> Any:
        return ssl.create_default_context(cafile=self.ca)

    def _nginx_settings(self) -> str:
        """Return the settings that departments are given, with the ports and files of here."""
        settings = (ROOT / "deploy" / "nginx.conf").read_text()
        for given, here in (
            ("127.0.0.1:7860", f"127.0.0.1:{self.ports[0]}"),
            ("127.0.0.1:7861", f"127.0.0.1:{self.ports[1]}"),
            ("127.0.0.1:8000", f"127.0.0.1:{self.chroma.port}"),
            ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
            ("listen 443 ", f"listen 127.0.0.1:{self.https} "),
            ("listen 8443 ", f"listen 127.0.0.1:{self.chroma_https} "),
            ("briefs.example;", "localhost;"),
            ("/etc/ssl/brief", str(self.folder)),
            ("/var/log/nginx", str(self.folder)),
        ):
            assert given in settings
            settings = settings.replace(given, here)
        (self.folder / "chroma-token").write_text(f'"Bearer {TOKEN}" 1;\n')
        return settings


@contextmanager
def nginx(folder: Path, settings: str) -> Iterator[None]:
    """Run nginx in the foreground, with nothing of its own outside `folder`."""
    needs("nginx", bool(which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")), "install nginx")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    own = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    top = f"pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\ndaemon off;\n"
    if os.getuid() == 0:
        top += "user root;\n"  # the folder is this user's alone
    path = folder / "nginx.conf"
    path.write_text(top + settings.replace("http {\n", f"http {{\n{own}", 1))
    command = ["nginx", "-p", str(folder), "-c", str(path), "-e", str(folder / "error.log")]
    environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    process = subprocess.Popen(command, env=environment)
    try:
        until = time.monotonic() + 20
        while not (folder / "nginx.pid").exists() and time.monotonic() < until:
            assert process.poll() is None, (folder / "error.log").read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)
