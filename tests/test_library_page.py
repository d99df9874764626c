import asyncio
import io
import json
import os
import sys
import threading
import time
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from app import Starting
from index.access import changing, reading
from index.library import Added
from index.outcomes import outcome
from index.reading import parse_document
from index.settings import LibrarySettings
from index.types import BriefError
from qa.types import ModelStatus
from tests.conftest import running
from tests.fakes import BagOfWords
from web.conversation import Conversation, converse
from web.jobs import Item, Jobs
from web.page import create_app
from web.removed import Bin, Removed
from web.selection import Selection, read_selection
from web.uploads import Full, Places, file_name, read, receive

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
    assert (job["state"], job["message"]) == ("done", "added, 1 passage")
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
    assert add(client, "v.md", WELL)["message"] == (
        "duplicate: it has the text of “The well”, which stays as it is"
    )
    assert add(client, "w.md", WELL + b"\nIt is deep.\n")["message"] == "replaced, 1 passage"
    assert len(client.get("/documents").json()) == 2


def test_one_function_words_what_became_of_a_document_beside_its_name_and_without():
    like = parse_document("x", name="a", title="A")
    new = replace(parse_document("y", name="b.md", title="B"), notices=("n",), aside=((0, 1),))
    about = ("nearly the same as “A” (93%)", "n", "set aside as no part of the text: 1 paragraph")
    nearly = Added("added", like, 0.93)
    assert outcome(nearly, new, 3) == ("added, 3 passages", *about)
    assert outcome(nearly, new, 1, "b.md") == ("added: b.md – “B”, 1 passage", *about)
    assert outcome(Added("edited", like), new, 1, "b.md") == ("edited: b.md – “A”, 1 passage",)
    assert outcome(Added("duplicate", like), new, 1, "b.md") == (
        "duplicate: b.md has the text of “A”, which stays as it is",
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


def zipped(**files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def test_an_archive_is_added_file_by_file_and_a_bad_one_loses_no_good_one(client, folder):
    data = zipped(**{
        "a/well.md": WELL, "empty.md": b" ", ".hidden.md": b"x", "b.exe": b"MZ",
        "again.md": WELL, "b/well.md": b"# The mill\n\nThe mill in Kati stands still.\n",
    })  # fmt: skip
    assert ".zip" in client.get("/library").json()["suffixes"]
    job = add(client, "two.zip", data)
    assert (job["state"], job["message"]) == ("done", "3 of 5 files in it are in the library")
    assert [(m["name"], m["outcome"]) for m in job["members"]] == [
        ("a/well.md", "added"), ("empty.md", "failed"), ("b.exe", "failed"),
        ("again.md", "duplicate"), ("b/well.md", "added"),
    ]  # fmt: skip
    messages = [m["message"] for m in job["members"]]
    assert messages[0] == "added: a/well.md – “The well”, 1 passage"
    assert messages[1] == "empty.md is empty. Add a file that has text in it."
    assert messages[3] == "duplicate: again.md has the text of “The well”, which stays as it is"
    with reading(folder, BagOfWords()) as own:
        paths = {own.store.path(d.id) for d in own.documents()}
    assert paths == {"/x/m.md", "upload/two.zip!a/well.md", "upload/two.zip!b/well.md"}
    again = add(client, "two.zip", zipped(**{"a/well.md": WELL + b"\nIt is deep.\n"}))
    assert again["message"] == "replaced: a/well.md – “The well”, 1 passage"


def test_how_far_an_archive_is_is_told_file_by_file():
    jobs, go, seen = Jobs(), [threading.Event(), threading.Event()], []

    def work():
        for n, name in enumerate("ab"):
            go[n].wait(10)
            yield Item(BriefError(f"{name} is empty."), "", name, 2)
        raise RuntimeError("secret")

    ended = threading.Event()
    id_ = jobs.start(work, None, lambda succeeded: seen.append(succeeded) or ended.set())
    assert jobs.find(id_).state == "reading"
    go[0].set()
    go[1].set()
    assert ended.wait(10)
    job = jobs.find(id_)
    for _ in range(100):
        if (job := jobs.find(id_)).state == "failed":
            break
        time.sleep(0.02)
    assert (job.name, job.nth, job.of, seen) == ("b", 2, 2, [False])
    assert [m.message for m in job.members] == [
        "a is empty.", "b is empty.", "Something went wrong here. See the log of app.py.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (WELL, "a.zip is damaged: it cannot be unpacked."),
        (zipped(), "a.zip holds no files."),
        (zipped(**{f"{n}.md": "x" for n in range(1001)}), "a.zip holds 1,001 files, more than"),
    ],
)
def test_an_archive_that_cannot_be_read_is_told_with_its_own_name(client, data, words):
    job = add(client, "a.zip", data)
    assert (job["state"], job["message"][: len(words)]) == ("failed", words)


def test_files_of_the_same_name_from_different_folders_are_different_documents(client):
    def send(folder, data):
        sent = {"name": "w.md", "folder": folder}
        return finished(client, client.post("/documents", params=sent, content=data, headers=OWN))

    assert send("in/one", WELL)["message"] == "added, 1 passage"
    assert send("in/two", WELL + b"\nIt is deep.\n")["message"] == "added, 1 passage"
    assert send("../in//./one/", WELL + b"\nIt is dry.\n")["message"] == "replaced, 1 passage"
    sources = sorted(d["source"] for d in client.get("/documents").json())
    assert sources == ["in/one/w.md", "in/two/w.md", "m.md"]
    deep = {"name": "w.md", "folder": "a/" * 17}
    answer = client.post("/documents", params=deep, content=WELL, headers=OWN)
    assert (answer.status_code, answer.json()["detail"]) == (
        422, "w.md lies more than 16 folders deep. Add it by itself.",
    )  # fmt: skip


def test_the_parts_of_a_relative_path_are_each_no_path():
    assert file_name("../a.md", "/etc/../x\0\n\\..\\y/ . /") == "etc/x/y/a.md"
    assert file_name("..", "x") == ""
    assert len(file_name("a.md", "x" * 900)) == 200 + len("/a.md")


def test_no_more_is_received_at_once_than_there_are_places_for(client, monkeypatch):
    gate = threading.Event()

    def slow(path, name):
        gate.wait(20)
        return read(path, name)

    monkeypatch.setattr("web.adding.read", slow)

    def send(n):
        data = f"# W{n}\n\nWell number {n} is dry."
        return client.post("/documents", params={"name": f"{n}.md"}, content=data, headers=OWN)

    started = [send(n) for n in range(17)]
    gate.set()
    assert [a.status_code for a in started] == [202] * 16 + [429]
    assert started[16].json()["detail"].startswith("As many files are being added as may be")
    assert all(finished(client, a)["state"] == "done" for a in started[:16])
    assert finished(client, send(16))["state"] == "done"


def test_places_are_counted_in_files_and_in_bytes():
    places = Places(files=2, size_bytes=10)
    places.take(6)
    with pytest.raises(Full):
        places.take(5)
    places.take(4)
    with pytest.raises(Full):
        places.take(0)
    places.give_back(6)
    places.take(5)


def test_a_refused_upload_gives_its_place_back(client, monkeypatch):
    monkeypatch.setattr("web.uploads.MAX_BYTES", 30)
    for _ in range(17):
        sent = client.post("/documents", params={"name": "a.md"}, content=iter([WELL]), headers=OWN)
        assert sent.status_code == 413
    assert add(client, "b.md", b"# B\n\nIt is dry.")["state"] == "done"


def test_a_browser_that_falls_silent_does_not_keep_its_place(tmp_path, monkeypatch):
    monkeypatch.setattr("web.uploads._SILENT_S", 0.05)

    async def stalls():
        yield b"# A"
        await asyncio.sleep(30)

    with pytest.raises(BriefError, match=r"a.md stopped arriving. Add it again."):
        asyncio.run(receive(stalls(), tmp_path, "a.md"))


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

    monkeypatch.setattr("web.adding.read", broken)
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


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process has one priority")
def test_what_is_added_lets_questions_go_first(folder, monkeypatch):
    monkeypatch.setattr("qa.engine.SentenceEmbedder", BagOfWords)
    model = SimpleNamespace(start=lambda _: None, close=lambda: None, chat=None)
    starting = Starting(LibrarySettings(folder, BagOfWords().name), model)
    starting.begin(print, on_failure=lambda: None)
    assert starting._opened.wait(20)

    def priority(_=None):
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    try:
        assert starting.engine().changes.put(priority).result(10) == min(19, priority() + 10)
    finally:
        starting.end()
