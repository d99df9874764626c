"""What measures the page from outside must see what is really there."""

import time
from types import SimpleNamespace

import pytest

from benchmarks.page import together
from benchmarks.typed import measure
from benchmarks.visitor import Visitor
from qa.answering import Answerer
from qa.types import ModelStatus
from tests.browser import served
from tests.fakes import Scripted, SharedWords
from web.page import create_app

COUP = "Who led a second coup and took the title of transitional president?"


class Pausing(Scripted):
    def _stream(self, *args, **kwargs):
        for chunk in super()._stream(*args, **kwargs):
            time.sleep(0.05)
            yield chunk


@pytest.fixture
def page(library):
    chat, status = Pausing(answers=[]), ModelStatus("ready", "Ready.")
    engine = SimpleNamespace(
        library=library,
        stream=Answerer(library, lambda: chat, SharedWords()).stream,
        model_status=lambda: status,
    )
    with served(create_app(lambda: engine, examples=[])) as url:
        yield url, chat


def test_a_visitor_sees_evidence_then_the_first_word_then_the_whole_answer(page):
    url, chat = page
    chat.answers[:] = ["Assimi Goita led a second coup."] * 2
    visitor = Visitor(url)
    seen = visitor.ask(COUP)
    assert "Assimi Goita led a second coup" in seen.answer
    assert seen.evidence_ms < seen.first_word_ms < seen.total_ms - 100  # six words, .05 s each
    declined = visitor.ask("Who is Macron?")
    assert declined.evidence_ms is None
    assert "never mentions Macron" in declined.answer
    assert "Assimi Goita" in visitor.ask("Who led it, the second coup?").answer
    visitor.close()


def test_visitors_at_once_are_counted_with_what_failed(page):
    url, chat = page
    chat.answers[:] = ["Assimi Goita led a second coup."] * 3
    row = together(SimpleNamespace(url=url), [COUP] * 4, 4)  # the fourth finds no answer left
    assert row["questions"] == 4
    assert row["failed"] == 0  # the page quotes where the model fails
    assert row["per_minute"] > 0


@pytest.mark.browser
def test_what_is_typed_and_what_is_put_in_whole_are_both_timed_in_the_browser(page, browser):
    url, chat = page
    chat.answers[:] = ["Assimi Goita led a second coup."] * 4
    questions = [COUP.replace("a second coup", f"a second coup in {y}") for y in range(2019, 2023)]
    found = measure(browser, url, questions, words_per_minute=6000)
    assert list(found) == ["whole", "typed"]
    for seen in found.values():  # the first of each is not counted
        assert seen["questions"] == 1
        assert 0 < seen["evidence_p50_ms"] < seen["first_word_p50_ms"] < seen["total_p50_ms"]
        assert seen["total_p50_ms"] - seen["first_word_p50_ms"] > 150  # the words after it
