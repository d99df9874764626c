"""Tools for other language models, by the Model Context Protocol: ask, search, read a passage.

Knows nothing of how it is reached: `python -m qa mcp` serves it on standard input and output, the
page at `/mcp`.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from index.types import BriefError, Library
from qa import schema
from qa.engine import restricted
from qa.excerpts import MAX_AROUND, excerpt
from qa.output import as_json, as_text, cited, found_json
from qa.standalone import MAX_CHARS
from qa.steps import in_thread
from qa.types import Answer, Question

_ABOUT = """Security reports, asked offline. `ask` gives an answer of which every sentence was
checked against the words that it cites, or says why it declines. Repeat its sentences as they are,
each with its citation: the quotation, the document's title, the place and the as-of date. Add
nothing that is not in it, and where it declines, say so. To look further, `search` and
`read_passage`; quote what they return word for word, with title and place."""
_READS = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
_STATES = ("searching", "evidence", "answering", "done")

Words = Annotated[str, Field(min_length=1, max_length=MAX_CHARS)]
Documents = Annotated[
    list[str], Field(max_length=1000, description="Ids of the documents; none for all.")
]
Since = Annotated[
    str,
    Field(max_length=10, description="Leave out what is older, such as 2023 or 2023-09-30."),
]
Offset = Annotated[int, Field(ge=0, description="Counts characters of the document's text.")]


def tools(library: Callable[[], Library], ask: Callable[[Question], Iterator[Answer]]) -> MCPServer:
    """Return a server of the tools.

    Args:
        library: gives the library. Raises `BriefError` while there is none.
        ask: yields an answer as far as it has come, likewise.
    """
    with _logging_as_it_is():
        server: MCPServer = MCPServer("sahel-brief", title="Sahel Brief", instructions=_ABOUT)
    _add_ask(server, ask)
    _add_reading(server, library)
    return server


def _add_ask(server: MCPServer, answers_to: Callable[[Question], Iterator[Answer]]) -> None:
    @server.tool(title="Ask the reports", annotations=_READS)
    async def ask(
        question: Annotated[Words, Field(description="A whole question, in English or French.")],
        context: Context,
        documents: Documents = [],  # noqa: B006 - it is read as a description
        since: Since = "",
    ) -> Annotated[CallToolResult, schema.Answer]:
        """Answer a question from security reports, each sentence with a citation that was checked.

        Cite each sentence as it is numbered: [1] with its quotation, document, place and date. An
        answer that is declined has the reason and the closest passages: the reports do not state
        it, so do not answer in their name.
        """
        sent: Question = {"question": question, "documents": documents, "since": since}
        with _told():
            async with aclosing(in_thread(answers_to(sent))) as answers:
                told, answer = 0, None
                async for answer in answers:
                    at = _STATES.index(answer.state) if answer else 0
                    if at > told:
                        told = at
                        await context.report_progress(at, len(_STATES) - 1, _STATES[at])
        assert answer is not None  # noqa: S101 - there is a step of every question
        return _result(_text(answer), as_json(answer))


def _add_reading(server: MCPServer, library: Callable[[], Library]) -> None:
    @server.tool(title="Search the reports", annotations=_READS)
    def search(
        query: Annotated[Words, Field(description="What the passages should be about.")],
        limit: Annotated[int, Field(ge=1, le=50)] = 8,
        documents: Documents = [],  # noqa: B006
        since: Since = "",
    ) -> Annotated[CallToolResult, schema.Found]:
        """Find passages of security reports, best first, by words and meaning.

        Quote them word for word and cite document and place. They are what was found, not an
        answer: `ask` checks one.
        """
        with _told():
            own = restricted(library(), documents, since)
            found = found_json(own, query, limit)
        passages = [_passage_text(passage) for passage in found["passages"]]
        told = [found["notice"]] if found["notice"] else []
        return _result("\n\n".join(told + (passages or ["Nothing was found."])), found)

    @server.tool(title="Read a passage", annotations=_READS)
    def read_passage(
        document_id: Annotated[str, Field(min_length=1, max_length=64)],
        start: Offset,
        end: Offset,
        around: Annotated[
            int, Field(ge=0, le=MAX_AROUND, description="Characters before and after it.")
        ] = 500,
    ) -> Annotated[CallToolResult, schema.Excerpt]:
        """Read a passage or citation in its document, with what stands before and after it.

        `document_id`, `start` and `end` are those of a citation or of a passage that was found.
        """
        with _told():
            found = excerpt(library().document(document_id), start, end, around=around)
        head = f"{found['document']}, characters {found['start']}–{found['end']}:"
        text = f"{head}\n\n{found['before']}⟦{found['text']}⟧{found['after']}"
        return _result(text, found)


def _text(answer: Answer) -> str:
    """Return an answer as a model reads it: with footnotes, and where each can be read."""
    if answer.declined:
        return f"Declined: {as_text(answer)}"
    places = [
        f"[{c.n}] read_passage: document_id {c.document.id}, start {c.evidence.start}, "
        f"end {c.evidence.end}"
        for c in cited(answer)
    ]
    return "\n".join([as_text(answer), "", *places])


def _passage_text(found: dict[str, Any]) -> str:
    date = f", as of {found['as_of']}" if found["as_of"] else ""
    at = f"document_id {found['document_id']}, start {found['start']}, end {found['end']}"
    return f"{found['document']}, {found['place']}{date} ({at}):\n{found['text']}"


def _result(text: str, structured: dict[str, Any]) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(type="text", text=text)], structured_content=structured
    )


@contextmanager
def _told() -> Iterator[None]:
    """Tell the model what it can put right."""
    try:
        yield
    except BriefError as error:
        raise ToolError(str(error)) from error


@contextmanager
def _logging_as_it_is() -> Iterator[None]:
    """Keep mcp 2.3 from setting up the log of the whole process, which is not its own."""
    root, here = logging.getLogger(), logging.NullHandler()
    root.addHandler(here)
    try:
        yield
    finally:
        root.removeHandler(here)
