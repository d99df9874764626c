"""Questions or claims from a file of JSON lines, answered or checked one by one into another."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from index.memory import MemoryLibrary
from index.reading import parse_document
from index.types import BriefError, Library
from qa.claims import check_claim
from qa.engine import Engine, engine
from qa.output import as_json
from qa.types import Turn

Line = dict[str, Any]


def read_lines(path: str, key: str = "question") -> list[Line]:
    """Return the objects of a file of JSON lines.

    Args:
        path: the file, UTF-8.
        key: what every line must have, as a text.

    Raises:
        BriefError: there is no such file, or a line is not an object with that key.
    """
    try:
        text = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BriefError(
            f"{path} cannot be read ({error}). Give a UTF-8 file of JSON lines."
        ) from None
    lines = []
    # Not splitlines(): a JSON string may hold the line ends of other alphabets as they are.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            raise BriefError(f"{path}, line {number}, is not JSON: {error}.") from None
        if not isinstance(value, dict) or not isinstance(value.get(key), str):
            raise BriefError(f'{path}, line {number}, has no {key}: {{"id": …, "{key}": …}}.')
        lines.append(value)
    return lines


@contextmanager
def writing(path: str) -> Iterator[Callable[[Line], None]]:
    """Give a function that writes one JSON line, on disk before it returns.

    Raises:
        BriefError: the file cannot be written.
    """
    try:
        file = Path(path).open("w", encoding="utf-8")  # noqa: SIM115 - closed below
    except OSError as error:
        raise _unwritable(path, error) from error

    def write(line: Line) -> None:
        try:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
        except OSError as error:
            raise _unwritable(path, error) from error

    try:
        yield write
    finally:
        with suppress(OSError):  # closing tries again what `write` has said cannot be written
            file.close()


def _unwritable(path: str, error: OSError) -> BriefError:
    return BriefError(
        f"{path} cannot be written ({error.strerror}). Name a file in a folder that you may "
        "write to, on a disk with room."
    )


def answer_line(default: Engine, line: Line) -> Line:
    """Answer one line {id, question, history, passages}; what is wrong with it is its "error"."""
    try:
        chosen = default
        if "passages" in line:
            library = _library(line["passages"], default.library)
            chosen = engine(library, default.model)
        answer = chosen.answerer.invoke(
            {"question": line["question"], "history": _history(line.get("history"))}
        )
    except BriefError as error:
        return {"id": line.get("id"), "question": line["question"], "error": str(error)}
    return {"id": line.get("id"), **as_json(answer)}


def check_line(line: Line) -> Line:
    """Check one line {id, claim, evidence}; what is wrong with it is its "error".

    The names in the result, {id, supported, status, reasons}, are a contract.
    """
    try:
        if not line["claim"].strip():
            raise BriefError("There is no claim. Write one.")
        if "evidence" not in line:
            raise BriefError("There is no “evidence”. Give a list of texts.")
        verdict = check_claim(line["claim"], _texts(line, "evidence"))
    except BriefError as error:
        return {"id": line.get("id"), "claim": line["claim"], "error": str(error)}
    return {
        "id": line.get("id"),
        "supported": verdict.supported,  # not rounded: 0.49999 is not 0.5
        "status": "supported" if verdict.passed else "unsupported",
        "reasons": list(verdict.reasons),
    }


def _history(given: Any) -> list[Turn]:
    """Read [[question, answer or null], …], or a list of {question, answer}."""
    turns = []
    for turn in given or []:
        pair = (turn.get("question"), turn.get("answer")) if isinstance(turn, dict) else turn
        if isinstance(pair, str):
            pair = (pair, None)
        if not pair or not isinstance(pair[0], str):
            raise BriefError(
                "The history is not a list of [question, answer or null]. Write it so."
            )
        turns.append(Turn(pair[0], pair[1] if len(pair) > 1 else None))
    return turns


def _texts(line: Line, key: str) -> list[str]:
    texts = line[key]
    if not isinstance(texts, list) or not all(isinstance(t, str) for t in texts):
        raise BriefError(f"“{key}” is not a list of texts. Write it so.")
    return texts


def _library(passages: Any, default: Library) -> MemoryLibrary:
    wrong = BriefError("“passages” is not a list of texts, or of {title, text}. Write it so.")
    if not isinstance(passages, list):
        raise wrong
    documents = []
    for n, passage in enumerate(passages, start=1):
        given = passage if isinstance(passage, dict) else {"text": passage}
        text, title = given.get("text"), given.get("title") or f"Passage {n}"
        if not isinstance(text, str) or not isinstance(title, str):
            raise wrong
        if text.strip():
            documents.append(parse_document(text, name=f"passage {n}", title=title))
    return MemoryLibrary(documents, default.embed)
