"""Fit the coefficients of `qa.selection` on SQuAD 2.0 and print them with their figures.

    python -m training.fit_selection EVAL_FOLDER

Each article is a library of its own; candidates are the sentences of the eight best passages, as
at run time. Articles are split before anything is fitted: figures are on articles not trained on.
"""

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from index.embedding import SentenceEmbedder
from index.memory import MemoryLibrary
from index.reading import parse_document
from qa.candidates import candidates
from qa.selection import FEATURES, Featurizer, answer_features

HELD_OUT = 4  # articles
QUESTIONS_PER_ARTICLE = 100
PASSAGES = 8
SEED = 20261124


def main() -> None:
    """Fit, and print coefficients and held-out figures."""
    articles = json.loads((Path(sys.argv[1]) / "squad2/squad2-12-articles.json").read_text())[
        "data"
    ]
    articles = sorted(articles, key=lambda a: a["title"])
    random.Random(SEED).shuffle(articles)
    held_out, rest = articles[:HELD_OUT], articles[HELD_OUT:]
    # Foreign questions come from the same side of the split.
    test = [
        q for a, b in zip(held_out, held_out[1:] + held_out, strict=False) for q in _questions(a, b)
    ]
    train = [q for a, b in zip(rest, rest[1:] + rest, strict=False) for q in _questions(a, b)]
    print("held out:", ", ".join(a["title"] for a in held_out))
    sentence = LogisticRegression(C=1.0, max_iter=1000)
    sentence.fit(np.vstack([f for f, _ in train]), np.concatenate([y for _, y in train]))
    print("sentence:", dict(zip(FEATURES, sentence.coef_[0].round(3).tolist(), strict=True)),
          "intercept", sentence.intercept_.round(3).tolist())  # fmt: skip
    for name, column in [("similarity", 0), ("covered", 1), ("context_covered", 2)]:
        _report(name, [(f[:, column], y) for f, y in test])
    _report("fit", [(sentence.decision_function(f), y) for f, y in test])

    answer = LogisticRegression(C=1.0, max_iter=1000)
    x, y = _answers(train, sentence)
    answer.fit(x, y)
    x_test, y_test = _answers(test, sentence)
    print("answer:", answer.coef_[0].round(3).tolist(), answer.intercept_.round(3).tolist())
    print(
        "answerable AUC of the second fit",
        round(roc_auc_score(y_test, answer.decision_function(x_test)), 3),
    )


def _questions(article: dict[str, Any], other: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield the features of a question's candidates and which of them hold the answer.

    Beside the article's own questions, half impossible, come as many of another article.
    """
    text = "\n\n".join(" ".join(p["context"].split()) for p in article["paragraphs"])
    document = parse_document(text, name=article["title"])
    library = MemoryLibrary([document], SentenceEmbedder().embed)
    featurizer = Featurizer(library)
    foreign = [(p, dict(qa, is_impossible=True)) for p, qa in _sample(other)]
    for paragraph, qa in _sample(article) + foreign:
        found = candidates(library.search(qa["question"], PASSAGES), library)
        context = " ".join(paragraph["context"].split())
        answers = {a["text"] for a in qa["answers"]} if not qa["is_impossible"] else set()
        holds = [c.text in context and any(a in c.text for a in answers) for c in found]
        yield featurizer.features(qa["question"], found), np.asarray(holds)


def _sample(article: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    pairs = [(p, qa) for p in article["paragraphs"] for qa in p["qas"]]
    return random.Random(SEED).sample(pairs, min(QUESTIONS_PER_ARTICLE, len(pairs)))


def _answers(data: list[tuple[Any, Any]], model: LogisticRegression) -> tuple[Any, Any]:
    rows = [answer_features(f, model.predict_proba(f)[:, 1]) for f, _ in data]
    return np.vstack(rows), np.asarray([bool(y.any()) for _, y in data])


def _report(name: str, scored: list[tuple[Any, Any]]) -> None:
    answerable = [(s, y) for s, y in scored if y.any()]
    first = {
        k: np.mean([y[np.argsort(-s, kind="stable")[:k]].any() for s, y in answerable])
        for k in (1, 2, 4)
    }
    auc = roc_auc_score([y.any() for _, y in scored], [s.max() for s, _ in scored])
    print(f"{name}: right sentence in first", {k: round(float(v), 3) for k, v in first.items()},
          f"of {len(answerable)}; answerable AUC {auc:.3f} of {len(scored)}")  # fmt: skip


if __name__ == "__main__":
    main()
