"""A conversation in a terminal: evidence first, then the answer as it is checked, with footnotes.

Reads and writes through what it is handed, and knows nothing of keys.
"""

import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Protocol

from index.types import BriefError, DocumentInfo, Library
from qa.engine import restricted
from qa.output import cited, date_words, footnote, removed_words, sentence_words
from qa.terminal import Screen
from qa.types import Answer, ModelStatus, Question, Turn

HELP = """/sources    what the last answer cites, in full
/documents  what there is, with numbers
/only N …   ask these documents only, by number, id or file name; without any, all again
/quit       end, as does Ctrl-D; Ctrl-C stops an answer"""
_TURNS = 20  # that follow-ups can take from


class Asked(Protocol):
    """What a chat asks of the engine."""

    @property
    def library(self) -> Library:
        """The documents."""
        ...

    def stream(self, question: Question) -> Iterator[Answer]:
        """Yield the answer as far as it has come."""
        ...

    def model_status(self) -> ModelStatus:
        """Return how far the chat model is."""
        ...


class Chat:
    """One conversation."""

    def __init__(self, engine: Asked, screen: Screen) -> None:
        """Take what is asked and where answers are shown."""
        self._engine, self._screen = engine, screen
        self._turns: list[Turn] = []
        self._last: Answer | None = None
        self._only: list[DocumentInfo] = []

    def run(self, read: Callable[[], str]) -> None:
        """Answer what `read` gives until that raises `EOFError`, or /quit."""
        while True:
            try:
                line = read().strip()
            except KeyboardInterrupt:  # of a line that is being typed
                self._screen.say()
                continue
            except EOFError:
                return
            if line == "/quit":
                return
            if line:
                self.take(line)

    def take(self, line: str) -> None:
        """Do what a line says: a command or a question. What is wrong with it is said."""
        name, _, rest = line.partition(" ")
        commands: dict[str, Callable[[str], None]] = {
            "/sources": lambda _: self._sources(),
            "/documents": lambda _: self._documents(),
            "/only": self._restrict,
            "/help": lambda _: self._help(),
        }
        try:
            if name in commands:
                commands[name](rest)
            elif name.startswith("/"):
                self._screen.say(f"There is no command {name}.")
                self._help()
            else:
                self._ask(line)
        except BriefError as error:
            self._screen.say(str(error))

    def _ask(self, question: str) -> None:
        sent: Question = {
            "question": question,
            "history": self._turns,
            "documents": [info.id for info in self._only],
        }
        answer = None
        try:
            while self._engine.model_status().state == "loading":  # seconds, not minutes
                time.sleep(0.05)
            showing = _Showing(self._screen)
            # A generator, whatever gives it: it is closed, which stops the model.
            with closing(step for step in self._engine.stream(sent)) as steps:
                for answer in steps:
                    showing.show(answer)
        except KeyboardInterrupt:
            self._screen.say("Stopped.", dim=True)
        if answer:
            said = None if answer.declined else answer.text or None
            self._turns = [*self._turns, Turn(answer.resolved, said)][-_TURNS:]
            self._last = answer

    def _sources(self) -> None:
        if not self._last or not self._last.citations:
            self._screen.say("Nothing is cited yet. Ask a question first.")
            return
        for citation in cited(self._last) or self._last.citations:
            self._screen.say(f"[{citation.n}] {footnote(citation, max_chars=0)}", indent="    ")

    def _documents(self) -> None:
        for n, info in enumerate(self._engine.library.documents(), start=1):
            date = f", as of {date_words(info.as_of)}" if info.as_of else ""
            asked = " (asked)" if info in self._only else ""
            self._screen.say(f"{n:>3}  {info.title}{date}{asked}  {info.id}", indent="     ")

    def _restrict(self, wanted: str) -> None:
        try:
            names = shlex.split(wanted)
        except ValueError:
            raise BriefError("A quotation mark is not closed. Close it.") from None
        library = self._engine.library
        numbered = {str(n): info.id for n, info in enumerate(library.documents(), start=1)}
        chosen = [numbered.get(name, name) for name in names]
        self._only = restricted(library, chosen, "").documents() if chosen else []
        titles = ", ".join(f"“{info.title}”" for info in self._only)
        self._screen.say(f"Only {titles} from here on." if titles else "All documents are asked.")

    def _help(self) -> None:
        for line in HELP.splitlines():
            self._screen.say(line, indent=" " * 12)


class _Showing:
    """An answer as it grows. What is said is said for good; a draft passes by."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._said: list[str] = []
        self._has_evidence = self._has_question = False

    def show(self, answer: Answer) -> None:
        if answer.resolved != answer.question and not self._has_question:
            self._has_question = True
            self._screen.say(f"Understood as: {answer.resolved}", dim=True)
        if answer.citations and not self._has_evidence:
            self._has_evidence = True
            for c in answer.citations:
                quote, place = self._screen.clip(c.evidence.text, lines=2), c.evidence.passage.place
                self._screen.say(f"[{c.n}] {quote} – {place}", indent="    ", dim=True)
        if answer.state == "done":
            self._end(answer)
            return
        for words in sentence_words(answer)[len(self._said) :]:
            self._screen.say(words, bold=True)
            self._said.append(words)
        self._screen.pass_by(answer.draft)

    def _end(self, answer: Answer) -> None:
        screen = self._screen
        if answer.declined:
            screen.say(answer.reason, bold=True)
            for hit in answer.closest:
                screen.say(screen.clip(f"- {hit.passage.place}: {hit.passage.text}"), dim=True)
            for question in answer.instead:
                screen.say(f"One could ask: {question}", dim=True)
            if answer.notice:
                screen.say(answer.notice, dim=True)
            return
        words = sentence_words(answer)
        if words[: len(self._said)] != self._said:  # it came otherwise than it had begun
            screen.say("Checked anew:", dim=True)
            self._said = []
        for line in words[len(self._said) :]:
            screen.say(line, bold=True)
        for citation in cited(answer):
            screen.say(f"[{citation.n}] {footnote(citation)}", indent="    ")
        for note in (removed_words(answer), answer.notice):
            if note:
                screen.say(note, dim=True)
