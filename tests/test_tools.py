"""The tools as other language models use them, through the client of the protocol's own SDK."""

import asyncio
import json
import os
import shlex
import sys

import httpx
import pytest
from mcp import Client, StdioServerParameters

from index.types import BriefError
from qa.answering import Answerer
from qa.tools import tools
from tests.browser import served
from tests.conftest import ROOT
from tests.fakes import Scripted, SharedWords
from tests.test_api import COUP, SAID, engine_of
from web.page import create_app


def server_of(library, *answers):
    chat = Scripted(answers=list(answers)) if answers else None
    return tools(lambda: library, Answerer(library, lambda: chat, SharedWords()).stream)


def used(server, tool, **arguments):
    """Call a tool and return the result, and the messages of progress before it."""

    async def call():
        heard = []

        async def hear(progress, total, message):
            heard.append(message)

        async with Client(server) as client:
            result = await client.call_tool(tool, arguments, progress_callback=hear)
            await asyncio.sleep(0)
            return result, heard

    return asyncio.run(call())


def listed(server):
    async def list_tools():
        async with Client(server) as client:
            return client.instructions, (await client.list_tools()).tools

    return asyncio.run(list_tools())


def test_a_model_is_told_how_to_cite_and_what_comes_back(library):
    instructions, found = listed(server_of(library))
    assert "citation" in instructions
    by_name = {tool.name: tool for tool in found}
    assert set(by_name) == {"ask", "search", "read_passage"}
    assert "Cite each sentence" in by_name["ask"].description
    assert {"answer", "declined", "sentences"} <= set(by_name["ask"].output_schema["properties"])
    assert all(tool.annotations.read_only_hint for tool in found)
    assert "context" not in by_name["ask"].input_schema["properties"]


def test_an_answer_has_citations_that_can_be_read_where_they_stand(library):
    server = server_of(library, SAID)
    result, heard = used(server, "ask", question=COUP)
    answer = result.structured_content
    assert (answer["answer"], answer["declined"]) == (SAID, False)
    assert heard[0] == "evidence" and heard[-1] == "done"
    (cited,) = answer["citations"]
    text = result.content[0].text
    assert text.startswith(f"{SAID} [1]") and cited["quote"][:40] in text
    at = {key: cited[key] for key in ("document_id", "start", "end")}
    assert f"document_id {at['document_id']}, start {at['start']}, end {at['end']}" in text
    passage, _ = used(server, "read_passage", **at, around=20)
    assert passage.structured_content["text"] == cited["quote"]
    assert f"⟦{cited['quote']}⟧" in passage.content[0].text


def test_a_declined_question_says_why_and_shows_the_closest_passages(library):
    result, _ = used(server_of(library), "ask", question="Who is Macron?")
    assert result.structured_content["declined"] and not result.is_error
    assert result.content[0].text.startswith("Declined: ")
    assert "closest passages" in result.content[0].text


def test_passages_are_found_with_where_they_stand(library):
    result, _ = used(server_of(library), "search", query="second coup", limit=2)
    first = result.structured_content["passages"][0]
    text = library.document(first["document_id"]).text
    assert text[first["start"] : first["end"]] == first["text"]
    assert first["place"] in result.content[0].text


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("ask", {"question": "?"}, "There is no question"),
        ("ask", {"question": "q" * 1001}, "at most 1000"),
        ("search", {"query": "q", "limit": 51}, "less than or equal to 50"),
        ("search", {"query": "q", "documents": ["none"]}, "no document is called none"),
        ("read_passage", {"document_id": "none", "start": 0, "end": 1}, "no document none"),
    ],
)
def test_what_a_model_can_put_right_it_is_told(library, tool, arguments, words):
    result, _ = used(server_of(library), tool, **arguments)
    assert result.is_error and words in result.content[0].text


def test_while_the_library_is_being_opened_a_model_is_told_to_try_again():
    def opening(*given):
        raise BriefError("The library is being opened. Try again in a few seconds.")

    result, _ = used(tools(opening, opening), "ask", question=COUP)
    assert result.is_error and "Try again" in result.content[0].text


def test_the_page_serves_the_tools_over_http_and_refuses_pages_of_other_origins(library):
    app = create_app(lambda: engine_of(library, SAID), examples=[])
    with served(app) as url:
        result, heard = used(f"{url}/mcp", "ask", question=COUP)
        foreign = httpx.post(f"{url}/mcp", json={}, headers={"Origin": "http://evil.example"})
        figures = httpx.get(f"{url}/metrics").text
    assert result.structured_content["answer"] == SAID
    assert "evidence" in heard
    assert foreign.status_code == 403
    assert 'sahel_brief_questions_total{outcome="answered"} 1.0' in figures


def test_the_command_speaks_nothing_but_the_protocol_on_standard_output(tmp_path):
    said, data = tmp_path / "said", tmp_path / "data"
    serve = [sys.executable, "-m", "qa", "mcp", "--offline", "--data", str(data)]
    command = StdioServerParameters(
        command="sh",
        args=["-c", f"{shlex.join(serve)} | tee {said}"],
        env={**os.environ, "SAHEL_BRIEF_CACHE": str(tmp_path / "none")},
        cwd=ROOT,
    )
    result, _ = used(command, "ask", question="Who led the second coup in Mali?")
    assert "Goita then led a second coup" in result.structured_content["answer"]
    assert result.structured_content["sentences"][0]["status"] == "quoted"
    assert {json.loads(line)["jsonrpc"] for line in said.read_text().splitlines()} == {"2.0"}
