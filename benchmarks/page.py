"""Measure what a visitor waits for: the start, the evidence, the first word, the whole answer.

    python -m benchmarks.page [--questions FILE] [--rounds 3] [--visitors 1,4,16] [--json FILE]

Starts the application over the report that comes with the project, as a user does, and asks it over
the page's own protocol, from outside. No question is asked twice while it runs, so that none is
answered from memory. Some 6 minutes on two idle cores; the weights must be there.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import ROOT, disk_mb, machine, memory_mb
from benchmarks.serving import Served, serving
from benchmarks.visitor import Seen, Visitor

Row = dict[str, Any]


def main() -> None:
    """Measure, print a table, and write the same as JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=Path, default=ROOT / "tests/report-questions.jsonl")
    parser.add_argument("--data", type=Path, help="a library, in place of one of the report alone")
    parser.add_argument("--model", default="1.5b", help="as for app.py")
    parser.add_argument("--rounds", type=int, default=3, help="how often it is started")
    parser.add_argument("--alone", type=int, default=40, help="questions of one visitor")
    parser.add_argument("--visitors", default="1,4,16", help="how many at once")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    args = parser.parse_args()
    about: Row = machine() | {"model": args.model}
    with tempfile.TemporaryDirectory() as folder:
        data = args.data or Path(folder)
        adding = add_report(data) if args.data is None else {}
        lines = [json.loads(line) for line in args.questions.read_text("utf-8").splitlines()]
        about |= measure(data, args, lines) | adding | {"data_mb": disk_mb(data)}
    print(table(about))
    if args.json:
        args.json.write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def add_report(data: Path) -> Row:
    """Make a library of the report; return what that took, of a process begun for it."""
    report = ROOT / "reports" / "sahel-security-report.md"
    began = time.perf_counter()
    command = [sys.executable, "-m", "index", "add", str(report), "--data", str(data)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    most = 0.0
    while process.poll() is None:
        most = max(most, memory_mb(process.pid, most=True))
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit("The report could not be added.")
    return {"adding_s": round(time.perf_counter() - began, 1), "adding_mb": most}


def measure(data: Path, args: argparse.Namespace, lines: Sequence[Row]) -> Row:
    """Return the figures of all parts, the times in seconds and milliseconds by their names."""
    draw = random.Random(4)  # noqa: S311 - the same questions each time
    plain = [line["question"] for line in lines if not line["history"]]
    draw.shuffle(plain)
    follow_ups = [(ln["history"][-1][0], ln["question"]) for ln in lines if ln["history"]]
    starts: list[Row] = []
    for n in range(args.rounds):
        with serving(data, args.model) as app:
            app.wait()
            first = asked(app, [plain[0]])[0]
            app.reached["first_answer_s"] = round(
                app.reached["model_ready_s"] + first.total_ms / 1000, 2
            )
            starts.append(app.reached)
            if n < args.rounds - 1:
                continue
            found: Row = {"idle_mb": memory_mb(app.process.pid)}
            asked(app, plain[1:3])  # what is only ever slow once
            rest = iter(plain[3:])
            found["alone"] = summary(asked(app, [next(rest) for _ in range(args.alone)]))
            # All but the last word, then a pause, then the last word.
            found["pausing"] = summary(
                [asked(app, [next(rest)], pausing=True)[0] for _ in range(args.alone // 4)]
            )
            found["follow_ups"] = summary(
                [seen for pair in follow_ups for seen in asked(app, pair)[1:]]
            )
            found["visitors"] = {
                count: together(app, [next(rest) for _ in range(max(2 * count, 8))], count)
                for count in map(int, args.visitors.split(","))
            }
            found["answering_mb"] = memory_mb(app.process.pid, most=True)
    found["start"] = {
        step: round(statistics.median(start[step] for start in starts), 2) for step in starts[0]
    }
    return found


def opened(app: Served) -> Visitor:
    """Return a visitor who has opened the page as a browser does: Gradio keeps a state then."""
    visitor = Visitor(app.url)
    visitor.resume("")
    return visitor


def asked(app: Served, questions: Sequence[str], *, pausing: bool = False) -> list[Seen]:
    """Ask as one visitor, in one conversation, perhaps with a pause in typing each."""
    visitor, seen = opened(app), []
    try:
        for question in questions:
            if pausing:
                visitor.pause(question.rpartition(" ")[0])
            seen.append(visitor.ask(question))
    finally:
        visitor.close()
    return seen


def together(app: Served, questions: Sequence[str], count: int, *others: Served) -> Row:
    """Ask as `count` visitors at once, each its share of the questions; return a summary.

    With `others` the visitors are spread over these processes as well. `overtaken` is the most
    answers that came before one that had been asked for earlier.
    """
    apps = (app, *others)
    visitors = [opened(apps[n % len(apps)]) for n in range(count)]
    seen: list[Seen] = []
    ended: list[tuple[float, float]] = []  # when asked, when answered
    failed: list[str] = []

    def visit(n: int) -> None:
        for question in questions[n::count]:
            began = time.perf_counter()
            try:
                seen.append(visitors[n].ask(question))
                ended.append((began, time.perf_counter()))
            except Exception as error:  # noqa: BLE001 - counted, whatever it was
                failed.append(repr(error))

    threads = [threading.Thread(target=visit, args=(n,)) for n in range(count)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    for visitor in visitors:
        visitor.close()
    overtaken = max((sum(b > a and done < end for b, done in ended) for a, end in ended), default=0)
    return summary(seen) | {
        "per_minute": round(60 * len(seen) / took, 1),
        "failed": len(failed),
        "overtaken": overtaken,
    }


def summary(seen: Sequence[Seen]) -> Row:
    """Return how many questions there were, and medians, 95th percentiles and most of their ms.

    A question that is declined before the model is asked has its first word with its answer.
    """
    times = {
        "passages": [s.passages_ms for s in seen if s.passages_ms is not None],
        "evidence": [s.evidence_ms for s in seen if s.evidence_ms is not None],
        "first_word": [s.first_word_ms for s in seen],
        "total": [s.total_ms for s in seen],
    }
    return {"questions": len(seen)} | {
        f"{name}_p{share}_ms": round(float(np.percentile(values, share))) if values else None
        for name, values in times.items()
        for share in (50, 95, 100)
    }


def table(about: Row) -> str:
    """Return the figures as Markdown."""
    lines = [f"{name}: {value}" for name, value in about.items() if not isinstance(value, dict)]
    lines += ["", "| start, s | " + " | ".join(about["start"]) + " |"]
    lines += ["|---" * (len(about["start"]) + 1) + "|"]
    lines += ["| median | " + " | ".join(map(str, about["start"].values())) + " |", ""]
    lines += [
        "| visitors | questions | passages p50 / p95, ms | evidence p50 / p95 (most), ms "
        "| first word p50 / p95, ms | whole answer p50 / p95, ms | a minute | failed | overtaken |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    rows = {
        "1, alone": about["alone"],
        "1, with a pause before the last word": about["pausing"],
        "1, follow-ups": about["follow_ups"],
        **about["visitors"],
    }
    for name, row in rows.items():
        times = " | ".join(
            f"{row[f'{of}_p50_ms']} / {row[f'{of}_p95_ms']}"
            + (f" ({row[f'{of}_p100_ms']})" if of == "evidence" else "")
            for of in ("passages", "evidence", "first_word", "total")
        )
        rest = " | ".join(str(row.get(key, "")) for key in ("per_minute", "failed", "overtaken"))
        lines.append(f"| {name} | {row['questions']} | {times} | {rest} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
