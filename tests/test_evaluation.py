"""Judging and summing up, with expected figures worked out by hand."""

import pytest

from index.types import Hit, Passage
from qa.evaluation import (
    judge,
    judge_claim,
    judge_passages,
    rouge_l,
    sum_up_claims,
    sum_up_passages,
    sum_up_questions,
    table,
)
from qa.intervals import Figure, auc, balanced_accuracy, mean, percentiles, share


def answered(text="Ada left.", quote="Ada left in May.", answerability=0.9):
    return {
        "answer": text,
        "declined": False,
        "answerability": answerability,
        "citations": [{"quote": quote}],
        "sentences": [{"text": text, "status": "supported"}],
        "timings": {"evidence_ms": 100.0, "first_word_ms": None, "total_ms": 300.0},
    }


def declined(answerability=0.1):
    timings = {"evidence_ms": 200.0, "first_word_ms": None, "total_ms": 200.0}
    return {
        "answer": "It does not say.",
        "declined": True,
        "answerability": answerability,
        "timings": timings,
    }


def found(figures, name):
    (figure,) = (f for f in figures if f.name == name)
    return figure


@pytest.mark.parametrize(
    ("line", "result", "right", "cited"),
    [
        ({"answer": ["ada"], "evidence": ["may"]}, answered(), True, True),
        ({"answer": ["ada", "bo"], "evidence": ["june"]}, answered(), False, False),
        ({"answer": ["ada"], "forbid": ["left"]}, answered(), False, None),
        ({"answer": ["ada"]}, declined(), False, None),
        ({"answer": ["ada"]}, {"error": "no question"}, False, None),
        ({"kind": "unanswerable"}, declined(), True, None),
        ({"kind": "unanswerable"}, answered(), False, None),
        ({"kind": "false-premise", "forbid": ["bo"]}, answered(), True, None),
        ({"kind": "false-premise", "forbid": ["ada"]}, answered(), False, None),
        ({"kind": "false-premise", "forbid": ["ada"]}, {"error": "no question"}, False, None),
        ({"expected": "decline", "class": "impossible"}, answered(), False, None),
        ({"expected": "answer", "class": "answerable"}, answered(), None, None),
    ],
)
def test_an_answer_is_judged_by_what_its_line_expects(line, result, right, cited):
    judged = judge(line, result)
    assert (judged["right"], judged["cited"]) == (right, cited)


def test_rouge_l_is_that_of_the_best_reference_and_0_where_declined():
    pytest.importorskip("rouge_score", reason="RougeL needs the extra “evaluate”")
    # Of three words each, two in the same order: precision and recall 2/3.
    assert rouge_l("Ada left home", ["Bo", "Ada went home"]) == pytest.approx(2 / 3)
    line = {"expected": "answer", "references": ["Ada left."]}
    assert judge(line, answered())["rouge_l"] == 1.0
    assert judge(line, declined())["rouge_l"] == 0.0


def test_answers_are_summed_up_with_counts():
    results = [
        {**judge({"answer": ["ada"], "evidence": ["may"]}, answered()), "rouge_l": 0.5},
        {**judge({"answer": ["ada"], "evidence": ["may"]}, declined(0.4)), "rouge_l": 0.0},
        judge({"expected": "decline"}, declined(0.5)),
        judge({"expected": "decline"}, declined(0.1)),
        judge({"expected": "partial"}, answered(answerability=0.0)),
        judge({"expected": "decline"}, {"error": "no question"}),
    ]
    figures = sum_up_questions(results)
    counts = {f.name: (f.k, f.n) for f in figures if f.k is not None}
    assert counts == {
        "answered rightly": (1, 2),
        "declined rightly": (2, 3),
        "answers whose citation holds the answer": (1, 1),
        "answerable answered": (1, 2),
        "partly answerable answered": (1, 1),
        "sentences shown as quotations": (0, 2),
        "lines with an error": (1, 6),
    }
    assert found(figures, "RougeL, declined as 0").value == 0.25
    assert found(figures, "RougeL, answered only").value == 0.5
    # Of the pairs (0.9, 0.4) × (0.5, 0.1) three are in order; the partial one does not count.
    assert found(figures, "AUC of answerability").value == 0.75
    assert found(figures, "evidence p50") == Figure("evidence p50", 200.0, 5, unit="ms")
    assert not any(f.name.startswith("first_word") for f in figures)


def test_a_claim_is_as_supported_as_by_its_best_chunk():
    line = {
        "id": 1,
        "claim": "The well is dry.",
        "chunks": [["Ada left."], ["The well is dry."]],
        "class": "supported",
        "expected": "supported",
    }
    assert (judge_claim(line)["supported"], judge_claim(line)["right"]) == (1.0, True)
    assert not judge_claim({**line, "expected": "unsupported"})["right"]
    assert judge_claim({**line, "chunks": [[]]})["supported"] == 0.0


def test_claims_are_summed_up_as_balanced_accuracy():
    def result(name, expected, supported):
        right = (supported >= 0.5) == (expected == "supported")
        return {"class": name, "expected": expected, "supported": supported, "right": right}

    results = [
        result("yes", "supported", 0.9),
        result("yes", "supported", 0.2),
        result("partly", "unsupported", 0.6),
        *[result("no", "unsupported", 0.0)] * 2,
    ]
    figures = sum_up_claims(results)
    assert found(figures, "partly, checked to be unsupported").k == 0
    # 1 of 2 and 2 of 3; of the six pairs, (0.2, 0.6) alone is out of order.
    assert found(figures, "balanced accuracy").value == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert found(figures, "AUROC").value == pytest.approx(5 / 6)


def test_passages_are_judged_by_the_characters_they_share_with_the_excerpts():
    def hit(document, start, end):
        return Hit(Passage(f"{document}{start}", document, start, end, "", ""), 1.0)

    line = {"corpus": "wells", "excerpts": [[10, 20], [40, 50]]}
    ids = {"wells": "d1", "lamps": "d2"}
    judged = judge_passages(line, [hit("d1", 0, 15), hit("d2", 40, 50), hit("d1", 15, 25)], ids)
    assert judged["recall"] == 10 / 20
    assert judged["precision"] == 10 / 35  # what is of another corpus counts as not wanted
    assert judged["iou"] == 10 / 45
    nothing = judge_passages(line, [], ids)
    assert (nothing["recall"], nothing["precision"], nothing["iou"]) == (0, 0, 0)
    figures = sum_up_passages([judged, {**nothing, "corpus": "lamps"}])
    assert (found(figures, "recall").value, found(figures, "recall, wells").value) == (0.25, 0.5)


def test_a_share_has_its_wilson_interval():
    (figure,) = share("right", [True] * 8 + [False] * 2)
    # (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n) with p = 0.8, n = 10, z = 1.96
    assert (figure.k, figure.n, figure.value) == (8, 10, 0.8)
    assert (figure.low, figure.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    (all_right,) = share("right", [True] * 5)
    assert (all_right.low, all_right.high) == pytest.approx((0.5655, 1.0), abs=1e-4)


def test_bootstrap_intervals_hold_the_value_and_are_the_same_each_time():
    for figures in (
        mean("m", [0.1, 0.5, 0.9, 0.4]),
        auc("a", [0.9, 0.4, 0.8], [0.5, 0.1]),
        balanced_accuracy("b", [True, False, True], [True, False]),
    ):
        (figure,) = figures
        assert 0 <= figure.low <= figure.value <= figure.high <= 1
    assert mean("m", [0.1, 0.5, 0.9]) == mean("m", [0.1, 0.5, 0.9])
    assert mean("m", [0.3])[0].low == 0.3


def test_of_nothing_there_is_no_figure():
    assert share("s", []) == mean("m", []) == percentiles("p", []) == []
    assert auc("a", [0.5], []) == balanced_accuracy("b", [], [True]) == []


def test_the_table_has_counts_and_intervals():
    text = table(
        [Figure("right", 0.8, 10, 8, 0.49, 0.943), Figure("total p50", 1234.5, 9, unit="ms")]
    )
    right, total = text.splitlines()
    assert right.split() == "right 8 of 10 0.800 [0.490, 0.943]".split()
    assert total.split() == "total p50 of 9 1234 ms".split()


def test_a_citation_counts_only_from_the_document_that_is_wanted():
    line = {"answer": ["Goita"], "evidence": ["second coup"], "document": "MINUSMA"}
    result = {"answer": "Goita.", "declined": False}

    def cited(title: str) -> bool:
        citation = {"quote": "He led a second coup.", "document": title}
        return judge(line, {**result, "citations": [citation]})["cited"]

    assert cited("Mali after MINUSMA")
    assert not cited("Mali War")
