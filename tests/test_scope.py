from dataclasses import replace

import pytest

from index.access import changing
from index.reading import parse_document
from index.scope import scoped
from index.types import BriefError, Passage
from qa.answering import Answerer
from qa.engine import engine
from qa.local_model import LocalModel
from qa.output import as_json, as_text
from qa.sources import by_source
from qa.types import Answer, AnswerSentence, Citation, Evidence
from tests.fakes import BagOfWords, Scripted, SharedWords

OLD = "# The mission\n\nThe mission had 15,000 peacekeepers in Mali."
NEW = "# The mission today\n\nThe mission had 12,000 peacekeepers in Mali."
ASKED = "How many peacekeepers had the mission in Mali?"


@pytest.fixture
def two(tmp_path):
    with changing(tmp_path / "library", BagOfWords()) as library:
        library.add(parse_document(OLD, name="old.md", as_of="2022-05"), "/old.md")
        library.add(parse_document(NEW, name="new.md", as_of="2024"), "/new.md")
        library.add(parse_document("A well in Kati.", name="well.md"), "/well.md")
        yield library


def answer(library, said):
    chat = Scripted(answers=[said])
    return Answerer(library, lambda: chat, SharedWords()).invoke({"question": ASKED})


def test_where_documents_differ_each_is_heard_with_its_date_and_the_newer_first(two):
    found = answer(two, "The mission had 15,000 peacekeepers in Mali.")
    assert [(s.text, s.status, s.source, s.as_of) for s in found.sentences] == [
        ("The mission had 12,000 peacekeepers in Mali.", "quoted", "The mission today", "2024"),
        ("The mission had 15,000 peacekeepers in Mali.", "supported", "The mission", "2022-05"),
    ]
    assert as_text(found).startswith("The mission today (as of 2024): “The mission had 12,000")
    assert as_json(found)["sentences"][1]["source"] == "The mission"


@pytest.mark.parametrize(("likely", "heard"), [(0.25, ["Goita led it.", "Keita led it."]),
                                                (0.1, ["Keita led it."])])  # fmt: skip
def test_a_document_that_is_as_likely_as_the_one_that_is_cited_is_heard(two, likely, heard):
    kept = {d.as_of: two.document(d.id) for d in two.documents()}
    old, new = kept["2022-05"], kept["2024"]

    def cites(n, document, text, probability):
        passage = Passage(f"{document.id}-1", document.id, 0, 9, text, "1. Coups")
        return Citation(n, Evidence(passage, 0, 9, text, probability), document)

    said = AnswerSentence("Keita led it.", (1,), "supported")
    citations = (cites(1, old, "Keita led it.", 0.3), cites(2, new, "Goita led it.", likely))
    answer = Answer("Who led it?", "Who led it?", "done", (said,), citations)
    assert [s.text for s in by_source(answer).sentences] == heard


def test_one_document_is_not_named_in_every_sentence(two):
    found = answer(scoped(two, ["old.md"]), "The mission had 15,000 peacekeepers in Mali.")
    assert [(s.text, s.source) for s in found.sentences] == [
        ("The mission had 15,000 peacekeepers in Mali.", "")
    ]


def test_a_question_may_be_restricted_to_documents(two):
    assert [d.title for d in scoped(two, ["new.md", "well.md"]).documents()] == [
        "The mission today",
        "Well",
    ]
    only = scoped(two, ["well.md"])
    assert {h.passage.text for h in only.search("peacekeepers of the mission", 9)} == {
        "A well in Kati."
    }
    assert only.frequency("peacekeepers") == 0
    assert two.frequency("peacekeepers") > 0


@pytest.mark.parametrize(
    ("since", "left"),
    [("2023", ["The mission today"]), ("2024-06", ["The mission today"]),
     ("2022-05", ["The mission today", "The mission"]), ("2022-06", ["The mission today"])],
)  # fmt: skip
def test_a_question_may_be_restricted_to_dates(two, since, left):
    assert [d.title for d in scoped(two, since=since).documents()] == left


def test_a_restriction_that_leaves_nothing_is_said(two):
    with pytest.raises(BriefError, match="No document has an as-of date since 2025"):
        scoped(two, since="2025")
    with pytest.raises(BriefError, match="no document is called"):
        scoped(two, ["none.md"])
    with pytest.raises(BriefError, match="not a date"):
        scoped(two, since="last week")


def test_each_question_may_be_asked_of_documents_of_its_own(two, tmp_path):
    answering = engine(two, LocalModel("1.5b", tmp_path))
    old, new = (
        {d.title: d.id for d in two.documents()}[t] for t in ("The mission", "The mission today")
    )
    asked = {"question": ASKED, "history": []}

    def titles(**restriction):
        *_, last = answering.stream({**asked, **restriction})
        return {c.document.title for c in last.citations}

    answering = replace(answering, answerer=Answerer(two, lambda: None, SharedWords()))
    assert titles() == {"The mission", "The mission today"}
    with pytest.raises(BriefError, match="no document is called"):
        titles(documents=["none"])
    kept = answering._answerer([old], "")
    assert kept.library.documents()[0].id == old
    assert answering._answerer([old], "") is kept
    assert answering._answerer([new], "") is not kept
    assert [d.id for d in answering._answerer([], "2023").library.documents()] == [new]
    two.edit(old, title="Other")
    assert answering._answerer([old], "").library.documents()[0].title == "Other"
    for year in range(1990, 2010):
        answering._answerer([], str(year))
    assert len(answering._scoped) == 8
