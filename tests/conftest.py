import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from index.access import changing, reading
from index.changes import Changes
from index.library import DiskLibrary
from index.reading import read_document
from qa.answering import Answerer
from qa.engine import Engine
from qa.local_model import LocalModel
from tests.fakes import BagOfWords, SharedWords

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.postgres import Postgres
    from web.database import Where

ROOT = Path(__file__).parent.parent
REPORT = ROOT / "reports" / "sahel-security-report.md"
SHARED = ROOT.parent / "shared"


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees or changes the library of whoever runs it."""
    monkeypatch.setenv("SAHEL_BRIEF_DATA", str(tmp_path / "data"))
    for name in (
        "MODEL",
        "MODEL_URL",
        "FALLBACK_MODEL",
        "EMBEDDER",
        "DATABASE",
        "CHROMA",
        "CHROMA_TOKEN",
        "CHROMA_CA",
    ):
        monkeypatch.delenv(f"SAHEL_BRIEF_{name}", raising=False)


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A headless Chromium for the tests of a module."""
    from tests.browser import chromium  # which needs this module

    with chromium() as browser:
        yield browser


@pytest.fixture(autouse=True)
def _closed_pages(request: pytest.FixtureRequest) -> Iterator[None]:
    """A page that a test leaves open goes on asking for news, and slows those after it."""
    yield
    if "browser" in request.fixturenames:
        for context in request.getfixturevalue("browser").contexts:
            context.close()


@pytest.fixture
def library(tmp_path: Path) -> "DiskLibrary":
    """The bundled report, indexed with words for vectors."""
    with changing(tmp_path / "library", BagOfWords()) as library:
        library.add(read_document(REPORT), str(REPORT))
        yield library


@contextmanager
def running(folder: Path) -> Iterator[Engine]:
    """Answer from a library that can be changed; changes are worked off in the thread they need."""
    opened = threading.Event()
    engines: list[Engine] = []

    def run() -> None:
        with reading(folder, BagOfWords()) as library:
            changes = Changes(library)
            answerer = Answerer(library, lambda: None, SharedWords())
            engines.append(Engine(library, answerer, LocalModel("1.5b", folder), changes))
            opened.set()
            changes.run()

    thread = threading.Thread(target=run)
    thread.start()
    assert opened.wait(20)
    yield engines[0]
    engines[0].changes.end()
    thread.join(20)


@pytest.fixture(scope="session")
def postgres() -> "Iterator[Postgres]":
    """A PostgreSQL server."""
    from tests.postgres import running_postgres  # which needs this module

    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> "Where":
    """Where a database of each kind is, in which nothing is kept yet."""
    if request.param == "sqlite":
        return tmp_path / "kept.sqlite3"
    server: Postgres = request.getfixturevalue("postgres")
    return server.emptied()


@pytest.fixture(scope="session")
def article() -> Path:
    path = SHARED / "report" / "published-article.txt"
    if not path.exists():
        pytest.skip("the published article is not here: it stays out of the project")
    return path


def needs(what: str, present: bool, why: str) -> None:
    """Skip where something is missing, but fail in CI, which must have it."""
    if present:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{what} must be here in CI: {why}")
    pytest.skip(f"{what} is not here: {why}")
