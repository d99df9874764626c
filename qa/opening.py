"""A library for other Python programs: a LangChain `Runnable` that answers, and its retrievers.

`from qa import open_library` is the way in; `docs/python.md` shows it.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import get_config_list
from platformdirs import user_cache_path, user_data_path

from index.passages import MAX_CHARS
from index.settings import LibrarySettings, chosen_embedder, keep_to_this_machine
from index.types import BriefError, DocumentInfo
from index.vectors.address import chroma_server
from qa.engine import Engine, open_engine, restricted
from qa.local_model import LocalModel
from qa.retriever import LibraryRetriever
from qa.steps import in_thread
from qa.types import Answer, ModelStatus, Question

_AT_ONCE = 4  # of a batch: they take turns at the language model, and one that waits long fails

Input = Question | str


@contextmanager
def open_library(
    data: str | Path | None = None,
    *,
    model: str | BaseChatModel | None = "1.5b",
    embedder: str | None = None,
    passage_chars: int = MAX_CHARS,
    cache: str | Path | None = None,
    chroma: str | None = None,
    chroma_token: str = "",
    chroma_ca: str | Path | None = None,
    offline: bool = False,
    on_notice: Callable[[str], None] = lambda text: None,
) -> "Iterator[OpenLibrary]":
    """Open a library to be asked and searched; an empty one gets the bundled report.

    Args:
        data: the library's folder; that of the user if None. The environment is not read.
        model: "1.5b", "0.5b" or the path of a GGUF file, which is loaded, and fetched once; a chat
            model of LangChain; or None, so that answers are the documents' own words.
        embedder: the name of the embedder that the library was indexed with, which is read from
            it if None.
        passage_chars: the most characters of a passage of documents to come.
        cache: the folder of the weights; that of the user if None.
        chroma: the URL of a Chroma server that keeps the vectors; the data folder if None.
        chroma_token: what that server wants to be shown.
        chroma_ca: the file of the certificates that its own must come from.
        offline: fetch no weights.
        on_notice: is told what takes long.

    Raises:
        BriefError: the library or the model cannot be used.
    """
    folder = Path(data).expanduser() if data else user_data_path("sahel-brief", appauthor=False)
    embedder = chosen_embedder(embedder, folder)
    keep_to_this_machine(embedder)
    server = chroma_server(chroma, token=chroma_token, ca=chroma_ca) if chroma else None
    settings = LibrarySettings(folder, embedder, passage_chars, server)
    kept = Path(cache).expanduser() if cache else user_cache_path("sahel-brief", appauthor=False)
    words = LocalModel(model, kept, offline=offline) if isinstance(model, str) else _Given(model)
    with open_engine(settings, words, on_notice=on_notice) as engine:
        try:
            words.start()
            engine.warm()  # meanwhile
            words.wait()
            if isinstance(model, str) and words.chat is None:
                raise BriefError(words.status.message)
            yield OpenLibrary(engine)
        finally:
            words.close()


class OpenLibrary(Runnable[Input, Answer]):
    """Answers questions: `invoke` gives the answer, `stream` and `astream` every step on the way.

    A question is a text or a `Question`, with history and the documents that are asked.
    """

    def __init__(self, engine: Engine) -> None:
        """Take an engine that is open for as long as this is used."""
        self._engine = engine

    def invoke(self, input: Input, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:
        """Return the answer. Raises `BriefError` for a bad question."""
        return self._call_with_config(self._last, input, config)

    def stream(
        self, input: Input, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Answer]:
        """Yield the answer as far as it has come. Closing it stops the model.

        Raises:
            BriefError: a bad question, or nothing is left of the documents that it names.
        """
        return self._transform_stream_with_config(iter([input]), self._steps, config)

    async def astream(
        self, input: Input, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Answer]:
        """Yield the same without blocking the event loop."""
        async with aclosing(in_thread(self.stream(input, config))) as steps:
            async for step in steps:
                if step is not None:
                    yield step

    def batch(self, inputs: list[Input], config: Any = None, **kwargs: Any) -> list[Answer]:
        """Return the answers in the order of the questions, four of them under way at once."""
        return super().batch(inputs, _bounded(config, len(inputs)), **kwargs)

    async def abatch(self, inputs: list[Input], config: Any = None, **kwargs: Any) -> list[Answer]:
        """Return the same without blocking the event loop."""
        return await super().abatch(inputs, _bounded(config, len(inputs)), **kwargs)

    def retriever(
        self, k: int = 8, *, documents: Sequence[str] = (), since: str = ""
    ) -> LibraryRetriever:
        """Return a LangChain retriever of `k` passages, only of the documents that are named.

        Raises:
            BriefError: a document is not there, `since` is no date, or nothing is left.
        """
        return LibraryRetriever(library=restricted(self._engine.library, documents, since), k=k)

    def documents(self) -> list[DocumentInfo]:
        """Return what there is, newest as-of date first."""
        return self._engine.library.documents()

    def model_status(self) -> ModelStatus:
        """Return how far the chat model is."""
        return self._engine.model_status()

    def _last(self, input: Input) -> Answer:
        *_, last = self._engine.stream(_question(input))
        return last

    def _steps(self, inputs: Iterator[Input]) -> Iterator[Answer]:
        for given in inputs:
            yield from self._engine.stream(_question(given))


class _Given(LocalModel):
    """A chat model that is there already, or none."""

    def __init__(self, chat: BaseChatModel | None) -> None:
        super().__init__(chat.get_name() if chat else "", Path())
        self._chat = chat
        if chat:
            self.status = ModelStatus("ready", "The language model is ready.")
        else:
            self.status = ModelStatus("failed", "No language model was given.")

    def start(self, on_progress: Callable[..., None] = lambda progress: None) -> None:
        """There is nothing to load."""


def _question(given: Input) -> Question:
    return {"question": given} if isinstance(given, str) else given


def _bounded(config: Any, count: int) -> list[RunnableConfig]:
    configs = get_config_list(config, count)
    return [{**c, "max_concurrency": c.get("max_concurrency") or _AT_ONCE} for c in configs]
