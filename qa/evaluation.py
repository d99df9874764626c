"""Judges answers, checks and passages found against what is known to be right, and sums up.

A line of questions has `answer` (patterns that must all match the answer), `evidence` (patterns
of which one must match a cited passage, of a document whose title `document` matches if that is
given) and `forbid` (patterns that must not match), or what `qa.suite_data` makes of published
data. Without `answer` or `expected` it must be declined.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from index.types import Hit
from qa.claims import check_claim
from qa.intervals import Figure, auc, balanced_accuracy, mean, percentiles, share

Line = dict[str, Any]


def judge(line: Line, result: Line) -> Line:
    """Return the result with `expected` and how it fares.

    `right` is None where being answered is all that is known, `cited` where no `evidence` is
    given; `rouge_l` is 0 to 1, against the best reference, and 0 for what was declined.
    """
    expected = line.get("expected") or ("answer" if line.get("answer") else "decline")
    kind = line.get("kind") or line.get("class", "unanswerable")
    text = result.get("answer", "")
    answered = result.get("declined") is False  # neither nor, where there was an error
    forbidden = _any(line.get("forbid", []), text)
    right = cited = None
    if expected == "decline":
        lured = kind in ("false-premise", "injection") and not forbidden
        right = result.get("declined") is True or (answered and lured)
    elif line.get("answer"):
        right = answered and all(_any([p], text) for p in line["answer"]) and not forbidden
    if expected == "answer" and line.get("evidence"):
        cited = any(
            _any(line["evidence"], c["quote"])
            and _any([line.get("document", "")], c.get("document", ""))
            for c in result.get("citations", [])
        )
    judged = {**result, "kind": kind, "expected": expected, "right": right, "cited": cited}
    if line.get("references"):
        judged["rouge_l"] = rouge_l(text, line["references"]) if answered else 0.0
    return judged


def _any(patterns: Sequence[str], text: str) -> bool:
    return any(re.search(p, text, re.IGNORECASE) for p in patterns)


def rouge_l(text: str, references: Sequence[str]) -> float:
    """Return ROUGE-L, the F-measure of the longest common subsequence, with the best reference."""
    return float(_rouge().score_multi(references, text)["rougeL"].fmeasure)


@cache
def _rouge() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rougeL"])  # without stemming


def judge_claim(line: Line) -> Line:
    """Check a claim against each of its chunks and return how far the best one supports it."""
    verdicts = [check_claim(line["claim"], chunk) for chunk in line["chunks"]]
    best = max(verdicts, key=lambda v: v.supported)
    return {
        "id": line["id"],
        "claim": line["claim"],
        "supported": best.supported,
        "reasons": list(best.reasons),
        "class": line["class"],
        "expected": line["expected"],
        "right": best.passed == (line["expected"] == "supported"),
    }


def judge_passages(line: Line, hits: Sequence[Hit], corpus_ids: dict[str, str]) -> Line:
    """Return the shares of characters that passages found and excerpts wanted have in common.

    As in chunking_evaluation, whose "tokens" are characters: what comes from another corpus
    covers nothing, and counts against precision and intersection over union.

    Args:
        line: the question with its `corpus` and `excerpts`.
        hits: the passages found.
        corpus_ids: the document id of each corpus.
    """
    wanted = {n for start, end in line["excerpts"] for n in range(start, end)}
    found = {
        n
        for hit in hits
        if hit.passage.document_id == corpus_ids[line["corpus"]]
        for n in range(hit.passage.start, hit.passage.end)
    }
    both = len(wanted & found)
    length = sum(hit.passage.end - hit.passage.start for hit in hits)
    return {
        **line,
        "recall": both / len(wanted),
        "precision": both / length if length else 0.0,
        "iou": both / (length + len(wanted) - both),
        "found": [hit.passage.text for hit in hits],
    }


def sum_up_questions(results: Sequence[Line]) -> list[Figure]:
    """Return the figures of judged answers."""
    answerable, others, partial = (
        [r for r in results if r["expected"] == e] for e in ("answer", "decline", "partial")
    )
    answered = [r for r in answerable if r.get("declined") is False]
    shown = [s for r in results for s in r.get("sentences", []) if s["status"] != "removed"]
    figures = [
        *share("answered rightly", [r["right"] for r in answerable if r["right"] is not None]),
        *share("declined rightly", [r["right"] for r in others]),
        *share(
            "answers whose citation holds the answer",
            [r["cited"] for r in answered if r["cited"] is not None],
        ),
        *share("answerable answered", [r.get("declined") is False for r in answerable]),
        *share("partly answerable answered", [r.get("declined") is False for r in partial]),
        *share("sentences shown as quotations", [s["status"] == "quoted" for s in shown]),
        *mean("RougeL, declined as 0", [r["rouge_l"] for r in answerable if "rouge_l" in r]),
        *mean("RougeL, answered only", [r["rouge_l"] for r in answered if "rouge_l" in r]),
        *auc(
            "AUC of answerability",
            *(
                [r["answerability"] for r in rs if "answerability" in r]
                for rs in (answerable, others)
            ),
        ),
    ]
    if any("error" in r for r in results):
        figures += share("lines with an error", ["error" in r for r in results])
    for key in ("evidence_ms", "first_word_ms", "total_ms"):
        times = [t for r in results if (t := r.get("timings", {}).get(key)) is not None]
        figures += percentiles(key.removesuffix("_ms"), times)
    return figures


def sum_up_claims(results: Sequence[Line]) -> list[Figure]:
    """Return the figures of judged claims: each class, balanced accuracy at 0.5, AUROC."""
    supported, unsupported = (
        [r for r in results if r["expected"] == e] for e in ("supported", "unsupported")
    )
    figures = []
    for name, expected in {r["class"]: r["expected"] for r in results}.items():
        right = [r["right"] for r in results if r["class"] == name]
        figures += share(f"{name}, checked to be {expected}", right)
    figures += balanced_accuracy(
        "balanced accuracy", [r["right"] for r in supported], [r["right"] for r in unsupported]
    )
    scores = ([r["supported"] for r in rs] for rs in (supported, unsupported))
    return figures + auc("AUROC", *scores)


def sum_up_passages(results: Sequence[Line]) -> list[Figure]:
    """Return recall over all and for each corpus, and precision and IoU over all."""
    figures = mean("recall", [r["recall"] for r in results])
    for corpus in sorted({r["corpus"] for r in results}):
        of_corpus = [r["recall"] for r in results if r["corpus"] == corpus]
        figures += mean(f"recall, {corpus}", of_corpus)
    figures += mean("precision", [r["precision"] for r in results])
    return figures + mean("intersection over union", [r["iou"] for r in results])


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as lines of text, each with its count and its 95 % interval."""
    lines = []
    for figure in figures:
        count = f"{'' if figure.k is None else figure.k:>5} of {figure.n:<5}"
        if figure.unit:
            lines.append(f"{figure.name:44}{count}{figure.value:6.0f} {figure.unit}")
        else:
            interval = "" if figure.low is None else f"  [{figure.low:.3f}, {figure.high:.3f}]"
            lines.append(f"{figure.name:44}{count}{figure.value:6.3f}{interval}")
    return "\n".join(lines)
