"""Questions from a file of JSON lines, answered one by one into another."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from index.memory import MemoryLibrary
from index.reading import parse_document
from index.types import BriefError, Library
from qa.engine import Engine, engine
from qa.output import as_json
from qa.types import Turn

Line = dict[str, Any]


def read_lines(path: str) -> list[Line]:
    """Return the objects of a file of JSON lines.

    Raises:
        BriefError: there is no such file, or a line is not an object with a question.
    """
    try:
        text = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BriefError(
            f"{path} cannot be read ({error}). Give a UTF-8 file of JSON lines."
        ) from None
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            raise BriefError(f"{path}, line {number}, is not JSON: {error}.") from None
        if not isinstance(value, dict) or not isinstance(value.get("question"), str):
            raise BriefError(f'{path}, line {number}, has no question: {{"id": …, "question": …}}.')
        lines.append(value)
    return lines


@contextmanager
def writing(path: str) -> Iterator[Callable[[Line], None]]:
    """Give a function that writes one JSON line, on disk before it returns.

    Raises:
        BriefError: the file cannot be written.
    """
    try:
        with Path(path).open("w", encoding="utf-8") as file:

            def write(line: Line) -> None:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                file.flush()

            yield write
    except OSError as error:
        raise BriefError(
            f"{path} cannot be written ({error.strerror}). Name a file in a folder that you may "
            "write to, on a disk with room."
        ) from error


def answer_line(default: Engine, line: Line) -> Line:
    """Answer one line {id, question, history, passages}; what is wrong with it is its "error"."""
    try:
        chosen = default
        if "passages" in line:
            chosen = engine(_library(line["passages"], default.library), default.model)
        answer = chosen.answerer.invoke(
            {"question": line["question"], "history": _history(line.get("history"))}
        )
    except BriefError as error:
        return {"id": line.get("id"), "question": line["question"], "error": str(error)}
    return {"id": line.get("id"), **as_json(answer)}


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


def _library(passages: Any, default: Library) -> MemoryLibrary:
    if not isinstance(passages, list) or not all(isinstance(p, str) for p in passages):
        raise BriefError("“passages” is not a list of texts. Write it so.")
    documents = [
        parse_document(text, name=f"passage {n}", title=f"Passage {n}")
        for n, text in enumerate(passages, start=1)
        if text.strip()
    ]
    return MemoryLibrary(documents, default.embed)
