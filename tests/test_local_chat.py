"""Models of this machine do one thing at a time: whose turn it is, and who may leave."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from qa import local_chat
from qa.local_chat import LocalChat
from qa.translation import to_english


class Slow(LocalChat):
    """Says what it is asked, once it may."""

    may: Event
    asked: list[str]

    @property
    def _llm_type(self) -> str:
        return "slow"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs) -> ChatResult:
        return generate_from_stream(self._stream(messages, **kwargs))

    def _stream(self, messages, stop=None, run_manager=None, *, patient=True, **kwargs):
        return self._in_turn(self._said(messages[-1].text), patient=patient)

    def _said(self, text: str) -> Iterator[ChatGenerationChunk]:
        self.asked.append(text)
        assert self.may.wait(10)
        yield ChatGenerationChunk(message=AIMessageChunk(content=text))


@pytest.fixture
def chat(monkeypatch):
    monkeypatch.setattr(local_chat, "_PAUSE_S", 0.01)
    return Slow(may=Event(), asked=[])


def waiting(chat: Slow, count: int) -> None:
    while len(chat._turns._line) + len(chat._turns._patient) < count:
        time.sleep(0.001)


def test_a_translation_goes_before_the_answers_that_wait(chat):
    with ThreadPoolExecutor(4) as visitors:
        first = visitors.submit(chat.invoke, "an answer")
        while not chat.asked:
            time.sleep(0.001)
        second = visitors.submit(chat.invoke, "the next answer")
        waiting(chat, 1)
        french = visitors.submit(to_english, "Qui ?", chat)
        waiting(chat, 2)
        chat.may.set()
        assert [f.result(10) if f is french else f.result(10).text for f in (first, second, french)]
    assert chat.asked == ["an answer", "Qui ?", "the next answer"]


def test_who_waits_may_leave_and_is_then_not_answered(chat):
    with ThreadPoolExecutor(1) as visitors:
        first = visitors.submit(chat.invoke, "an answer")
        while not chat.asked:
            time.sleep(0.001)
        leaving = chat.stream("never mind")
        pause = next(leaving)
        assert pause.response_metadata["waiting"] and not pause.text
        leaving.close()
        chat.may.set()
        assert first.result(10).text == "an answer"
    assert chat.invoke("later").text == "later"
    assert chat.asked == ["an answer", "later"]
