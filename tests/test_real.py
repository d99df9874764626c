"""The whole path with every real part: the command, the embedder, the chat model, the browser."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from argparse import Namespace
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from benchmarks.serving import free_port
from index.embedding import SentenceEmbedder
from index.types import Passage
from qa.choosing import local_model
from qa.int8 import Int8Chat, is_fast_here
from qa.phrasing import phrase
from qa.types import Evidence
from qa.weights import KNOWN
from tests.browser import ask, chromium, finished, marked, opened
from tests.conftest import ROOT, needs

pytestmark = [pytest.mark.model, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("real")


@contextmanager
def running(data, *options, **environment):
    """Run app.py and give its URL once it answers questions."""
    port = free_port()
    command = [sys.executable, "app.py", "--no-browser", "--port", str(port), "--data", str(data)]
    process = subprocess.Popen([*command, *options], cwd=ROOT, env={**os.environ, **environment})
    url = f"http://127.0.0.1:{port}"
    until(lambda: healthy(url), 120, process)
    yield url
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0


@pytest.fixture(scope="module")
def url(data):
    """A running app.py with real weights, which CI lets it fetch."""
    model = local_model(Namespace(model="1.5b", offline=False))
    weights = model.cache / KNOWN["1.5b"].file
    needs("the 1.5B model", weights.exists() or bool(os.environ.get("CI")), "start app.py once")
    with running(data, "--model", "1.5b") as url:
        yield url


def qa(data, *arguments, timeout_s):
    """Run `python -m qa` with the 1.5B model and return what it prints."""
    command = [sys.executable, "-m", "qa", *arguments]
    done = subprocess.run(
        [*command, "--data", str(data), "--model", "1.5b", "--offline"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=timeout_s,
    )
    return done.stdout


def until(done, limit_s, process):
    deadline = time.monotonic() + limit_s
    while not done():
        assert process.poll() is None, "app.py ended"
        assert time.monotonic() < deadline, f"not within {limit_s} s"
        time.sleep(0.5)


def healthy(url):
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def model_state(url):
    return httpx.get(f"{url}/healthz").json()["model"]["state"]


@pytest.fixture(scope="module")
def ready(url):
    deadline = time.monotonic() + 600
    while (state := model_state(url)) != "ready":
        assert state != "failed" and time.monotonic() < deadline, state
        time.sleep(1)
    return url


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def test_the_real_embedder_ranks_by_meaning():
    question, near, far = SentenceEmbedder().embed(
        ["How many soldiers died?", "Three hundred peacekeepers were killed.", "Bread is baked."]
    )
    assert float(question @ near) > 0.4 > float(question @ far)


@pytest.mark.browser
def test_questions_are_answered_without_a_model_and_the_page_says_why(browser, tmp_path):
    with running(tmp_path, "--offline", SAHEL_BRIEF_CACHE=str(tmp_path / "none")) as url:
        page, wrong = opened(browser, url)
        assert "nothing is fetched with --offline" in page.inner_text("#top .model")
        ask(page, "Who led the second coup in Mali?")
        assert "Goita then led a second coup" in finished(page)
        assert page.locator(".card q.quoted").count() == 1
        assert wrong == []


@pytest.mark.browser
def test_a_question_in_the_browser_is_answered_cited_and_marked(ready, browser):
    page, wrong = opened(browser, ready)
    ask(page, "Who led the second coup in Mali?")
    page.wait_for_selector(".card .evidence")
    assert "Goita" in finished(page)
    assert page.locator(".card q.quoted").count() == 0
    page.locator(".card .chip").first.click()
    assert "Army Colonel Assimi Goita then led a second coup" in marked(page)
    ask(page, "Who led the second coup in Mali?")
    assert "answered before" in finished(page, 1)
    figures = httpx.get(f"{ready}/metrics").text
    assert 'sahel_brief_questions_total{outcome="answered"} 2.0' in figures
    assert 'sahel_brief_stage_seconds_count{stage="prompt"} 1.0' in figures
    assert wrong == []


@pytest.mark.browser
def test_what_the_report_does_not_say_is_declined_in_the_browser(ready, browser):
    page, _ = opened(browser, ready)
    ask(page, "What is the weather in Bamako today?")
    assert "The report does not say" in finished(page)
    assert page.locator(".card .declined").count() == 1


def test_the_command_line_answers_while_the_page_is_running(ready, data):
    answer = json.loads(qa(data, "--json", "By when must MINUSMA leave Mali?", timeout_s=300))
    assert not answer["declined"]
    assert "end of 2023" in answer["answer"]
    text = (ROOT / "reports" / "sahel-security-report.md").read_text("utf-8")
    assert all(text[c["start"] : c["end"]] == c["quote"] for c in answer["citations"])


@pytest.fixture(scope="module")
def llama(ready):
    """The model as llama.cpp reads it: every file of one's own."""
    known = local_model(Namespace(model="1.5b", offline=True))
    model = local_model(Namespace(model=str(known.cache / KNOWN["1.5b"].file), offline=True))
    model.load()
    yield model
    model.close()


@pytest.fixture(scope="module")
def integers(ready):
    """The model as integers in OpenVINO."""
    if not is_fast_here():
        pytest.skip("this processor has no AVX-512 VNNI")
    model = local_model(Namespace(model="1.5b", offline=True))
    model.load()
    assert isinstance(model.chat, Int8Chat)
    yield model
    model.close()


_SAID = [
    "Edda Falk lit the lighthouse in 1871 and kept it for twelve years.",
    "Jonas Wren: The two boats were sold in spring because the nets were torn.",
]


@pytest.mark.parametrize(
    ("question", "stated"),
    [
        ("Who lit the lighthouse?", True),
        ("For how long did Edda Falk keep the lighthouse?", True),
        ("Why were the boats sold?", True),
        ("When was Jonas Wren born?", False),
        ("How many people live in Tarn?", False),
    ],
)
def test_integers_say_what_llama_says(llama, integers, question, stated):
    passage = Passage("id", "d", 0, 0, " ".join(_SAID), "1. Boats")
    evidence = [Evidence(passage, 0, 0, text, 0.9) for text in _SAID]
    theirs, ours = ([*phrase(model.chat, question, evidence)][-1] for model in (llama, integers))
    assert (ours.text == "") == (theirs.text == "") == (not stated)
    assert ours.not_stated == pytest.approx(theirs.not_stated, abs=0.1)
    assert ours.text.split()[:4] == theirs.text.split()[:4]


def test_the_model_takes_no_orders_from_other_programs(llama):
    """The llama.cpp server in the process wants a key that nobody else has."""
    answer = httpx.post(
        f"{llama.address}/v1/chat/completions",
        json={"messages": [{"role": "user", "content": "hello"}], "max_tokens": 1},
    )
    assert answer.status_code == 401


def test_the_model_lets_no_page_of_another_origin_read_and_shows_none_of_its_own(llama):
    evil = {"Origin": "http://evil.example"}
    told = httpx.get(f"{llama.address}/health", headers=evil)
    assert told.json() == {"status": "ok"}  # it is all that it tells without the key
    assert told.headers.get("access-control-allow-origin") == "none.invalid"
    assert "access-control-allow-credentials" not in told.headers
    assert httpx.get(f"{llama.address}/", headers=evil).status_code == 404
    for path in ("/slots", "/metrics", "/props", "/v1/models", "/completion", "/tokenize"):
        for key in ({}, {"Authorization": "Bearer x"}):
            refused = httpx.post(f"{llama.address}{path}", json={}, headers=evil | key)
            assert refused.status_code in (401, 404), path
            read = httpx.get(f"{llama.address}{path}", headers=evil | key)
            assert read.status_code in (401, 404), path


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process has one priority")
@pytest.mark.parametrize("kind", ["llama", "integers"])
def test_the_models_threads_let_others_go_first_and_nobody_elses_do(request, kind):
    request.getfixturevalue(kind)
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    tasks = [int(task.name) for task in Path("/proc/self/task").iterdir()]
    nice = [os.getpriority(os.PRIO_PROCESS, task) for task in tasks]
    assert max(nice) == min(19, own + 10)
    assert nice.count(max(nice)) >= 1
    assert own == os.getpriority(os.PRIO_PROCESS, os.getpid())


def test_the_reports_questions_are_answered_and_declined_well_enough(ready, data, tmp_path):
    """Floors, well under what is measured, so that only a real loss fails them."""
    out = tmp_path / "judged.jsonl"
    questions = ROOT / "tests" / "report-questions.jsonl"
    print(qa(data, "evaluate", str(questions), "--out", str(out), timeout_s=1200))
    judged = [json.loads(line) for line in out.read_text().splitlines()]
    text = (ROOT / "reports" / "sahel-security-report.md").read_text("utf-8")
    assert all(text[c["start"] : c["end"]] == c["quote"] for r in judged for c in r["citations"])
    for expected, floor in (("answer", 0.72), ("decline", 0.88)):
        right = [r["right"] for r in judged if r["expected"] == expected]
        assert sum(right) / len(right) >= floor, f"{expected}: {sum(right)} of {len(right)}"
