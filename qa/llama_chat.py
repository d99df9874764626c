"""The chat model's client, which lets through what llama.cpp says of its own speed.

Imported only once the model is loaded: the import of `langchain_openai` takes two seconds.
"""

from collections.abc import Iterator
from typing import Any

from langchain_core.outputs import ChatGenerationChunk
from langchain_openai import ChatOpenAI

from qa.local_chat import LocalChat


class LlamaChat(ChatOpenAI, LocalChat):
    """A chat model behind llama.cpp, whose `timings` are in `response_metadata`, in a list."""

    def _stream(
        self, *args: Any, patient: bool = True, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        return self._in_turn(super()._stream(*args, **kwargs), patient=patient)

    # Where langchain-openai 1.7 turns what came into a chunk; it drops what OpenAI does not send.
    def _convert_chunk_to_generation_chunk(
        self, chunk: dict[str, Any], *args: Any, **kwargs: Any
    ) -> ChatGenerationChunk | None:
        found = super()._convert_chunk_to_generation_chunk(chunk, *args, **kwargs)
        if found and (timings := chunk.get("timings")):
            # At its end LangChain puts all chunks together: it can do that with lists, and fails
            # with numbers that differ.
            found.message.response_metadata["timings"] = [timings]
        return found
