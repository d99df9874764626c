"""The API as programs use it: what it says, in which order, to whom, and when it says no."""

import asyncio
import json
import threading
import time
from types import SimpleNamespace

import gradio_client
import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from index.access import changing
from index.reading import parse_document, read_document
from index.types import BriefError, Document
from qa.answering import Answerer
from qa.excerpts import excerpt
from qa.output import as_json
from qa.types import Answer, ModelStatus
from tests.browser import served
from tests.conftest import REPORT, running
from tests.fakes import BagOfWords, Scripted, SharedWords
from tests.programs import api_app
from web.api.asking import asking_routes
from web.api.following import Following
from web.conversations import Conversations
from web.database import open_database
from web.engine import Waiting
from web.page import create_app
from web.visitors import COOKIE

COUP = "Who led a second coup?"
SAID = "Colonel Assimi Goïta led a second coup."
PROBLEM = "application/problem+json"


def engine_of(library, *answers):
    """Answer from a library as a scripted model words it, or by quotation without one."""
    chat = Scripted(answers=list(answers)) if answers else None
    return SimpleNamespace(
        library=library,
        chat=chat,
        stream=Answerer(library, lambda: chat, SharedWords()).stream,
        model_status=lambda: ModelStatus("ready", "Ready."),
    )


def program(engine, **more):
    return TestClient(api_app(engine), **more)


@pytest.fixture(scope="module")
def shared_library(tmp_path_factory):
    """The bundled report; the tests of this module only read it."""
    with changing(tmp_path_factory.mktemp("library"), BagOfWords()) as library:
        library.add(read_document(REPORT), str(REPORT))
        yield library


@pytest.fixture
def library(shared_library):
    return shared_library


@pytest.fixture
def client(library):
    return program(engine_of(library))


@pytest.fixture(scope="module")
def changeable(tmp_path_factory):
    """A client of a library that can be changed."""
    folder = tmp_path_factory.mktemp("changeable")
    with changing(folder, BagOfWords()) as library:
        library.add(parse_document("# Mali\n\nA coup in Mali.", name="m.md", as_of="2021"), "/x/m")
    with running(folder) as engine:
        yield program(engine)


def events(text):
    """Return the events of a stream as (name, data), comments left out."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_an_answer_is_what_the_command_line_gives(client, library):
    answer = client.post("/v1/ask", json={"question": COUP}).json()
    expected = json.loads(json.dumps(as_json(engine_of_answer(library))))
    for own in (answer, expected):
        own.pop("timings")
    assert answer == {**expected, "id": None}
    cited = answer["citations"][0]
    text = client.get(
        f"/v1/documents/{cited['document_id']}/text",
        params={"start": cited["start"], "end": cited["end"], "around": 5},
    ).json()
    assert text["text"] == cited["quote"]
    assert len(text["before"]) == len(text["after"]) == 5


def engine_of_answer(library):
    *_, last = engine_of(library).stream({"question": COUP})
    return last


def test_events_bring_the_evidence_before_the_model_has_said_a_word(library):
    engine = engine_of(library, SAID)
    prompts_at_evidence = []
    stream = engine.stream

    def watched(question):
        for answer in stream(question):
            if answer.state == "evidence":
                prompts_at_evidence.append(len(engine.chat.prompts))
            yield answer

    engine.stream = watched
    client = program(engine)
    sent = client.post("/v1/ask", json={"question": COUP}, headers={"Accept": "text/event-stream"})
    assert sent.headers["content-type"].startswith("text/event-stream")
    told = events(sent.text)
    names = [name for name, _ in told]
    assert prompts_at_evidence[0] == 0
    assert names[0] == "evidence" and names[-1] == "done"
    assert set(names) == {"evidence", "draft", "sentence", "done"}
    assert "second coup" in told[0][1]["evidence"][0]["quote"]
    assert told[names.index("sentence")][1]["text"] == SAID
    whole = told[-1][1]
    assert (whole["answer"], whole["sentences"][0]["status"]) == (SAID, "supported")
    by_flag = client.post("/v1/ask", json={"question": COUP, "stream": True})
    assert by_flag.headers["content-type"].startswith("text/event-stream")


def test_a_declined_question_says_why_and_has_no_evidence(client):
    sent = client.post("/v1/ask", json={"question": "Who is Macron?", "stream": True})
    ((name, answer),) = events(sent.text)
    assert name == "done" and answer["declined"]
    assert "Macron" in answer["reason"] and answer["citations"] == []


def test_a_follow_up_takes_from_the_history(client):
    earlier = [{"question": "Who is Royce de Melo?"}]
    answer = client.post("/v1/ask", json={"question": "Where is he based?", "history": earlier})
    assert answer.json()["resolved"] == "Where is Royce de Melo based?"


def test_a_failure_under_way_is_the_last_event_and_keeps_its_words_to_the_log(library):
    engine = engine_of(library)

    def broken(question):
        yield Answer("q", "q")
        raise RuntimeError("secret")

    engine.stream = broken
    client = program(engine, raise_server_exceptions=False)
    ((name, problem),) = events(client.post("/v1/ask", json={"question": "q", "stream": True}).text)
    assert (name, problem["status"]) == ("error", 500)
    plain = client.post("/v1/ask", json={"question": "q"})
    assert (plain.status_code, plain.headers["content-type"]) == (500, PROBLEM)
    assert "secret" not in plain.text + str(problem)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "question: Field required"),
        ({"question": "?"}, "There is no question"),
        ({"question": "x" * 1001}, "at most 1000 characters"),
        ({"question": "q", "history": [{"question": "q"}] * 21}, "at most 20 items"),
        ({"question": "q", "documents": ["ffff"]}, "no document is called ffff"),
        ({"question": "q", "documents": ["../x"]}, "pattern"),
        ({"question": "q", "since": "yesterday"}, "pattern"),
        ({"question": "q", "sinse": "2023"}, "Extra inputs are not permitted"),
    ],
)
def test_a_bad_question_is_a_problem_in_words(changeable, sent, words):
    answer = changeable.post("/v1/ask", json=sent)
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert words in answer.json()["detail"]


def test_while_the_library_is_being_opened_one_is_told_to_try_again():
    client = program(None)
    for answer in (client.post("/v1/ask", json={"question": "q"}), client.get("/v1/documents")):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert answer.json()["detail"] == "The library is being opened."


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://testserver"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_page_of_another_origin_is_refused_and_a_program_is_not(client, headers, status):
    assert client.post("/v1/ask", json={"question": COUP}, headers=headers).status_code == status
    assert client.get("/v1/documents", headers=headers).status_code == status


def test_a_link_from_elsewhere_opens_the_docs_which_load_nothing_from_elsewhere(client):
    follows = {
        "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
    }  # fmt: skip
    page = client.get("/v1/docs", headers=follows)
    assert page.status_code == 200 and "//" not in page.text.replace("<!doctype", "")
    for name in ("files/swagger-ui-bundle.js", "files/swagger-ui.css", "start.js"):
        assert f'"docs/{name}"' in page.text
        assert client.get(f"/v1/docs/{name}").status_code == 200


def test_the_description_has_the_routes_of_the_api_alone_and_each_says_how_it_fails(client):
    paths = client.get("/v1/openapi.json").json()["paths"]
    assert {"/ask", "/search", "/documents", "/briefs/{brief_id}/export"} <= set(paths)
    assert not {"/healthz", "/library"} & set(paths)
    for routes in paths.values():
        for route in routes.values():
            failures = {k: v for k, v in route["responses"].items() if k >= "400"}
            assert "403" in failures
            assert {next(iter(f["content"])) for f in failures.values()} == {PROBLEM}


def test_passages_are_found_with_their_place_and_offsets(client, library):
    found = client.post("/v1/search", json={"query": "second coup", "limit": 3}).json()["passages"]
    assert len(found) == 3
    assert [p["score"] for p in found] == sorted((p["score"] for p in found), reverse=True)
    text = library.document(found[0]["document_id"]).text
    assert text[found[0]["start"] : found[0]["end"]] == found[0]["text"]
    assert "second coup" in found[0]["text"] and found[0]["place"]
    none = client.post("/v1/search", json={"query": "coup", "since": "2030"})
    assert none.status_code == 422 and "2030" in none.json()["detail"]


def test_documents_are_listed_page_by_page_without_their_paths(client, library):
    (info,) = library.documents()
    listed = client.get("/v1/documents").json()
    assert (listed["total"], [d["id"] for d in listed["documents"]]) == (1, [info.id])
    assert str(REPORT.parent) not in str(listed)
    assert client.get("/v1/documents?offset=1").json() == {"total": 1, "documents": []}
    one = client.get(f"/v1/documents/{info.id}").json()
    assert (one["title"], one["as_of"], one["characters"]) == (
        info.title, "2023-09", info.characters,
    )  # fmt: skip
    assert one["parts"][0]["kind"] == "heading"
    missing = client.get("/v1/documents/none")
    assert (missing.status_code, missing.headers["content-type"]) == (404, PROBLEM)


def test_a_stretch_beyond_the_end_or_too_long_is_said(client, library):
    (info,) = library.documents()
    path = f"/v1/documents/{info.id}/text"
    beyond = client.get(path, params={"start": info.characters})
    assert beyond.status_code == 422 and f"{info.characters:,}" in beyond.json()["detail"]
    assert client.get(path).json()["text"] == library.document(info.id).text[:20_000]
    with pytest.raises(BriefError, match="At most 20,000"):
        excerpt(Document("1f", "Long", "", "", "x" * 20_001, ()), 0, 20_001)


def finished(client, started):
    assert started.status_code == 202, started.text
    for _ in range(400):
        job = client.get(started.headers["location"]).json()
        if job["state"] in ("done", "failed"):
            return job
        time.sleep(0.02)
    raise AssertionError(job)


def test_a_file_is_added_corrected_asked_and_removed(changeable):
    file = ("well.md", b"# The well\n\nThe well in Kati was dug in 2019.\n")
    job = finished(changeable, changeable.post("/v1/documents", files={"file": file}))
    assert (job["state"], job["message"]) == ("done", "added, 1 passage")
    path = f"/v1/documents/{job['document']}"
    edited = changeable.patch(path, json={"as_of": "2019-05", "author": "Ada Brown"}).json()
    assert (edited["as_of"], edited["author"], edited["title"]) == (
        "2019-05", "Ada Brown", "The well",
    )  # fmt: skip
    asked = {"question": "When was the well in Kati dug?", "documents": [job["document"]]}
    answer = changeable.post("/v1/ask", json=asked).json()
    assert "2019" in answer["answer"] and answer["citations"][0]["document"] == "The well"
    assert changeable.delete(path).json() == {"id": job["document"], "title": "The well"}
    assert changeable.get(path).status_code == 404


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ({"files": {"other": ("a.md", b"x")}}, 422, "There is no file"),
        ({"files": {"file": ("", b"x")}}, 422, "There is no file"),
        ({"files": {"file": ("..", b"x")}}, 422, "has no name"),
        ({"content": b"x"}, 422, "There is no file"),
        (
            {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
            400,
            "cannot be read",
        ),
        ({"content": iter([b"x"])}, 411, "Content-Length"),
        ({"content": b"x", "headers": {"Content-Length": "9" * 12}}, 413, "Split it"),
    ],
)
def test_what_is_no_file_is_said(changeable, sent, status, words):
    answer = changeable.post("/v1/documents", **sent)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert words in answer.json()["detail"]


def test_a_wrong_date_and_an_empty_title_are_said(changeable):
    (document,) = changeable.get("/v1/documents").json()["documents"]
    for facts, words in (({"as_of": "soon"}, "soon"), ({"title": " "}, "needs a title")):
        answer = changeable.patch(f"/v1/documents/{document['id']}", json=facts)
        assert answer.status_code == 422 and words in answer.json()["detail"]


def test_a_kept_answer_goes_into_the_brief_of_whoever_asked(client):
    answer = client.post("/v1/ask", json={"question": COUP, "keep": True}).json()
    path = "/v1/briefs/current"
    added = client.post(f"{path}/items", json={"answer": answer["id"]})
    assert added.status_code == 201
    assert client.post(f"{path}/items", json={"answer": answer["id"]}).status_code == 200
    client.patch(path, json={"title": "Coups"})
    (item,) = added.json()["items"]
    client.patch(f"{path}/items/{item['id']}", json={"comment": "Check the rank."})
    whole = client.get(path).json()
    assert (whole["title"], whole["items"][0]["comment"]) == ("Coups", "Check the rank.")
    assert client.get("/v1/briefs").json()["briefs"][0]["answers"] == 1
    exported = client.get(f"{path}/export?format=md")
    assert "Check the rank." in exported.text
    assert exported.headers["content-type"].startswith("text/markdown")

    other = {"Cookie": f"{COOKIE}={'x' * 32}"}  # a browser
    assert client.get(path, headers=other).json()["items"] == []
    foreign = client.post(f"{path}/items", json={"answer": answer["id"]}, headers=other)
    assert foreign.status_code == 404 and "keep" in foreign.json()["detail"]

    assert client.delete(f"{path}/items/{item['id']}").json()["items"] == []
    empty = client.get(f"{path}/export?format=pdf")
    assert empty.status_code == 422 and "empty" in empty.json()["detail"]
    assert client.get("/v1/briefs/other").status_code == 404


def test_an_answer_that_nobody_keeps_is_not_kept(client):
    assert client.post("/v1/ask", json={"question": COUP}).json()["id"] is None
    assert client.get("/v1/briefs/current").json()["version"] == 0


def test_questions_of_programs_are_counted_with_those_of_the_page(library):
    client = TestClient(create_app(lambda: engine_of(library), examples=[]))
    client.post("/v1/ask", json={"question": COUP})
    assert 'sahel_brief_questions_total{outcome="quoted"} 1.0' in client.get("/metrics").text


def slow_engine(library, closed):
    """Give the evidence, and then nothing until the question is closed."""
    engine = engine_of(library)
    go_on = threading.Event()

    def stream(question):
        try:
            for answer in engine_of(library, SAID).stream(question):
                yield answer
                if answer.state == "evidence":
                    go_on.wait(0.3)
                    yield answer
        finally:
            closed.set()

    engine.stream = stream
    return engine


def test_a_comment_comes_where_nothing_else_does(library):
    kept = Conversations(open_database())
    following = Following(kept, Waiting(), lambda asked: None)
    engine, app = slow_engine(library, threading.Event()), FastAPI()
    app.include_router(asking_routes(lambda: engine, following, beat_s=0.05))
    text = TestClient(app).post("/ask", json={"question": COUP, "stream": True}).text
    first = text.index("event: evidence")
    assert ": still there\n\n" in text[first : text.index("event: done")]


@pytest.mark.parametrize("streams", [True, False])
def test_who_goes_away_stops_the_model(library, streams):
    closed = threading.Event()
    app = create_app(lambda: slow_engine(library, closed), examples=[])
    with served(app) as url:

        async def leave():
            async with httpx.AsyncClient() as client:
                asked = {"question": COUP, "stream": streams}
                try:
                    async with asyncio.timeout(0.6 if streams else 0.2):
                        async with client.stream("POST", f"{url}/v1/ask", json=asked) as sent:
                            async for line in sent.aiter_lines():
                                if line == "event: evidence":
                                    return
                except TimeoutError:
                    return

        asyncio.run(leave())
        assert closed.wait(5)
        figures = httpx.get(f"{url}/metrics").text
    assert 'sahel_brief_questions_total{outcome="stopped"} 1.0' in figures


def test_a_gradio_client_asks_by_the_one_endpoint_that_there_is(library):
    app = create_app(lambda: engine_of(library, SAID, SAID), examples=[])
    with served(app) as url:
        client = gradio_client.Client(url, verbose=False)
        named = client.view_api(return_format="dict")["named_endpoints"]
        assert set(named) == {"/ask"}
        assert "the last is the whole answer" in named["/ask"]["description"]
        asked = client.submit(COUP, api_name="/ask")
        assert asked.result(timeout=20)["answer"] == SAID
        assert len(asked.outputs()) > 2  # as far as it has come
        with pytest.raises(gradio_client.exceptions.AppError, match="There is no question"):
            client.predict("?", api_name="/ask")
        with pytest.raises(gradio_client.exceptions.AppError, match="since"):
            client.predict(COUP, [], [], "soon", api_name="/ask")
