"""A numbered note: what was quoted, from where, and how the words above it came about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qa.output import from_words
from web.brief.words import as_of, clean, model_words, shortened, when

_CHECKS = {
    "supported": "supported: the sentence is carried by this quotation",
    "quoted": "quoted: the document’s own words",
}


@dataclass(frozen=True, slots=True)
class Note:
    """A quotation and its provenance. "" is what is not known.

    `document` is its title with author and source. `sha256` is whole; `as_of_iso` sorts.
    """

    n: int
    quote: str
    speaker: str
    document: str
    place: str
    as_of_iso: str
    sha256: str
    model: str
    asked: str
    check: str
    source: dict[str, Any]
    """The citation as it was stored."""

    @property
    def as_of(self) -> str:
        """The as-of date in words."""
        return as_of(self.as_of_iso)

    @property
    def said(self) -> str:
        """The quotation, with who says it."""
        speaker = f"{self.speaker}: " if self.speaker else ""
        return f"{speaker}“{self.quote}”"

    @property
    def origin(self) -> str:
        """Where it stands and of when that is."""
        where = ", ".join(w for w in (self.document, self.place) if w)
        if "as_of" not in self.source:
            return f"{where}."
        return f"{where}; as of {self.as_of}." if self.as_of else f"{where}; no as-of date."

    @property
    def provenance(self) -> str:
        """What proves it and how it was come by, with the hash shortened."""
        facts = (
            f"Document SHA-256 {shortened(self.sha256)}" if self.sha256 else "",
            self.model,
            f"asked {self.asked}" if self.asked else "",
            f"check: {self.check}",
        )
        words = "; ".join(f for f in facts if f)
        return f"{words[:1].upper()}{words[1:]}."


def note(n: int, citation: dict[str, Any], record: dict[str, Any], carried: Sequence[Any]) -> Note:
    """Return the note of a citation. `carried` are the sentences that refer to it."""
    states = list(dict.fromkeys(s.get("status") for s in carried))
    model = model_words(record)
    worded = "supported" in states and model
    return _note(
        n,
        citation,
        record,
        model=f"worded by language model {model}" if worded else "quotation, no model",
        check="; ".join(_CHECKS[s] for s in ("supported", "quoted") if s in states),
    )


def closest_note(n: int, passage: dict[str, Any], record: dict[str, Any]) -> Note:
    """Return the note of a passage that was looked at where the question was declined."""
    known = [*(record.get("evidence") or []), *(record.get("citations") or [])]
    same = (e for e in known if e.get("document_id") == passage.get("document_id"))
    facts = ("document_sha256", "as_of", "author", "source")
    document = {key: value for key, value in next(same, {}).items() if key in facts}
    check = "declined: one of the closest passages, which does not state the answer"
    return _note(n, {**document, **passage}, record, model="quotation, no model", check=check)


def _note(n: int, cited: dict[str, Any], record: dict[str, Any], *, model: str, check: str) -> Note:
    title, author, source = (clean(cited.get(key)) for key in ("document", "author", "source"))
    return Note(
        n=n,
        quote=clean(cited.get("quote")),
        speaker=clean(cited.get("speaker")),
        document=from_words(title, author, source),
        place=clean(cited.get("place")),
        as_of_iso=clean(cited.get("as_of")),
        sha256=clean(cited.get("document_sha256")),
        model=model,
        asked=when(record.get("asked_at")),
        check=check,
        source=cited,
    )
