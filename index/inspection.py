"""Looks into a library without changing it: what it has, what a document holds, what is wrong."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from index.dense import stored_passage_chars
from index.library import DiskLibrary
from index.reading import front_matter
from index.store import EDITABLE
from index.types import BriefError, Document, DocumentInfo


def contents(library: DiskLibrary, info: DocumentInfo) -> dict[str, Any]:
    """Return all that `show` says of a document: its facts, passages, and what was set aside."""
    document = library.document(info.id)
    found = library.store.passages(document_id=info.id)
    return {
        **asdict(info),
        "aside": [document.text[start:end] for start, end in document.aside],
        "contents": [
            {"place": p.place, "start": p.start, "end": p.end, "text": p.text} for p in found
        ],
    }


def find(library: DiskLibrary, wanted: str) -> DocumentInfo:
    """Return the one document meant by an id, its beginning, a path or a file name.

    Raises:
        BriefError: no document is meant, or more than one.
    """

    def meant(document: DocumentInfo) -> bool:
        path = Path(document.path)
        return document.id.startswith(wanted) or path == Path(wanted).resolve() or (
            path.name == wanted
        )  # fmt: skip

    found = [d for d in library.documents() if wanted and meant(d)]
    if len(found) != 1:
        how_many = "more than one document is" if found else "no document is"
        raise BriefError(f"{how_many} called {wanted}. See the ids with: python -m index list")
    return found[0]


def export(library: DiskLibrary, infos: Sequence[DocumentInfo], folder: Path) -> list[Path]:
    """Write documents as Markdown with their metadata, in a shape that `add` reads again.

    Nothing there is overwritten.

    Raises:
        BriefError: the folder cannot be written to.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for document in (library.document(info.id) for info in infos):
            facts = {key: getattr(document, key) for key in EDITABLE}
            lines = [f"{key}: {value}" for key, value in facts.items() if value]
            _, body = front_matter(document.text)
            text = "\n".join(["---", *lines, "---", "", document.text[body:].lstrip("\n")])
            path = folder / f"{_file_name(document)}.md"
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
            written.append(path)
    except FileExistsError:
        raise BriefError(f"{path} is there already. Name an empty folder.") from None
    except OSError as error:
        raise BriefError(
            f"{folder} cannot be written to ({error.strerror}). Name another folder."
        ) from error
    return written


def _file_name(document: Document) -> str:
    words = re.findall(r"\w+", document.title.casefold())
    return "-".join([*words[:8], document.id[:6]])


def diagnose(library: DiskLibrary) -> dict[str, Any]:
    """Return counts and, in words, every problem: none in a sound library."""
    store = library.store
    problems = store.problems()
    unready = store.infos(ready=False)
    problems += [f"“{d.title}” is not wholly indexed." for d in unready]
    stored, chosen = store.meta("embedder"), library.embedder
    if stored and stored != chosen:
        problems.append(f"The vectors are those of {stored}, but {chosen} is chosen.")
    elif store.count_passages():
        problems += library.dense.problems()
    return {
        "documents": len(library.documents()),
        "passages": store.count_passages(),
        "embedder": stored or chosen,
        "passage_chars": stored_passage_chars(store),
        "problems": problems,
    }
