"""What a question needs is done while it is typed, and never in front of who has asked."""

import threading
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


def test_the_model_has_read_the_prompt_before_the_question_is_asked(library):
    chat = Scripted(answers=["Assimi", "Assimi Goita led a second coup."])
    answerer = Answerer(library, lambda: chat, SharedWords())
    answerer.prepare({"question": COUP, "history": []})
    answer = answerer.invoke({"question": COUP, "history": []})
    assert "Assimi Goita led a second coup" in answer.sentences[0].text
    assert chat.prompts[0] == chat.prompts[1]
    assert chat.closed == 2


def test_follow_ups_are_filled_in_and_half_a_question_has_the_same_evidence(library):
    chat = Scripted(answers=["x"] * 3)
    answerer = Answerer(library, lambda: chat, SharedWords())
    answerer.prepare({"question": "Where is he based?", "history": [Turn("Who is Royce de Melo?")]})
    assert "Royce de Melo" in chat.prompts[0][-1].content
    answerer.prepare({"question": COUP.removesuffix(" president?"), "history": []})
    answerer.prepare({"question": COUP, "history": []})
    halves = [prompt[-1].content.partition("\n\nQuestion:")[0] for prompt in chat.prompts[1:]]
    assert halves[0] == halves[1]


@pytest.mark.parametrize(
    "question", ["Who is Macron?", "Summarise the report.", "Qui a mené le second coup d’État ?"]
)
def test_what_the_model_is_not_asked_for_is_not_prepared(library, question):
    chat = Scripted(answers=[])
    Answerer(library, lambda: chat, SharedWords()).prepare({"question": question, "history": []})
    assert chat.prompts == []


def client(prepare):
    app, waiting = FastAPI(), Waiting()
    found = SimpleNamespace(prepare=prepare)
    kept = Conversations(open_database(None))
    app.include_router(preparing_routes(kept, lambda: found, waiting))
    app.add_middleware(Visitors)
    page = TestClient(app)
    page.get("/")  # gives the cookie
    return page, waiting


def test_nothing_is_prepared_while_somebody_waits_or_another_is():
    prepared, going, go_on = [], threading.Event(), threading.Event()

    def prepare(question):
        prepared.append(question["question"])
        going.set()
        assert go_on.wait(10)

    page, waiting = client(prepare)
    place, _ = waiting.enter()
    assert page.post("/prepare", json={"question": "One?"}, headers=HERE).status_code == 204
    assert prepared == []
    waiting.leave(place)
    sent = {"url": "/prepare", "json": {"question": "Two?"}, "headers": HERE}
    first = threading.Thread(target=page.post, kwargs=sent)
    first.start()
    assert going.wait(10)
    assert page.post("/prepare", json={"question": "Three?"}, headers=HERE).status_code == 204
    go_on.set()
    first.join()
    assert prepared == ["Two?"]


def test_what_fails_is_no_error_of_the_page_and_other_pages_may_not_ask():
    def prepare(question):
        raise RuntimeError("the model is down")

    page, _ = client(prepare)
    assert page.post("/prepare", json={"question": "One?"}, headers=HERE).status_code == 204
    assert page.post("/prepare", json={"question": "One?"}).status_code == 403
    assert page.post("/prepare", json={"question": " "}, headers=HERE).status_code == 422


@pytest.mark.browser
def test_a_pause_in_typing_prepares_and_is_not_seen(library, browser):
    prepared = []
    status = ModelStatus("ready", "Ready.")
    engine = SimpleNamespace(
        library=library,
        stream=Answerer(library, lambda: None, SharedWords()).stream,
        prepare=lambda question: prepared.append(question["question"]),
        model_status=lambda: status,
    )
    with served(create_app(lambda: engine, examples=[])) as url:
        page, wrong = opened(browser, url)
        page.type("#ask textarea", "Who led")
        page.wait_for_timeout(400)
        assert prepared == []
        page.type("#ask textarea", " the second coup")
        for _ in range(50):
            page.wait_for_timeout(100)
            if prepared:
                break
        assert prepared[-1].startswith("Who led the")
        assert page.locator(".card").count() == 0
        assert wrong == []
