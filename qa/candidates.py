"""The sentences of the passages that a search found, each with what it needs to be understood."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from index.text import outside, paragraph_spans, sentence_spans
from index.types import Document, Hit, Library, Passage
from qa.speakers import speakers

# Up to this size a document is read whole, so that full names are found; beyond it, around the
# passage only (reading takes about 1 ms per 1,000 characters).
_WHOLE_CHARS, _WINDOW_CHARS = 300_000, 4_000
_DOCUMENTS_READ = 256  # that are kept as sentences: 0.1 MB for 10,000 words
_LEANS_BACK = re.compile(
    r"[“\"'(\s]*(?:He|She|They|It|His|Her|Their|Its|This|That|These|Those|Such|However|But|And|"
    r"Therefore|So|Both|Neither|Another|The (?:other|latter|former|reasons?|journey|decision|"
    r"mission|group|groups|panel|watchdog|two|three|same))\b"
)
_PRONOUN = re.compile(r"\b(?:[Hh]e|[Ss]he)\b")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence of a passage: `document.text[start:end] == text`.

    `context` is the sentence before it in the same section, or "", and `context_start` where that
    begins. `leans_back` says that the sentence cannot be understood without it. `followed_to` is
    the end of the next sentence if that one leans on this, else this one's own end. `speaker` is
    who says it, "" if nobody in particular. `heading` is the document's title and the section.
    """

    passage: Passage
    start: int
    end: int
    text: str
    context: str
    context_start: int
    leans_back: bool
    followed_to: int
    speaker: str
    heading: str
    score: float

    @property
    def resolved(self) -> str:
        """The sentence with its speaker's name, to be scored by: "He fears" → "Ann Lee fears"."""
        return _resolved(self.text, self.speaker)

    @property
    def in_context(self) -> tuple[str, ...]:
        """The sentence after its section, speaker and the sentence before it."""
        return self.passage.section, self.speaker, self.context, self.text


@dataclass(frozen=True, slots=True)
class _Sentence:
    start: int
    end: int
    paragraph: int
    heading: bool
    leans_back: bool
    speaker: str


def candidates(hits: Iterable[Hit], library: Library) -> list[Candidate]:
    """Return the sentences of all hits, in the order of the hits."""
    found = []
    for hit in hits:
        passage = hit.passage
        document = library.document(passage.document_id)
        read = _read(document, *_window(document, passage))
        heading = ", ".join(part for part in (document.title, passage.section) if part)
        for i, s in enumerate(read):
            if s.start < passage.start or s.end > passage.end or s.heading:
                continue
            before = read[i - 1] if i and not read[i - 1].heading else None
            # A citation is one slice: it must not reach across what is set aside.
            if before and any(before.end <= a < s.start for a, _ in document.aside):
                before = None
            after = read[i + 1] if i + 1 < len(read) else None
            followed = after and after.paragraph == s.paragraph and after.leans_back
            text = document.text[s.start : s.end]
            if text.endswith("?"):  # it states nothing
                continue
            found.append(
                Candidate(
                    passage=passage,
                    start=s.start,
                    end=s.end,
                    text=text,
                    context=document.text[before.start : before.end] if before else "",
                    context_start=before.start if before else s.start,
                    leans_back=bool(before and s.leans_back),
                    followed_to=after.end if after and followed else s.end,
                    speaker=s.speaker,
                    heading=heading,
                    score=hit.score,
                )
            )
    return found


def read_ahead(library: Library) -> Iterator[list[str]]:
    """Cut the newest documents into sentences, one at each step, before a question needs them.

    Yields each one's sentences as they are scored (`Candidate.resolved`), none of one that is not
    read whole.

    Raises:
        BriefError: a document was removed meanwhile.
    """
    for info in library.documents()[:_DOCUMENTS_READ]:
        document = library.document(info.id)
        whole = len(document.text) <= _WHOLE_CHARS
        read = _read(document, 0, len(document.text)) if whole else ()
        yield [_resolved(document.text[s.start : s.end], s.speaker) for s in read if not s.heading]


def _resolved(sentence: str, speaker: str) -> str:
    if not speaker or speaker.split()[-1] in sentence:
        return sentence
    return _PRONOUN.sub(speaker, sentence, count=1)


def _window(document: Document, passage: Passage) -> tuple[int, int]:
    if len(document.text) <= _WHOLE_CHARS:
        return 0, len(document.text)
    start = document.text.rfind("\n", 0, max(0, passage.start - _WINDOW_CHARS)) + 1
    end = document.text.find("\n", passage.end)
    return start, end if end >= 0 else len(document.text)


@lru_cache(maxsize=_DOCUMENTS_READ)
def _read(document: Document, start: int, end: int) -> tuple[_Sentence, ...]:
    text = document.text[start:end]
    headings = {part.start for part in document.parts if part.kind == "heading"}
    spans, paragraphs, is_heading = [], [], []
    said_there = [
        piece
        for s, e in paragraph_spans(text)
        for piece in outside((start + s, start + e), document.aside, document.text)
    ]
    for number, (s, e) in enumerate(said_there):
        heading = s in headings
        pieces = [(0, e - s)] if heading else sentence_spans(document.text[s:e])
        spans += [(s + a, s + b) for a, b in pieces]
        paragraphs += [number] * len(pieces)
        is_heading += [heading] * len(pieces)
    said = speakers([document.text[a:b] for a, b in spans], paragraphs)
    return tuple(
        _Sentence(a, b, paragraph, heading, bool(_LEANS_BACK.match(document.text[a:b])), speaker)
        for (a, b), paragraph, heading, speaker in zip(
            spans, paragraphs, is_heading, said, strict=True
        )
    )
