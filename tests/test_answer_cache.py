"""The same question of the same documents is answered as before, and never with what is stale."""

import threading
from dataclasses import replace

import pytest

from index.reading import parse_document
from index.types import BriefError
from qa.answer_cache import AnswerCache, Key, normalised
from qa.answering import Answerer
from qa.engine import Engine
from qa.local_model import LocalModel
from qa.output import as_json
from qa.types import Answer, Turn
from tests.fakes import Scripted, SharedWords

COUP = "Who led a second coup and took the title of transitional president?"
GOITA = "Assimi Goita led a second coup."
KEITA = "Assimi Goita took the title of transitional president."


def asking(library, tmp_path, *answers, **kwargs):
    chat = Scripted(answers=list(answers), **kwargs)
    model = LocalModel("1.5b", tmp_path)
    return Engine(library, Answerer(library, lambda: chat, SharedWords()), model), chat


def last(engine, question=COUP, **how):
    *_, answer = engine.stream({"question": question, **how})
    return answer


def test_the_same_question_is_answered_as_before_without_the_model(library, tmp_path):
    engine, chat = asking(library, tmp_path, GOITA)
    first, second = last(engine), last(engine)
    assert (first.cached, second.cached, len(chat.prompts)) == (False, True, 1)
    assert replace(second, cached=False, timings=first.timings) == first
    assert as_json(second)["cached"] is True


def test_its_steps_come_again_evidence_first_with_the_times_of_now(library, tmp_path):
    engine, _ = asking(library, tmp_path, GOITA)
    first = last(engine)
    again = list(engine.stream({"question": COUP}))
    assert [a.state for a in again] == ["searching", "evidence", "done"]
    assert all(a.cached for a in again)
    assert again[1].citations == first.citations and again[1].sentences == ()
    timings = again[-1].timings
    assert timings.evidence_ms <= timings.first_word_ms <= timings.total_ms < 100
    assert timings.stages.search_ms is None and timings.speed is None


def test_a_declined_question_is_declined_again_with_the_closest_passages(library, tmp_path):
    engine, _ = asking(library, tmp_path)
    first = last(engine, "What did Emmanuel Macron say about the coup?")
    again = list(engine.stream({"question": "What did Emmanuel Macron say about the coup?"}))
    assert [a.state for a in again] == ["searching", "done"]
    assert again[-1].declined and again[-1].closest == first.closest
    assert again[-1].timings.first_word_ms is None


@pytest.mark.parametrize(
    "question", [f" {COUP} ", COUP.removesuffix("?"), COUP.replace("Who", "who", 1), f"{COUP} ?"]
)
def test_spaces_and_the_end_of_a_question_make_no_other(library, tmp_path, question):
    engine, _ = asking(library, tmp_path, GOITA)
    last(engine)
    again = last(engine, question)
    assert again.cached
    assert again.question == " ".join(question.split())


def test_capitals_make_another_question():
    assert normalised("What did the US say?", []) != normalised("What did the us say?", [])


def test_a_follow_up_is_the_question_that_it_stands_for(library, tmp_path):
    engine, chat = asking(library, tmp_path, "NOT STATED")
    last(engine, "Where is Royce de Melo based?")
    prompts = len(chat.prompts)
    again = last(engine, "Where is he based?", history=[Turn("Who is Royce de Melo?")])
    assert again.cached and len(chat.prompts) == prompts
    assert (again.question, again.resolved) == (
        "Where is he based?",
        "Where is Royce de Melo based?",
    )
    assert not last(engine, "Where is he based?", history=[Turn("Who is Assimi Goita?")]).cached


def test_asked_afresh_it_is_answered_anew_and_that_answer_is_kept(library, tmp_path):
    engine, _ = asking(library, tmp_path, GOITA, KEITA)
    last(engine)
    fresh = last(engine, fresh=True)
    assert (fresh.cached, fresh.text) == (False, KEITA)
    assert (last(engine).cached, last(engine).text) == (True, KEITA)


@pytest.mark.parametrize("change", ["edit", "add", "remove", "rebuild"])
def test_a_change_of_the_library_forgets_all_answers(library, tmp_path, change):
    well = parse_document("A well in Kati.", name="well.md")
    library.add(well, "/well.md")
    engine, _ = asking(library, tmp_path, GOITA, GOITA)
    assert not last(engine).cached and last(engine).cached
    report = next(d.id for d in library.documents() if d.id != well.id)
    if change == "edit":
        library.edit(report, title="Another title")
    elif change == "add":
        library.add(parse_document("A mill in Gao.", name="mill.md"), "/mill.md")
    elif change == "remove":
        library.remove(well.id)
    else:
        library.rebuild()
    after = last(engine)
    assert not after.cached
    assert after.citations[0].document == library.document(report)


def test_what_was_answered_while_the_library_changed_is_not_kept(library, tmp_path):
    engine, _ = asking(library, tmp_path, GOITA, GOITA)
    answers = engine.stream({"question": COUP})
    next(answers), next(answers)
    library.add(parse_document("A well in Kati.", name="well.md"), "/well.md")
    assert [a.state for a in answers][-1] == "done"
    assert not last(engine).cached


def test_other_documents_and_dates_are_other_questions(library, tmp_path, monkeypatch):
    library.add(parse_document("A well in Kati.", name="well.md", as_of="2024"), "/well.md")
    engine, _ = asking(library, tmp_path, GOITA)
    monkeypatch.setattr("qa.engine.CROSS_ENCODER", SharedWords())
    report = next(d.id for d in library.documents() if d.title != "Well")
    assert not last(engine).cached
    # Restricted answerers have the model that was given, which is not loaded here.
    asked = {"question": "What did Emmanuel Macron say?"}
    for how in ({}, {"documents": [report]}, {"since": "2024"}):
        assert not last(engine, **asked, **how).cached
        assert last(engine, **asked, **how).cached


def test_a_stopped_answer_is_not_kept(library, tmp_path):
    engine, chat = asking(library, tmp_path, GOITA, GOITA)
    answers = engine.stream({"question": COUP})
    next(a for a in answers if a.draft)
    answers.close()
    assert chat.closed == 1
    assert not last(engine).cached


def test_an_answer_without_the_model_is_not_kept(library, tmp_path):
    engine, _ = asking(library, tmp_path, RuntimeError("down"), GOITA)
    assert "did not answer" in last(engine).notice
    assert not last(engine).cached
    missing = replace(engine, answerer=Answerer(library, lambda: None, SharedWords()))
    for question in ("What is MINUSMA?", "Qui est le président de la France ?"):
        assert last(missing, question).provisional
        assert not last(missing, question).cached


def test_two_that_ask_at_once_are_both_answered(library, tmp_path):
    engine, _ = asking(library, tmp_path, GOITA, GOITA)
    both, found = threading.Barrier(2), []

    def ask():
        answers = engine.stream({"question": COUP})
        next(answers)  # both have looked it up
        both.wait(10)
        found.append([*answers][-1])

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [(a.text, a.cached) for a in found] == [(GOITA, False)] * 2
    assert last(engine).cached


def test_the_answer_used_least_lately_is_forgotten():
    cache, keys = AnswerCache(2), [Key(q, frozenset(), "", "1", "m") for q in "abc"]
    for key in keys[:2]:
        cache.keep(key, Answer(key.question, key.question, "done"))
    assert cache.find(keys[0], None)
    cache.keep(keys[2], Answer("c", "c", "done"))
    assert [cache.find(key, None) is not None for key in keys] == [True, False, True]


def test_an_answer_of_another_model_or_before_its_end_is_none():
    cache, key = AnswerCache(), Key("a", frozenset(), "", "1", "1.5b")
    cache.keep(key, Answer("a", "a", "answering"))
    assert cache.find(key, None) is None
    cache.keep(key, Answer("a", "a", "done"))
    assert cache.find(replace(key, model="0.5b"), None) is None


def test_a_document_that_is_gone_is_looked_for_anew(library, tmp_path):
    engine, _ = asking(library, tmp_path, GOITA)
    key = Key("a", frozenset(), "", "1", "m")
    cache = AnswerCache()
    cache.keep(key, last(engine))
    library.remove(library.documents()[0].id)
    assert cache.find(key, library) is None


def test_a_bad_question_is_refused_as_ever(library, tmp_path):
    engine, _ = asking(library, tmp_path)
    with pytest.raises(BriefError, match="no question"):
        last(engine, " ?")


def test_files_of_questions_are_never_answered_from_it(library, tmp_path):
    from qa.batch import answer_line

    engine, chat = asking(library, tmp_path, GOITA, GOITA)
    results = [answer_line(engine, {"question": COUP}) for _ in range(2)]
    assert [r["cached"] for r in results] == [False, False]
    assert len(chat.prompts) == 2


def test_a_document_that_is_removed_under_a_question_costs_no_answer(
    library, tmp_path, monkeypatch
):
    text = "# Note\n\nColonel Bah led the second coup in Mali."
    note = parse_document(text, name="note.md")
    library.add(note, "/note.md")
    search = library.search

    def then_removed(*asked):
        found = search(*asked)
        if note.id in [d.id for d in library.documents()]:
            assert note.id in [hit.passage.document_id for hit in found]
            library.remove(note.id)
        return found

    monkeypatch.setattr(library, "search", then_removed)
    engine, _ = asking(library, tmp_path, GOITA)
    answer = last(engine, "Who led the second coup in Mali?")
    assert "Goita" in answer.text and "Bah" not in answer.text


def test_what_cannot_be_answered_at_all_is_not_tried_again(library, tmp_path, monkeypatch):
    tried = []

    def missing(*asked):
        tried.append(asked)
        raise BriefError("There is no document x.")

    monkeypatch.setattr(library, "search", missing)
    with pytest.raises(BriefError, match="no document"):
        last(asking(library, tmp_path, GOITA)[0])
    assert len(tried) == 1
