import json
import time
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from index.access import changing, reading
from index.library import Added
from index.reading import parse_document
from index.types import BriefError
from qa.types import ModelStatus
from tests.conftest import running
from tests.fakes import BagOfWords
from web.conversation import Conversation, converse
from web.jobs import outcome
from web.page import create_app
from web.removed import Bin, Removed
from web.selection import Selection, read_selection
from web.uploads import file_name

OWN = {"X-Sahel-Brief": "1"}
WELL = b"# The well\n\nThe well in Kati was dug in 2019.\n"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "library"
    with changing(folder, BagOfWords()) as library:
        library.add(
            parse_document("# Mali\n\nA coup in Mali.", name="m.md", as_of="2021"), "/x/m.md"
        )
    return folder


@pytest.fixture
def client(folder):
    with running(folder) as engine:
        yield TestClient(create_app(lambda: engine, examples=[]))


def add(client, name, data):
    return finished(
        client, client.post("/documents", params={"name": name}, content=data, headers=OWN)
    )


def finished(client, answer):
    assert answer.status_code == 202, answer.text
    for _ in range(400):
        job = client.get(f"/jobs/{answer.json()['job']}").json()
        if job["state"] in ("done", "failed"):
            return job
        time.sleep(0.02)
    raise AssertionError(job)


def test_the_documents_are_listed_with_what_is_known_of_them(client):
    (row,) = client.get("/documents").json()
    assert {k: row[k] for k in ("title", "author", "source", "as_of", "as_of_words")} == {
        "title": "Mali", "author": "", "source": "m.md", "as_of": "2021", "as_of_words": "2021",
    }  # fmt: skip
    assert (row["pages"], row["passages"], row["state"], row["notices"], row["aside"]) == (
        1, 1, "ready", [], 0,
    )  # fmt: skip
    assert "/x/" not in str(row)
    shown = client.get("/library").json()
    assert (shown["line"], shown["can_change"]) == ("as of 2021 · 1 document", True)
    assert ".md" in shown["suffixes"]


def test_a_file_is_added_under_its_own_name_and_is_found(client):
    job = add(client, "the_well.md", WELL)
    assert (job["state"], job["message"], job["done"]) == ("done", "added, 1 passage", 1)
    row = next(d for d in client.get("/documents").json() if d["id"] == job["document"])
    assert (row["title"], row["source"]) == ("The well", "the_well.md")
    assert client.get("/library").json()["line"] == "as of 2021 · 2 documents"
    untitled = add(
        client, "Field_notes-2.txt", b"Nothing else is said here, at length or in short."
    )
    row = next(d for d in client.get("/documents").json() if d["id"] == untitled["document"])
    assert (row["title"], row["source"]) == ("Field notes 2", "Field_notes-2.txt")


def test_the_outcomes_are_those_of_the_command_line(client):
    add(client, "w.md", WELL)
    assert add(client, "w.md", WELL)["message"] == "unchanged, 1 passage"
    assert add(client, "v.md", WELL)["message"] == ("duplicate of “The well”, which stays as it is")
    assert add(client, "w.md", WELL + b"\nIt is deep.\n")["message"] == "replaced, 1 passage"
    assert len(client.get("/documents").json()) == 2
    like = parse_document("x", name="a", title="A")
    assert outcome(Added("added", like, 0.93), 3) == (
        "added, 3 passages; nearly the same as “A” (93 %)"
    )


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.md", b" ", "a.md is empty. Add a file that has text in it."),
        ("b.md", b"\0\1\2" * 90, "b.md is not text."),
        ("c.exe", b"MZ", "c.exe is not a format that can be read here"),
        ("d", b"text", "d is not a format that can be read here"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_words_with_its_own_name(client, name, data, words):
    job = add(client, name, data)
    assert job["state"] == "failed"
    assert job["message"].startswith(words)
    assert len(client.get("/documents").json()) == 1


def test_the_name_of_a_file_is_never_a_path(client, tmp_path):
    sent = ("../../a.md", "C:\\b.md", "/etc/c.md", "d\0\n.md", "..", "")
    assert [file_name(n) for n in sent] == [
        "a.md", "b.md", "c.md", "d.md", "", "",
    ]  # fmt: skip
    assert len(file_name("x" * 900 + ".md")) == 200
    assert file_name("x" * 900 + ".md").endswith(".md")
    assert add(client, f"../../{tmp_path}/e.md", WELL)["state"] == "done"
    assert not (tmp_path / "e.md").exists()
    answer = client.post("/documents", params={"name": ".."}, content=WELL, headers=OWN)
    assert answer.status_code == 422
    assert "no name" in answer.json()["detail"]


def test_what_changes_something_needs_the_header_of_the_page(client):
    (row,) = client.get("/documents").json()
    path = f"/documents/{row['id']}"
    assert [
        client.post("/documents", params={"name": "a.md"}, content=WELL).status_code,
        client.patch(path, json={"title": "x"}).status_code,
        client.delete(path).status_code,
        client.post(f"{path}/restore").status_code,
    ] == [403, 403, 403, 403]
    assert [d["title"] for d in client.get("/documents").json()] == ["Mali"]


def test_a_file_that_is_too_large_is_413(client, monkeypatch):
    monkeypatch.setattr("web.uploads.MAX_BYTES", 30)
    answer = client.post("/documents", params={"name": "a.md"}, content=iter([WELL]), headers=OWN)
    assert answer.status_code == 413
    monkeypatch.setattr("web.changing.MAX_BYTES", 30)
    answer = client.post("/documents", params={"name": "a.md"}, content=WELL, headers=OWN)
    assert (answer.status_code, answer.json()["detail"][:16]) == (413, "a.md is larger t")


def test_a_document_is_edited(client):
    (row,) = client.get("/documents").json()
    path = f"/documents/{row['id']}"
    answer = client.patch(path, json={"title": " Mali\nnow ", "as_of": "2023-09"}, headers=OWN)
    assert (answer.status_code, answer.json()["title"]) == (200, "Mali now")
    assert client.get("/library").json()["line"] == "as of September 2023 · 1 document"
    wrong = client.patch(path, json={"as_of": "last week"}, headers=OWN)
    assert (wrong.status_code, wrong.json()) == (
        422,
        {
            "detail": "last week is not a date. Write it as 2023, 2023-09 or 2023-09-15.",
            "field": "as_of",
        },
    )
    assert client.patch(path, json={"title": ""}, headers=OWN).json()["field"] == "title"
    assert client.patch(path, json={"text": "x"}, headers=OWN).status_code == 422
    assert client.patch("/documents/none", json={}, headers=OWN).status_code == 404


def test_a_removed_document_is_put_back_whole_with_what_was_edited(client):
    (row,) = client.get("/documents").json()
    path = f"/documents/{row['id']}"
    client.patch(path, json={"title": "Edited", "author": "A. Writer"}, headers=OWN)
    (before,) = client.get("/documents").json()
    assert client.delete(path, headers=OWN).json() == {"id": row["id"], "title": "Edited"}
    assert client.get("/documents").json() == []
    assert client.get(path).status_code == client.delete(path, headers=OWN).status_code == 404
    assert finished(client, client.post(f"{path}/restore", headers=OWN))["state"] == "done"
    assert client.get("/documents").json() == [before]
    assert client.post(f"{path}/restore", headers=OWN).status_code == 404


def test_undo_does_not_take_the_place_of_a_newer_version(client):
    id_ = add(client, "w.md", WELL)["document"]
    client.delete(f"/documents/{id_}", headers=OWN)
    newer = add(client, "w.md", WELL + b"\nIt is deep.\n")["document"]
    refused = finished(client, client.post(f"/documents/{id_}/restore", headers=OWN))
    assert refused["message"].startswith("Another version of this file was added since.")
    client.delete(f"/documents/{newer}", headers=OWN)
    again = finished(client, client.post(f"/documents/{id_}/restore", headers=OWN))
    assert (again["state"], again["document"]) == ("done", id_)


def test_what_was_removed_is_forgotten_after_a_while():
    document = parse_document("x", name="a")
    kept, short = Bin(), Bin(kept_s=-1)
    kept.put(Removed(document, "/a"))
    short.put(Removed(document, "/a"))
    assert short.take(document.id) is None
    assert kept.take(document.id) == Removed(document, "/a")
    assert kept.take(document.id) is None


def test_a_library_in_use_elsewhere_is_409_in_words(client, folder, monkeypatch):
    monkeypatch.setattr("index.access._WAIT_S", 0.1)
    (row,) = client.get("/documents").json()
    with reading(folder, BagOfWords()):
        answer = client.delete(f"/documents/{row['id']}", headers=OWN)
        assert answer.status_code == 409
        assert "in use by another process" in answer.json()["detail"]
        assert "in use by another process" in add(client, "w.md", WELL)["message"]
    assert add(client, "w.md", WELL)["state"] == "done"


def test_an_unexpected_failure_of_a_file_is_told_without_its_words(client, monkeypatch):
    def broken(path, name):
        raise RuntimeError("secret")

    monkeypatch.setattr("web.changing.read", broken)
    job = add(client, "a.md", WELL)
    assert job["message"] == "Something went wrong here. See the log of app.py."


def test_an_unknown_job_is_404(client):
    assert client.get("/jobs/none").status_code == 404


def test_while_the_library_is_being_opened_its_routes_are_503():
    client = TestClient(create_app(lambda: None, examples=[]))
    assert client.get("/library").json()["ready"] is False
    assert [
        client.get("/documents").status_code,
        client.get("/documents/a").status_code,
        client.post("/documents", params={"name": "a.md"}, headers=OWN).status_code,
        client.delete("/documents/a", headers=OWN).status_code,
    ] == [503] * 4


def test_a_library_that_cannot_be_changed_is_shown_and_offers_no_change(library):
    fixed = SimpleNamespace(library=library, model_status=lambda: ModelStatus("ready", ""))
    client = TestClient(create_app(lambda: fixed, examples=[]))
    assert client.get("/library").json()["can_change"] is False
    (row,) = client.get("/documents").json()
    assert client.delete(f"/documents/{row['id']}", headers=OWN).status_code == 405


def test_what_is_set_aside_comes_with_the_document(client):
    (row,) = client.get("/documents").json()
    assert client.get(f"/documents/{row['id']}").json()["aside"] == []


def test_a_selection_restricts_the_question_that_it_comes_with(folder):
    with running(folder) as engine:
        (document,) = engine.library.documents()
        seen = []
        spy = SimpleNamespace(stream=lambda q: seen.append(q) or iter(()))
        sent = json.dumps({"documents": [document.id], "since": "2020"})
        list(converse(lambda: spy, "q", [], Conversation(), sent))
        assert (seen[0]["documents"], seen[0]["since"]) == ([document.id], "2020")

        def said(selection):
            *_, last = converse(lambda: engine, "A coup?", [], Conversation(), selection)
            return last.chat[-1]["content"]

        assert "No document has an as-of date since 2022" in said(
            json.dumps({"documents": None, "since": "2022"})
        ).replace("&#45;", "-")
        assert "No document is chosen" in said('{"documents": [], "since": ""}')


def test_a_selection_is_not_trusted():
    assert read_selection(None) == read_selection('{"documents": null, "since": ""}') == Selection()
    for raw in ("[", "[]", "3", "{}", '{"documents": [1], "since": ""}',
                '{"documents": null, "since": 3}', "[" * 100_000):  # fmt: skip
        with pytest.raises(BriefError, match="cannot be read"):
            read_selection(raw)
    with pytest.raises(BriefError, match="not a date"):
        read_selection('{"documents": null, "since": "soon"}')
