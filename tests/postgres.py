"""A real PostgreSQL for tests, in a folder of its own, on a free port, thrown away after."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from socket import socket

from sqlalchemy import URL

from tests.conftest import needs
from web.database import open_database
from web.database.everything import TABLES

USER, PASSWORD = "brief", "s3cret/of:the@tests"
_SETTINGS = (
    # Nothing here outlives the tests, so nothing need survive a loss of power.
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300"),
    *("listen_addresses='127.0.0.1'", "ssl=on", "shared_buffers=32MB", "autovacuum=off"),
)


class Postgres:
    """A server and its databases."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self._programs = folder, programs
        with socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._numbers = count(1)
        self._ready: URL | None = None

    def url(self, name: str = "postgres", **query: str) -> URL:
        return URL.create(
            "postgresql+psycopg", USER, PASSWORD, "127.0.0.1", self._port, name, query
        )

    def new(self, more: str = "") -> URL:
        """Make an empty database and return where it is."""
        name = f"d{next(self._numbers)}"
        self.do(f"CREATE DATABASE {name} TEMPLATE template0 {more}")
        return self.url(name)

    def emptied(self) -> URL:
        """Return where a database is that has all tables, and nothing in them."""
        if not self._ready:
            self._ready = self.new()
            open_database(self._ready).engine.dispose()
        tables = ", ".join(table.name for table in TABLES.sorted_tables)
        self.do(f"TRUNCATE {tables}", str(self._ready.database))
        return self._ready

    def do(self, statement: str, name: str = "postgres") -> list[tuple[object, ...]]:
        import psycopg

        url = self.url(name).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    def make(self) -> None:
        (self.folder / "password").write_text(PASSWORD)
        self._run(
            *("initdb", "--pgdata", "data", "--username", USER, "--pwfile", "password"),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--no-sync"),
            # Letters in the order of a language, as servers have it, not of their codes.
            *("--locale-provider", "icu", "--icu-locale", "en-US", "--locale", "C.UTF-8"),
        )
        self._certify()
        lines = [*_SETTINGS, f"port={self._port}", f"unix_socket_directories='{self.folder}'"]
        with (self.folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write("\n".join(lines) + "\n")

    def start(self) -> None:
        self._run("pg_ctl", "--pgdata", "data", "--wait", "--log", "log", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "--pgdata", "data", "--wait", "--mode", "fast", "stop")

    def restart(self) -> None:
        self.stop()
        self.start()

    def is_up(self) -> bool:
        return (self.folder / "data" / "postmaster.pid").exists()

    def _certify(self) -> None:
        """Make a certificate for 127.0.0.1 that is its own authority."""
        name = ("-subj", "/CN=tests", "-addext", "subjectAltName=IP:127.0.0.1")
        made = ("-keyout", "data/server.key", "-out", "data/server.crt")
        self._run(
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", *name, *made),
        )

    def _run(self, program: str, *arguments: str) -> None:
        path = self._programs / program
        command = [str(path) if path.exists() else program, *arguments]
        if os.geteuid() == 0:  # as whom it refuses to run
            command = ["runuser", "-u", "postgres", "--", *command]
        with (self.folder / "said").open("w") as said:  # no pipe: a server would hold it open
            done = subprocess.run(
                command, cwd=self.folder, stdout=said, stderr=said, timeout=120, check=False
            )
        assert done.returncode == 0, f"{program}: {self.said()}"

    def said(self) -> str:
        """Return what the last command and the server have said."""
        files = (self.folder / name for name in ("said", "log"))
        return "\n".join(file.read_text() for file in files if file.exists())


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Give a server that runs, or skip where there is no PostgreSQL."""
    programs = _programs()
    needs("PostgreSQL", programs is not None, "install your system's package postgresql")
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="sahel-brief-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = Postgres(folder, programs)
    try:
        server.make()
        server.start()
        yield server
    finally:
        if server.is_up():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    """Return the folder of the newest server's programs, which Debian keeps off the PATH."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    every = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(every, key=lambda path: float(path.parent.name), default=None)
