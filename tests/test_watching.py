"""What whoever watches over the page is told of each question, and what not."""

import json
import logging
import re
from dataclasses import replace
from types import SimpleNamespace

import httpx
import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

import app
from qa.answering import Answerer
from qa.clock import Clock
from qa.engine import Engine
from qa.local_model import LocalModel
from qa.phrasing import phrase
from qa.profile import profile_table
from qa.types import Answer, ModelStatus, Speed, Stages, Timings
from tests.fakes import Scripted, SharedWords
from web.cards import card
from web.conversation import Conversation, converse, stop
from web.engine import Waiting
from web.metrics import Metrics
from web.page import create_app
from web.records import new_record, told
from web.watching import Asked, log_asked, log_line
from web.wiring import read_wanted

COUP = "Who led a second coup and took the title of transitional president?"
MACRON = "What did Emmanuel Macron say about the coup?"
GOITA = "Assimi Goita led a second coup."


def engine_of(library, *answers):
    chat = Scripted(answers=list(answers))
    answerer = Answerer(library, lambda: chat if answers else None, SharedWords())
    return Engine(library, answerer, LocalModel("1.5b", library.folder))


def samples(text):
    """Return the values by name and labels, without the buckets of histograms."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }


def figures(metrics):
    return samples(metrics.response().body.decode())


def ask(engine, metrics, question=COUP, **how):
    *_, step = converse(lambda: engine, question, [], Conversation(), watch=metrics.count, **how)
    return step.chat[-1]["content"]


def test_questions_are_counted_by_how_they_end(library):
    engine = engine_of(library, GOITA)
    metrics = Metrics(lambda: engine, Waiting())
    ask(engine, metrics)
    ask(engine, metrics, MACRON)
    ask(engine_of(library), metrics, "What is MINUSMA?")
    ask(engine, metrics, "why " * 5000)
    steps = converse(lambda: engine, "Who is Lewis?", [], Conversation(), watch=metrics.count)
    next(steps)
    stop(next(steps).conversation)
    list(steps)
    found = figures(metrics)
    for outcome in ("answered", "quoted", "declined", "stopped", "failed"):
        assert found["sahel_brief_questions_total", outcome] == 1
    assert found["sahel_brief_declined_total", "unknown-name"] == 1
    assert found["sahel_brief_declined_total", "not-stated"] == 0


def test_a_tab_that_is_closed_counts_as_stopped(library):
    engine = engine_of(library)
    metrics = Metrics(lambda: engine, Waiting())
    steps = converse(lambda: engine, COUP, [], Conversation(), watch=metrics.count)
    next(steps), next(steps)
    steps.close()
    assert figures(metrics)["sahel_brief_questions_total", "stopped"] == 1


def test_times_are_counted_of_answers_that_were_not_given_before(library):
    engine = engine_of(library, GOITA)
    metrics = Metrics(lambda: engine, Waiting())
    ask(engine, metrics)
    ask(engine, metrics)
    found = figures(metrics)
    for moment in ("evidence", "first_word", "total"):
        assert found["sahel_brief_answer_seconds_count", moment] == 1
        assert 0 < found["sahel_brief_answer_seconds_sum", moment] < 20
    for stage in ("search", "selection", "waiting", "generation", "checking"):
        assert found["sahel_brief_stage_seconds_count", stage] == 1
    assert found["sahel_brief_stage_seconds_count", "prompt"] == 0  # this model says nothing of it
    assert found["sahel_brief_cache_hits_total",] == 1
    assert found["sahel_brief_cache_misses_total",] == 1


def test_asked_again_it_is_neither_hit_nor_miss(library):
    engine = engine_of(library, GOITA, GOITA)
    metrics = Metrics(lambda: engine, Waiting())
    assert "answered before" not in ask(engine, metrics)
    assert "answered before" not in ask(engine, metrics, fresh=True)
    assert "answered before" in ask(engine, metrics)
    found = figures(metrics)
    assert found["sahel_brief_cache_hits_total",] == 1
    assert found["sahel_brief_cache_misses_total",] == 1
    assert found["sahel_brief_questions_total", "answered"] == 3


def test_an_answer_that_was_given_before_does_not_queue(library):
    engine = engine_of(library, GOITA)
    list(converse(lambda: engine, COUP, [], Conversation()))
    waiting = Waiting()
    waiting.enter()
    steps = converse(lambda: engine, COUP, [], Conversation(), waiting=waiting)
    assert not any("before yours" in str(step.chat) for step in steps)


@pytest.mark.parametrize(
    ("raw", "again"),
    [
        ('{"question": "Who?", "replaces": "1f"}', True),
        ('{"question": "", "replaces": "1f"}', False),
        ('{"question": "Who?"}', False),
        ("{}", False),
    ],
)
def test_only_ask_again_asks_afresh(raw, again):
    assert read_wanted(raw).again is again


def test_an_old_record_without_the_word_is_shown(library):
    record = told(new_record("q", "c"), Answer("q", "q", "done"), library, "1.5b")
    assert "answered before" not in card({k: v for k, v in record.items() if k != "cached"})


def test_the_figures_say_how_things_stand(library):
    waiting = Waiting()
    waiting.enter()
    status = ModelStatus("fetching", "Fetching.")
    engine = SimpleNamespace(library=library, model_status=lambda: status)
    found = figures(Metrics(lambda: engine, waiting))
    assert found["sahel_brief_ready",] == 1
    assert found["sahel_brief_documents",] == 1
    assert found["sahel_brief_passages",] == library.store.count_passages()
    assert found["sahel_brief_queue_length",] == 1
    assert found["sahel_brief_model_state", "fetching"] == 1
    assert found["sahel_brief_model_state", "ready"] == 0
    assert found["python_threads",] >= 1


def test_the_figures_are_served_before_the_library_is_open_and_of_each_page_alone(library):
    client, other = (TestClient(create_app(lambda: None, examples=[])) for _ in range(2))
    for answer in (client.get("/metrics"), other.get("/metrics")):
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        found = samples(answer.text)
        assert found["sahel_brief_ready",] == 0
        assert found["sahel_brief_questions_total", "answered"] == 0
        assert not any(name.endswith("_created") for name, *_ in found)


def test_labels_have_no_words_of_anybody_and_few_values(library):
    engine = engine_of(library, GOITA)
    metrics = Metrics(lambda: engine, Waiting())
    before = figures(metrics).keys()
    ask(engine, metrics)
    ask(engine, metrics, MACRON)
    text = metrics.response().body.decode()
    assert samples(text).keys() == before
    for word in ("coup", "Macron", "Goita", "MINUSMA"):
        assert word not in text


def test_the_log_has_a_line_for_each_question_without_its_words(library, caplog):
    engine = engine_of(library, GOITA)
    with caplog.at_level(logging.INFO, "sahel_brief.questions"):
        for _ in range(2):
            list(converse(lambda: engine, COUP, [], Conversation(), watch=log_asked))
        list(converse(lambda: engine, MACRON, [], Conversation(), watch=log_asked))
    first, again, declined = caplog.messages
    facts = dict(fact.split("=") for fact in first.split(" "))
    assert (facts["outcome"], facts["cache"]) == ("answered", "miss")
    assert {"evidence_ms", "first_word_ms", "total_ms", "search_ms", "selection_ms",
            "waiting_ms", "generation_ms", "checking_ms"} <= facts.keys()  # fmt: skip
    assert all(float(v) >= 0 for k, v in facts.items() if k.endswith("_ms"))
    assert again.startswith("outcome=answered cache=hit evidence_ms=")
    assert "outcome=declined cache=miss decline=unknown-name" in declined
    for word in ("coup", "Macron", "Goita", "question"):
        assert word not in caplog.text.replace("sahel_brief.questions", "")


def test_the_log_has_the_question_on_one_line_where_it_is_asked_for():
    asked = Asked('Who "led"\nwhat?', failed=True)
    assert log_line(asked) == "outcome=failed cache=passed"
    assert log_line(asked, with_question=True).endswith(r'question="Who \"led\"\nwhat?"')


def test_only_the_lines_of_questions_are_shown_on_standard_error(capsys):
    log = logging.getLogger("tests.questions")
    app.log_to_stderr(log.name)
    log.info("outcome=answered")
    log.debug("unseen")
    shown = capsys.readouterr().err
    assert re.fullmatch(r"\d{4}-\d\d-\d\d [\d:]+,\d+ outcome=answered\n", shown)


def test_the_wait_for_the_model_and_what_it_reads_are_told_apart():
    clock = Clock()
    clock.spent_ms = {"search": 10.0, "waiting": 900.0}
    assert clock.whole(Timings()).stages == Stages(search_ms=10.0, waiting_ms=900.0)
    clock.speed = Speed(60, 700.0, 12, 400.0)
    assert clock.whole(Timings()).stages == Stages(
        search_ms=10.0, waiting_ms=200.0, prompt_ms=700.0
    )


@pytest.mark.parametrize(("finish", "cut"), [("stop", False), ("length", True)])
def test_what_llama_cpp_says_of_its_speed_comes_with_the_draft_and_what_is_cut_says_so(finish, cut):
    from qa.llama_chat import LlamaChat

    def serve(request):
        lines = [
            {
                "id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m",
                "choices": [{"index": 0, "delta": {"content": said}, "finish_reason": reason}],
                "timings": {"prompt_n": 60, "prompt_ms": 700.5, "predicted_n": n + 1,
                            "predicted_ms": 30.5 * (n + 1)},
            }
            for n, (said, reason) in enumerate([("Two ", None), ("boats.", None), ("", finish)])
        ]  # fmt: skip
        body = "".join(f"data: {json.dumps(line)}\n\n" for line in lines) + "data: [DONE]\n\n"
        return httpx.Response(200, text=body, headers={"Content-Type": "text/event-stream"})

    client = httpx.Client(transport=httpx.MockTransport(serve))
    chat = LlamaChat(model="m", base_url="http://x/v1", api_key="k", http_client=client)
    first, *_, last = phrase(chat, "How many?", [])
    assert (first.text, first.speed, first.cut) == ("Two", Speed(60, 700.5, 1, 30.5), False)
    assert (last.text, last.speed, last.cut) == ("Two boats.", Speed(60, 700.5, 3, 91.5), cut)


def test_the_profile_is_a_table_of_where_the_time_went():
    clock = Clock()
    clock.spent_ms = {"opening the library": 812.0}
    timings = Timings(
        total_ms=1720.0,
        stages=Stages(search_ms=20.0, prompt_ms=951.0, generation_ms=514.0),
        speed=Speed(63, 950.0, 15, 500.0),
    )
    lines = profile_table(clock, replace(Answer("q", "q", "done"), timings=timings)).splitlines()
    assert [" ".join(line.split()) for line in lines[:-1]] == [
        "opening the library 0.812 s",
        "search 0.020 s",
        "reading the prompt 0.951 s 63 tokens, 66 a second",
        "generation 0.514 s 15 tokens, 30 a second",
        "the rest of the answer 0.235 s",
        "the answer 1.720 s",
    ]
    assert lines[-1].startswith("all of it")
