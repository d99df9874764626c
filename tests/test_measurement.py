"""Whole evaluations, with made-up data, words for vectors and no chat model."""

import json
from argparse import Namespace
from contextlib import contextmanager

import pytest

from index.types import BriefError
from qa.engine import engine
from qa.local_model import LocalModel
from qa.measurement import evaluate
from tests.fakes import BagOfWords
from tests.test_suites import write_json, write_lines

COUP = "Who led a second coup and took the title of transitional president?"


@pytest.fixture
def measured(library, tmp_path):
    """Give a function that evaluates a suite or file and returns what is said."""

    @contextmanager
    def opened():
        yield engine(library, LocalModel("1.5b", tmp_path))

    def measured(name, **options):
        said = []
        defaults = {"limit": None, "out": None, "json": None, "plot": None}
        folder = options.pop("folder", tmp_path)
        args = Namespace(input=str(name), **{**defaults, **options})
        evaluate(args, folder, opened, BagOfWords(), said.append)
        return "\n".join(said)

    return measured


def test_a_file_of_questions_is_judged_and_what_is_wrong_is_said(measured, tmp_path):
    given, out, summary = (tmp_path / name for name in ("in.jsonl", "out.jsonl", "summary.json"))
    write_lines(
        given,
        {"id": "a", "kind": "name", "question": COUP, "answer": ["Goita"], "evidence": ["Goita"]},
        {"id": "b", "kind": "name", "question": COUP, "answer": ["Keita"]},
    )
    said = measured(given, out=str(out), json=str(summary))
    assert "answered rightly" in said and "1 of 2" in said
    assert "wrong: b Who led" in said and "wrong: a" not in said
    assert [json.loads(line)["right"] for line in out.read_text().splitlines()] == [True, False]
    written = json.loads(summary.read_text())
    assert written["model"] == {"name": "1.5b", "state": "loading"}
    assert (written["lines"], written["of"]) == (2, 2)
    assert {"date", "machine", "embedder", "seed"} <= written.keys()
    right = next(f for f in written["figures"] if f["name"] == "answered rightly")
    assert (right["k"], right["n"], right["value"]) == (1, 2, 0.5)


def test_a_suite_of_questions_is_answered_from_its_own_passages_and_drawn(measured, tmp_path):
    pytest.importorskip("matplotlib", reason="--plot needs the extra “evaluate”")
    questions = [
        {
            "id": "1",
            "question": "Who lit the lamp?",
            "is_impossible": False,
            "answers": [{"text": "Ada Brown", "answer_start": 0}],
        },
        {"id": "2", "question": "How much did it cost?", "is_impossible": True, "answers": []},
    ]
    paragraph = {"context": "Ada Brown lit the lamp.", "qas": questions}
    data = {"data": [{"title": "Lamp", "paragraphs": [paragraph]}]}
    write_json(tmp_path / "squad2" / "squad2-12-articles.json", data)
    said = measured("squad2", plot=str(tmp_path / "plot.png"))
    assert "AUC of answerability" in said
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(BriefError, match="cannot be written"):
        measured("squad2", plot=str(tmp_path / "none" / "plot.png"))


def test_claims_are_measured_without_opening_a_library(measured, tmp_path):
    items = [
        {"id": 1, "doc": "The well is dry.", "summary": "The well is dry.", "label": 1},
        {"id": 2, "doc": "The well is dry.", "summary": "Two wells are dry.", "label": 0},
        {"id": 3, "doc": "The well is dry.", "summary": "Six wells are dry.", "label": 0},
    ]
    write_json(tmp_path / "summedits" / "news-400.json", items)
    said = measured("summedits", limit=2)
    assert said.startswith("summedits: 2 of 3 lines, balanced over classes, drawn with seed 2026")
    assert "balanced accuracy" in said and "1.000" in said
    with pytest.raises(BriefError, match="no answerability"):
        measured("summedits", plot="plot.png")


def test_passages_are_searched_in_all_corpora(measured, tmp_path):
    folder = tmp_path / "chunking"
    folder.mkdir()
    (folder / "wells.md").write_text("The well is dry.", "utf-8")
    (folder / "lamps.md").write_text("Ada Brown lit the lamp.", "utf-8")
    (folder / "questions_df.csv").write_text(
        "question,references,corpus_id\n"
        'Is the well dry?,"[{""start_index"": 4, ""end_index"": 8}]",wells\n'
        'Who lit the lamp?,"[{""start_index"": 0, ""end_index"": 9}]",lamps\n',
        "utf-8",
    )
    out = tmp_path / "out.jsonl"
    said = measured("chunking", out=str(out))
    results = [json.loads(line) for line in out.read_text().splitlines()]
    assert [r["recall"] for r in results] == [1.0, 1.0]
    assert results[0]["precision"] == 4 / len("The well is dry.Ada Brown lit the lamp.")
    assert "recall, lamps" in said


def test_what_is_missing_is_said_with_its_remedy(measured, tmp_path, monkeypatch):
    with pytest.raises(BriefError, match="--folder EVAL_FOLDER or SAHEL_BRIEF_EVAL"):
        measured("wice", folder=None)
    with pytest.raises(BriefError, match="one of the suites report, clapnq"):
        measured("clapqn")
    write_lines(tmp_path / "empty.jsonl")
    with pytest.raises(BriefError, match="no lines"):
        measured(tmp_path / "empty.jsonl")
    write_lines(tmp_path / "one.jsonl", {"question": COUP})
    with pytest.raises(BriefError, match="cannot be written"):
        measured(tmp_path / "one.jsonl", out=str(tmp_path / "none" / "out.jsonl"))
    monkeypatch.setattr("qa.measurement.find_spec", lambda name: None)
    with pytest.raises(BriefError, match=r"pip install -e '.\[evaluate\]' -c constraints.txt"):
        measured(tmp_path / "one.jsonl", plot="plot.png")
