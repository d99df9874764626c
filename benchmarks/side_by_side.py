"""Set this project beside what others begin with: time and quality, same weights, in one run.

    python -m benchmarks.side_by_side [--suite FILE|SUITE] [--limit 60] [--json FILE]

Takes the extra `compare`. Each pipeline has the report (or, of a suite, each question's passages)
indexed before it is asked; all share one embedder and one language model, one after the other, so
that none has the other's prompt in the model's cache; two questions first that do not count. An
answer of the others counts as declined where it says in any words that it does not know, and as
cited where any of the passages that it was given holds the answer, which is more than they show.
40 questions take 23 minutes on two idle cores, most of them for prompts of thousands of tokens.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.contenders import CONTENDERS, Ask, Build
from benchmarks.machine import ROOT, machine
from index.embedding import SentenceEmbedder
from index.reading import parse_document, read_document
from index.types import Document, Embedder
from qa.batch import read_lines
from qa.choosing import add_model_arguments, local_model
from qa.evaluation import judge, sum_up_questions
from qa.local_model import LocalModel
from qa.suites import SUITES, read_suite, sample

Line = dict[str, Any]
_WARM_UP = ("What is this about?", "Who is named first?")  # what is only ever slow once
_FIGURES = {
    "answered rightly": "right",
    "RougeL, declined as 0": "RougeL",
    "declined rightly": "declined rightly",
    "answerable answered": "answerable answered",
    "answers whose citation holds the answer": "cited rightly",
    "evidence p50": "evidence p50, ms",
    "first_word p50": "first word p50, ms",
    "first_word p95": "p95",
    "total p50": "whole answer p50, ms",
}


def main() -> None:
    """Ask all, print a table, and write the same as JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", default=str(ROOT / "tests/report-questions.jsonl"))
    parser.add_argument("--folder", type=Path, help="the data of the suites")
    parser.add_argument("--limit", type=int, default=60, help="questions, the same each time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write figures and answers")
    add_model_arguments(parser)
    args = parser.parse_args()
    own = args.suite not in SUITES
    lines = read_lines(args.suite) if own else read_suite(args.suite, args.folder)
    chosen = sample([line for line in lines if not line.get("history")], args.limit)
    report = [read_document(ROOT / "reports" / "sahel-security-report.md")]
    model, embedder = local_model(args), SentenceEmbedder()
    model.load()
    about: Line = machine() | {"model": args.model or "1.5b", "suite": args.suite}
    about |= {"questions": len(chosen), "pipelines": {}}
    for name, build in CONTENDERS.items():
        results = list(asked(build, model, embedder, chosen, report if own else None))
        figures = [asdict(figure) for figure in sum_up_questions(results)]
        about["pipelines"][name] = {"figures": figures, "results": results}
        print(f"{name}: done", flush=True)
    model.close()
    print(table(about["pipelines"]))
    if args.json:
        args.json.write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", "utf-8")


def asked(
    build: Build,
    model: LocalModel,
    embedder: Embedder,
    lines: Sequence[Line],
    documents: Sequence[Document] | None,
) -> Iterator[Line]:
    """Yield the judged result of each line, asked of `documents` or of the line's own passages."""
    ask = build(documents, model, embedder) if documents else None
    for n, line in enumerate([*lines[: len(_WARM_UP)], *lines]):
        asking = ask or build(_passages(line), model, embedder)
        if n < len(_WARM_UP):
            answered(asking, _WARM_UP[n])
        else:
            yield judge(line, answered(asking, line["question"]))


def answered(ask: Ask, question: str) -> Line:
    """Return the result of a question, with the milliseconds until each step of it."""
    began = time.perf_counter()
    times: dict[str, float] = {}
    result: Line = {}
    for step in ask(question):
        now = 1000 * (time.perf_counter() - began)
        times.setdefault("evidence_ms" if step.what == "evidence" else "first_word_ms", now)
        if step.what == "done":
            times["total_ms"], result = now, step.result
    return {**result, "question": question, "timings": times}


def _passages(line: Line) -> list[Document]:
    given = [p if isinstance(p, dict) else {"text": p} for p in line["passages"]]
    return [
        parse_document(p["text"], name=f"passage {n}", title=p.get("title") or f"Passage {n}")
        for n, p in enumerate(given, start=1)
    ]


def table(pipelines: dict[str, Line]) -> str:
    """Return the figures as Markdown, a line for each pipeline."""
    rows = {
        name: {f["name"]: f for f in pipeline["figures"]} for name, pipeline in pipelines.items()
    }
    columns = [key for key in _FIGURES if any(key in row for row in rows.values())]
    lines = ["| | " + " | ".join(_FIGURES[key] for key in columns) + " |"]
    lines += ["|---" * (len(columns) + 1) + "|"]
    for name, row in rows.items():
        cells = [_cell(row[key]) if key in row else "–" for key in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(figure: Line) -> str:
    if figure["unit"]:
        return f"{figure['value']:.0f}"
    return f"{figure['value']:.2f} ({figure['n']})"


if __name__ == "__main__":
    main()
