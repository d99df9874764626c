"""Two processes of app.py behind nginx share one library, whose vectors are on a Chroma server, and
what is kept, in PostgreSQL."""

import threading
import time
from contextlib import ExitStack

import httpx
import pytest

from benchmarks.visitor import Visitor
from tests.department import TOKEN, Department

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

COUP = "Who led the second coup in Mali?"
WORDS_ALONE = "Only words were searched"


@pytest.fixture(scope="module")
def started(tmp_path_factory, postgres):
    with ExitStack() as stack:
        yield Department(tmp_path_factory.mktemp("department"), postgres.new(), stack)


@pytest.fixture
def department(started):
    """All of it up, whatever the test before has killed."""
    started.revive()
    return started


def ask(program, question=COUP, **more):
    answer = program.post("/v1/ask", json={"question": question, **more})
    return answer.raise_for_status().json()


def quoted(answer):
    return " ".join(s["text"] for s in answer["sentences"])


def add(program, name, text):
    sent = {"file": (name, text.encode())}
    return program.post("/v1/documents", files=sent).raise_for_status().json()["job"]


def ended(program, job):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = program.get(f"/v1/jobs/{job}").raise_for_status().json()
        if found["state"] in ("done", "failed"):
            return found
        time.sleep(0.1)
    raise AssertionError(f"{job} did not end")


def titles(program):
    return [d["title"] for d in program.get("/v1/documents").raise_for_status().json()["documents"]]


def note(n):
    return f"# Note {n}\n\nThe ferry number {n}xq to Orrin carries {n + 40} people a day.\n"


def test_a_visitor_of_the_page_stays_with_one_process_and_visitors_are_spread(department):
    for _ in range(6):
        visitor = Visitor(department.url, department.browser())
        assert "Goita" in visitor.ask(COUP).answer
        visitor.close()
    joined, streamed, lines = [], [], []
    until = time.monotonic() + 20
    while len(streamed) < 6 and time.monotonic() < until:  # a stream is logged when it has ended
        time.sleep(0.1)
        lines = (department.folder / "brief.log").read_text().splitlines()
        joined = [line.split()[1] for line in lines if "/gradio_api/queue/join" in line]
        streamed = [line.split()[1] for line in lines if "/gradio_api/queue/data" in line]
    assert len(joined) == 6 and joined == streamed
    assert all(line.split()[4] in ("200", "303") for line in lines)


def test_a_conversation_begun_on_one_process_goes_on_with_the_other(department):
    browser = department.browser()
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    here = {"Cookie": cookie, "X-Forwarded-Proto": "https"}  # as nginx would send it
    one, other = (httpx.Client(base_url=a.url, headers=here, timeout=60) for a in department.apps)
    visitor = Visitor("", one)
    visitor.ask("Who is Royce de Melo?")
    (kept,) = [c for c in other.get("/conversations").json() if "Royce" in c["title"]]
    going_on = Visitor("", other)
    going_on.resume(kept["id"])
    assert "Where is Royce de Melo based" in going_on.ask("Where is he based?").answer
    # A tab whose process has died comes to the other one without a word.
    moved = Visitor("", other)
    assert "Who is Royce de Melo?" in moved.ask("Who is he?", kept["id"]).answer
    assert len(one.get(f"/conversations/{kept['id']}").json()) == 3


def test_what_one_process_adds_the_other_finds_and_what_it_removes_is_gone(department):
    with department.program(0) as one, department.program(1) as other:
        assert ask(other, "How many people does the ferry 7xq carry?")["declined"]
        job = ended(one, add(one, "ferry.md", note(7)))
        found = ask(other, "How many people does the ferry 7xq carry a day?")
        assert "47 people" in quoted(found) and "Note 7" in titles(other)
        other.delete(f"/v1/documents/{job['document']}").raise_for_status()
        assert "Note 7" not in titles(one)
        assert ask(one, "How many people does the ferry 7xq carry a day?")["declined"]


def test_documents_added_by_both_at_once_are_all_there_once(department):
    with department.program(0) as one, department.program(1) as other:
        before = titles(one)
        sent = [((one, other)[n % 2], n) for n in range(100, 120)]
        jobs = [(p, add(p, f"{n}.md", note(n))) for p, n in sent]
        assert [ended(p, job)["state"] for p, job in jobs] == ["done"] * 20
        jobs = [(p, add(p, f"same{n}.md", note(n + 200))) for n in range(3) for p in (one, other)]
        assert all(ended(p, job)["state"] == "done" for p, job in jobs)
        assert titles(one) == titles(other)
        assert len(set(titles(one))) == len(titles(one)) == len(before) + 23
    assert "All is well." in department.run("index", "doctor")


def test_a_process_that_is_killed_while_it_adds_is_mended_by_the_other(department):
    long = "\n\n".join(f"Paragraph {n} is about wells and ferries. " * 20 for n in range(120))
    with department.program(0) as one, department.program(1) as other:
        job = add(one, "long.md", f"# Long\n\n{long}")
        until = time.monotonic() + 60
        while one.get(f"/v1/jobs/{job}").json()["done"] == 0:
            assert time.monotonic() < until
            time.sleep(0.02)
        department.apps[0].process.kill()
        assert "Goita" in quoted(ask(other))
        assert "not wholly indexed" in department.doctor()
        assert ended(other, add(other, "after.md", note(300)))["state"] == "done"
        assert "Long" in titles(other)
        with department.program() as whichever:  # nginx has noticed
            assert "Goita" in quoted(ask(whichever))
    assert "All is well." in department.run("index", "doctor")
    department.revive()
    with department.program(0) as one:
        assert "Long" in titles(one)
        (added,) = [d for d in one.get("/v1/documents").json()["documents"] if d["title"] == "Long"]
        one.delete(f"/v1/documents/{added['id']}").raise_for_status()


def test_without_chroma_words_alone_answer_and_with_it_vectors_again(department):
    department.chroma.kill()
    with department.program(0) as one, department.program(1) as other:
        for program in (one, other):
            answer = ask(program)
            assert "Goita" in quoted(answer) and WORDS_ALONE in answer["notice"]
            assert (
                WORDS_ALONE in program.post("/v1/search", json={"query": "coup"}).json()["notice"]
            )
            refused = ended(program, add(program, "lost.md", note(400)))
            assert "The Chroma server at" in refused["message"] and refused["state"] == "failed"
        figures = one.get("/metrics").text
        assert "sahel_brief_searches_by_words_total 0.0" not in figures
        department.chroma.start()
        until = time.monotonic() + 40
        for program in (one, other):
            while WORDS_ALONE in ask(program)["notice"]:
                assert time.monotonic() < until
                time.sleep(1)
        assert "Note 400" not in titles(one)
    assert "All is well." in department.run("index", "doctor")


def test_no_answer_is_lost_while_the_library_is_indexed_anew(department):
    over, answers, failed = threading.Event(), [], []

    def keep_asking(nth):
        with department.program(nth) as program:
            while not over.is_set():
                try:
                    answers.append(ask(program, fresh=True))
                except Exception as error:  # noqa: BLE001 - told below
                    failed.append(repr(error))

    asking = [threading.Thread(target=keep_asking, args=(nth,)) for nth in (0, 1)]
    for thread in asking:
        thread.start()
    try:
        said = department.run("index", "rebuild", "--passage-chars", "400")
    finally:
        over.set()
        for thread in asking:
            thread.join()
    assert "rebuilt" in said and failed == [] and len(answers) > 2
    assert all("Goita" in quoted(a) and WORDS_ALONE not in a["notice"] for a in answers)


def test_nginx_lets_nobody_to_chroma_without_the_token(department):
    department.environment["SAHEL_BRIEF_CHROMA_TOKEN"] = "another"
    try:
        with pytest.raises(AssertionError, match="SAHEL_BRIEF_CHROMA_TOKEN"):
            department.run("index", "list")
    finally:
        department.environment["SAHEL_BRIEF_CHROMA_TOKEN"] = TOKEN
