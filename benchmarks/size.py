"""Measure how a library grows: adding, memory, disk, opening, search and evidence by size.

    python -m benchmarks.size [TEXTFILE …] [--sizes 40,1000,10000,100000] [--json FILE] [--plot PNG]

One library grows from size to size with the default embedder: the report that comes with the
project, and documents of 100 passages of some 900 characters, made of the sentences of the files in
new orders (without files, of the report itself, whose few words make lexical search slower than
real text). Opening, searching and finding evidence for questions about the report are measured in a
new process, as after a restart; evidence once the newest documents were read ahead, which the
application does while nobody asks. 100,000 passages take 40 minutes on two idle cores;
with `--hashed` words are hashed into as many dimensions in place of the model, which shows what all
but embedding costs.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.crashes import HashedWords
from benchmarks.embedding import REPORT, passages, sentences
from benchmarks.machine import ROOT, disk_mb, machine, memory_mb
from index.access import changing, reading
from index.embedding import SentenceEmbedder
from index.reading import parse_document, read_document
from index.types import Embedder, Library
from qa.answering import Answerer
from qa.batch import read_lines
from qa.cross_encoder import CrossEncoder
from web.memory import collect_only_what_is_new

_OF_A_DOCUMENT = 100  # passages
_QUERIES, _K = 40, 12  # twelve passages are what a question asks for


def main() -> None:
    """Grow, measure, print a table, and write the same as JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, default=[REPORT], help="UTF-8 texts")
    parser.add_argument("--sizes", default="40,1000,10000,100000", help="in passages, growing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    parser.add_argument("--hashed", action="store_true", help="without the model")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw how it grows")
    parser.add_argument("--look", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    found = sentences(args.files)
    embedder = HashedWords() if args.hashed else SentenceEmbedder()
    if args.look:
        print(json.dumps(look(args.look, embedder, found)))
        return
    about: dict[str, Any] = machine() | {
        "embedder": embedder.name,
        "files": [path.name for path in args.files],
    }
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        texts = documents(found)
        for size in map(int, args.sizes.split(",")):
            rows.append(grow(Path(folder), embedder, size, texts))
            hashed = ["--hashed"] if args.hashed else []
            command = [sys.executable, "-m", "benchmarks.size", "--look", folder, *hashed]
            command += map(str, args.files)
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            rows[-1] |= json.loads(done.stdout.splitlines()[-1])
            print(table(rows[-1:]) if len(rows) == 1 else table(rows[-1:]).splitlines()[-1])
    if args.plot:
        plot([row | {"disk_mb": row["store_mb"] + row["vectors_mb"]} for row in rows], args.plot)
    if args.json:
        args.json.write_text(json.dumps({**about, "sizes": rows}, indent=1) + "\n", "utf-8")


def documents(found: list[str]) -> Iterator[str]:
    """Yield texts of documents without end, each paragraph of which becomes one passage."""
    draw = random.Random(2)  # noqa: S311 - no secret
    while True:
        draw.shuffle(found)
        yield from (
            "\n\n".join(some)
            for some in [passages(found, _OF_A_DOCUMENT, seed=draw.random()) for _ in range(20)]
        )


def grow(folder: Path, embedder: Embedder, size: int, texts: Iterator[str]) -> dict[str, float]:
    """Add documents until the library has `size` passages; return what that took."""
    began = time.perf_counter()
    with changing(folder, embedder) as library:
        library.add(read_document(REPORT), str(REPORT))
        before = library.store.count_passages() if size > _OF_A_DOCUMENT else 0
        while (count := library.store.count_passages()) < size - _OF_A_DOCUMENT / 2:
            name = f"document {count}"
            library.add(parse_document(next(texts), name=name, title=name), f"/{name}")
    took = time.perf_counter() - began
    return {
        "passages": count,
        "added_per_s": (count - before) / took,
        "adding_mb": memory_mb(os.getpid(), most=True),  # so far, embedder included
        "store_mb": (folder / "library.sqlite3").stat().st_size / 1e6,
        "vectors_mb": sum(disk_mb(vectors) for vectors in folder.glob("vectors*")),
    }


def look(folder: Path, embedder: Embedder, found: list[str]) -> dict[str, float]:
    """Open a library as after a restart and search it; return what that took."""
    queries = [text for text in found if len(text) < 150][:_QUERIES]
    began = time.perf_counter()
    with reading(folder, embedder) as library:
        library.search(queries[0], _K)
        opening = time.perf_counter() - began
        some = {info.id for info in library.documents()[:3]}
        of_all: list[float] = []
        of_three: list[float] = []
        for query in queries:
            for kind, within in ((of_all, None), (of_three, some)):
                began = time.perf_counter()
                library.search(query, _K, within)
                kind.append(1000 * (time.perf_counter() - began))
        collect_only_what_is_new()  # as the application does
        ahead, evidence = evidence_times(library)
        return {
            "opening_s": opening,
            "search_ms": statistics.median(of_all),
            "search_p95_ms": statistics.quantiles(of_all, n=20)[-1],
            "search_of_three_ms": statistics.median(of_three),
            "read_ahead_s": ahead,
            "evidence_ms": statistics.median(evidence),
            "evidence_p95_ms": statistics.quantiles(evidence, n=20)[-1],
            "searching_mb": memory_mb(os.getpid(), most=True),
        }


def evidence_times(library: Library) -> tuple[float, list[float]]:
    """Return the seconds to read ahead and the milliseconds until evidence of some questions."""
    answerer = Answerer(library, lambda: None, CrossEncoder())
    answerer.warm()
    began = time.perf_counter()
    for _ in answerer.read_ahead():
        pass
    ahead = time.perf_counter() - began
    lines = read_lines(str(ROOT / "tests" / "report-questions.jsonl"))
    plain = [line["question"] for line in lines if not line.get("history")]
    found = []
    for question in plain[:: len(plain) // _QUERIES]:
        *_, last = answerer.stream({"question": question, "history": []})
        if last.timings.evidence_ms is not None:
            found.append(last.timings.evidence_ms)
    return ahead, found


def plot(rows: list[dict[str, float]], path: Path) -> None:
    """Draw search, evidence, opening and memory over the passages, both axes logarithmic."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    shown = {
        "evidence, median, ms": "evidence_ms",
        "search, median, ms": "search_ms",
        "opening, s": "opening_s",
        "memory searching, MB": "searching_mb",
        "disk, MB": "disk_mb",
    }
    for label, key in shown.items():
        axes.loglog([r["passages"] for r in rows], [r[key] for r in rows], "o-", label=label)
    axes.set_xlabel("passages")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper")
    figure.savefig(path, dpi=120)


def table(rows: list[dict[str, float]]) -> str:
    """Return the figures as Markdown."""
    lines = [
        "| passages | added/s | memory adding, MB | SQLite, MB | vectors, MB | opening, s "
        "| search p50 / p95, ms | in 3 documents, ms | reading ahead, s | evidence p50 / p95, ms "
        "| memory searching, MB |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row['passages']:,} | {row['added_per_s']:.0f} | {row['adding_mb']:.0f} "
            f"| {row['store_mb']:.1f} | {row['vectors_mb']:.1f} | {row['opening_s']:.1f} "
            f"| {row['search_ms']:.0f} / {row['search_p95_ms']:.0f} "
            f"| {row['search_of_three_ms']:.0f} | {row['read_ahead_s']:.1f} "
            f"| {row['evidence_ms']:.0f} / {row['evidence_p95_ms']:.0f} "
            f"| {row['searching_mb']:.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
