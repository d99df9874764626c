import threading
import time
from itertools import islice

import pytest

import qa.answering as answering_module
from index.memory import MemoryLibrary
from index.reading import parse_document
from index.types import BriefError
from qa.answering import Answerer
from qa.candidates import _read
from qa.declining import beyond
from qa.drafting import _lower_first
from qa.engine import Engine
from qa.local_model import LocalModel
from qa.output import as_json, as_text, found_json
from qa.sentence_vectors import SentenceVectors
from qa.types import Turn
from tests.fakes import BagOfWords, Scripted, SharedWords
from web.cards import card
from web.records import new_record, told

COUP = "Who led a second coup and took the title of transitional president?"


def answerer(library, *answers, **kwargs):
    chat = Scripted(answers=list(answers), **kwargs)
    vectors = SentenceVectors(BagOfWords().embed)
    return Answerer(library, lambda: chat, SharedWords(), vectors), chat


def test_evidence_is_there_before_the_model_has_said_a_word(library):
    answering, chat = answerer(library, "Assimi Goita led a second coup.")
    steps = answering.stream({"question": COUP})
    assert next(steps).state == "searching"
    shown = next(steps)
    assert shown.state == "evidence"
    assert "Goita then led a second coup" in shown.citations[0].evidence.text
    assert chat.prompts == []


def test_who_waits_for_others_sees_the_closest_passages_meanwhile(library):
    answering, _ = answerer(library, "Assimi Goita led a second coup.")
    turns, steps = answering_module._SELECTING, answering.stream({"question": COUP})
    with turns.turn(), turns.turn():  # all that there are
        other = threading.Thread(target=_take, args=(turns,))
        other.start()
        while not turns.busy:
            time.sleep(0.001)
        next(steps)
        waiting = next(steps)
    assert waiting.state == "searching" and not waiting.citations
    assert "Goita then led a second coup" in waiting.closest[0].passage.text
    shown = card(told(new_record(COUP, "c"), waiting, library, ""))
    assert "Searching the report" in shown and "The closest passages:" in shown
    evidence = next(steps)
    assert evidence.state == "evidence" and not evidence.closest
    other.join(10)


def _take(turns):
    with turns.turn():
        pass


def test_a_supported_sentence_cites_the_exact_words_of_the_document(library):
    answering, _ = answerer(library, "Assimi Goita led a second coup.")
    answer = answering.invoke({"question": COUP})
    (sentence,) = answer.sentences
    assert (sentence.text, sentence.status) == ("Assimi Goita led a second coup.", "supported")
    citation = answer.citations[sentence.citations[0] - 1]
    assert citation.document.text[citation.evidence.start : citation.evidence.end] == (
        "Army Colonel Assimi Goita then led a second coup and took the title of transitional "
        "president in June 2021, in the face of wide international condemnation."
    )


def test_the_draft_grows_and_is_gone_in_the_end(library):
    answering, _ = answerer(library, "Assimi Goita led a second coup.")
    steps = list(answering.stream({"question": COUP}))
    drafts = [s.draft for s in steps if s.state == "answering"]
    assert drafts[:2] == ["Assimi", "Assimi Goita"]
    assert steps[-1].draft == ""


def test_an_invented_figure_is_never_on_the_screen(library):
    answering, _ = answerer(library, "In 2019 Assimi Goita led a second coup.")
    steps = list(answering.stream({"question": COUP}))
    assert not any("2019 " in s.draft for s in steps)
    assert "2019" not in steps[-1].text
    assert steps[-1].sentences[0].status == "quoted"
    assert steps[-1].sentences[-1].status == "removed"


def test_an_invented_name_is_replaced_by_the_quotation(library):
    answering, _ = answerer(library, "It was led by Emmanuel Macron in Mali.")
    answer = answering.invoke({"question": COUP})
    assert answer.sentences[0].status == "quoted"
    assert "Macron" not in answer.text


def test_one_bad_sentence_of_two_is_removed(library):
    answering, _ = answerer(
        library, "Assimi Goita led a second coup. He was born in Paris on a Tuesday."
    )
    answer = answering.invoke({"question": COUP})
    assert [s.status for s in answer.sentences] == ["supported", "removed"]
    assert answer.text == "Assimi Goita led a second coup."


def test_not_stated_declines_with_the_closest_passages(library):
    answering, _ = answerer(library, "NOT STATED")
    answer = answering.invoke({"question": COUP})
    assert answer.declined
    assert answer.text.startswith("The report does not say")
    assert answer.citations == ()
    assert len(answer.closest) == 3


def test_a_name_the_report_never_mentions_is_declined_without_the_model(library):
    answering, chat = answerer(library)
    answer = answering.invoke({"question": "What did Emmanuel Macron say about the coup?"})
    assert answer.declined
    assert answer.reason == "The report does not say: it never mentions Emmanuel Macron."
    assert chat.prompts == []


def test_a_misspelt_name_is_resolved_and_shown(library):
    answering, _ = answerer(library, "Assimi Goita led a second coup.")
    answer = answering.invoke({"question": "Did Goyta lead a second coup and take the title?"})
    assert answer.resolved == "Did Goita lead a second coup and take the title?"
    assert not answer.declined


def test_nothing_close_is_declined_without_the_model(library):
    answering, chat = answerer(library)
    assert answering.invoke({"question": "How do I bake a chocolate cake?"}).declined
    assert chat.prompts == []


def test_without_a_model_the_answer_is_the_quoted_evidence_and_says_so(library):
    answer = Answerer(library, lambda: None, SharedWords()).invoke({"question": COUP})
    assert answer.sentences[0].status == "quoted"
    assert "Goita then led a second coup" in answer.text
    assert "not ready" in answer.notice


@pytest.mark.parametrize(("fails_after", "said"), [(0, "did not answer"), (2, "broke off")])
def test_a_failing_model_is_replaced_by_the_quoted_evidence(library, fails_after, said):
    answering, _ = answerer(library, RuntimeError("down"), fails_after=fails_after)
    answer = answering.invoke({"question": COUP})
    assert (answer.sentences[0].status, answer.draft) == ("quoted", "")
    assert said in answer.notice and answer.provisional


HALF_SURE = "Which title was taken in Mali?"  # enough to ask the model, not to show it


def test_what_a_model_begins_half_sure_is_shown_only_once_it_has_said_all_and_was_sure(library):
    said = "Goita took the title of transitional president in June 2021."
    answering, _ = answerer(library, said, not_stated=0.5)
    steps = list(answering.stream({"question": HALF_SURE}))
    assert {s.draft for s in steps} == {""}
    assert not any(s.sentences for s in steps[:-1])
    assert steps[-1].text == said


def test_a_word_that_the_model_was_not_sure_of_declines_what_it_began_half_sure(library):
    said = "Goita took the title of transitional president in June 2021."
    answering, chat = answerer(library, said, not_stated=0.5, log_probability=-4.0)
    steps = list(answering.stream({"question": HALF_SURE}))
    assert {s.draft for s in steps} == {""}
    assert steps[-1].declined
    assert chat.words_said == 1  # nothing that it could still say would make up for that one


@pytest.mark.parametrize(("likely", "words"), [(0.9, 1), (0.4, 2)])
def test_not_stated_is_known_by_its_first_word_where_that_is_likely(library, likely, words):
    answering, chat = answerer(library, "NOT STATED at all", not_stated=likely)
    assert answering.invoke({"question": HALF_SURE}).declined
    assert (chat.words_said, chat.closed) == (words, 1)


def test_a_question_said_back_is_no_sign_of_an_answer():
    question, evidence = "Who led the army of Tarn?", "The army of Tarn has six ships."
    assert beyond(question, "The army of Tarn was led.", evidence) == 0
    assert beyond(question, "The army of Tarn has six ships.", evidence) == 1


def test_closing_the_stream_while_a_draft_is_held_back_stops_the_model(library):
    answering, chat = answerer(library, "Goita took the title of president.", not_stated=0.5)
    steps = answering.stream({"question": HALF_SURE})
    assert len(list(islice(steps, 4))) == 4
    steps.close()
    assert chat.closed == 1


def test_closing_the_stream_stops_the_model(library):
    answering, chat = answerer(library, "Assimi Goita led a second coup and much more besides.")
    steps = answering.stream({"question": COUP})
    next(a for a in steps if a.draft)
    steps.close()
    assert chat.closed == 1


def test_a_follow_up_is_resolved_before_the_search(library):
    answering, _ = answerer(library, "Royce de Melo is a Canada-based consultant.")
    answer = answering.invoke(
        {"question": "Where is he based?", "history": [Turn("Who is Royce de Melo?")]}
    )
    assert answer.resolved == "Where is Royce de Melo based?"


def test_what_somebody_says_keeps_its_speaker(library):
    answering, _ = answerer(library, "Borders mean nothing to the terrorists in Niger.")
    answer = answering.invoke({"question": "What do borders mean to the terrorists in Niger?"})
    assert answer.text.startswith("According to Royce de Melo, ")


@pytest.mark.parametrize(
    ("question", "says"),
    [("", "no question"), ("  ?! ", "no question"), ("why " * 5000, "20,0|19,999")],
)
def test_a_question_that_cannot_be_asked_is_an_error(library, question, says):
    with pytest.raises(BriefError, match=says):
        Answerer(library, lambda: None, SharedWords()).invoke({"question": question})


def test_the_json_has_the_names_that_are_promised(library):
    answering, _ = answerer(library, "Assimi Goita led a second coup.")
    result = as_json(answering.invoke({"question": COUP}))
    assert {
        "question", "answer", "declined", "reason", "answerability", "sentences", "citations",
        "timings", "cached",
    } <= result.keys()  # fmt: skip
    assert result["sentences"] == [
        {"text": "Assimi Goita led a second coup.", "status": "supported", "citations": [1]}
    ]
    (citation,) = result["citations"]
    assert {"n", "quote", "document", "place", "start", "end"} <= citation.keys()
    assert citation["place"] == "3. Coups and the transitional government, paragraphs 1–2"
    assert result["timings"].keys() == {"evidence_ms", "first_word_ms", "total_ms"}
    assert 0 <= result["answerability"] <= 1


def test_the_text_has_footnotes(library):
    answering, _ = answerer(library, "Assimi Goita led a second coup.")
    text = as_text(answering.invoke({"question": COUP}))
    assert text.startswith("Assimi Goita led a second coup. [1]\n\n[1] “Army Colonel")
    assert text.endswith("as of September 2023")


@pytest.mark.parametrize(
    "question", ["Summarise the report.", "Compare what JNIM and ISIS-GS do.", "List the risks."]
)
def test_a_broad_question_is_answered_with_quotations_in_reading_order(library, question):
    answering, chat = answerer(library)
    answer = answering.invoke({"question": question})
    assert 2 <= len(answer.sentences) <= 6
    assert {s.status for s in answer.sentences} == {"quoted"}
    starts = [c.evidence.start for c in answer.citations]
    assert starts == sorted(starts)
    assert chat.prompts == []


def test_a_broad_question_about_what_is_not_there_is_not_answered_from_what_is(library):
    answering, _ = answerer(library, "NOT STATED")
    assert answering.invoke({"question": "What are the main causes of inflation?"}).declined


def test_a_question_in_french_is_translated_and_that_is_shown(library):
    answering, chat = answerer(library, "Who led the second coup?", "Goita led a second coup.")
    answer = answering.invoke({"question": "Qui a mené le deuxième coup d'État ?"})
    assert answer.resolved == "Who led the second coup?"
    assert len(chat.prompts) == 2
    assert answer.sentences[0].text == "Goita led a second coup."


def test_names_that_differ_in_english_are_not_left_to_the_model(library):
    answering, chat = answerer(library, "Why did it leave?", "NOT STATED")
    question = (
        "Pourquoi la junte, Pam et l'ONU ont quitté la Cedeao, le GSIM et les Casques bleus ?"
    )
    answering.invoke({"question": question})
    asked = "Pourquoi la junta, Pam et l'UN ont quitté la ECOWAS, le JNIM et les peacekeepers ?"
    assert chat.prompts[0][-1].content == asked


def test_a_question_in_french_is_declined_in_words_without_a_model(library):
    answer = Answerer(library, lambda: None, SharedWords()).invoke(
        {"question": "Qui est le président de la France ?"}
    )
    assert answer.declined
    assert "Ask in English" in answer.reason


def test_a_declined_question_says_what_one_could_ask_and_that_is_answered(library):
    answerer = Answerer(library, lambda: None, SharedWords())
    declined = answerer.invoke({"question": "What did Macron say about Goita?"})
    assert declined.declined
    assert declined.instead
    for question in declined.instead:
        assert not answerer.invoke({"question": question}).declined, question


def test_what_somebody_else_says_is_no_answer(library):
    answerer = Answerer(library, lambda: None, SharedWords())
    answer = answerer.invoke({"question": "What does Goita say about the mission?"})
    assert answer.declined
    assert "Goita" in answer.reason


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Why has ISIS in the Greater Sahara lost half the area it holds in Mali?", "doubled"),
        ("How did Keita lead a second coup and take the title?", "Goita then led a second coup"),
    ],
)
def test_what_a_question_wrongly_assumes_is_corrected_with_the_evidence(library, question, said):
    answering, _ = answerer(library, "NOT STATED")
    answer = answering.invoke({"question": question})
    assert answer.declined
    assert answer.text.startswith("The report does not say that. It says: “")
    assert said in answer.text
    assert said in answer.closest[0].passage.text


def test_evidence_about_something_else_corrects_nothing(library):
    answering, _ = answerer(library, "NOT STATED")
    answer = answering.invoke({"question": "Why is violence falling in Senegal and Mali?"})
    assert "It says" not in answer.text


def test_a_question_that_denies_something_needs_evidence_that_does(library):
    answering, _ = answerer(library, *["Six bases."] * 2)
    asked = answering.invoke({"question": "Which bases do peacekeepers abandon?"})
    denied = answering.invoke({"question": "Which bases do peacekeepers not abandon?"})
    assert denied.answerability < asked.answerability


def test_what_is_quoted_for_a_removed_sentence_is_what_shares_most_of_its_words(library):
    said = "Goita took the title in the face of French anger in 2019."
    answering, _ = answerer(library, said)
    answer = answering.invoke({"question": "Who took the title, who killed peacekeepers?"})
    assert answer.sentences[0].status == "quoted"
    assert "took the title of transitional president" in answer.sentences[0].text


def test_what_was_read_ahead_is_not_cut_into_sentences_by_a_question(library):
    answering, _ = answerer(library, "Assimi Goita led a second coup.")
    assert list(answering.read_ahead())
    already = _read.cache_info()
    answering.invoke({"question": COUP})
    assert _read.cache_info().misses == already.misses
    assert _read.cache_info().hits > already.hits


def test_a_question_meets_no_sentence_whose_vector_was_not_read_ahead(library):
    embedder = BagOfWords()
    vectors = SentenceVectors(embedder.embed)
    answering = Answerer(library, lambda: None, SharedWords(), vectors)
    assert list(answering.read_ahead())
    embedder.embedded.clear()
    answer = answering.invoke({"question": COUP})
    assert answer.citations
    assert embedder.embedded == [COUP]


def test_nothing_is_read_ahead_while_somebody_is_being_answered(library):
    answering, _ = answerer(library, "Assimi Goita led a second coup.")
    steps, taken = answering.stream({"question": COUP}), []
    next(steps)
    reading = threading.Thread(target=lambda: taken.extend(answering.read_ahead()))
    reading.start()
    reading.join(0.1)
    assert not taken
    steps.close()
    reading.join(5)
    assert taken


def test_a_document_that_is_removed_meanwhile_ends_reading_ahead(library):
    library.add(parse_document("The ferry sails to Orrin.", name="ferry", title="Ferry"), "/ferry")
    answering, _ = answerer(library)
    steps = answering.read_ahead()
    _, second = library.documents()
    next(steps)
    library.remove(second.id)
    assert list(steps) == []


def test_how_many_is_not_answered_without_a_number(library):
    said = "Assimi Goita led a second coup in June 2021."
    answering, _ = answerer(library, said)
    answer = answering.invoke({"question": "How many soldiers did Goita lead in the second coup?"})
    assert answer.declined
    assert answer.decline == "not-stated"


def test_what_was_removed_since_it_was_found_is_not_among_what_a_search_gives():
    texts = [f"The well of {name} was dug in 1998." for name in ("Gao", "Kidal", "Timbuktu")]
    library = MemoryLibrary([parse_document(t, name="well") for t in texts], BagOfWords().embed)
    gone = library.documents()[0].id
    search = library.search

    def search_and_remove(query, k):
        hits = search(query, k)
        library._documents.pop(gone, None)
        return hits

    library.search = search_and_remove
    found = {p["document_id"] for p in found_json(library, "When was the well dug?", 9)["passages"]}
    assert found == {d.id for d in library.documents()} and len(found) == 2


@pytest.mark.parametrize(
    ("said", "after"),
    [("He sees it.", "he sees it."), ("A man left.", "a man left."), ("Mali left.", "Mali left."),
     ("US forces left.", "US forces left."), ("I left.", "I left."),
     ("May 2020 saw it.", "May 2020 saw it."), ("In 2020 it left.", "in 2020 it left.")],
)  # fmt: skip
def test_after_its_speaker_a_sentence_goes_on_in_small_letters_but_for_names(said, after):
    assert _lower_first(said) == after


def test_passages_can_be_read_while_a_question_in_french_is_translated(library):
    answering, _ = answerer(library, COUP, "Assimi Goita led a second coup.")
    steps = answering.stream({"question": "Qui a mené le second coup d'État au Mali ?"})
    first = next(steps)
    assert first.state == "searching"
    assert any("second coup" in hit.passage.text for hit in first.closest)
    *_, last = steps
    assert "Goita" in last.text and last.resolved == COUP


def test_what_is_added_later_is_read_ahead_as_well(library, tmp_path, monkeypatch):
    monkeypatch.setattr("qa.engine._LOOK_EVERY_S", 0.01)
    embedder, ending = BagOfWords(), threading.Event()
    answering = Answerer(library, lambda: None, SharedWords(), SentenceVectors(embedder.embed))
    engine = Engine(library, answering, LocalModel("1.5b", tmp_path))
    ahead = threading.Thread(target=engine.read_ahead, args=(ending,))
    ahead.start()
    library.add(parse_document("The ferry sails to Orrin.", name="ferry", title="Ferry"), "/ferry")
    late = time.monotonic() + 20
    while "The ferry sails to Orrin." not in embedder.embedded and time.monotonic() < late:
        time.sleep(0.01)
    ending.set()
    ahead.join(5)
    assert not ahead.is_alive()
    assert embedder.embedded.count("The ferry sails to Orrin.") == 1
