"""One evaluation from its lines to its figures: opens what its kind needs, judges, sums up."""

import os
import platform
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from index.access import changing
from index.reading import parse_document
from index.types import BriefError, Embedder
from qa.batch import Line, answer_line, read_lines, writing
from qa.engine import Engine
from qa.evaluation import (
    judge,
    judge_claim,
    judge_passages,
    sum_up_claims,
    sum_up_passages,
    sum_up_questions,
    table,
)
from qa.plot import plot_answerability
from qa.suite_data import read_corpora
from qa.suites import SEED, SUITES, read_suite, sample

_PASSAGES = 5  # what the published figures of chunking have
_SUM_UP = {"questions": sum_up_questions, "claims": sum_up_claims, "passages": sum_up_passages}
Judge = Callable[[Line], Line]


def evaluate(
    args: Namespace,
    folder: Path | None,
    open_engine: Callable[[], AbstractContextManager[Engine]],
    embedder: Embedder,
    say: Callable[[str], None],
) -> None:
    """Evaluate what the options name and say the figures.

    Args:
        args: `input`, the name of a suite or a file, `limit`, and where to write: `out`, `json`,
            `plot`.
        folder: the data of the suites, where it was given.
        open_engine: opens what answers questions, ready to be asked.
        embedder: what passages are indexed with.
        say: takes the table.

    Raises:
        BriefError: data, a package or a model is missing, or a file cannot be written.
    """
    lines = _read(args.input, folder)
    kind = SUITES[args.input].kind if args.input in SUITES else "questions"
    chosen = sample(lines, args.limit)
    # What is missing is said before anything slow.
    if any("references" in line for line in chosen):
        _require("rouge_score")
    if args.plot:
        if kind != "questions":
            raise BriefError(f"{args.input} has no answerability to draw. Leave out --plot.")
        _require("matplotlib")
    with ExitStack() as stack:
        write = stack.enter_context(writing(args.out)) if args.out else None
        write_summary = stack.enter_context(writing(args.json)) if args.json else None
        model = None
        if kind == "questions":
            engine = stack.enter_context(open_engine())
            model = {"name": engine.model.choice, "state": engine.model_status().state}
            judged = _asked(engine)
        elif kind == "claims":
            judged = judge_claim
        else:
            judged = stack.enter_context(_searched(lines, folder, embedder))
        results = []
        for line in tqdm(chosen, unit=" lines", disable=None):
            results.append(judged(line))
            if write:
                write(results[-1])
        figures = _SUM_UP[kind](results)
        summary = {
            "suite": args.input,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": {"platform": platform.platform(), "cores": os.cpu_count()},
            "model": model,
            "embedder": None if kind == "claims" else embedder.name,
            "lines": len(chosen),
            "of": len(lines),
            "seed": SEED,
            "figures": [asdict(figure) for figure in figures],
        }
        if write_summary:
            write_summary(summary)
        say(f"{_headline(summary)}\n{table(figures)}")
        # Of the project's own questions each wrong one is worth a look; of thousands, --out.
        own = kind == "questions" and "expected" not in chosen[0]
        for result in results if own else []:
            if not result["right"]:
                answer = result.get("answer", result.get("error"))
                say(f"wrong: {result['id']} {result['question']} → {answer}")
        if args.plot:
            plot_answerability(results, args.plot, f"{args.input}, {len(chosen)} questions")


def _read(name: str, folder: Path | None) -> list[Line]:
    if name not in SUITES and not Path(name).exists():
        raise BriefError(
            f"{name} cannot be read: there is no such file. Give one, or one of the suites "
            f"{', '.join(SUITES)}."
        )
    if name not in SUITES:
        lines = read_lines(name)
    elif folder is None:
        raise BriefError(
            f"The suite {name} needs its data, which is not part of the project. Name its folder: "
            "--folder EVAL_FOLDER or SAHEL_BRIEF_EVAL."
        )
    else:
        lines = read_suite(name, folder)
    if not lines:
        raise BriefError(f"{name} has no lines. Give a file that has some.")
    return lines


def _require(package: str) -> None:
    if find_spec(package) is None:
        raise BriefError(
            f"{package} is not installed. Run: pip install -e '.[evaluate]' -c constraints.txt"
        )


def _asked(engine: Engine) -> Judge:
    return lambda line: judge(line, answer_line(engine, line))


@contextmanager
def _searched(lines: Sequence[Line], folder: Path | None, embedder: Embedder) -> Iterator[Judge]:
    """Index all corpora in one library, as the published figures have it."""
    assert folder is not None  # noqa: S101 - the lines came from there
    documents = {
        name: parse_document(text, name=name)
        for name, text in read_corpora(folder, [line["corpus"] for line in lines]).items()
    }
    corpus_ids = {name: document.id for name, document in documents.items()}
    with TemporaryDirectory() as data, changing(Path(data), embedder) as library:
        for name, document in documents.items():
            library.add(document, name)
        yield lambda line: judge_passages(
            line, library.search(line["question"], _PASSAGES), corpus_ids
        )


def _headline(summary: Line) -> str:
    count = f"{summary['suite']}: {summary['lines']} of {summary['of']} lines"
    if summary["lines"] < summary["of"]:
        count += f", balanced over classes, drawn with seed {summary['seed']}"
    if model := summary["model"]:
        count += f", model {model['name']} ({model['state']})"
    return f"{count}; in brackets 95 % intervals"
