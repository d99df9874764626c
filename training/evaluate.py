"""Measure the selector beside the untrained ways, on questions it was not trained on.

    python evaluate.py EVAL_FOLDER --model . --report REPORT.md

Writes figures.json and figures.md. Calibration is fitted on the `calibrate` part alone.
"""

import argparse
import json
import math
import os
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before onnxruntime is imported
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import data
import numpy as np
import onnxruntime
from data import Candidate, Question, compose, without_answer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer

ARTICLE_SIZE = 24  # sentences kept of a whole article, as the chatbot would
STOP_WORDS = frozenset(
    "a an and are as at be been by did do does for from had has have how in into is it its of on"
    " or that the their there they this to was were what when where which who whom whose why will"
    " with would".split()
)


class Selector:
    """The exported model: pairs of texts to logits [n]."""

    def __init__(self, folder: Path, name: str, threads: int = 1) -> None:
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(data.MAX_LENGTH, strategy="longest_first")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(folder / name, options)

    def score(self, question: str, candidates: list[Candidate], *, chunk: int = 16) -> np.ndarray:
        encoded = self.tokenizer.encode_batch([(question, compose(c)) for c in candidates])
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i].ids))
        logits = np.zeros(len(encoded), np.float32)
        for start in range(0, len(order), chunk):
            rows = order[start : start + chunk]
            width = max(len(encoded[i].ids) for i in rows)
            feed = {
                n: np.zeros((len(rows), width), np.int64)
                for n in ("input_ids", "attention_mask", "token_type_ids")
            }
            for row, i in enumerate(rows):
                size = len(encoded[i].ids)
                feed["input_ids"][row, :size] = encoded[i].ids
                feed["attention_mask"][row, :size] = 1
                feed["token_type_ids"][row, :size] = encoded[i].type_ids
            logits[rows] = self.session.run(["logits"], feed)[0]
        return logits


def stems(text: str) -> list[str]:
    """Words without stop words, cut to six letters so that most endings do not matter."""
    return [w[:6] for w in re.findall(r"[a-z0-9]+", text.lower()) if w not in STOP_WORDS]


class Untrained:
    """Cosine of sentence embeddings, and the idf-weighted share of the question's words found."""

    def __init__(self, questions: list[Question], vectors: Path) -> None:
        sentences = sorted({c.text for q in questions for c in (*q.candidates, *q.rest)})
        texts = sorted({*sentences, *(q.text for q in questions)})
        if not vectors.exists():
            from train import embed  # imports torch, slow

            np.save(vectors, embed(texts))
        self.vector = dict(zip(texts, np.load(vectors), strict=True))
        self.count = len(sentences)
        self.frequency = Counter(s for t in sentences for s in set(stems(t)))

    def idf(self, stem: str) -> float:
        return math.log((self.count + 1) / (self.frequency[stem] + 0.5))

    def cosine(self, question: Question, candidates: list[Candidate]) -> np.ndarray:
        return np.array([self.vector[c.text] @ self.vector[question.text] for c in candidates])

    def share(self, question: Question, candidates: list[Candidate]) -> np.ndarray:
        """Words found in the sentence count whole; in the title or previous sentence, half."""
        weights = {s: self.idf(s) for s in stems(question.text)}
        total = sum(weights.values()) or 1.0
        shares = []
        for c in candidates:
            here, around = set(stems(c.text)), set(stems(f"{c.title} {c.previous}"))
            found = sum(w * (1.0 if s in here else 0.5 * (s in around)) for s, w in weights.items())
            shares.append(found / total)
        return np.array(shares)


def article_questions(
    questions: list[Question], untrained: Untrained, count: int
) -> list[Question]:
    """For a sample of questions, the best sentences of the whole article by untrained score."""
    drawn = random.Random(data.SEED).sample(sorted(questions, key=lambda q: q.id), count)
    found = []
    for q in drawn:
        every = [*q.candidates, *q.rest]
        points = untrained.cosine(q, every) + untrained.share(q, every)
        kept = [every[i] for i in np.argsort(-points)[:ARTICLE_SIZE]]
        # an answer that was not kept must still count as missed
        found.append(replace(q, candidates=tuple(kept), rest=()))
    return found


def sample(questions: list[Question], count: int) -> list[Question]:
    """Draw at most `count` questions, the same each time."""
    return random.Random(data.SEED).sample(questions, min(count, len(questions)))


def report_questions(folder: Path, report: Path) -> tuple[list[Question], list[str]]:
    """All sentences of the bundled report for each question; its labels are regular expressions."""
    body = report.read_text().split("---", 2)[2]
    document = re.search(r"^# (.+)$", body, re.M)[1]
    candidates: list[Candidate] = []
    for section in re.split(r"^## ", body, flags=re.M)[1:]:
        heading, text = section.split("\n", 1)
        title = f"{document}, {re.sub(r'^[0-9]+[.] ', '', heading)}"
        texts = [" ".join(p[s:e].split()) for p in text.split("\n\n") for s, e in data.spans_of(p)]
        candidates += data.chain(texts, title, set())
    standalone = {"Where is he based?": "Where is Royce de Melo based?"}
    questions, kinds = [], []
    for line in (folder / "report-questions.jsonl").read_text().splitlines():
        item = json.loads(line)
        labelled = [
            replace(
                c,
                states=any(re.search(e, c.text, re.I) for e in item["evidence"])
                and any(re.search(a, c.text, re.I) for a in item["answer"]),
            )
            for c in candidates
        ]
        text = standalone.get(item["question"], item["question"])
        questions.append(Question(item["id"], "report", "report", text, tuple(labelled)))
        kinds.append(item["kind"])
    return questions, kinds


@dataclass(frozen=True, slots=True)
class Scored:
    """One question's sentences: whether each states the answer, and the points of each way."""

    answerable: bool
    states: np.ndarray
    points: dict[str, np.ndarray]


def best(scored: list[Scored], way: str) -> np.ndarray:
    return np.array([s.points[way].max() for s in scored])


def first(scored: list[Scored], way: str, k: int) -> float:
    """Share of answerable questions with a right sentence among the first k."""
    asked = [s for s in scored if s.answerable]
    hits = [s.states[np.argsort(-s.points[way], kind="stable")[:k]].any() for s in asked]
    return float(np.mean(hits))


def calibration_error(probability: np.ndarray, truth: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error over bins of equal width (Naeini 2015)."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = [
        (place == b).mean() * abs(probability[place == b].mean() - truth[place == b].mean())
        for b in range(bins)
        if (place == b).any()
    ]
    return float(sum(gaps))


def milliseconds(
    selector: Selector, question: str, candidates: list[Candidate]
) -> dict[str, float]:
    """Median and least of 15 runs, tokenising included."""
    spent = []
    for _ in range(15):
        clock = time.perf_counter()
        selector.score(question, candidates)
        spent.append(1000 * (time.perf_counter() - clock))
    return {"median": round(float(np.median(spent)), 1), "least": round(min(spent), 1)}


WAYS = ("cosine", "share", "cosine + share", "selector", "selector + both")
AT_MOST = {"squad2": 300, "selqa": 160, "clapnq": 79, "mtrag": 40}  # questions of a part
EVERY = 4  # float32 is compared with int8 on every fourth question; it is slow


def main(folder: Path, model: Path, report: Path, vectors: Path) -> None:
    clock = time.monotonic()

    def note(text: str) -> None:
        print(f"{time.monotonic() - clock:5.0f} s  {text}", flush=True)

    splits = data.load(folder)
    asked, kinds = report_questions(folder, report)
    untrained = Untrained([*splits.calibrate, *splits.test, *asked], vectors)
    note("embedded")
    sets: dict[str, list[Question]] = {}
    for part in ("calibrate", "test"):
        of = {
            s: sample(
                [q for q in getattr(splits, part) if q.source == s],
                AT_MOST[s] // (1 if part == "test" else 2),
            )
            for s in data.SOURCES
        }
        sets[f"{part} squad2, paragraph"] = of["squad2"]
        count = 80 if part == "test" else 50
        sets[f"{part} squad2, article"] = article_questions(of["squad2"], untrained, count)
        removed = [r for q in of["selqa"][::2] if (r := without_answer(q)).candidates]
        sets[f"{part} selqa"] = of["selqa"] + removed
        sets[f"{part} clapnq"] = of["clapnq"]
        sets[f"{part} mtrag"] = of["mtrag"]
    sets["report"] = asked
    answerable = {q.id for qs in (splits.calibrate, splits.test) for q in qs if q.answerable}

    selectors = {
        "selector": Selector(model, "selector.onnx"),
        "selector float32": Selector(model, "selector.fp32.onnx"),
    }
    scored: dict[str, list[Scored]] = {}
    for name, questions in sets.items():
        scored[name] = []
        for n, q in enumerate(questions):
            candidates = list(q.candidates)
            points = {
                "cosine": untrained.cosine(q, candidates),
                "share": untrained.share(q, candidates),
                "selector": selectors["selector"].score(q.text, candidates),
            }
            if not name.startswith("calibrate") and (name == "report" or n % EVERY == 0):
                whole = selectors["selector float32"].score(q.text, candidates)
                points["selector float32"] = whole
            truth = kinds[n] not in UNSTATED if name == "report" else q.id in answerable
            scored[name].append(Scored(truth, np.array([c.states for c in candidates]), points))
        note(f"{name}: {len(questions)} questions")

    tune = [s for n, each in scored.items() if n.startswith("calibrate") for s in each]
    fits = {}
    for way, parts in {
        "cosine + share": ("cosine", "share"),
        "selector + both": ("selector", "cosine", "share"),
    }.items():
        rows = np.concatenate([np.stack([s.points[p] for p in parts], 1) for s in tune])
        labels = np.concatenate([s.states for s in tune])
        fit = LogisticRegression(C=100, max_iter=1000).fit(rows, labels)
        fits[way] = {
            "of": parts,
            "weights": fit.coef_[0].tolist(),
            "bias": float(fit.intercept_[0]),
        }
        for s in (s for each in scored.values() for s in each):
            s.points[way] = (
                np.stack([s.points[p] for p in parts], 1) @ fit.coef_[0] + fit.intercept_[0]
            )

    truth = np.array([s.answerable for s in tune])
    platt = {}
    for way in WAYS:
        fit = LogisticRegression(C=1e4, max_iter=1000).fit(best(tune, way)[:, None], truth)
        platt[way] = {"a": float(fit.coef_[0, 0]), "b": float(fit.intercept_[0])}

    figures: dict[str, dict] = {}
    for name, each in scored.items():
        truth = np.array([s.answerable for s in each])
        ranked = [s for s in each if s.answerable]
        if name == "report":  # two labels match no single sentence; they say nothing of ranking
            ranked = [s for s in ranked if s.states.any()]
        figures[name] = {"answerable": int(truth.sum()), "unanswerable": int((~truth).sum())}
        figures[name]["ranked"] = len(ranked)
        for way in WAYS:
            top = best(each, way)
            p = 1 / (1 + np.exp(-(platt[way]["a"] * top + platt[way]["b"])))
            figures[name][way] = {
                "first1": first(ranked, way, 1),
                "first2": first(ranked, way, 2),
                "first4": first(ranked, way, 4),
                "auc": float(roc_auc_score(truth, top)) if 0 < truth.mean() < 1 else None,
                "ece": calibration_error(p, truth),
                "mean_p": float(p.mean()),
            }
        if 0 < truth.mean() < 1:  # 1 - P(none) of the softmax orders like this sum
            sums = [np.logaddexp.reduce(s.points["selector"]) for s in each]
            figures[name]["auc of 1 - P(none)"] = float(roc_auc_score(truth, sums))
    rows = []
    for question, kind, s in zip(asked, kinds, scored["report"]):
        row = {"id": question.id, "kind": kind, "question": question.text}
        for way in WAYS:
            order = np.argsort(-s.points[way], kind="stable")
            hits = np.flatnonzero(s.states[order])
            chance = 1 / (1 + math.exp(-(platt[way]["a"] * s.points[way].max() + platt[way]["b"])))
            row[way] = {
                "rank": int(hits[0]) + 1 if len(hits) else None,
                "p": round(chance, 3),
                "top": question.candidates[order[0]].text,
            }
        rows.append(row)
    compared = {}
    for name, each in scored.items():
        part = [s for s in each if "selector float32" in s.points]
        if part:
            truth = np.array([s.answerable for s in part])
            ranked = [s for s in part if s.answerable and (name != "report" or s.states.any())]
            compared[name] = {
                way: {f"first{k}": first(ranked, way, k) for k in (1, 2, 4)}
                | {"auc": float(roc_auc_score(truth, best(part, way)))}
                for way in selectors
                if 0 < truth.mean() < 1
            }
    part = [s for each in scored.values() for s in each if "selector float32" in s.points]
    both = [np.concatenate([s.points[w] for s in part]) for w in selectors]
    pool = list(asked[3].candidates)
    timed = {
        "int8": Selector(model, "selector.onnx", 2),
        "float32": Selector(model, "selector.fp32.onnx", 2),
    }
    timings = {
        f"{w}, {n} pairs": milliseconds(s, asked[3].text, pool[40 : 40 + n])
        for w, s in timed.items()
        for n in (24, 40)
    }
    result = {
        "figures": figures,
        "platt": platt,
        "combinations": fits,
        "int8_and_float32": compared,
        "int8_logit_difference": {
            "mean": float(np.abs(both[0] - both[1]).mean()),
            "p99": float(np.quantile(np.abs(both[0] - both[1]), 0.99)),
            "correlation": float(np.corrcoef(both)[0, 1]),
        },
        "milliseconds": timings,
        "load_average": os.getloadavg(),
        "report": rows,
    }
    (model / "figures.json").write_text(json.dumps(result, indent=1) + "\n")
    (model / "figures.md").write_text(tables(figures))
    note("done")
    print(tables(figures))
    print(json.dumps({k: result[k] for k in SHOWN}, indent=1))


SHOWN = (
    "platt",
    "combinations",
    "int8_and_float32",
    "int8_logit_difference",
    "milliseconds",
    "load_average",
)
UNSTATED = ("unanswerable", "false-premise", "injection")


def tables(figures: dict[str, dict]) -> str:
    """One Markdown table per set."""
    text = ""
    for name, f in figures.items():
        text += f"\n**{name}** ({f['answerable']} answerable, {f['unanswerable']} not;"
        text += f" ranked on {f['ranked']})\n\n| way | first 1 | 2 | 4 | AUC | ECE |\n|---|---|---|---|---|---|\n"
        for way in WAYS:
            w = f[way]
            auc = "–" if w["auc"] is None else f"{w['auc']:.3f}"
            text += f"| {way} | {w['first1']:.3f} | {w['first2']:.3f} | {w['first4']:.3f}"
            text += f" | {auc} | {w['ece']:.3f} |\n"
    return text


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="evaluation data")
    parser.add_argument("--model", type=Path, default=Path())
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--vectors", type=Path, default=Path("vectors.npy"), help="kept embeddings")
    options = parser.parse_args()
    main(options.folder, options.model, options.report, options.vectors)
