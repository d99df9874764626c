"""The sentences of the passages that a search found, each with what it needs to be understood."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from index.text import paragraph_spans, sentence_spans
from index.types import Document, Hit, Library, Passage
from qa.speakers import speakers

# Up to this size a document is read whole, so that full names are found; beyond it, around the
# passage only (reading takes about 1 ms per 1,000 characters).
_WHOLE_CHARS, _WINDOW_CHARS = 300_000, 4_000
_LEANS_BACK = re.compile(
    r"[“\"'(\s]*(?:He|She|They|It|His|Her|Their|Its|This|That|These|Those|Such|However|But|And|"
    r"Therefore|So|Both|Neither|Another|The (?:other|latter|former|reasons?|journey|decision|"
    r"mission|group|groups|panel|watchdog|two|three|same))\b"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence of a passage: `document.text[start:end] == text`.

    `context` is the sentence before it in the same section, or "", and `context_start` where that
    begins. `leans_back` says that the sentence cannot be understood without it. `speaker` is who
    says it, "" if nobody in particular; `speaker_named` whether the sentence itself says so.
    """

    passage: Passage
    start: int
    end: int
    text: str
    context: str
    context_start: int
    leans_back: bool
    speaker: str
    speaker_named: bool
    score: float

    @property
    def in_context(self) -> str:
        """The sentence after its section, speaker and the sentence before it."""
        section = self.passage.place.rpartition(", paragraph")[0]
        return f"{section}\n{self.speaker}\n{self.context}\n{self.text}"


@dataclass(frozen=True, slots=True)
class _Sentence:
    start: int
    end: int
    paragraph: int
    heading: bool
    speaker: str
    named: bool


def candidates(hits: Iterable[Hit], library: Library) -> list[Candidate]:
    """Return the sentences of all hits, in the order of the hits."""
    found = []
    for hit in hits:
        passage = hit.passage
        document = library.document(passage.document_id)
        read = _read(document, *_window(document, passage))
        for i, s in enumerate(read):
            if s.start < passage.start or s.end > passage.end or s.heading:
                continue
            before = read[i - 1] if i and not read[i - 1].heading else None
            text = document.text[s.start : s.end]
            found.append(
                Candidate(
                    passage=passage,
                    start=s.start,
                    end=s.end,
                    text=text,
                    context=document.text[before.start : before.end] if before else "",
                    context_start=before.start if before else s.start,
                    leans_back=bool(before and _LEANS_BACK.match(text)),
                    speaker=s.speaker,
                    speaker_named=s.named,
                    score=hit.score,
                )
            )
    return found


def _window(document: Document, passage: Passage) -> tuple[int, int]:
    if len(document.text) <= _WHOLE_CHARS:
        return 0, len(document.text)
    start = document.text.rfind("\n", 0, max(0, passage.start - _WINDOW_CHARS)) + 1
    end = document.text.find("\n", passage.end)
    return start, end if end >= 0 else len(document.text)


@lru_cache(maxsize=256)
def _read(document: Document, start: int, end: int) -> tuple[_Sentence, ...]:
    text = document.text[start:end]
    headings = {part.start for part in document.parts}
    spans, paragraphs, is_heading = [], [], []
    for number, (s, e) in enumerate(paragraph_spans(text)):
        heading = start + s in headings
        pieces = [(0, e - s)] if heading else sentence_spans(text[s:e])
        spans += [(start + s + a, start + s + b) for a, b in pieces]
        paragraphs += [number] * len(pieces)
        is_heading += [heading] * len(pieces)
    said = speakers([document.text[a:b] for a, b in spans], paragraphs)
    return tuple(
        _Sentence(a, b, paragraph, heading, who.speaker, who.named_here)
        for (a, b), paragraph, heading, who in zip(spans, paragraphs, is_heading, said, strict=True)
    )
