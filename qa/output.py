"""An answer as JSON and as plain text with footnotes. The names in the JSON are a contract."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from index.text import MONTHS
from index.types import BY_WORDS, BriefError, Document, Hit, Library
from qa.types import Answer, Citation

_QUOTE_CHARS = 400


def as_json(answer: Answer) -> dict[str, Any]:
    """Return the answer as one object of JSON's types.

    `citations` holds those that a sentence cites. Sentences of status "removed" were not shown.
    """
    return {
        "question": answer.question,
        "resolved": answer.resolved,
        "answer": answer.text,
        "as_of": max((c.document.as_of for c in cited(answer)), default=""),
        "declined": answer.declined,
        "reason": answer.reason,
        "answerability": round(answer.answerability, 4),
        "sentences": [
            {
                "text": s.text,
                "status": s.status,
                "citations": list(s.citations),
                **({"source": s.source, "as_of": s.as_of} if s.source else {}),
            }
            for s in answer.sentences
        ],
        "citations": [citation_json(c) for c in cited(answer)],
        "timings": {
            "evidence_ms": answer.timings.evidence_ms,
            "first_word_ms": answer.timings.first_word_ms,
            "total_ms": answer.timings.total_ms,
        },
        "cached": answer.cached,
        "instead": list(answer.instead),
        "notice": answer.notice,
    }


def citation_json(citation: Citation) -> dict[str, Any]:
    """Return a citation as one object of JSON's types."""
    evidence, document = citation.evidence, citation.document
    return {
        "n": citation.n,
        "quote": evidence.text,
        "document": document.title,
        "place": evidence.passage.place,
        "start": evidence.start,
        "end": evidence.end,
        "document_id": document.id,
        "as_of": document.as_of,
        "author": document.author,
        "source": document.source,
        "speaker": evidence.speaker,
    }


def found_json(library: Library, query: str, limit: int) -> dict[str, Any]:
    """Search, and return what is found as one object of JSON's types, with its documents' facts."""
    missed = library.missed
    hits = library.search(query, limit)
    return {
        "query": query,
        # Perhaps it was another's search just now, which tells as much.
        "notice": BY_WORDS if library.missed > missed else "",
        "passages": list(_hits_json(library, hits)),
    }


def _hits_json(library: Library, hits: Sequence[Hit]) -> Iterator[dict[str, Any]]:
    for hit in hits:
        with suppress(BriefError):  # its document was removed since
            yield _hit_json(hit, library.document(hit.passage.document_id))


def _hit_json(hit: Hit, document: Document) -> dict[str, Any]:
    passage = hit.passage
    return {
        "id": passage.id,
        "document_id": document.id,
        "document": document.title,
        "as_of": document.as_of,
        "place": passage.place,
        "start": passage.start,
        "end": passage.end,
        "score": round(hit.score, 4),
        "text": passage.text,
    }


def as_text(answer: Answer) -> str:
    """Return the answer with its citations as footnotes."""
    if answer.declined:
        lines = [answer.reason]
        if answer.closest:
            lines += ["", "The closest passages:"]
            lines += [f"- {h.passage.place}: {_line(h.passage.text)}" for h in answer.closest]
        if answer.instead:
            lines += ["", "What one could ask:", *(f"- {question}" for question in answer.instead)]
        if answer.notice:
            lines += ["", answer.notice]
        return "\n".join(lines)
    body = " ".join(sentence_words(answer))
    notes = [f"[{c.n}] {footnote(c)}" for c in cited(answer)]
    more = [words for words in (removed_words(answer), answer.notice) if words]
    return "\n".join([body, "", *notes, *more])


def sentence_words(answer: Answer) -> list[str]:
    """Return the sentences of an answer as a person reads them, with the numbers that they cite."""
    return [
        (f"{source_words(s.source, s.as_of)}: " if s.source else "")
        + (f"“{s.text}”" if s.status == "quoted" else s.text)
        + "".join(f" [{n}]" for n in s.citations)
        for s in answer.sentences
        if s.status != "removed"
    ]


def removed_words(answer: Answer) -> str:
    """Return how many sentences were removed, "" if none was."""
    removed = sum(s.status == "removed" for s in answer.sentences)
    return f"({removed} removed: the evidence did not carry it)" if removed else ""


def cited(answer: Answer) -> list[Citation]:
    """Return the citations that a sentence of the answer uses, in order of their numbers."""
    used = {n for s in answer.sentences for n in s.citations}
    return [c for c in answer.citations if c.n in used]


def footnote(citation: Citation, *, max_chars: int = _QUOTE_CHARS) -> str:
    """Return what a citation quotes, and from where; `max_chars` 0 is all of it."""
    document = citation.document
    date = f", as of {date_words(document.as_of)}" if document.as_of else ""
    speaker = f"{citation.evidence.speaker}: " if citation.evidence.speaker else ""
    quote = _line(citation.evidence.text, max_chars)
    return (
        f"{speaker}“{quote}” – {from_words(document.title, document.author, document.source)}, "
        f"{citation.evidence.passage.place}{date}"
    )


def source_words(source: str, as_of: str) -> str:
    """Return which document says a sentence, and of when: "Mali War (as of March 2024)"."""
    return f"{source} (as of {date_words(as_of)})" if as_of else source


def from_words(title: str, author: str, source: str) -> str:
    """Return what a citation says of its document: title, then author and source if it has them."""
    by = [author, source if source != title else ""]
    return " · ".join(words for words in (title, *by) if words)


def date_words(as_of: str) -> str:
    """Return an as-of date in words: "2023-09" → "September 2023"."""
    year, _, rest = as_of.partition("-")
    month, _, day = rest.partition("-")
    name = MONTHS[int(month) - 1] if month else ""
    return " ".join(word for word in (day.lstrip("0"), name, year) if word)


def _line(text: str, max_chars: int = _QUOTE_CHARS) -> str:
    line = " ".join(text.split())
    return line if not max_chars or len(line) <= max_chars else line[: max_chars - 1].rstrip() + "…"
