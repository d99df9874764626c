"""Reads evaluation data of several publishers into lines of one shape. Knows files and labels.

A line of questions is one of `batch` with what is expected of it: `expected` is "answer",
"decline" or "partial"; `references` are right answers, `answer` and `evidence` patterns as in
`qa.evaluation`. A line of claims has `claim`, `chunks` (lists of texts that the claim is checked
against, one list at a time) and `expected`: "supported" or "unsupported". A line of passages has
`question`, `corpus` and `excerpts` (start and end in it). Each has the `class` it is sampled by.
"""

import csv
import json
import re
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

from index.text import sentence_spans
from index.types import BriefError

Line = dict[str, Any]


def read_clapnq(folder: Path) -> list[Line]:
    """Read questions, each with its gold passage, which for half of them has no answer."""
    return [
        {
            "id": item["id"],
            "question": item["input"],
            "passages": [{"title": p["title"], "text": p["text"]} for p in item["passages"]],
            "references": [o["answer"] for o in item["output"] if o["answer"]],
            "class": part,
            "expected": "answer" if part == "answerable" else "decline",
        }
        for part in ("answerable", "unanswerable")
        for item in _json_lines(folder / "clapnq" / f"{part}.jsonl")
    ]


def read_squad2(folder: Path) -> list[Line]:
    """Read questions, each with its paragraph, which for the impossible ones has no answer."""
    articles = json.loads(_text(folder / "squad2" / "squad2-12-articles.json"))["data"]
    lines = []
    for paragraph in (p for article in articles for p in article["paragraphs"]):
        for item in paragraph["qas"]:
            line = {
                "id": item["id"],
                "question": item["question"],
                "passages": [paragraph["context"]],
            }
            if item["is_impossible"]:
                line |= {"class": "impossible", "expected": "decline"}
            else:
                texts = sorted({a["text"] for a in item["answers"]})
                pattern = rf"(?<!\w)(?:{'|'.join(map(re.escape, texts))})(?!\w)"
                line |= {"class": "answerable", "expected": "answer"}
                line |= {"answer": [pattern], "evidence": [pattern]}
            lines.append(line)
    return lines


def read_mtrag(folder: Path) -> list[Line]:
    """Read the turns of conversations, each with the turns before it and its own contexts."""
    expected = {"answerable": "answer", "unanswerable": "decline", "partial": "partial"}
    history: dict[str, list[list[str]]] = {}
    lines = []
    for task in sorted(
        _json_lines(folder / "mtrag" / "tasks.jsonl"),
        key=lambda t: (t["conversation_id"], t["turn_id"]),
    ):
        (label,) = (a.lower() for a in task["user"]["enrichments"]["Answerability"])
        earlier = history.setdefault(task["conversation_id"], [])
        lines.append(
            {
                "id": task["task_id"],
                "question": task["user"]["text"],
                "history": list(earlier),
                "passages": [c["text"] for c in task["agent"]["contexts"]],
                "references": [task["agent"]["text"]],
                "class": label,
                "expected": expected[label],
            }
        )
        earlier.append([task["user"]["text"], task["agent"]["text"]])
    return lines


def read_wice(folder: Path) -> list[Line]:
    """Read claims with their oracle chunks, of which each alone may support the claim."""
    claims: dict[str, Line] = {}
    for item in _json_lines(folder / "wice" / "oracle_chunks_claim_dev.jsonl"):
        line = claims.setdefault(
            item["meta"]["id"],
            {
                "id": item["meta"]["id"],
                "claim": item["claim"],
                "chunks": [],
                "class": item["label"],
                "expected": "supported" if item["label"] == "supported" else "unsupported",
            },
        )
        line["chunks"].append(item["evidence"])
    return list(claims.values())


def read_summedits(folder: Path) -> list[Line]:
    """Read summaries, some edited so as to say something else, each with its news article."""
    return [
        {
            "id": item["id"],
            "claim": item["summary"],
            "chunks": [[item["doc"][s:e] for s, e in sentence_spans(item["doc"])]],
            "class": "consistent" if item["label"] == 1 else "inconsistent",
            "expected": "supported" if item["label"] == 1 else "unsupported",
        }
        for item in json.loads(_text(folder / "summedits" / "news-400.json"))
    ]


def read_chunking(folder: Path) -> list[Line]:
    """Read questions with the excerpts of a corpus that together answer them."""
    rows = csv.DictReader(StringIO(_text(folder / "chunking" / "questions_df.csv")))
    return [
        {
            "id": number,
            "question": row["question"],
            "corpus": row["corpus_id"],
            "excerpts": [[r["start_index"], r["end_index"]] for r in json.loads(row["references"])],
            "class": row["corpus_id"],
        }
        for number, row in enumerate(rows, start=1)
    ]


def read_corpora(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the texts that the excerpts of `read_chunking` count characters of."""
    return {name: _text(folder / "chunking" / f"{name}.md") for name in sorted(set(names))}


def read_report(folder: Path) -> list[Line]:
    """Read the questions about the bundled report, in the shape of `qa.evaluation`."""
    return _json_lines(folder / "report-questions.jsonl")


def _json_lines(path: Path) -> list[Line]:
    return [json.loads(line) for line in _text(path).split("\n") if line.strip()]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise BriefError(
            f"{path} cannot be read ({error.strerror}). Give the folder that has it with --folder "
            "or SAHEL_BRIEF_EVAL."
        ) from None
