"""The library as other LangChain programs use it; and the code of `docs/python.md` as it stands."""

import asyncio
import re
import time

import pytest
from langchain_core.runnables import RunnableLambda

import qa
from index.access import changing
from index.reading import parse_document, read_document
from index.types import BriefError
from qa.answering import Answerer
from qa.engine import Engine
from qa.opening import OpenLibrary, _Given, open_library
from qa.types import Turn
from tests.conftest import REPORT, ROOT
from tests.fakes import BagOfWords, Scripted, SharedWords
from tests.test_api import COUP, SAID


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    with changing(tmp_path_factory.mktemp("library"), BagOfWords()) as library:
        library.add(read_document(REPORT), str(REPORT))
        library.add(parse_document("# Well\n\nThe well is dry.", name="w.md", as_of="2020"), "w")
        yield library


def opened(disk, *answers):
    chat = Scripted(answers=list(answers))
    answerer = Answerer(disk, lambda: chat, SharedWords())
    return OpenLibrary(Engine(disk, answerer, _Given(chat))), chat


def test_the_code_of_the_documentation_runs_as_it_stands_but_for_the_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text("utf-8"), re.S
    )
    assert len(blocks) == 4
    for block in blocks:
        assert 'open_library("my-library")' in block
        exec(
            block.replace('open_library("my-library")', 'open_library("my-library", model=None)'),
            {},
        )


def test_the_public_names_are_those_that_are_listed():
    assert {name: getattr(qa, name).__name__ for name in qa.__all__} == {n: n for n in qa.__all__}
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        _ = qa.other


def test_a_text_or_a_question_is_answered_and_each_step_is_streamed(disk):
    library, _ = opened(disk, SAID, SAID)
    assert library.invoke(COUP).text == SAID
    fresh = {"question": COUP, "fresh": True, "history": [Turn("Who is he?")]}
    states = [step.state for step in library.stream(fresh)]
    assert states[0] == "searching" and states[-1] == "done"
    assert states.index("evidence") < states.index("answering")


def test_it_composes_and_steps_pass_through_a_chain(disk):
    library, _ = opened(disk, SAID)
    chain = RunnableLambda(lambda text: {"question": text}) | library
    assert [step.state for step in chain.stream(COUP)][-1] == "done"
    assert (library | (lambda answer: answer.text)).batch([COUP, "Who is Macron?"]) == [
        SAID,
        library.invoke("Who is Macron?").reason,
    ]


def test_closing_a_stream_stops_the_model(disk):
    library, chat = opened(disk, SAID)
    steps = library.stream(COUP)
    while next(steps).state != "answering":
        pass
    assert chat.closed == 0
    steps.close()
    assert chat.closed == 1


def test_leaving_an_asynchronous_stream_stops_the_model_too(disk):
    library, chat = opened(disk, SAID)

    async def leave():
        steps = library.astream(COUP)
        async for step in steps:
            if step.state == "answering":
                break
        await steps.aclose()

    asyncio.run(leave())
    deadline = time.monotonic() + 5
    while not chat.closed and time.monotonic() < deadline:
        time.sleep(0.01)
    assert chat.closed == 1


def test_the_event_loop_goes_on_while_an_answer_is_sought(disk):
    library, _ = opened(disk, SAID)
    stream = library._engine.answerer.stream

    def slow(question):
        for step in stream(question):
            time.sleep(0.1)
            yield step

    library._engine.answerer.stream = slow

    async def longest_pause():
        async def beat():
            last, longest = time.monotonic(), 0.0
            while True:
                await asyncio.sleep(0.005)
                now = time.monotonic()
                last, longest = now, max(longest, now - last)
                beats.append(longest)

        beats = []
        beating = asyncio.create_task(beat())
        states = [step.state async for step in library.astream(COUP)]
        beating.cancel()
        return states, len(beats)

    states, beats = asyncio.run(longest_pause())
    assert states[0] == "searching" and states[-1] == "done"
    assert beats > len(states)  # ten a step, on an idle machine


def test_async_answers_are_those_of_the_others(disk):
    library, _ = opened(disk, SAID, SAID)

    async def asked():
        return await library.ainvoke(COUP), await library.abatch([COUP, "Who is Macron?"])

    one, (same, none) = asyncio.run(asked())
    assert one.text == same.text == SAID and none.declined


def test_a_retriever_finds_in_the_documents_that_it_is_given(disk):
    library, _ = opened(disk)
    assert [d.metadata["title"] for d in library.retriever(k=1).invoke("dry well")] == ["Well"]
    recent = library.retriever(k=3, since="2023").invoke("dry well")
    assert len(recent) == 3 and "Well" not in {d.metadata["title"] for d in recent}
    found = asyncio.run(library.retriever(k=2).ainvoke("coup"))
    assert len(found) == 2
    text = disk.document(found[0].metadata["document_id"]).text
    assert text[found[0].metadata["start"] : found[0].metadata["end"]] == found[0].page_content
    with pytest.raises(BriefError, match="2030"):
        library.retriever(since="2030")


def test_a_model_that_cannot_be_had_is_said_at_once(tmp_path):
    missing = {"cache": tmp_path / "none", "offline": True}
    with pytest.raises(BriefError, match="offline"), open_library(tmp_path / "data", **missing):
        pass
