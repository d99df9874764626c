"""A library and a chat model put together: what `app.py` and the command line ask.

The one module of `qa` that builds things of `index`; everything else is handed what it needs.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Lock

from langchain_core.language_models import BaseChatModel

from index.access import embedder_of, reading
from index.changes import Changes
from index.embedding import SentenceEmbedder
from index.library import DiskLibrary
from index.scope import scoped
from index.settings import LibrarySettings
from index.types import BriefError, Library
from qa.answer_cache import AnswerCache, Key, normalised, steps
from qa.answering import Answerer
from qa.chat_model import ChatModel
from qa.clock import Clock
from qa.cross_encoder import CrossEncoder
from qa.sentence_vectors import SentenceVectors
from qa.standalone import validate
from qa.types import Answer, ModelStatus, Question

# Once for all libraries. The first loads when it is first used.
CROSS_ENCODER = CrossEncoder()
_VECTORS = SentenceVectors()
REPORTS = Path(__file__).parent.parent / "reports"
_LONG = 1_000  # passages, which are embedded in some 20 s
_TRIES = 5  # of a question, each after a document that it found was removed
_LOOK_EVERY_S = 2.0  # whether the library has changed
_SCOPES = 8  # restricted answerers that are kept: a conversation keeps asking the same documents

Scoped = tuple[frozenset[str], str, str]
"""What a restricted answerer was made for: ids of documents, `since`, the library's generation."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Answers from a library, worded by a chat model once that is ready."""

    library: Library
    answerer: Answerer
    model: ChatModel
    changes: Changes | None = None  # None where the library is not one on disk
    _given: AnswerCache = field(default_factory=AnswerCache, repr=False, compare=False)
    _scoped: dict[Scoped, Answerer] = field(default_factory=dict, repr=False, compare=False)
    _scoping: Lock = field(default_factory=Lock, repr=False, compare=False)

    def stream(self, question: Question) -> Iterator[Answer]:
        """Yield the answer as far as it has come, from the documents that the question names.

        One that was given before comes at once, unless the question is to be answered afresh.

        Raises:
            BriefError: a bad question, or nothing is left of the documents that it names.
        """
        documents, since = question.get("documents", []), question.get("since", "")
        answerer = self._answerer(documents, since)
        library = self.library
        self._have_mended()
        if not isinstance(library, DiskLibrary):  # nothing tells whether it has changed
            yield from answerer.stream(question)
            return
        clock = Clock()
        key = Key(
            normalised(question["question"], question.get("history") or []),
            frozenset(documents),
            since,
            library.generation,
            self.model.choice,
        )
        found = None if question.get("fresh") else self._given.find(key, answerer.library)
        if found:
            yield from steps(found, validate(question["question"]), clock)
            return
        with closing(_answers(answerer, question, library)) as answers:
            for answer in answers:
                if library.generation == key.generation:
                    self._given.keep(key, answer)
                yield answer

    def prepare(self, question: Question) -> Iterator[None]:
        """Do for a question that is not asked yet what can be done before, on this machine.

        Yields between its steps, as `Answerer.prepare`.

        Raises:
            BriefError: a bad question, or nothing is left of the documents that it names.
        """
        if not self.model.local:  # who has not asked has sent nothing
            return
        documents, since = question.get("documents", []), question.get("since", "")
        yield from self._answerer(documents, since).prepare(question)

    def _answerer(self, documents: Sequence[str], since: str) -> Answerer:
        if not documents and not since:
            return self.answerer
        library = self.library
        if not isinstance(library, DiskLibrary):
            raise BriefError("This library is restricted already. Ask all that is in it.")
        key = (frozenset(documents), since, library.store.meta("generation"))
        with self._scoping:
            found = self._scoped.pop(key, None)
            if found is None:
                found = engine(scoped(library, documents, since), self.model).answerer
            self._scoped[key] = found  # the last is the one used last
            while len(self._scoped) > _SCOPES:
                del self._scoped[next(iter(self._scoped))]
        return found

    def _have_mended(self) -> None:
        """Have vectors made anew that are lost while the library is open, once for each loss."""
        library = self.library
        if self.changes and isinstance(library, DiskLibrary) and library.needs_mending:
            library.needs_mending = False
            self.changes.put(DiskLibrary.mend)

    def warm(self) -> None:
        """Load what selects evidence, so that no question waits for it."""
        self.answerer.warm()

    def read_ahead(self, ending: Event) -> None:
        """Read ahead (`Answerer.read_ahead`), and again after changes, until `ending` is set.

        Raises:
            BriefError: it is a part of a library.
        """
        library = self.library
        if not isinstance(library, DiskLibrary):
            raise BriefError("A part of a library is not read ahead. Read the whole.")
        read, seen = None, library.generation
        while not ending.is_set():
            generation = library.generation
            if read != generation == seen:  # not while documents are still being added
                for _ in self.answerer.read_ahead():
                    if ending.is_set():
                        return
                read = generation
            seen = generation
            ending.wait(_LOOK_EVERY_S)

    def model_status(self) -> ModelStatus:
        """Return how far the chat model is."""
        return self.model.status


def _answers(answerer: Answerer, question: Question, library: DiskLibrary) -> Generator[Answer]:
    """Yield the answer, from its beginning again where the library changed under it.

    What was found may be in a document that was removed before it could be read.
    """
    for left in reversed(range(_TRIES)):
        generation = library.generation
        try:
            with closing(answerer.stream(question)) as answers:
                yield from answers
            return
        except BriefError:
            if not left or library.generation == generation:
                raise


@contextmanager
def open_engine(
    settings: LibrarySettings,
    model: ChatModel,
    *,
    documents: Sequence[str] = (),
    since: str = "",
    on_notice: Callable[[str], None] = lambda text: None,
    renewing: bool = False,
) -> Iterator[Engine]:
    """Open the library, giving an empty one the bundled report, and answer from it.

    `documents` and `since` restrict it, as in `index.scope`. With `renewing`, a library that was
    indexed with another embedder or passage size than is chosen answers as it is until its
    `changes` have indexed it anew; otherwise another embedder is refused.

    Raises:
        BriefError: the library cannot be used, or nothing of it is left.
    """
    chosen = SentenceEmbedder(settings.embedder)
    embedder = _present_embedder(settings, chosen) if renewing else chosen
    with reading(
        settings.data,
        embedder,
        passage_chars=settings.passage_chars,
        server=settings.chroma,
        bundled=sorted(REPORTS.glob("*.md")),
        on_notice=on_notice,
        on_progress=_tenths(on_notice),
    ) as library:
        changes = Changes(library)
        if renewing and not library.dense.is_made_with(chosen.name, settings.passage_chars):
            _renew(changes, chosen, settings.passage_chars, on_notice)
        yield replace(engine(scoped(library, documents, since), model), changes=changes)


def _present_embedder(settings: LibrarySettings, chosen: SentenceEmbedder) -> SentenceEmbedder:
    """Return the embedder that the library was indexed with, or the chosen one if it is gone."""
    name = embedder_of(settings.data)
    if name in ("", chosen.name):
        return chosen
    present = SentenceEmbedder(name)
    try:
        present.embed(["Is it here?"])
    except BriefError:
        return chosen
    return present


def _tenths(on_notice: Callable[[str], None]) -> Callable[[int, int], None]:
    """Return what says how far something is, at each tenth of what takes long."""
    said = 0

    def progress(done: int, total: int) -> None:
        nonlocal said
        if total >= _LONG and done * 10 // total > said:
            said = done * 10 // total
            on_notice(f"{done} of {total} passages are indexed.")

    return progress


def _renew(
    changes: Changes,
    embedder: SentenceEmbedder,
    passage_chars: int,
    on_notice: Callable[[str], None],
) -> None:
    def rebuild(library: DiskLibrary) -> int:
        on_notice("The library is being indexed anew. Until then it answers from the old index.")
        library.rebuild(embedder=embedder, passage_chars=passage_chars)
        return library.store.count_passages()

    def say(done: "Future[int]") -> None:
        if error := done.exception():
            on_notice(f"The library could not be indexed anew, the old index stays: {error}")
        else:
            on_notice(f"The library is indexed anew: {done.result()} passages.")

    changes.put(rebuild).add_done_callback(say)


def restricted(library: Library, documents: Sequence[str], since: str) -> Library:
    """Return a library restricted as in `index.scope`.

    Raises:
        BriefError: a document is not there, `since` is no date, nothing is left, or the library
            is restricted already.
    """
    if not documents and not since:
        return library
    if not isinstance(library, DiskLibrary):
        raise BriefError("This library is restricted already. Ask all that is in it.")
    return scoped(library, documents, since)


def engine(library: Library, model: ChatModel) -> Engine:
    """Return an engine over a library that is open."""

    def chat() -> BaseChatModel | None:
        return model.chat

    return Engine(library, Answerer(library, chat, CROSS_ENCODER, _VECTORS), model)
