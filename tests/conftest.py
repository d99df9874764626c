import os
from pathlib import Path

import pytest

from index.access import changing
from index.library import DiskLibrary
from index.reading import read_document
from tests.fakes import BagOfWords

ROOT = Path(__file__).parent.parent
REPORT = ROOT / "reports" / "sahel-security-report.md"
SHARED = ROOT.parent / "shared"


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees or changes the library of whoever runs it."""
    monkeypatch.setenv("SAHEL_BRIEF_DATA", str(tmp_path / "data"))
    for name in ("SAHEL_BRIEF_MODEL", "SAHEL_BRIEF_EMBEDDER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def library(tmp_path: Path) -> "DiskLibrary":
    """The bundled report, indexed with words for vectors."""
    with changing(tmp_path / "library", BagOfWords()) as library:
        library.add(read_document(REPORT), str(REPORT))
        yield library


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
