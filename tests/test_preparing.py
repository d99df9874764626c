"""What a question needs is done while it is typed, and never in front of who has asked."""

import threading
import time
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from qa.answering import Answerer
from qa.types import ModelStatus, Turn
from tests.browser import opened, served
from tests.fakes import Scripted, SharedWords
from web.conversations import Conversations
from web.database import open_database
from web.engine import Waiting
from web.page import create_app
from web.preparing import preparing_routes
from web.visitors import Visitors

COUP = "Who led a second coup and took the title of transitional president?"
HERE = {"X-Sahel-Brief": "1"}


def prepare(answerer, question, history=()):
    return list(answerer.prepare({"question": question, "history": list(history)}))


def read(chat):
    return [prompt[-1].content for prompt in chat.prompts]


def test_the_model_has_read_the_prompt_before_the_question_is_asked(library):
    chat = Scripted(answers=["x"] * 9)
    answerer = Answerer(library, lambda: chat, SharedWords())
    steps = prepare(answerer, COUP)
    *_, whole = read(chat)
    assert len(steps) == len(chat.prompts) > 1  # one may end it before each
    assert all(whole.startswith(part) for part in read(chat))
    chat.answers = ["Assimi Goita led a second coup."]
    answer = answerer.invoke({"question": COUP, "history": []})
    assert "Assimi Goita led a second coup" in answer.sentences[0].text
    assert read(chat)[-1] == whole
    assert chat.closed == len(steps) + 1


def test_of_half_a_question_only_the_evidence_is_read(library):
    chat = Scripted(answers=["x"] * 9)
    answerer = Answerer(library, lambda: chat, SharedWords())
    prepare(answerer, COUP.removesuffix(" president?"))
    assert "Question:" not in "".join(read(chat))
    half = read(chat)[-1]
    prepare(answerer, COUP)
    assert read(chat)[-1].startswith(half)


def test_follow_ups_are_filled_in(library):
    chat = Scripted(answers=["x"] * 9)
    answerer = Answerer(library, lambda: chat, SharedWords())
    prepare(answerer, "Where is he based?", [Turn("Who is Royce de Melo?")])
    assert "Royce de Melo" in chat.prompts[0][-1].content


def test_a_question_in_french_is_read_but_not_yet_translated(library):
    chat = Scripted(answers=["x", "Who led the second coup?"])
    answerer = Answerer(library, lambda: chat, SharedWords())
    french = "Qui a mené le second coup d’État ?"
    assert prepare(answerer, french) == [None]
    answer = next(a for a in answerer.stream({"question": french, "history": []}) if a.citations)
    assert answer.resolved == "Who led the second coup?"
    before, asked = chat.prompts[:2]
    assert before == asked and before[-1].content == french
    assert "Translate" in before[0].content


@pytest.mark.parametrize("question", ["Who is Macron?", "Summarise the report."])
def test_what_the_model_is_not_asked_for_is_not_prepared(library, question):
    chat = Scripted(answers=[])
    assert prepare(Answerer(library, lambda: chat, SharedWords()), question) == []
    assert chat.prompts == []


def client(prepares):
    app, waiting = FastAPI(), Waiting()
    found = SimpleNamespace(prepare=prepares)
    kept = Conversations(open_database(None))
    app.include_router(preparing_routes(kept, lambda: found, waiting))
    app.add_middleware(Visitors)

    def visiting():
        page = TestClient(app)
        page.get("/")  # gives the cookie
        return page

    return visiting, waiting


class Slow:
    """Prepares in two steps, and waits in the first until it may go on."""

    def __init__(self):
        self.begun, self.ended = [], []
        self.going, self.go_on = threading.Event(), threading.Event()

    def __call__(self, question):
        self.begun.append(question["question"])
        yield
        self.going.set()
        assert self.go_on.wait(10)
        yield
        self.ended.append(question["question"])


def typed(page, question):
    assert page.post("/prepare", json={"question": question}, headers=HERE).status_code == 204


def test_nothing_is_prepared_while_somebody_waits_or_another_is_typing():
    slow = Slow()
    visiting, waiting = client(slow)
    one, other = visiting(), visiting()
    place, _ = waiting.enter()
    typed(one, "One?")
    assert slow.begun == []
    waiting.leave(place)
    first = threading.Thread(target=typed, args=(one, "Two?"))
    first.start()
    assert slow.going.wait(10)
    typed(other, "Three?")
    slow.go_on.set()
    first.join()
    assert slow.begun == slow.ended == ["Two?"]
    typed(other, "Four?")
    assert slow.ended == ["Two?", "Four?"]


def test_who_asks_meanwhile_waits_for_one_step_only():
    slow = Slow()
    visiting, waiting = client(slow)
    first = threading.Thread(target=typed, args=(visiting(), "One?"))
    first.start()
    assert slow.going.wait(10)
    waiting.enter()
    slow.go_on.set()
    first.join()
    assert (slow.begun, slow.ended) == (["One?"], [])


def test_what_is_typed_last_is_prepared_after_the_step_in_hand():
    slow = Slow()
    visiting, _ = client(slow)
    page = visiting()
    first = threading.Thread(target=typed, args=(page, "Who led"))
    first.start()
    assert slow.going.wait(10)
    second = threading.Thread(target=typed, args=(page, "Who led it?"))
    second.start()
    time.sleep(0.2)
    assert slow.begun == ["Who led"]
    slow.go_on.set()
    first.join()
    second.join()
    assert (slow.begun, slow.ended) == (["Who led", "Who led it?"], ["Who led it?"])


def test_what_fails_is_no_error_of_the_page_and_other_pages_may_not_ask():
    def fails(question):
        raise RuntimeError("the model is down")
        yield

    visiting, _ = client(fails)
    page = visiting()
    typed(page, "One?")
    typed(page, "One?")  # nothing is left behind that would stop the next
    assert page.post("/prepare", json={"question": "One?"}).status_code == 403
    assert page.post("/prepare", json={"question": " "}, headers=HERE).status_code == 422


@pytest.mark.browser
def test_each_word_and_each_pause_prepares_and_is_not_seen(library, browser):
    prepared = []
    status = ModelStatus("ready", "Ready.")
    engine = SimpleNamespace(
        library=library,
        stream=Answerer(library, lambda: None, SharedWords()).stream,
        prepare=lambda question: iter(prepared.append(question["question"]) or ()),
        model_status=lambda: status,
    )
    with served(create_app(lambda: engine, examples=[])) as url:
        page, wrong = opened(browser, url)
        page.type("#ask textarea", "Who led")
        page.wait_for_timeout(400)
        assert prepared == []
        page.type("#ask textarea", " the second coup", delay=50)
        for _ in range(50):
            page.wait_for_timeout(100)
            if "Who led the second coup" in prepared:
                break
        # Without a pause between: the space behind a word tells that it is whole.
        assert {"Who led the", "Who led the second", "Who led the second coup"} <= {*prepared}
        assert page.locator(".card").count() == 0
        assert wrong == []
