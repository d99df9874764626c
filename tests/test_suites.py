"""The readers of published data, with made-up files of their shapes."""

import csv
import json
import os
from pathlib import Path

import pytest

from index.types import BriefError
from qa.suite_data import read_corpora
from qa.suites import SUITES, read_suite, sample
from tests.conftest import SHARED


def write_lines(path, *items):
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(map(json.dumps, items)), "utf-8")


def write_json(path, value):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")


def test_clapnq_is_answered_from_its_gold_passage_or_declined(tmp_path):
    def item(id, *answers):
        return {
            "id": id,
            "input": "who lit the lamp",
            "passages": [{"title": "Lamp", "text": "Ada lit it .", "sentences": ["Ada lit it ."]}],
            "output": [{"answer": a, "selected_sentences": []} for a in answers],
        }

    write_lines(tmp_path / "clapnq" / "answerable.jsonl", item("1", "Ada.", "It was Ada.", ""))
    write_lines(tmp_path / "clapnq" / "unanswerable.jsonl", item("2", ""))
    answerable, unanswerable = read_suite("clapnq", tmp_path)
    assert answerable == {
        "id": "1",
        "question": "who lit the lamp",
        "passages": [{"title": "Lamp", "text": "Ada lit it ."}],
        "references": ["Ada.", "It was Ada."],
        "class": "answerable",
        "expected": "answer",
    }
    assert (unanswerable["references"], unanswerable["expected"]) == ([], "decline")


def test_squad2_has_patterns_of_its_answer_texts(tmp_path):
    answers = [{"text": "Ada (1)", "answer_start": 0}, {"text": "Ada", "answer_start": 0}]
    questions = [
        {"id": "1", "question": "Who left?", "is_impossible": False, "answers": answers},
        {"id": "2", "question": "Who came?", "is_impossible": True, "answers": []},
    ]
    paragraph = {"context": "Ada (1) left.", "qas": questions}
    data = {"data": [{"title": "Ada", "paragraphs": [paragraph]}]}
    write_json(tmp_path / "squad2" / "squad2-12-articles.json", data)
    answerable, impossible = read_suite("squad2", tmp_path)
    assert answerable["passages"] == ["Ada (1) left."]
    assert answerable["answer"] == answerable["evidence"] == [r"(?<!\w)(?:Ada|Ada\ \(1\))(?!\w)"]
    assert (impossible["expected"], "answer" in impossible) == ("decline", False)


def test_mtrag_gives_each_turn_the_turns_before_it(tmp_path):
    def turn(conversation, number, label, text):
        return {
            "task_id": f"{conversation}-{number}",
            "conversation_id": conversation,
            "turn_id": number,
            "user": {"text": f"{text}?", "enrichments": {"Answerability": [label]}},
            "agent": {"text": f"{text}!", "contexts": [{"text": f"Well\n{text}."}]},
        }

    write_lines(
        tmp_path / "mtrag" / "tasks.jsonl",
        turn("a", 2, "UNANSWERABLE", "How deep"),
        turn("a", 1, "ANSWERABLE", "Where"),
        turn("b", 1, "PARTIAL", "When"),
    )
    first, second, other = read_suite("mtrag", tmp_path)
    assert (first["id"], first["history"], first["expected"]) == ("a-1", [], "answer")
    assert (second["history"], second["expected"]) == ([["Where?", "Where!"]], "decline")
    assert (other["history"], other["expected"]) == ([], "partial")
    assert second["passages"] == ["Well\nHow deep."]
    assert second["references"] == ["How deep!"]


def test_wice_joins_the_chunks_of_a_claim(tmp_path):
    def chunk(id, label, *evidence):
        meta = {"id": id, "chunk_idx": []}
        return {"label": label, "claim": f"Claim {id}.", "evidence": evidence, "meta": meta}

    write_lines(
        tmp_path / "wice" / "oracle_chunks_claim_dev.jsonl",
        chunk("1", "supported", "A.", "B."),
        chunk("2", "partially_supported", "C."),
        chunk("1", "supported", "D."),
    )
    one, two = read_suite("wice", tmp_path)
    assert one["chunks"] == [["A.", "B."], ["D."]]
    assert (one["expected"], two["expected"]) == ("supported", "unsupported")
    assert two["class"] == "partially_supported"


def test_summedits_is_checked_against_the_sentences_of_its_article(tmp_path):
    document = "Ada left. Bo came.\n\nNobody stayed."
    items = [{"id": n, "doc": document, "summary": "Ada left.", "label": n} for n in (0, 1)]
    write_json(tmp_path / "summedits" / "news-400.json", items)
    edited, original = read_suite("summedits", tmp_path)
    assert original["chunks"] == [["Ada left.", "Bo came.", "Nobody stayed."]]
    assert (edited["expected"], original["expected"]) == ("unsupported", "supported")


def test_chunking_has_the_places_of_its_excerpts(tmp_path):
    folder = tmp_path / "chunking"
    folder.mkdir()
    (folder / "wells.md").write_text("The well is dry.", "utf-8")
    with (folder / "questions_df.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["question", "references", "corpus_id"])
        excerpts = [{"content": "well", "start_index": 4, "end_index": 8}]
        writer.writerow(["What is\ndry?", json.dumps(excerpts), "wells"])
    (line,) = read_suite("chunking", tmp_path)
    assert line == {
        "id": 1,
        "question": "What is\ndry?",
        "corpus": "wells",
        "excerpts": [[4, 8]],
        "class": "wells",
    }
    assert read_corpora(tmp_path, ["wells", "wells"]) == {"wells": "The well is dry."}


@pytest.mark.parametrize("name", SUITES)
def test_data_that_is_missing_is_a_message_with_the_remedy(name, tmp_path):
    with pytest.raises(BriefError, match="--folder"):
        read_suite(name, tmp_path)


def test_data_of_another_shape_is_a_message(tmp_path):
    write_lines(tmp_path / "wice" / "oracle_chunks_claim_dev.jsonl", {"claim": "No meta."})
    with pytest.raises(BriefError, match=r"wice .* not of the shape"):
        read_suite("wice", tmp_path)


def test_a_sample_is_the_same_each_time_and_has_as_many_of_each_class():
    lines = [{"id": n, "class": "rare" if n % 10 == 0 else "common"} for n in range(50)]
    drawn = sample(lines, 6)
    assert [line["class"] for line in drawn].count("rare") == 3
    assert drawn == sample(lines, 6) == sorted(drawn, key=lambda line: line["id"])
    # Where a class has too few, the others fill up.
    assert [line["class"] for line in sample(lines, 20)].count("rare") == 5
    assert sample(lines, 80) == sample(lines, None) == lines


@pytest.mark.parametrize("name", SUITES)
def test_the_published_data_can_be_read(name):
    folder = Path(os.environ.get("SAHEL_BRIEF_EVAL", SHARED / "eval"))
    if not folder.exists():
        pytest.skip("the evaluation data is not here: it stays out of the project")
    lines = read_suite(name, folder)
    assert len({line["id"] for line in lines}) == len(lines)
