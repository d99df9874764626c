"""Questions as they are asked in briefings, in other words than those of the text.

`briefing-questions.jsonl` has 180 of them, written for this project about news texts (SummEdits)
and encyclopedia articles (WikiText) of the evaluation folder; a third ask for what the text does
not say, though it speaks of the same. Published question sets share most words with the sentence
that answers: what is fitted on them alone trusts shared words too much.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from index.reading import parse_document
from index.types import Document

QUESTIONS = Path(__file__).parent / "briefing-questions.jsonl"


class Asked(NamedTuple):
    """A question, the text it was asked about, and expressions that match what answers it, if any.

    `said` are expressions that all match a right answer, where that is known.
    """

    question: str
    about: str
    answers: set[str]
    said: tuple[str, ...] = ()


def briefings(folder: Path) -> Iterator[tuple[list[Document], list[Asked]]]:
    """Yield the documents of each of the two files with the questions about them.

    Raises:
        ValueError: a question's document is not in the evaluation folder.
    """
    lines = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    for file, texts in (("summedits", _news(folder)), ("wikitexts", _articles(folder))):
        mine = [line for line in lines if line["file"] == file]
        documents = {}
        for begins in dict.fromkeys(line["document"] for line in mine):
            text = next((t for t in texts if " ".join(t.split()).startswith(begins)), None)
            if text is None:
                raise ValueError(f"No text of {file} begins with: {begins}")
            title = text.strip().splitlines()[0][:60]
            documents[begins] = parse_document(text, name=begins, title=title)
        yield list(documents.values()), [_asked(line, documents) for line in mine]


def _asked(line: dict[str, Any], documents: dict[str, Document]) -> Asked:
    about = documents[line["document"]].text if line["evidence"] else ""
    answers = {f"(?i){pattern}" for pattern in line["evidence"]}
    return Asked(line["question"], about, answers, tuple(line["answer"]))


def _news(folder: Path) -> list[str]:
    pairs = json.loads((folder / "summedits/news-400.json").read_text("utf-8"))
    return sorted({pair["doc"] for pair in pairs})


def _articles(folder: Path) -> list[str]:
    """Return the articles without WikiText's spaces around punctuation."""
    text = (folder / "chunking/wikitexts.md").read_text("utf-8")
    _, *parts = re.split(r"(?m)^ = (?!=)(.+?) = $", text)
    return [
        f"{title}\n{_joined(body)}" for title, body in zip(parts[::2], parts[1::2], strict=True)
    ]


def _joined(text: str) -> str:
    text = re.sub(r" @(.)@ ", r"\1", text)
    text = re.sub(r" ([.,;:)%])", r"\1", text)
    return text.replace("( ", "(").replace(" 's", "'s")
