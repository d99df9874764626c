"""Fit the small logistic models of `qa.selection` and print them with their figures.

    python -m training.fit sentences EVAL_FOLDER
    python -m training.fit answers EVAL_FOLDER      (needs the chat model; about 15 minutes)

Two SQuAD 2.0 articles that the cross-encoder was not trained on are fitted on, two others give
the figures. Each article is a library of its own, asked its own questions, half of them
impossible, and half as many of another article. The second fit also takes this project's own
questions about the bundled report, because SQuAD's impossible questions are made to mislead and
those of a briefing mostly are not; the evaluation's questions about the report stay unseen.
"""

import json
import random
import re
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from index.embedding import SentenceEmbedder
from index.memory import MemoryLibrary
from index.reading import parse_document, read_document
from index.types import Document, Library
from qa.candidates import Candidate, candidates
from qa.cross_encoder import CrossEncoder
from qa.declining import logit
from qa.engine import local_model
from qa.evidence import PASSAGES, Selector
from qa.known_names import resolve_names
from qa.phrasing import phrase
from qa.selection import FEATURES, Featurizer, shortlist
from qa.standalone import standalone
from qa.types import Turn

FIT = ("1973_oil_crisis", "European_Union_law")
TEST = ("Huguenot", "Immune_system")
OWN, FOREIGN = 120, 60  # questions of an article; a quarter as many for the slow fit
SEED = 20261124
REPORT = Path("reports/sahel-security-report.md")
QUESTIONS = Path("tests/report-questions.jsonl")

Array = NDArray[np.float64]
Asked = tuple[str, str, set[str]]
"""A question, the paragraph it was asked about, and the strings that answer it, if any."""


def main() -> None:
    """Run one of the two fits."""
    what, folder = sys.argv[1:3]
    data = json.loads((Path(folder) / "squad2/squad2-12-articles.json").read_text())["data"]
    articles = {a["title"]: a for a in data}
    fit, test = ([articles[title] for title in titles] for titles in (FIT, TEST))
    {"sentences": fit_sentences, "answers": fit_answers}[what](fit, test)


def fit_sentences(fit: list[Any], test: list[Any]) -> None:
    """Fit which sentence states the answer."""
    train, held_out = list(_sentences(fit)), list(_sentences(test))
    model = LogisticRegression(C=1.0, max_iter=1000)
    model.fit(np.vstack([f for f, _ in train]), np.concatenate([y for _, y in train]))
    coefficients = tuple(model.coef_[0].round(3).tolist())
    print(FEATURES, coefficients, float(model.intercept_[0].round(3)))
    for n, name in enumerate(FEATURES):
        _report(name, [(f[:, n], y) for f, y in held_out])
    _report("fit", [(model.decision_function(f), y) for f, y in held_out])


def fit_answers(fit: list[Any], test: list[Any]) -> None:
    """Fit whether anything states the answer, before and after the chat model's first token."""
    train = list(_answers(_asked(fit, 1 / 4))) + list(_answers(_report_asked()))
    held_out = list(_answers(_asked(test, 1 / 4)))
    for name, columns in [("before the model", [0, 1]), ("after it", [0, 1, 2])]:
        model = LogisticRegression(C=1.0, max_iter=1000)
        model.fit(np.array([x for x, _ in train])[:, columns], [y for _, y in train])
        x, y = np.array([x for x, _ in held_out])[:, columns], np.array([y for _, y in held_out])
        scores = model.predict_proba(x)[:, 1]
        print(name, model.coef_[0].round(3).tolist(), model.intercept_.round(3).tolist(),
              f"AUC {roc_auc_score(y, scores):.3f} of {len(y)}")  # fmt: skip
        for threshold in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5):
            shown = scores >= threshold
            print(f"  at {threshold}: answerable kept {shown[y].mean():.3f}, "
                  f"unanswerable declined {1 - shown[~y].mean():.3f}")  # fmt: skip


def _sentences(articles: list[Any]) -> Iterator[tuple[Array, NDArray[np.bool_]]]:
    """Yield the features of a question's candidates and which of them state the answer."""
    cross_encoder = CrossEncoder()
    for library, asked in _asked(articles):
        featurizer = Featurizer(library, cross_encoder)
        for question, context, answers in asked:
            found = candidates(library.search(question, PASSAGES), library)
            found, features = shortlist(featurizer, question, found)
            yield features, np.array([_states(c, context, answers) for c in found])


def _answers(
    libraries: Iterable[tuple[Library, list[Asked]]],
) -> Iterator[tuple[list[float], bool]]:
    """Yield the two logits of selection, that of "NOT STATED", and whether it is stated."""
    model = local_model(Namespace(model="", offline=True))  # its server lives as long as it
    chat = model.load()
    cross_encoder = CrossEncoder()
    for library, asked in libraries:
        selector = Selector(library, Featurizer(library, cross_encoder))
        for question, _, answers in asked:
            if resolve_names(question, library).unknown:
                continue  # declined before either is asked
            selection = selector.select(question, library.search(question, PASSAGES))
            first = next(iter(phrase(chat, question, selection.evidence, max_tokens=4)), None)
            if first:
                texts = [f"{e.speaker} {e.text}" for e in selection.evidence]
                stated = any(re.search(a, t, re.I) for t in texts for a in answers)
                yield [selection.sentence, selection.cross_encoder, logit(first.not_stated)], stated


def _asked(
    articles: list[Any], share: float = 1.0
) -> Iterator[tuple[MemoryLibrary, list[tuple[str, str, set[str]]]]]:
    """Yield each article as a library with (question, paragraph, answers) to ask of it."""
    embedder = SentenceEmbedder()
    for article, other in zip(articles, articles[1:] + articles[:1], strict=True):
        own = _sample(article, int(share * OWN))
        foreign = [
            (question, "", set[str]()) for question, _, _ in _sample(other, int(share * FOREIGN))
        ]
        yield MemoryLibrary([_document(article)], embedder.embed), own + foreign


def _report_asked() -> Iterator[tuple[Library, list[Asked]]]:
    """Yield the bundled report with this project's questions about it."""
    library = MemoryLibrary([read_document(REPORT)], SentenceEmbedder().embed)
    lines = map(json.loads, QUESTIONS.read_text("utf-8").splitlines())
    turns = [([Turn(*turn) for turn in line["history"]], line) for line in lines]
    yield (
        library,
        [
            (standalone(line["question"], history), "", set(line["answer"][:1]))
            for history, line in turns
        ],
    )


def _sample(article: Any, count: int) -> list[Asked]:
    rows = [
        (
            qa["question"],
            " ".join(p["context"].split()),
            {re.escape(a["text"]) for a in qa["answers"]},
        )
        for p in article["paragraphs"]
        for qa in p["qas"]
    ]
    return random.Random(SEED).sample(rows, min(count, len(rows)))


def _document(article: Any) -> Document:
    text = "\n\n".join(" ".join(p["context"].split()) for p in article["paragraphs"])
    title = article["title"].replace("_", " ")
    return parse_document(text, name=title, title=title)


def _states(candidate: Candidate, context: str, answers: set[str]) -> bool:
    return candidate.text in context and any(re.search(a, candidate.text) for a in answers)


def _report(name: str, scored: list[tuple[Array, NDArray[np.bool_]]]) -> None:
    answerable = [(s, y) for s, y in scored if y.any()]
    first = [
        np.mean([y[np.argsort(-s, kind="stable")[:k]].any() for s, y in answerable])
        for k in (1, 2, 4)
    ]
    auc = roc_auc_score([y.any() for _, y in scored], [s.max() for s, _ in scored])
    shares = " / ".join(f"{share:.3f}" for share in first)
    print(f"{name}: right sentence in first 1 / 2 / 4 {shares} of {len(answerable)}, "
          f"answerable AUC {auc:.3f} of {len(scored)}")  # fmt: skip


if __name__ == "__main__":
    main()
