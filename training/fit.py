"""Fit the small logistic models of `qa.selection` and print them with their figures.

    python -m training.fit sentences EVAL_FOLDER
    python -m training.fit answers EVAL_FOLDER      (needs the chat model; about 20 minutes)

`sentences` prints LEXICAL, which chooses what is embedded, CHEAP, which cuts the shortlist, and then
SENTENCE, fitted on the shortlist that the new CHEAP cuts; each beside the numbers in use.

Two SQuAD 2.0 articles that the cross-encoder was not trained on are fitted on, two others give
the figures. Each article is a library of its own, asked its own questions, half of them
impossible, and half as many of another article. The second fit also takes this project's own
questions about the bundled report, because SQuAD's impossible questions are made to mislead and
those of a briefing mostly are not, and the CLAPnq passages that the cross-encoder's calibration
had; those of its test part give figures. Both fits take the questions of `training.briefing` as well,
which are in other words than the text. The evaluation's questions about the report are in no fit;
the threshold was chosen with an eye on them (README.md).
"""

import argparse
import json
import random
import re
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from index.access import changing
from index.embedding import SentenceEmbedder
from index.reading import parse_document, read_document
from index.types import Document, Library
from qa.candidates import Candidate, candidates
from qa.choosing import local_model
from qa.cross_encoder import CrossEncoder
from qa.declining import beyond, logit
from qa.evidence import PASSAGES, Selector
from qa.known_names import resolve_names
from qa.phrasing import phrase
from qa.prompt import evidence_line
from qa.selection import (
    CHEAP,
    FEATURES,
    LEXICAL,
    SENTENCE,
    Featurizer,
    Weights,
    shortlist,
)
from qa.standalone import standalone
from qa.types import Turn
from training.briefing import Asked, briefings
from training.data import load

FIT = ("1973_oil_crisis", "European_Union_law")
TEST = ("Huguenot", "Immune_system")
OWN, FOREIGN = 120, 60  # questions of an article; a quarter as many for the slow fit
SEED = 20261124
REPORT = Path("reports/sahel-security-report.md")
QUESTIONS = Path("tests/report-questions.jsonl")

Array = NDArray[np.float64]
Scored = tuple[Array, NDArray[np.bool_]]
"""Features of sentences, one row each, and which of them state the answer."""


def main() -> None:
    """Run one of the two fits."""
    fits = {"sentences": fit_sentences, "answers": fit_answers}
    parser = argparse.ArgumentParser(
        prog="python -m training.fit", description=__doc__.splitlines()[0]
    )
    parser.add_argument("what", choices=fits)
    parser.add_argument("folder", type=Path, help="evaluation data")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the questions, for a quick look"
    )
    options = parser.parse_args()
    fits[options.what](options.folder, options.share)


def fit_sentences(folder: Path, share: float) -> None:
    """Fit which sentence states the answer, without the cross-encoder and then with it."""
    fit, test = _articles(folder)
    train = [*_searched(_asked(fit, share)), *_searched(_briefing_asked(folder))]
    held_out = list(_searched(_asked(test, share)))
    everything = [[s.everything() for s in part] for part in (train, held_out)]
    words = [[(features[:, 1:], states) for features, states in part] for part in everything]
    lexical = _fit("LEXICAL", words[0])
    _report("LEXICAL", lexical, LEXICAL, FEATURES[2:], words[1])
    cheap = _fit("CHEAP", everything[0])
    _report("CHEAP", cheap, CHEAP, FEATURES[1:], everything[1])
    listed = [[s.listed(cheap) for s in part] for part in (train, held_out)]
    sentence = _fit("SENTENCE", listed[0])
    _report("SENTENCE", sentence, SENTENCE, FEATURES, listed[1])


def fit_answers(folder: Path, share: float) -> None:
    """Fit whether anything states the answer, before and after the chat model's first token."""
    fit, test = _articles(folder)
    titles = load(folder).groups["clapnq"]
    train = [
        *_answers(_asked(fit, share / 4)),
        *_answers(_report_asked()),
        *_answers(_briefing_asked(folder)),
        *_answers(_clapnq_asked(folder, titles["calibrate"])),
    ]
    held_out = {
        "SQuAD": list(_answers(_asked(test, share / 4))),
        "CLAPnq": list(_answers(_clapnq_asked(folder, titles["test"]))),
    }
    for name, columns, of in [
        ("before the model", [0, 1], "stated"),
        ("after its first token", [0, 1, 2], "stated"),
        ("after its draft", [0, 1, 2, 3, 4], "right"),
    ]:
        model = LogisticRegression(C=1.0, max_iter=1000)
        rows = [r for r in train if of == "stated" or r.draft]
        model.fit(np.array([r.signals for r in rows])[:, columns], [getattr(r, of) for r in rows])
        print(name, model.coef_[0].round(3).tolist(), model.intercept_.round(3).tolist())
        for source, all_rows in {"fitted on": train, **held_out}.items():
            rows = [r for r in all_rows if of == "stated" or r.draft]
            y = np.array([getattr(r, of) for r in rows])
            scores = model.predict_proba(np.array([r.signals for r in rows])[:, columns])[:, 1]
            print(f" {source}: AUC {roc_auc_score(y, scores):.3f} of {len(y)}")
            for threshold in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
                shown = scores >= threshold
                print(f"  at {threshold}: {of} kept {shown[y].mean():.3f}, "
                      f"others declined {1 - shown[~y].mean():.3f}")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answered:
    """What was found for a question and what the chat model drafted of it, "" for NOT STATED.

    `signals` are the two logits of selection, that of "NOT STATED", the log probability of the
    token of the draft that the model was least sure of, and what `beyond` says of it.
    """

    signals: list[float]
    draft: str
    stated: bool
    right: bool


@dataclass(frozen=True, slots=True)
class Searched:
    """A question, the sentences of the passages that a search found, and what is right."""

    featurizer: Featurizer
    question: str
    found: list[Candidate]
    paragraph: str
    answers: set[str]

    def everything(self) -> Scored:
        """Return the features of all sentences but the first, and which state the answer."""
        lexical = self.featurizer.lexical(self.question, self.found)
        cheap = self.featurizer.cheap(self.question, self.found, lexical)
        return cheap, self._states(self.found)

    def listed(self, cheap: Weights) -> Scored:
        """Return all features of the sentences of the shortlist, and which state the answer."""
        found, features = shortlist(self.featurizer, self.question, self.found, weights=cheap)
        return features, self._states(found)

    def _states(self, found: list[Candidate]) -> NDArray[np.bool_]:
        right = [any(re.search(a, c.text) for a in self.answers) for c in found]
        return np.array(right) & np.array([c.text in self.paragraph for c in found])


def _articles(folder: Path) -> tuple[list[Any], list[Any]]:
    """Return the SQuAD articles to fit on and those that give the figures."""
    data = json.loads((folder / "squad2/squad2-12-articles.json").read_text("utf-8"))["data"]
    articles = {a["title"]: a for a in data}
    return [articles[title] for title in FIT], [articles[title] for title in TEST]


def _searched(libraries: Iterable[tuple[Library, list[Asked]]]) -> Iterator[Searched]:
    """Yield what is found in each library for its questions."""
    cross_encoder = CrossEncoder()
    for library, asked in libraries:
        featurizer = Featurizer(cross_encoder)
        for question, about, answers, _ in asked:
            found = candidates(library.search(question, PASSAGES), library)
            yield Searched(featurizer, question, found, about, answers)


def _fit(name: str, scored: list[Scored]) -> Weights:
    model = LogisticRegression(C=1.0, max_iter=1000)
    model.fit(np.vstack([f for f, _ in scored]), np.concatenate([y for _, y in scored]))
    weights = Weights(tuple(model.coef_[0].round(3).tolist()), float(model.intercept_[0].round(3)))
    print(f"{name} = Weights({weights.coefficients}, {weights.intercept})")
    return weights


def _answers(
    libraries: Iterable[tuple[Library, list[Asked]]],
) -> Iterator[Answered]:
    """Yield what was found and drafted for each question that the model is asked."""
    model = local_model(Namespace(model="", offline=True))  # its server lives as long as it
    chat = model.load()
    cross_encoder = CrossEncoder()
    for library, questions in libraries:
        selector = Selector(library, Featurizer(cross_encoder))
        for asked in questions:
            if resolve_names(asked.question, library).unknown:
                continue  # declined before either is asked
            hits = library.search(asked.question, PASSAGES)
            selection = selector.select(asked.question, hits)
            if not selection.evidence:
                continue
            drafts = list(phrase(chat, asked.question, selection.evidence))
            if not drafts:
                continue
            last = drafts[-1]
            lines = [evidence_line(e) for e in selection.evidence]
            texts = [f"{e.speaker} {e.text}" for e in selection.evidence]
            stated = any(re.search(a, t, re.I) for t in texts for a in asked.answers)
            expected = asked.said or ("|".join(asked.answers) or r"\w",)
            yield Answered(
                [
                    selection.sentence,
                    selection.cross_encoder,
                    logit(last.not_stated or 0.0),
                    last.least_sure or 0.0,
                    beyond(asked.question, last.text, " ".join(lines)),
                ],
                last.text,
                stated,
                stated and all(re.search(e, last.text, re.I) for e in expected),
            )


def _asked(articles: list[Any], share: float) -> Iterator[tuple[Library, list[Asked]]]:
    """Yield each article as a library with what to ask of it."""
    for article, other in zip(articles, articles[1:] + articles[:1], strict=True):
        own = _sample(article, int(share * OWN))
        foreign = [Asked(a.question, "", set()) for a in _sample(other, int(share * FOREIGN))]
        with _library([_document(article)]) as library:
            yield library, own + foreign


def _briefing_asked(folder: Path) -> Iterator[tuple[Library, list[Asked]]]:
    """Yield the documents of `training.briefing` as two libraries, each with its questions."""
    for documents, asked in briefings(folder):
        with _library(documents) as library:
            yield library, asked


@contextmanager
def _library(documents: Sequence[Document]) -> Iterator[Library]:
    """Give a library on disk, which is what users search: its scores are not those in memory."""
    with (
        tempfile.TemporaryDirectory() as folder,
        changing(Path(folder), SentenceEmbedder()) as library,
    ):
        for n, document in enumerate(documents):
            library.add(document, f"/{n}")
        yield library


def _report_asked() -> Iterator[tuple[Library, list[Asked]]]:
    """Yield the bundled report with this project's questions about it."""
    lines = map(json.loads, QUESTIONS.read_text("utf-8").splitlines())
    turns = [([Turn(*turn) for turn in line["history"]], line) for line in lines]
    asked = [
        Asked(
            standalone(line["question"], history),
            "",
            set(line["answer"][:1]),
            tuple(line["answer"]),
        )
        for history, line in turns
        if line["kind"] not in ("broad", "french")  # they go another way
    ]
    with _library([read_document(REPORT)]) as library:
        yield library, asked


def _clapnq_asked(folder: Path, titles: list[str]) -> Iterator[tuple[Library, list[Asked]]]:
    """Yield each passage of some titles as a library with its one question."""
    for part, answers in (("answerable", {r"\w"}), ("unanswerable", set[str]())):
        for line in (folder / f"clapnq/{part}.jsonl").read_text("utf-8").splitlines():
            item = json.loads(line)
            passage = item["passages"][0]
            if passage["title"] in titles:
                text, title = passage["text"], passage["title"]
                with _library([parse_document(text, name=title, title=title)]) as library:
                    yield library, [Asked(item["input"], "", answers)]


def _sample(article: Any, count: int) -> list[Asked]:
    rows = [
        Asked(
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


def _report(
    name: str, fitted: Weights, in_use: Weights, features: tuple[str, ...], scored: list[Scored]
) -> None:
    """Print how each feature alone, the fit and the numbers in use rank held-out sentences."""
    ways = {feature: [f[:, n] for f, _ in scored] for n, feature in enumerate(features)}
    for title, weights in ((f"{name} as fitted", fitted), (f"{name} in use", in_use)):
        ways[title] = [weights.logits(f) for f, _ in scored]
    truth = [y for _, y in scored]
    for way, logits in ways.items():
        ranked = [y[np.argsort(-s, kind="stable")] for s, y in zip(logits, truth) if y.any()]
        shares = " / ".join(
            f"{np.mean([y[:k].any() for y in ranked]):.3f}" for k in (1, 2, 4, 12, 24)
        )
        auc = roc_auc_score([y.any() for y in truth], [s.max() for s in logits])
        print(f"  {way}: right sentence in first 1 / 2 / 4 / 12 / 24 {shares} of {len(ranked)}, "
              f"answerable AUC {auc:.3f} of {len(truth)}")  # fmt: skip


if __name__ == "__main__":
    main()
