"""What a visitor sees of each fault of a chat model elsewhere, and what is lost of the answer.

    python -m benchmarks.faults [--json FILE]

Asks one question of the bundled report for each fault, of a server on this machine that does it
(`benchmarks.fault_server`), with the limits that users have; a minute and a half, most of it
waiting for what does not come. Needs no language model: the server says a sentence that is right.
"""

import argparse
import json
import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.fault_server import FaultServer, Reply, faults
from benchmarks.machine import machine
from index.embedding import SentenceEmbedder
from index.settings import LibrarySettings
from qa.engine import Engine, open_engine
from qa.providers import Provided
from qa.remote_model import RemoteModel
from qa.types import Answer

QUESTION = "Who led the second coup in Mali?"
_RIGHT = "Assimi Goita led the second coup in Mali."
_TWO = f"{_RIGHT} He took the title of transitional president."
_RECOVERY_S = 120.0  # the most that a pause and a trial are waited for


@dataclass(frozen=True, slots=True)
class Fault:
    """What a server does: at the start, or with the next requests, and what it does then."""

    name: str
    replies: tuple[Reply, ...] = ()
    start: Reply | None = None
    refused: bool = False  # at the start nobody listens
    times: int = 1  # the question is asked, of which the last time counts


@dataclass(frozen=True, slots=True)
class Row:
    """A fault and what became of the question; `status` is what the page's top says of it."""

    fault: str
    saw: str
    notice: str
    status: str
    lost: str
    evidence_ms: float
    whole_s: float
    recovered_s: float | None


_TOO_MANY = Reply(status=429, headers={"retry-after": "2"})
_FAULTS = (
    Fault("none"),
    Fault("first token after 10 s", (Reply(_RIGHT, first_after_s=10),)),
    Fault("first token after 40 s", (Reply(_RIGHT, first_after_s=40),)),
    Fault("429, Retry-After: 2, once", (_TOO_MANY,)),
    Fault("429, Retry-After: 60", (Reply(status=429, headers={"retry-after": "60"}),)),
    Fault("500 twice, then right", (Reply(status=500),) * 2),
    Fault("500 every time", (Reply(status=500),) * 99),
    Fault("500 every time, fourth question", (Reply(status=500),) * 99, times=4),
    Fault("cut after a sentence and a half", (Reply(_TWO, cut_after=11),)),
    Fault("the same, closed in order", (Reply(_TWO, cut_after=11, cut_cleanly=True),)),
    Fault("cut after three words", (Reply(_RIGHT, cut_after=3),)),
    Fault("malformed events, once", (Reply(sends=b"data: {not json\n\n"),)),
    Fault("nonsense", (Reply("Emmanuel Macron was born in 1977. Bananas."),)),
    Fault("empty answer", (Reply(""),)),
    Fault("ten times too long", (Reply(f"{_RIGHT} {'He is a colonel. ' * 300}", word_s=0.001),)),
    Fault("no logprobs taken", start=Reply(_RIGHT, refuses=("logprobs",))),
    Fault("401 at the start", start=Reply(status=401)),
    Fault("404 at the start", start=Reply(status=404)),
    Fault("connection refused at the start", refused=True),
)


def main() -> int:
    """Ask each question, print the table, and write the figures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    args = parser.parse_args()
    logging.disable()  # it tells of each fault as well
    about = machine()
    with tempfile.TemporaryDirectory() as folder:
        settings = LibrarySettings(Path(folder), SentenceEmbedder().name, 1000)
        rows = [row(fault, settings) for fault in _FAULTS]
    print(table(rows))
    if args.json:
        found = about | {"rows": [asdict(r) for r in rows]}
        args.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 0


def row(fault: Fault, settings: LibrarySettings) -> Row:
    """Ask while the server does it, then see whether it is used again once it does no more."""
    with _served(fault) as server, _asking(server, settings) as (model, engine):
        server.script(*fault.replies)
        for _ in range(fault.times):
            answer = _last(engine)
        status = model.status
        server.script()
        server.then = Reply(_RIGHT, refuses=fault.start.refuses if fault.start else ())
        if fault.refused:
            server.come_back()
        recovered_s = None if status.state == "ready" else _seconds(lambda: _is_ready(model))
        assert answer.timings.evidence_ms and answer.timings.total_ms  # noqa: S101 - it is whole
        return Row(
            fault.name, _saw(answer), answer.notice,
            "" if status.state == "ready" else status.message, _lost(answer),
            answer.timings.evidence_ms, round(answer.timings.total_ms / 1000, 1), recovered_s,
        )  # fmt: skip


def table(rows: list[Row]) -> str:
    """Return the rows as Markdown."""
    lines = ["| fault | what the user saw | after, s | what was lost | used again |"]
    lines.append("|---|---|---|---|---|")
    for r in rows:
        said = " ".join(filter(None, (r.saw, f"“{r.notice}”" if r.notice else "")))
        again = "at the next question" if r.recovered_s is None else f"after {r.recovered_s:.0f} s"
        lines.append(f"| {r.fault} | {said} | {r.whole_s:.1f} | {r.lost} | {again} |")
    return "\n".join(lines)


@contextmanager
def _served(fault: Fault) -> Iterator[FaultServer]:
    with faults(fault.start or Reply(_RIGHT)) as server:
        if fault.refused:
            server.stop()
        yield server


@contextmanager
def _asking(server: FaultServer, settings: LibrarySettings) -> Iterator[tuple[RemoteModel, Engine]]:
    model = RemoteModel(Provided("openai", "m", f"{server.url}/v1"))
    model.start()
    model.wait()
    try:
        with open_engine(settings, model) as engine:
            engine.warm()
            yield model, engine
    finally:
        model.close()


def _last(engine: Engine) -> Answer:
    *_, answer = engine.stream({"question": QUESTION, "fresh": True})
    return answer


def _saw(answer: Answer) -> str:
    statuses = [s.status for s in answer.sentences if s.status != "removed"]
    what = {"supported": "the model’s sentence, checked", "quoted": "the report’s own words"}
    return "; ".join(dict.fromkeys(what[s] for s in statuses)) or "declined"


def _lost(answer: Answer) -> str:
    removed = sum(s.status == "removed" for s in answer.sentences)
    if all(s.status != "supported" for s in answer.sentences):
        return "the model’s wording"
    return f"{removed} sentence{'s' * (removed > 1)}, shown as removed" if removed else "nothing"


def _is_ready(model: RemoteModel) -> bool:
    return model.status.state == "ready"


def _seconds(done: Callable[[], bool]) -> float:
    began = time.monotonic()
    while not done() and time.monotonic() - began < _RECOVERY_S:
        time.sleep(0.1)
    return round(time.monotonic() - began, 1)


if __name__ == "__main__":
    raise SystemExit(main())
