"""Conversations as they are kept: by whom, for how long, and what others see of them: nothing."""

import json
import timeit
import uuid
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from index.types import BriefError
from qa.answering import Answerer
from qa.evaluation import judge
from qa.types import Answer, ModelStatus
from tests.fakes import Scripted, SharedWords
from web.conversation import Conversation, Memory, converse, resumed
from web.conversation_rows import new_conversation, put_turn
from web.conversations import Conversations
from web.database import open_database
from web.feedback import evaluation_line
from web.page import create_app
from web.records import new_record, told
from web.suggestions import follow_ups
from web.visitors import COOKIE, known_visitor
from web.wiring import Wanted, read_wanted

HERE = {"X-Sahel-Brief": "1"}
COUP = "Who led a second coup?"


def engine_of(library, chat=None):
    return SimpleNamespace(
        library=library,
        stream=Answerer(library, lambda: chat, SharedWords()).stream,
        model_status=lambda: ModelStatus("ready", "Ready."),
    )


@pytest.fixture
def kept(where):
    return Conversations(open_database(where))


def asked(library, kept, question=COUP, who="ann", before=None):
    """Ask as the page does and return the conversation after."""
    memory = Memory(kept, who)
    *_, last = converse(
        lambda: engine_of(library), question, [], before or Conversation(), "", memory
    )
    return last.conversation


def test_a_conversation_is_there_after_a_restart_with_its_evidence(library, where):
    before = asked(library, Conversations(open_database(where)))
    again = Conversations(open_database(where))
    (listed,) = again.all("ann")
    assert (listed["id"], listed["title"]) == (before.id, COUP)
    (record,) = again.records("ann", before.id)
    assert "Goita" in record["answer"]
    cited = record["citations"][0]
    text = library.document(cited["document_id"]).text
    assert text[cited["start"] : cited["end"]] == cited["quote"]
    chat, now = resumed(before.id, [record])
    assert [m["role"] for m in chat] == ["user", "assistant"]
    assert f"#cite-{cited['document_id']}-{cited['start']}" in chat[1]["content"]
    assert now.turns == before.turns


def test_a_question_that_was_never_answered_is_kept_and_shown_as_stopped(library, kept):
    engine = engine_of(library, Scripted(answers=["Goita led a second coup."]))
    steps = converse(lambda: engine, COUP, [], Conversation(), "", Memory(kept, "ann"))
    next(s for s in steps if 'class="card answering' in s.chat[-1]["content"])  # then it is killed
    (listed,) = kept.all("ann")
    chat, _ = resumed(listed["id"], kept.records("ann", listed["id"]))
    assert "Stopped." in chat[1]["content"]


def test_an_answer_is_kept_whole_before_it_is_shown_whole(library, kept):
    memory = Memory(kept, "ann")
    steps = converse(lambda: engine_of(library), COUP, [], Conversation(), "", memory)
    step = next(s for s in steps if 'class="card done' in s.chat[-1]["content"])
    (record,) = kept.records("ann", step.conversation.id)  # what is left after a kill here
    assert record["state"] == "done" and record["answer"]


def test_another_visitor_finds_nothing_and_changes_nothing(library, kept):
    conversation = asked(library, kept)
    (record,) = kept.records("ann", conversation.id)
    assert kept.all("bob") == []
    for act in (
        lambda: kept.records("bob", conversation.id),
        lambda: kept.find("bob", record["id"]),
        lambda: kept.rename("bob", conversation.id, "Mine"),
        lambda: kept.remove("bob", conversation.id),
        lambda: kept.cut("bob", record["id"]),
        lambda: kept.judge("bob", record["id"], "up", ""),
        lambda: kept.share("bob", conversation.id, shared=True),
        lambda: kept.put("bob", conversation.id, record),
    ):
        with pytest.raises(BriefError, match="no such conversation"):
            act()
    assert kept.records("ann", conversation.id)[0]["answer"] == record["answer"]


def test_conversations_are_found_by_words_of_question_and_answer(library, kept):
    asked(library, kept)
    asked(library, kept, "What is MINUSMA?")
    assert [c["title"] for c in kept.all("ann", "goita COUP")] == [COUP]
    assert kept.all("ann", "goita nothing") == []
    assert len(kept.all("ann")) == 2


def kept_record(question, answer=""):
    return {"id": uuid.uuid4().hex, "question": question, "answer": answer, "state": "done"}


def test_conversations_are_found_whatever_the_accents_the_signs_and_the_title(kept):
    kept.put("ann", "one", kept_record("Who is Goïta?", "100 % of Ménaka_north, he said."))
    kept.put("ann", "one", kept_record("And Déby?"))
    kept.put("bob", "two", kept_record("Who is Goïta?"))
    for words in ("goita", "GOÏTA", "déby goïta", "menaka", "100 %", "Ménaka_n", "naka"):
        assert [c["id"] for c in kept.all("ann", words)] == ["one"], words
    for words in ("g_ita", "%%", "goita macron", "\\"):
        assert kept.all("ann", words) == [], words
    kept.rename("ann", "one", "Élections")
    assert [c["id"] for c in kept.all("ann", "elections goita")] == ["one"]


def test_what_is_cut_or_deleted_is_found_no_more(kept):
    first, second = kept_record("Who is Goita?"), kept_record("Who is Lewis?")
    kept.put("ann", "one", first)
    kept.put("ann", "one", second)
    kept.cut("ann", second["id"])
    assert kept.all("ann", "lewis") == []
    assert len(kept.all("ann", "goita")) == 1
    kept.remove("ann", "one")
    assert kept.all("ann", "goita") == []


def test_five_thousand_answers_are_searched_quickly(tmp_path):
    kept = Conversations(open_database(tmp_path / "kept.sqlite3"))
    long = "Peacekeepers left the north, and the violence grew there. " * 8
    evidence = [{"quote": long * 20}]  # some 10 kB, as with real ones
    with kept._sessions.begin() as session:
        for n in range(500):
            new_conversation(session, f"c{n}", "ann", f"Question {n}", f"2026-01-01T00:{n:03}")
            for turn in range(10):
                record = kept_record(f"Who is number {n} in {turn}?", long)
                put_turn(session, f"c{n}", turn, {**record, "evidence": evidence})
    for words, found in (("number 477 violence", 1), ("nobody says", 0), ("violence north", 500)):
        took_s = min(timeit.repeat(lambda w=words: kept.all("ann", w), number=1, repeat=3))
        assert len(kept.all("ann", words)) == found
        assert took_s < 0.2, words  # 0.03 on two quiet cores


def test_asking_again_replaces_a_turn_and_what_came_after(library, kept):
    first = asked(library, kept)
    asked(library, kept, "What is MINUSMA?", before=first)
    records = kept.records("ann", first.id)
    assert len(records) == 2
    kept.cut("ann", records[0]["id"])
    assert kept.records("ann", first.id) == []


def test_a_shared_conversation_is_copied_until_it_is_shared_no_more(library, kept):
    conversation = asked(library, kept)
    secret = kept.share("ann", conversation.id, shared=True)
    assert kept.share("ann", conversation.id, shared=True) == secret
    copy = kept.take_shared("bob", secret)
    (own,) = kept.records("bob", copy)
    (record,) = kept.records("ann", conversation.id)
    assert own["answer"] == record["answer"]
    assert own["id"] != record["id"]
    assert kept.take_shared("ann", secret) == conversation.id
    kept.share("ann", conversation.id, shared=False)
    for gone in (secret, ""):
        with pytest.raises(BriefError, match="not shared any more"):
            kept.take_shared("eve", gone)
    assert kept.records("bob", copy)


def test_an_answer_is_not_lost_because_it_cannot_be_kept(library, kept, monkeypatch, caplog):
    def full(*args: object) -> None:
        raise BriefError("No room.")

    monkeypatch.setattr(kept, "put", full)
    *_, last = converse(
        lambda: engine_of(library), COUP, [], Conversation(), "", Memory(kept, "ann")
    )
    assert "Goita" in last.chat[-1]["content"]
    assert "could not be kept" in caplog.text


def test_thumbs_become_lines_that_evaluate_understands(library, kept):
    conversation = asked(library, kept)
    (record,) = kept.records("ann", conversation.id)
    kept.judge("ann", record["id"], "up", "")
    (judged,) = kept.judged("ann")
    line = json.loads(json.dumps(evaluation_line(judged)))
    assert line["expected"] == "answer"
    result = {"answer": record["answer"], "declined": False, "citations": record["citations"]}
    assert judge(line, result)["cited"] is True
    kept.judge("ann", record["id"], "down", "A figure is wrong")
    (judged,) = kept.judged("ann")
    line = evaluation_line(judged)
    assert (line["expected"], line["reason"]) == ("reviewed", "A figure is wrong")
    assert judge(line, result)["right"] is None
    kept.judge("ann", record["id"], "", "")
    assert kept.judged("ann") == []


@pytest.fixture
def client(library, tmp_path):
    app = create_app(
        lambda: engine_of(library), examples=[], database=tmp_path / "conversations.sqlite3"
    )
    with TestClient(app) as client:
        client.get("/")  # gives the cookie
        yield client


def test_each_browser_gets_a_name_of_its_own_that_scripts_cannot_read(client):
    name = client.cookies[COOKIE]
    assert known_visitor({COOKIE: name}) == name
    assert "set-cookie" not in client.get("/").headers
    client.cookies.clear()
    given = client.get("/").headers["set-cookie"]
    assert name not in given
    assert "HttpOnly" in given
    assert "SameSite=lax" in given


@pytest.mark.parametrize("name", ["", "x", "a" * 31, "a" * 33, "../" + "a" * 29, "é" * 32 + " "])
def test_a_made_up_name_is_none(name):
    assert known_visitor({COOKIE: name}) == ""


def test_the_routes_serve_the_visitor_alone(client, library, tmp_path):
    kept = Conversations(open_database(tmp_path / "conversations.sqlite3"))
    who = client.cookies[COOKIE]
    conversation = asked(library, kept, who=who)
    assert [c["id"] for c in client.get("/conversations").json()] == [conversation.id]
    (record,) = client.get(f"/conversations/{conversation.id}").json()
    assert client.get(f"/answers/{record['id']}").json()["answer"] == record["answer"]
    path = f"/conversations/{conversation.id}"
    assert client.patch(path, json={"title": "Mine"}).status_code == 403
    assert client.patch(path, json={"title": " "}, headers=HERE).status_code == 422
    assert client.patch(path, json={"title": "Mine"}, headers=HERE).status_code == 200
    thumb = f"/answers/{record['id']}/thumb"
    assert client.put(thumb, json={"thumb": "up"}, headers=HERE).status_code == 200
    assert json.loads(client.get("/feedback.jsonl").text)["id"] == record["id"]
    shared = client.put(f"{path}/shared", json={"shared": True}, headers=HERE).json()["shared"]
    note = client.get(f"{path}/export?format=md")
    assert "attachment" in note.headers["content-disposition"]
    assert "second coup" in note.text
    client.cookies.clear()
    assert client.get("/conversations").status_code == 403
    client.get("/")
    assert client.get(f"{path}/export?format=md").status_code == 422
    assert client.get("/conversations").json() == []
    assert client.get(path).status_code == 422
    assert client.get(f"/answers/{record['id']}").status_code == 422
    taken = client.get(f"/shared/{shared}", follow_redirects=False)
    assert (taken.status_code, taken.headers["location"][:4]) == (303, "/?c=")
    assert [c["title"] for c in client.get("/conversations").json()] == ["Mine"]


def test_the_page_comes_whole_with_an_outline_that_is_painted_first(client):
    page = client.get("/")
    assert len(page.content) == int(page.headers["content-length"])
    assert page.text.count('<div id="shell">') == 1
    assert page.text.index('<div id="shell">') < page.text.index("<gradio-app")
    assert "shell" not in client.get("/config").text
    assert client.head("/").status_code in (200, 405)


PAGE = {"Accept": "text/html,*/*;q=0.8"}


def test_a_shared_link_is_what_somebody_may_open_first(client, library, tmp_path):
    kept = Conversations(open_database(tmp_path / "conversations.sqlite3"))
    conversation = asked(library, kept)
    secret = kept.share("ann", conversation.id, shared=True)
    client.cookies.clear()
    opened = client.get(f"/shared/{secret}", headers=PAGE)
    assert (opened.status_code, opened.url.path) == (200, "/")
    assert [c["title"] for c in client.get("/conversations").json()] == [COUP]


def test_a_link_that_leads_nowhere_is_a_page_in_words(client):
    gone = client.get("/shared/gone", headers={**PAGE, "Accept-Language": "fr-FR,fr;q=0.9"})
    assert gone.status_code == 422
    assert "text/html" in gone.headers["content-type"]
    assert '<html lang="fr">' in gone.text
    assert "This conversation is not shared any more. Ask for another link to it." in gone.text
    assert "Cette conversation n’est plus partagée." in gone.text
    assert '<html lang="en">' in client.get("/shared/gone", headers=PAGE).text
    assert client.get("/shared/gone").json()["detail"].startswith("This conversation is not")


def test_who_keeps_no_cookies_is_told_in_words(client):
    client.cookies.clear()
    refused = client.get("/shared/gone?again=true", headers=PAGE)
    assert refused.status_code == 403
    assert "Allow cookies for this page" in refused.text


def test_what_is_offered_next_is_new_and_answered(library):
    engine = engine_of(library)
    record = new_record(COUP, "c")
    for answer in engine.stream({"question": COUP, "history": []}):
        record = told(record, answer, library, "")
    offered = follow_ups(engine, record)
    assert 0 < len(offered) <= 3
    for question in offered:
        *_, last = engine.stream({"question": question, "history": []})
        assert not last.declined
        assert last.text != record["answer"]


def test_what_was_asked_before_is_not_offered_again(library):
    engine = engine_of(library)
    record = new_record(COUP, "c")
    for answer in engine.stream({"question": COUP, "history": []}):
        record = told(record, answer, library, "")
    first, *_ = follow_ups(engine, record)
    assert first not in follow_ups(engine, record, [first.upper()])


def test_what_is_offered_is_answered_by_the_sentence_that_it_was_made_of(library):
    engine = engine_of(library)
    record = {**new_record(COUP, "c"), "answer": "Goita led a second coup."}
    found = next(a for a in engine.stream({"question": COUP, "history": []}) if a.citations)
    engine.stream = lambda question: iter([found])  # all is answered with what the coup is
    assert follow_ups(engine, record) == ["Who is Assimi Goita?"]


def test_nothing_is_offered_that_the_library_declines(library):
    engine = engine_of(library)
    engine.stream = lambda question: iter([Answer("q", "q", "done", declined=True)])
    assert follow_ups(engine, new_record(COUP, "c")) == []


@pytest.mark.parametrize("raw", [None, "", "[]", "{", '"x"', "[" * 100_000])
def test_what_a_script_wants_is_untrusted(raw):
    assert read_wanted(raw) == Wanted()
    assert read_wanted('{"conversation": "%s"}' % ("x" * 100)).conversation == "x" * 64
