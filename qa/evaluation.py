"""Judges answers to questions whose right answer is known, and sums up.

A line has `kind`, `answer` (patterns that must all match the answer), `evidence` (patterns of
which one must match a cited passage) and `forbid` (patterns that must not match).
"""

import re
from collections.abc import Sequence
from statistics import quantiles
from typing import Any

Line = dict[str, Any]


def judge(line: Line, result: Line) -> Line:
    """Return the result with `right`, `cited` and `expected`: "answer" or "decline"."""
    quotes = [c["quote"] for c in result.get("citations", [])]
    text = result.get("answer", "")
    forbidden = _any(line.get("forbid", []), text)
    if line.get("answer"):
        right = (
            not result.get("declined", True)
            and all(_any([p], text) for p in line["answer"])
            and not forbidden
        )
        cited = any(_any(line["evidence"], q) for q in quotes) if line.get("evidence") else None
        return {
            **result,
            "kind": line["kind"],
            "expected": "answer",
            "right": right,
            "cited": cited,
        }
    declined = bool(result.get("declined"))
    right = declined or (line["kind"] != "unanswerable" and not forbidden)
    return {**result, "kind": line["kind"], "expected": "decline", "right": right, "cited": None}


def _any(patterns: Sequence[str], text: str) -> bool:
    return any(re.search(p, text, re.IGNORECASE) for p in patterns)


def table(results: Sequence[Line]) -> str:
    """Return the figures as lines of text, each with its count."""
    answerable = [r for r in results if r["expected"] == "answer"]
    others = [r for r in results if r["expected"] == "decline"]
    cited = [r for r in answerable if r["cited"] is not None and not r["declined"]]
    shown = [s for r in results for s in r.get("sentences", []) if s["status"] != "removed"]
    rows = [
        ("answered rightly", sum(r["right"] for r in answerable), len(answerable)),
        ("declined rightly", sum(r["right"] for r in others), len(others)),
        ("answers whose citation holds the answer", sum(r["cited"] for r in cited), len(cited)),
        ("answerable declined", sum(r["declined"] for r in answerable), len(answerable)),
        ("sentences shown as quotations", sum(s["status"] == "quoted" for s in shown), len(shown)),
    ]
    lines = [f"{name:42} {n:4} of {of:4}  {n / of:.3f}" for name, n, of in rows if of]
    for key in ("evidence_ms", "first_word_ms", "total_ms"):
        times = [t for r in results if (t := r.get("timings", {}).get(key)) is not None]
        if len(times) > 1:
            cuts = quantiles(times, n=20, method="inclusive")
            lines.append(f"{key:42} p50 {cuts[9]:6.0f}  p95 {cuts[18]:6.0f}  of {len(times)}")
    lines += [
        f"wrong: {r['id']} {r['question']} → {r.get('answer')}" for r in results if not r["right"]
    ]
    return "\n".join(lines)
