"""A chat model elsewhere, whatever it does, over real HTTP: what comes of a question."""

import html
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from benchmarks.fault_server import Reply, faults
from index.access import changing
from index.reading import read_document
from qa.answering import Answerer
from qa.engine import Engine
from qa.prompt import prefix
from qa.providers import Provided
from qa.remote_model import RemoteModel
from qa.remote_stream import Limits
from qa.types import ModelStatus
from tests.browser import ask, finished, opened, served
from tests.conftest import REPORT
from tests.fakes import BagOfWords, Scripted, SharedWords
from web.conversation import Conversation, converse
from web.engine import Waiting
from web.header import header
from web.metrics import Metrics
from web.page import create_app

COUP = "Who led a second coup and took the title of transitional president?"
GOITA = "Assimi Goita led a second coup."
# Long enough for a machine that does much else, where a test does not wait for them.
LIMITS = Limits(backoff_s=0.02, retry_after_s=1, pause_s=1)
SHORT = replace(LIMITS, first_token_s=0.5, whole_s=2)


class Here:
    """A model of this machine that is ready, to be fallen back on."""

    choice, local = "1.5b", True
    status = ModelStatus("ready", "")

    def __init__(self, *answers):
        self.chat = Scripted(answers=list(answers))

    def start(self, on_progress=None):
        pass

    wait = close = start


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The bundled report, which nothing here changes."""
    with changing(tmp_path_factory.mktemp("library"), BagOfWords()) as library:
        library.add(read_document(REPORT), str(REPORT))
        yield library


@contextmanager
def asking(library, server, *, provider="openai", path="/v1", limits=LIMITS, **how):
    model = RemoteModel(Provided(provider, "m", f"{server.url}{path}"), limits=limits, **how)
    model.start()
    model.wait()
    try:
        yield Engine(library, Answerer(library, lambda: model.chat, SharedWords()), model)
    finally:
        model.close()


@pytest.fixture
def server():
    with faults(Reply(GOITA)) as server:
        yield server


@pytest.fixture
def engine(library, server):
    with asking(library, server) as engine:
        yield engine


def last(engine, question=COUP):
    *_, answer = engine.stream({"question": question})
    return answer


def statuses(answer):
    return [s.status for s in answer.sentences]


def until(done, limit_s=15.0):
    deadline = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < deadline, f"not within {limit_s} s"
        time.sleep(0.02)


def is_quoted_for_want_of_the_model(answer, notice="did not answer"):
    return (
        statuses(answer) == ["quoted"]
        and "Goita then led a second coup" in answer.text
        and notice in answer.notice
        and answer.provisional
    )


def test_a_question_and_its_evidence_are_sent_and_answered(server, engine):
    answer = last(engine)
    assert (answer.text, statuses(answer), answer.provisional) == (GOITA, ["supported"], False)
    sent = server.asked[-1]
    assert sent["messages"][-1]["content"].endswith(f"Question: {COUP}")
    assert "Goita then led a second coup" in sent["messages"][-1]["content"]
    assert (sent["model"], sent["temperature"], sent["stream"]) == ("m", 0.0, True)
    assert (sent["logprobs"], sent["top_logprobs"]) == (True, 10)
    assert sent["max_completion_tokens"] == 120
    assert last(engine).cached and len(server.asked) == 2  # the first was the trial


def test_the_trial_at_the_start_has_nothing_of_anybody(server, engine):
    sent = [m["content"] for m in server.asked[0]["messages"]]
    assert sent[:-1] == [m.content for m in prefix()]
    assert sent[-1] == "Evidence:\n- This is a trial.\n\nQuestion: What is this?"
    assert server.keys == ["Bearer none"]
    assert engine.model_status().state == "ready"
    assert engine.model_status().remote.startswith("openai (127.0.0.1:")


def test_the_key_comes_from_the_environment(library, server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    with asking(library, server):
        assert server.keys == ["Bearer secret"]


def test_what_is_only_typed_is_not_sent(server, engine):
    assert list(engine.prepare({"question": COUP})) == []
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("provider", "path", "key"),
    [("ollama", "", ""), ("anthropic", "", "ANTHROPIC_API_KEY"),
     ("mistralai", "/v1", "MISTRAL_API_KEY")],
)  # fmt: skip
def test_other_providers_answer_decline_and_break_off(
    library, server, monkeypatch, provider, path, key
):
    if key:
        monkeypatch.setenv(key, "secret")
    with asking(library, server, provider=provider, path=path) as engine:
        assert last(engine).text == GOITA
        server.script(Reply("NOT STATED"), Reply(f"{GOITA} It is", cut_after=6, cut_cleanly=True))
        assert last(engine, "What is the title of Goita?").declined
        cut = last(engine, "Who took the title of transitional president?")
        assert "broke off" in cut.notice and cut.provisional


def test_a_first_token_that_does_not_come_is_not_waited_for(library, server):
    with asking(library, server, limits=SHORT) as engine:
        server.script(Reply(GOITA, first_after_s=8))
        began = time.monotonic()
        assert is_quoted_for_want_of_the_model(last(engine))
        assert time.monotonic() - began < 7
        assert engine.model_status().failures == {"timeout": 1}
    with asking(library, server) as engine:
        server.script(Reply(GOITA, first_after_s=1))
        assert (last(engine).text, last(engine).cached) == (GOITA, True)


def test_an_answer_that_goes_on_and_on_in_time_is_ended(library, server):
    with asking(library, server, limits=SHORT) as engine:
        server.script(Reply(f"{GOITA} {'It is so. ' * 50}", word_s=0.1))
        answer = last(engine)
        assert answer.text == GOITA and "broke off" in answer.notice
        assert answer.timings.total_ms < 10_000
        until(lambda: server.closed == 1)


def test_as_long_as_the_server_wants_is_waited_if_that_is_short(server, engine):
    server.script(Reply(status=429, headers={"retry-after": "1"}))
    answer = last(engine)
    assert (answer.text, answer.provisional) == (GOITA, False)
    assert answer.timings.first_word_ms > 1000
    assert engine.model_status().failures == {"limited": 1}


def test_who_wants_a_long_wait_is_left_alone_as_long(server, engine):
    server.script(Reply(status=429, headers={"retry-after": "9"}))
    assert is_quoted_for_want_of_the_model(last(engine))
    asked = len(server.asked)
    time.sleep(1.5)  # more than a pause
    assert is_quoted_for_want_of_the_model(last(engine))
    assert (engine.model_status().circuit, len(server.asked)) == ("open", asked)
    assert "less often" in engine.model_status().message


def test_a_fault_that_passes_is_not_seen(server, engine):
    server.script(Reply(status=500), Reply(status=503))
    answer = last(engine)
    assert (answer.text, answer.provisional, answer.notice) == (GOITA, False, "")
    assert engine.model_status().failures == {"server": 2}


@pytest.mark.parametrize("cleanly", [False, True])
def test_of_an_answer_that_breaks_off_what_is_whole_is_kept(server, engine, cleanly):
    text = f"{GOITA} He took the title of transitional president."
    server.script(Reply(text, cut_after=11, cut_cleanly=cleanly))
    answer = last(engine)
    assert answer.text == GOITA
    assert [(s.text, s.status) for s in answer.sentences[1:]] == [
        ("He took the title of …", "removed")
    ]
    assert answer.notice.startswith("The language model broke off: what it had said")
    assert answer.provisional and not last(engine).cached


def test_an_answer_that_breaks_off_in_its_first_sentence_is_quoted(server, engine):
    server.script(Reply(GOITA, cut_after=3))
    answer = last(engine)
    assert statuses(answer) == ["quoted", "removed"]
    assert answer.notice == "The language model broke off: these are the report's own words."
    assert answer.provisional


def test_nonsense_is_removed_and_the_evidence_quoted(server, engine):
    server.script(Reply("Emmanuel Macron was born in 1977. Bananas."))
    answer = last(engine)
    assert answer.sentences[0].status == "quoted"
    assert "Macron" not in answer.text and "Bananas" not in answer.text


def test_an_empty_answer_is_no_answer(server, engine):
    server.script(Reply(""))
    assert is_quoted_for_want_of_the_model(last(engine))
    assert engine.model_status().failures == {"empty": 1}
    assert not last(engine).cached


def test_an_answer_that_is_ten_times_too_long_is_cut_and_its_stream_closed(server, engine):
    server.script(Reply(f"{GOITA} {'He is a colonel. ' * 300}", word_s=0.0005))
    answer = last(engine)
    assert answer.text.startswith(GOITA)
    assert sum(len(s.text) for s in answer.sentences) < 120 * LIMITS.chars_per_token + 50
    assert answer.notice.startswith("The language model said too much and was cut")
    assert answer.provisional
    until(lambda: server.closed == 1)
    assert engine.model_status().failures == {}


def test_what_cannot_be_read_is_asked_again_before_the_first_word(server, engine):
    server.script(Reply(sends=b"data: {not json\n\n"), Reply(sends=b"\xff\xfe\n\n"))
    assert last(engine).text == GOITA
    assert engine.model_status().failures["broken"] >= 1


@pytest.mark.parametrize(
    ("refused", "kept"),
    [("top_logprobs", "temperature"), ("temperature", "logprobs"),
     ("max_completion_tokens", "logprobs")],
)  # fmt: skip
def test_an_option_that_a_server_refuses_is_left_out_from_then_on(library, refused, kept):
    with faults(Reply(GOITA, refuses=(refused,))) as server, asking(library, server) as engine:
        assert [refused in a for a in server.asked] == [True, False]
        assert last(engine).text == GOITA
        assert (refused in server.asked[-1], kept in server.asked[-1]) == (False, True)
        assert len(server.asked) == 3


def test_a_question_that_is_refused_costs_no_option(server, engine):
    server.script(Reply(status=400), Reply(status=400))
    assert is_quoted_for_want_of_the_model(last(engine))
    assert engine.model_status().failures == {"rejected": 1}
    last(engine)
    assert "logprobs" in server.asked[-1]


def test_without_probabilities_only_the_words_say_that_nothing_is_stated(server, engine):
    steps = list(engine.stream({"question": COUP}))
    before = next(s for s in steps if s.state == "evidence").answerability
    assert steps[-1].answerability == before
    server.script(Reply(GOITA, not_stated=0.999), Reply(GOITA, not_stated=0.0001))
    unlikely, likely = [
        [*engine.stream({"question": COUP, "fresh": True})][-1].answerability for _ in "ab"
    ]
    assert unlikely < before < likely
    server.script(Reply("**Not stated**."))
    assert [*engine.stream({"question": COUP, "fresh": True})][-1].declined


def test_the_first_tokens_probability_is_read_as_ollama_tells_it(library, server):
    with asking(library, server, provider="ollama", path="") as engine:
        before = last(engine).answerability
        server.script(Reply(GOITA, not_stated=0.999))
        after = [*engine.stream({"question": COUP, "fresh": True})][-1].answerability
        assert after < before


def test_what_fails_thrice_is_left_alone_then_tried_and_used_again(server, engine):
    server.then = Reply(status=400)  # not tried again, but once without options
    for _ in range(3):
        last(engine)
    assert len(server.asked) == 1 + 3 * 2
    status = engine.model_status()
    assert (status.state, status.circuit) == ("away", "open")
    assert is_quoted_for_want_of_the_model(last(engine))
    server.then = Reply(GOITA)
    until(lambda: engine.model_status().state == "ready")
    assert last(engine).text == GOITA


@pytest.mark.parametrize(
    ("status", "says"),
    [(401, "refuses the key"), (404, "has no model m"), (500, "a fault of its own (500)")],
)
def test_what_is_wrong_at_the_start_is_said_and_tried_again(library, status, says):
    with faults(Reply(status=status)) as server, asking(library, server) as engine:
        found = engine.model_status()
        assert found.state == "away"
        assert says in found.message and found.message.endswith("It is tried again by itself.")
        assert is_quoted_for_want_of_the_model(last(engine))
        server.then = Reply(GOITA)
        until(lambda: engine.model_status().state == "ready")
        assert last(engine).text == GOITA


def test_a_server_that_comes_back_is_used_again(library, server):
    server.stop()
    with asking(library, server) as engine:
        assert "cannot be reached" in engine.model_status().message
        assert is_quoted_for_want_of_the_model(last(engine))
        server.come_back()
        until(lambda: engine.model_status().state == "ready")
        assert last(engine).text == GOITA


def test_without_a_key_the_page_says_so_and_quotes(library, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    model = RemoteModel(Provided("openai", "m"), limits=LIMITS)
    model.start()
    model.wait()
    engine = Engine(library, Answerer(library, lambda: model.chat, SharedWords()), model)
    assert model.status.state == "failed" and "OPENAI_API_KEY" in model.status.message
    assert model.status.remote == ""
    assert is_quoted_for_want_of_the_model(last(engine))
    model.close()


def test_stop_closes_the_stream(server, engine):
    server.script(Reply(f"{GOITA} {'It is so. ' * 50}", word_s=0.1))
    answers = engine.stream({"question": COUP})
    next(a for a in answers if a.draft)
    answers.close()
    until(lambda: server.closed == 1, 5)
    assert engine.model_status().failures == {}


def test_stop_need_not_wait_for_the_first_word(library, server):
    with asking(library, server, limits=Limits()) as engine:
        server.script(Reply(GOITA, first_after_s=20))
        answers = engine.stream({"question": COUP})
        began = time.monotonic()
        evidence = [next(answers) for _ in range(4)]
        assert [a.state for a in evidence] == ["searching", "evidence", "evidence", "evidence"]
        answers.close()
        assert time.monotonic() - began < 10


def test_two_are_answered_at_once(library, server):
    with asking(library, server) as engine:
        server.script(*[Reply(GOITA, word_s=0.3)] * 4)
        threads = [threading.Thread(target=last, args=(engine,)) for _ in range(4)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert time.monotonic() - began < 4 * 6 * 0.3


def test_a_fallback_words_what_the_chosen_model_does_not_and_that_is_told(library, server):
    here = Here(GOITA, GOITA)
    with asking(library, server, fallback=here) as engine:
        server.then = Reply(status=404)
        answer = last(engine)
        assert (answer.text, answer.worded_by, answer.provisional) == (GOITA, "1.5b", True)
        assert answer.notice == "The model that was chosen did not answer: 1.5b worded this."
        status = engine.model_status()
        assert (status.state, status.fallback) == ("away", "1.5b")
        metrics = Metrics(lambda: engine, Waiting())
        shown = converse(lambda: engine, COUP, [], Conversation(), watch=metrics.count)
        assert "1&#46;5b worded this" in [*shown][-1].chat[-1]["content"]
        figures = metrics.response().body.decode()
        assert "sahel_brief_fallback_answers_total 1.0" in figures
        assert 'sahel_brief_model_failures_total{kind="unknown-model"} 0.0' not in figures
        assert 'sahel_brief_model_failures_total{kind="empty"} 0.0' in figures
        assert 'sahel_brief_model_circuit{state="open"} 1.0' in figures
        server.then = Reply(GOITA)
        until(lambda: engine.model_status().state == "ready")
        assert (last(engine).worded_by, last(engine).cached) == ("", True)


def test_a_fallback_words_answers_while_the_chosen_model_is_still_tried(library, server):
    server.then = Reply("Yes.", first_after_s=5)
    model = RemoteModel(Provided("openai", "m", f"{server.url}/v1"), fallback=Here(GOITA))
    model.start()
    engine = Engine(library, Answerer(library, lambda: model.chat, SharedWords()), model)
    assert (last(engine).worded_by, model.status.state) == ("1.5b", "loading")
    assert len(server.asked) <= 1
    model.close()


def test_a_fallback_does_not_speak_into_an_answer_that_has_begun(library, server):
    here = Here()
    with asking(library, server, fallback=here) as engine:
        server.script(Reply(f"{GOITA} He is", cut_after=6))
        assert last(engine).text == GOITA
        assert here.chat.prompts == []


def test_offline_refuses_a_model_elsewhere_even_where_the_environment_names_it(monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "http://10.1.2.3:11434")
    model = RemoteModel(Provided("ollama", "m"), offline=True, limits=LIMITS)
    model.start()
    model.wait()
    assert model.status.state == "failed"
    assert "nothing is sent with --offline" in model.status.message
    model.close()


def test_a_question_in_french_is_translated_there_and_declined_where_it_fails(server, engine):
    server.script(Reply("Who led the second coup?"), Reply(GOITA), Reply(status=401))
    answer = last(engine, "Qui a mené le deuxième coup d'État ?")
    assert (answer.resolved, answer.text) == ("Who led the second coup?", GOITA)
    assert last(engine, "Qui est le président de la France ?").decline == "not-translated"


def test_the_top_of_the_page_says_where_questions_go_and_what_words_them_meanwhile():
    def top(**how):
        return re.sub("<[^>]+>", "", html.unescape(header([], ModelStatus(**how))))

    where = {"remote": "openai (api.openai.com)"}
    assert "Questions are sent to openai (api.openai.com)." in top(
        state="ready", message="", **where
    )
    assert "are sent to" not in top(state="ready", message="")
    away = {"state": "away", "message": "It rests.", **where}
    assert "It rests. Until it answers, answers are quotations from the report." in top(**away)
    assert "Questions are sent to" in top(**away)
    assert "answers are worded by 1.5b, on this machine." in top(**away, fallback="1.5b")
    failed = top(state="failed", message="No key.", fallback="1.5b")
    assert "No key. Answers are worded by 1.5b, on this machine." in failed


def test_a_model_elsewhere_keeps_nobody_waiting_for_others(server, engine):
    waiting = Waiting()
    waiting.enter()
    steps = converse(lambda: engine, COUP, [], Conversation(), waiting=waiting)
    shown = [step.chat[-1]["content"] for step in steps]
    assert any("Wording an answer" in card for card in shown)
    assert not any("before yours" in card for card in shown)


@pytest.mark.browser
def test_the_page_shows_without_a_reload_that_the_model_answers_again(library, server, browser):
    server.then = Reply(status=401)
    with (
        asking(library, server) as engine,
        served(create_app(lambda: engine, examples=[])) as url,
    ):
        page, wrong = opened(browser, url)
        assert "refuses the key" in page.inner_text("#top .model")
        page.click("#top .sent summary")
        assert "no more of your documents" in page.inner_text("#top .sent p")
        server.then = Reply(GOITA)
        page.wait_for_selector("#top .model", state="detached")
        assert "Questions are sent to openai (127.0.0.1:" in page.inner_text("#top .sent")
        ask(page, COUP)
        assert GOITA in finished(page)
        assert wrong == []
