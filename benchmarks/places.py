"""Measure what it costs to have the vectors on a Chroma server, and what a second process is worth.

    python -m benchmarks.places DATA [--visitors 1,4,16] [--json FILE]

DATA is a library; copies of it are used. Search and evidence are measured with the vectors in the
folder and on a `chroma run` of this machine, in turn; then visitors ask the page, without a
language model: of one process each way, and of two that share the server.
"""

import argparse
import json
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.chroma_server import Chroma
from benchmarks.machine import ROOT, machine
from benchmarks.page import Row, together
from benchmarks.serving import serving
from benchmarks.size import evidence_ms
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
                found["visitors"] = visited(folder, url, questions, counts)
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
        evidence = {"folder": evidence_ms(here), "server": evidence_ms(there)}
    return {
        f"{what}_{name}_p50_ms": round(statistics.median(values), 1)
        for what, found in (("dense", times), ("evidence", evidence))
        for name, values in found.items()
    }


def visited(folder: Path, url: str, questions: list[str], counts: list[int]) -> Row:
    """Return what visitors wait for, by how the vectors are kept and how many processes there are.

    Each way is started anew, so that no question was asked before.
    """
    ways = {
        "folder": ("folder", (), 1),
        "server": ("server", ("--chroma", url), 1),
        "server, two processes": ("server", ("--chroma", url), 2),
    }
    found: Row = {}
    for way, (data, options, processes) in ways.items():
        with ExitStack() as stack:
            apps = [
                stack.enter_context(serving(folder / data, _NO_MODEL, options=options))
                for _ in range(processes)
            ]
            for app in apps:
                app.wait(for_model=False)
            rest = iter(questions)
            for count in counts:
                asked = [next(rest) for _ in range(max(2 * count, 8))]
                found[f"{way}, {count} at once"] = together(apps[0], asked, count, *apps[1:])
    return found


if __name__ == "__main__":
    main()
