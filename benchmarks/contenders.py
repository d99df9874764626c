"""Pipelines over the same texts, the same weights and the same embedder, to be set side by side.

Each is what its documentation begins with, left at its defaults. Takes the extra `compare`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple
from uuid import uuid4

import numpy as np
from langchain_core.language_models import BaseChatModel

from index.memory import MemoryLibrary
from index.text import sentence_spans
from index.types import Document, Embedder
from qa.engine import engine
from qa.local_model import LocalModel
from qa.output import as_json


class Step(NamedTuple):
    """What a pipeline has come to: what it found, what it says so far, or its whole result."""

    what: Literal["evidence", "words", "done"]
    result: dict[str, Any]


Ask = Callable[[str], Iterator[Step]]
Build = Callable[[Sequence[Document], LocalModel, Embedder], Ask]

# rlm/rag-prompt, which LangChain's quickstart pulls from its hub.
_RAG_PROMPT = (
    "You are an assistant for question-answering tasks. Use the following pieces of retrieved "
    "context to answer the question. If you don't know the answer, just say that you don't know. "
    "Use three sentences maximum and keep the answer concise.\n"
    "Question: {question} \nContext: {context} \nAnswer:"
)


def sahel_brief(documents: Sequence[Document], model: LocalModel, embedder: Embedder) -> Ask:
    """Return this project's own path of a question."""
    answering = engine(MemoryLibrary(list(documents), embedder.embed), model)
    answering.warm()

    def ask(question: str) -> Iterator[Step]:
        for answer in answering.answerer.stream({"question": question, "history": []}):
            if answer.state == "evidence":
                yield Step("evidence", {})
            elif answer.state == "answering" and (answer.draft or answer.sentences):
                yield Step("words", {})
            elif answer.state == "done":
                yield Step("done", as_json(answer))

    return ask


def langchain_quickstart(
    documents: Sequence[Document], model: LocalModel, embedder: Embedder
) -> Ask:
    """Return LangChain's: passages of 1,000 characters, Chroma, the four nearest in the prompt."""
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    class Same(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return embedder.embed(texts).tolist()  # type: ignore[no-any-return]

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    # A name of its own: collections in memory are shared by a process (Chroma 1.5.9).
    store = Chroma(collection_name=uuid4().hex, embedding_function=Same())
    store.add_texts([t for d in documents for t in splitter.split_text(d.text)])

    def ask(question: str) -> Iterator[Step]:
        found = [d.page_content for d in store.similarity_search(question)]
        yield Step("evidence", {})
        prompt = _RAG_PROMPT.format(question=question, context="\n\n".join(found))
        yield from _worded(_chat(model), prompt, found)

    return ask


def llama_index_default(
    documents: Sequence[Document], model: LocalModel, embedder: Embedder
) -> Ask:
    """Return LlamaIndex's: `VectorStoreIndex` and its query engine, the two nearest of 1,024."""
    from llama_index.core import Document as TheirDocument
    from llama_index.core import Settings, VectorStoreIndex
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata
    from llama_index.core.llms.callbacks import llm_completion_callback

    class Same(BaseEmbedding):  # type: ignore[misc]
        def _get_text_embedding(self, text: str) -> list[float]:
            return embedder.embed([text])[0].tolist()  # type: ignore[no-any-return]

        def _get_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embedding(query)

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embedding(query)

    class SameModel(CustomLLM):  # type: ignore[misc]
        @property
        def metadata(self) -> LLMMetadata:
            return LLMMetadata(context_window=4096, num_output=256)

        @llm_completion_callback()  # type: ignore[untyped-decorator]
        def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
            *_, last = self.stream_complete(prompt)
            return last

        @llm_completion_callback()  # type: ignore[untyped-decorator]
        def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
            text = ""
            for words in _chat(model).stream(prompt):
                text += str(words.content)
                yield CompletionResponse(text=text, delta=str(words.content))

    # Its own tokeniser would be fetched from the network; words do to count.
    Settings.tokenizer = lambda text: text.split()
    Settings.llm, Settings.embed_model = SameModel(), Same()
    index = VectorStoreIndex.from_documents([TheirDocument(text=d.text) for d in documents])
    query_engine = index.as_query_engine(streaming=True)

    def ask(question: str) -> Iterator[Step]:
        told: Any = query_engine.query(question)
        found = [node.get_content() for node in told.source_nodes]
        yield Step("evidence", {})
        text = ""
        for words in told.response_gen:
            text += words
            yield Step("words", {})
        yield Step("done", _result(text, found))

    return ask


def retrieve_and_quote(documents: Sequence[Document], model: LocalModel, embedder: Embedder) -> Ask:
    """Return a search for the nearest sentence, which is the answer; it never declines."""
    sentences = [d.text[s:e] for d in documents for s, e in sentence_spans(d.text)]
    vectors = embedder.embed(sentences)

    def ask(question: str) -> Iterator[Step]:
        best = sentences[int(np.argmax(vectors @ embedder.embed([question])[0]))]
        yield Step("evidence", {})
        yield Step("done", _result(best, [best]))

    return ask


CONTENDERS: dict[str, Build] = {
    "Sahel Brief": sahel_brief,
    "LangChain quickstart": langchain_quickstart,
    "LlamaIndex default": llama_index_default,
    "retrieve and quote": retrieve_and_quote,
}

# What a model says in place of an answer, where nothing else tells that it declined.
_NO_ANSWER = (
    "don't know|do not know|no information|not (?:explicitly |specifically )?(?:mention|state|"
    "specif|provid|contain|say|given|available|possible)|does not|doesn't|cannot|can't|unable to"
)


def _worded(chat: BaseChatModel, prompt: str, found: Sequence[str]) -> Iterator[Step]:
    text = ""
    for words in chat.stream(prompt):
        if words.content:
            text += str(words.content)
            yield Step("words", {})
    yield Step("done", _result(text, found))


def _chat(model: LocalModel) -> BaseChatModel:
    assert model.chat is not None  # noqa: S101 - loaded before
    return model.chat


def _result(text: str, found: Sequence[str]) -> dict[str, Any]:
    declined = bool(re.search(_NO_ANSWER, text, re.IGNORECASE)) or not text.strip()
    return {
        "answer": text,
        "declined": declined,
        "citations": [{"quote": passage, "document": ""} for passage in found],
    }
