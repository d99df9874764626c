"""The figures of a run as rows, and as Markdown."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.endurance.client import Done
from benchmarks.endurance.growth import (
    HANDLES,
    LATENCY_SHARE,
    MEMORY_MB,
    THREADS,
    Slope,
    slope,
    warm,
)
from benchmarks.endurance.load import Sample

Row = dict[str, Any]
_HELD = (("memory", "MB", MEMORY_MB), ("threads", "", THREADS), ("handles", "", HANDLES))
_FIELDS = {"memory": "memory_mb", "threads": "threads", "handles": "handles"}
_SLOW = ("ask", "converse", "search", "add", "page")  # the kinds of the table by minutes


def by_minute(
    samples: Sequence[Sample], done: Sequence[Done], began: float, step_s: float
) -> list[Row]:
    """Return a row for each minute, or `step_s`: what was held (medians) and how long things took.

    What took until the last row began has its time in the minute in which it ended.
    """
    rows: list[Row] = []
    last = max((s.at for s in samples), default=began)
    while (start := began + step_s * len(rows)) + step_s <= last + step_s / 2:
        inside = [s for s in samples if start <= s.at < start + step_s]
        did = [d for d in done if start <= d.ended < start + step_s]
        rows.append(
            {
                "minute": round((start - began + step_s) / 60, 3),
                "used": {
                    name: {
                        what: statistics.median(
                            getattr(s.used[name], _FIELDS[what]) for s in inside
                        )
                        for what in _FIELDS
                    }
                    for name in (inside[0].used if inside else ())
                },
                "load_average": statistics.median(s.load_average for s in inside) if inside else 0,
                "done": len(did),
                "wrong": sum(bool(d.wrong) for d in did),
                "ms": {kind: times(did, kind) for kind in sorted({d.kind for d in did})},
            }
        )
    return rows


def times(done: Sequence[Done], kind: str) -> Row:
    """Return how often a kind of thing was done rightly, and median and 95th percentile in ms."""
    took = [1000 * d.seconds for d in done if d.kind == kind and not d.wrong]
    if not took:
        return {"n": 0, "p50": None, "p95": None}
    p50, p95 = np.percentile(took, (50, 95))
    return {"n": len(took), "p50": round(p50), "p95": round(p95)}


def slopes(rows: Sequence[Row]) -> list[Slope]:
    """Return whether memory, threads, handles of each program and latencies grow."""
    minutes = rows[-1]["minute"] if rows else 0.0
    kept = [row for row in rows if row["minute"] > warm(minutes)]
    found = []
    for name in kept[0]["used"] if kept else ():
        with_it = [row for row in kept if name in row["used"]]
        at = [row["minute"] for row in with_it]
        for what, unit, threshold in _HELD:
            values = [row["used"][name][what] for row in with_it]
            found.append(slope(f"{what} of {name}", unit, at, values, threshold))
    for kind in sorted({kind for row in kept for kind in row["ms"]}):
        having = [row for row in kept if row["ms"].get(kind, {}).get("p50") is not None]
        values = [row["ms"][kind]["p50"] for row in having]
        middle = statistics.median(values) if values else 0.0
        at = [row["minute"] for row in having]
        found.append(slope(f"{kind}, median", "ms", at, values, LATENCY_SHARE * middle))
    return found


def table(about: Row) -> str:
    """Return all figures as Markdown."""
    lines = [f"{k}: {v}" for k, v in about.items() if not isinstance(v, (dict, list))]
    programs = list(about["minutes"][0]["used"]) if about["minutes"] else []
    heads = [f"{p}: MB / threads / files" for p in programs]
    kinds = [f"{kind} p50 / p95, ms" for kind in _SLOW]
    lines += ["", _row("minute", *heads, "load", "done", "wrong", *kinds)]
    lines.append("|---" * (4 + len(heads) + len(kinds)) + "|")
    for row in about["minutes"]:
        held = [" / ".join(f"{v:g}" for v in row["used"][p].values()) for p in programs]
        took = [_pair(row["ms"].get(kind)) for kind in _SLOW]
        lines.append(
            _row(f"{row['minute']:g}", *held, row["load_average"], row["done"], row["wrong"], *took)
        )
    lines += ["", _row("what was done", "times", "p50 / p95, ms"), "|---|---|---|"]
    lines += [_row(kind, of["n"], _pair(of)) for kind, of in about["kinds"].items()]
    lines += [
        "",
        _row("does it grow?", "an hour", "95 %", "threshold", ""),
        "|---|---|---|---|---|",
    ]
    for s in about["slopes"]:
        between = f"{s['low']:.1f} to {s['high']:.1f}"
        limit = f"{s['threshold']:.1f}"
        lines.append(
            _row(s["what"], f"{s['per_hour']:.1f} {s['unit']}", between, limit, s["verdict"])
        )
    if about["kills"]:
        lines += ["", _row("killed", "next answer, s", "worded, s", "interrupted", "lost")]
        lines.append("|---|---|---|---|---|")
        for k in about["kills"]:
            worded = k["worded_s"] or "–"
            lines.append(
                _row(k["program"], k["answer_s"], worded, k["interrupted"], len(k["lost"]))
            )
    lines += ["", f"acknowledged: {about['acknowledged']}"]
    for what in ("failures", "lost", "tracebacks", "ended", "problems"):
        lines.append(f"{what}: {len(about[what])}")
        lines += [f"- {one}" for one in about[what][:20]]
    return "\n".join(lines)


def as_rows(found: Sequence[Any]) -> list[Row]:
    """Return dataclasses as JSON's types."""
    return [asdict(one) for one in found]


def _row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def _pair(of: Row | None) -> str:
    return f"{of['p50']} / {of['p95']}" if of and of["p50"] is not None else "–"
