"""Measure what it costs to have all on servers, and what a second process is worth.

    python -m benchmarks.places DATA [--visitors 1,4,16] [--model 1.5b] [--database URL]
                                [--json FILE]

DATA is a library; copies of it are used. Search and evidence are measured with the vectors in the
folder and on a `chroma run` of this machine, in turn. Then visitors ask the page: of one process
that has all in its folder, of one whose vectors are on the server, and with `--database` its
conversations in that PostgreSQL database, which must be of no other use; and of two processes that
share them. Without `--model` answers are quotations.
"""

import argparse
import json
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.chroma_server import Chroma
from benchmarks.machine import ROOT, machine
from benchmarks.page import Row, together
from benchmarks.serving import serving
from benchmarks.size import evidence_times
from index.access import reading
from index.embedding import SentenceEmbedder
from index.vectors.address import ChromaServer, chroma_server
from index.vectors.server import Collections

_NO_MODEL = "/nowhere/model.gguf"
_QUERIES = 40


def main() -> None:
    """Measure, print the figures, and write them as JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--visitors", default="1,4,16", help="how many at once; '' for none")
    parser.add_argument("--model", default=_NO_MODEL, help="words the answers, as for app.py")
    parser.add_argument("--database", metavar="URL", help="has the conversations, beside Chroma")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    args = parser.parse_args()
    found: Row = machine()
    lines = (ROOT / "tests/report-questions.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    random.Random(4).shuffle(questions)  # noqa: S311 - the same each time
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("folder", "server"):
            shutil.copytree(args.data, folder / name)
        with chroma_run(folder / "chroma") as url:
            server = chroma_server(url)
            found |= moved(folder / "server", server)
            found["search"] = searched(folder, server, questions)
            if counts := [int(n) for n in args.visitors.split(",") if n]:
                servers = ["--chroma", url]
                servers += ["--database", args.database] if args.database else []
                found["visitors"] = visited(folder, servers, questions, counts, args.model)
        with (
            chroma_run(folder / "chroma") as url,  # as after a kill
            reading(folder / "server", SentenceEmbedder(), server=chroma_server(url)) as own,
        ):
            began = time.perf_counter()
            own.search(questions[0], 8)
            found["first_search_after_its_start_s"] = round(time.perf_counter() - began, 2)
            found["missed"] = own.missed
    print(json.dumps(found, indent=1))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def moved(data: Path, server: ChromaServer) -> Row:
    """Put the vectors of a library on the server as they are; embedding them anew takes minutes."""
    with reading(data, SentenceEmbedder()) as own:
        began = time.perf_counter()
        place = Collections(server, own.store.library_id())
        fresh = place.settled(own.dense.vectors, "vectors")
        own.store.set_meta(vectors=fresh.name, vectors_place=fresh.place)
        took = round(time.perf_counter() - began, 1)
        return {"passages": own.store.count_passages(), "copying_s": took}


@contextmanager
def chroma_run(folder: Path) -> Iterator[str]:
    """Start a server over a folder and yield its address; it is killed at the end."""
    server = Chroma(folder)
    try:
        server.start()
        yield server.url
    finally:
        server.kill()


def searched(folder: Path, server: ChromaServer, questions: list[str]) -> Row:
    """Return medians of milliseconds of both ways, which take turns query by query."""
    embedder = SentenceEmbedder()
    with (
        reading(folder / "folder", embedder) as here,
        reading(folder / "server", embedder, server=server) as there,
    ):
        times: dict[str, list[float]] = {"folder": [], "server": []}
        for question in questions[:_QUERIES]:
            for name, library in (("folder", here), ("server", there)):
                began = time.perf_counter()
                library.dense.search(question, 32)
                times[name].append(1000 * (time.perf_counter() - began))
        evidence = {"folder": evidence_times(here)[1], "server": evidence_times(there)[1]}
    return {
        f"{what}_{name}_p50_ms": round(statistics.median(values), 1)
        for what, found in (("dense", times), ("evidence", evidence))
        for name, values in found.items()
    }


def visited(
    folder: Path, servers: Sequence[str], questions: list[str], counts: list[int], model: str
) -> Row:
    """Return what visitors wait for, by where things are kept and how many processes there are.

    Each way is started anew, so that no question was asked before. `servers` are the options that
    name them.
    """
    ways: dict[str, tuple[str, Sequence[str], int]] = {
        "folder": ("folder", (), 1),
        "servers": ("server", servers, 1),
        "servers, two processes": ("server", servers, 2),
    }
    found: Row = {}
    for way, (data, options, processes) in ways.items():
        with ExitStack() as stack:
            apps = [
                stack.enter_context(serving(folder / data, model, options=options))
                for _ in range(processes)
            ]
            for app in apps:
                app.wait(for_model=model != _NO_MODEL)
            rest = iter(questions)
            for count in counts:
                asked = [next(rest) for _ in range(max(2 * count, 8))]
                found[f"{way}, {count} at once"] = together(apps[0], asked, count, *apps[1:])
    return found


if __name__ == "__main__":
    main()
