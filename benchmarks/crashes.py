"""Kills a process that changes a library, at random, and looks what was lost.

    python -m benchmarks.crashes --times 50 [--json FILE]

One library lives through all of it. A child adds, removes and rebuilds without end, and writes
down what it begins and what was acknowledged; it is killed (SIGKILL) within a second. Then the
library is opened anew: what was acknowledged must be there, what was removed must not, searches
must find each document by a word that it alone has, and `doctor` must find nothing. The
operation that the kill hit may have happened or not.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import index.library
from index.access import changing, reading
from index.inspection import diagnose
from index.reading import parse_document
from index.text import stems
from index.types import Vectors
from index.vectors.folders import Folders

SEED = 20261124
_SELF = (sys.executable, "-m", "benchmarks.crashes")
_PARAGRAPHS = 120  # of a document: long enough to be killed inside


class HashedWords:
    """An embedder that needs no model, so that the kills hit the library and not the loading."""

    name = "hashed-words"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit rows of shape (len(texts), 384): the words, hashed."""
        rows = np.zeros((len(texts), 384), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in stems(text):
                row[zlib.crc32(word.encode()) % 384] += 1
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / np.maximum(norms, 1e-9), dtype=np.float32)


def main() -> int:
    """Kill `--times` times and print what happened; 1 where anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--check", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        return _change(Path(args.child[0]), Path(args.child[1]))
    if args.check:
        return _check(Path(args.check[0]), Path(args.check[1]))
    hit, lost = Counter[str](), []
    with tempfile.TemporaryDirectory() as folder:
        data, journal = Path(folder, "data"), Path(folder, "journal")
        for n in range(args.times):
            hit[_kill(data, journal, random.Random(SEED + n))] += 1  # noqa: S311 - no secret
            done = _run("--check", data, journal)
            lost += [f"kill {n + 1}: {line}" for line in done.stdout.splitlines()]
            if done.returncode:
                lost.append(f"kill {n + 1}: {done.stderr.strip()[-500:]}")
        acknowledged = len([line for line in _lines(journal) if line[0] == "done"])
    found = {"kills": args.times, "hit": dict(hit), "acknowledged": acknowledged, "lost": lost}
    print(f"{args.times} kills: " + ", ".join(f"{n} during {what}" for what, n in hit.items()))
    print(f"{acknowledged} acknowledged changes; lost or wrong: {len(lost)}")
    print("\n".join(lost))
    if args.json:
        args.json.write_text(json.dumps(found, indent=2), "utf-8")
    return 1 if lost else 0


def _run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*_SELF, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _kill(data: Path, journal: Path, dice: random.Random) -> str:
    """Let a child change the library and kill it; return what it was doing."""
    command = [*_SELF, "--child", str(data), str(journal)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None  # noqa: S101
        child.stdout.readline()  # it is ready
        time.sleep(dice.random())
        child.kill()
    began = [line for line in _lines(journal) if line[0] in ("begin", "done")]
    return began[-1][1] if began and began[-1][0] == "begin" else "none"


def _change(data: Path, journal: Path) -> int:
    """Add, remove and rebuild without end, writing down each step for good before the next."""
    dice = random.Random()  # noqa: S311
    index.library._SETTLE_AFTER = Folders.settles_after = 200  # so that kills hit that too
    with journal.open("a", encoding="utf-8", buffering=1) as log:

        def write(*words: str) -> None:
            print(*words, file=log, flush=True)

        with changing(data, HashedWords()) as library:
            print("ready", flush=True)
            number = sum(line[:2] == ["begin", "add"] for line in _lines(journal))
            while True:
                ids = [d.id for d in library.documents()]
                what = dice.choice(["add", "add", "remove", "rebuild"] if len(ids) > 2 else ["add"])
                if what == "add":
                    number += 1
                    word = f"word{number}x"
                    text = "\n\n".join(
                        f"The {word} has {i} wells. " * 12 for i in range(_PARAGRAPHS)
                    )
                    document = parse_document(text, name=word, title=word)
                    write("begin", what, document.id, word)
                    library.add(document, f"/{word}")
                    write("done", what, document.id, word)
                elif what == "remove":
                    target = dice.choice(ids)
                    write("begin", what, target)
                    library.remove(target)
                    write("done", what, target)
                else:
                    write("begin", what)
                    library.rebuild()
                    write("done", what)


def _check(data: Path, journal: Path) -> int:
    """Print what is lost or wrong, a line each."""
    have, unsure = dict[str, str](), set[str]()
    words = dict[str, str]()
    for state, what, *rest in _lines(journal):
        if what == "add":
            words[rest[0]] = rest[1]
        if state == "begin" and rest:
            unsure.add(rest[0])
        elif rest:
            unsure.discard(rest[0])
            if what == "add":
                have[rest[0]] = rest[1]
            else:
                have.pop(rest[0], None)
    with reading(data, HashedWords()) as library:
        there = {d.id for d in library.documents()}
        for document_id in have.keys() - there - unsure:
            print(f"{document_id} is gone")
        for document_id in there - have.keys() - unsure:
            print(f"{document_id} is there again")
        for document_id in there:
            found = library.search(words[document_id], 1)
            if not found or found[0].passage.document_id != document_id:
                print(f"{document_id} is not found by its word")
        for problem in diagnose(library)["problems"]:
            print(problem)
    return 0


def _lines(journal: Path) -> list[list[str]]:
    if not journal.exists():
        return []
    return [line.split() for line in journal.read_text("utf-8").splitlines() if line]


if __name__ == "__main__":
    sys.exit(main())
