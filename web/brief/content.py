"""What a brief says: items become sections whose notes are numbered through the whole brief.

Knows no format. The notes are in the order in which they are first referred to, which is how Word
numbers its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from web.brief.notes import Note, closest_note, note
from web.brief.words import as_of, clean, clean_lines, clipped, count, model_words, when
from web.records import Record

UNTITLED = "Briefing note"
_CLOSEST_CHARS = 240


@dataclass(frozen=True, slots=True)
class Item:
    """An answer that a visitor keeps."""

    title: str
    comment: str
    record: Record


@dataclass(frozen=True, slots=True)
class Brief:
    """What is exported. `made_at` is the time of the export."""

    title: str
    items: tuple[Item, ...]
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence and the numbers of its notes. `lead` says whose it is where several documents are.

    `quoted`: these are the document's own words, and are set in quotation marks.
    """

    text: str
    notes: tuple[int, ...]
    quoted: bool = False
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """An item as it is printed; what is "" or empty is left out.

    `question` is there where the title is not the question. `answer` is a paragraph; a declined one
    has `reason` and the `closest` passages in its place. `removed` are the model's sentences that
    nothing carried. `facts` say when it was asked, of which model, and how the check ended.
    """

    title: str
    question: str
    resolved: str
    answer: tuple[Said, ...]
    reason: str
    closest: tuple[Said, ...]
    removed: tuple[str, ...]
    notices: tuple[str, ...]
    comment: str
    facts: str
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """A whole brief as it is printed."""

    title: str
    facts: str
    sections: tuple[Section, ...]
    made_at: datetime

    @property
    def notes(self) -> tuple[Note, ...]:
        """All notes, in the order of their numbers."""
        return tuple(n for section in self.sections for n in section.notes)


def content(brief: Brief) -> Content:
    """Return what the brief says."""
    sections: list[Section] = []
    noted = 0
    for item in brief.items:
        sections.append(_section(item, noted + 1))
        noted += len(sections[-1].notes)
    made = brief.made_at.astimezone(UTC)
    return Content(clean(brief.title) or UNTITLED, _made(brief, sections), tuple(sections), made)


def removed_words(removed: Sequence[str]) -> str:
    """Return what is said before the sentences that the check removed."""
    return f"{count(len(removed), 'sentence')} removed by the check, not carried by the evidence:"


def _section(item: Item, first: int) -> Section:
    record = item.record
    question = clean(record.get("question"))
    resolved = clean(record.get("resolved"))
    title = clean(item.title) or question or "Untitled"
    declined = bool(record.get("declined"))
    removed = [s for s in record.get("sentences") or [] if s.get("status") == "removed"]
    answer, closest, notes = ((), *_closest(record, first)) if declined else _said(record, first)
    return Section(
        title=title,
        question="" if question == title else question,
        resolved="" if resolved == question else resolved,
        answer=answer,
        reason=clean(record.get("reason") or record.get("answer")) if declined else "",
        closest=closest,
        removed=() if declined else tuple(clean(s.get("text")) for s in removed),
        notices=_notices(record),
        comment=clean_lines(item.comment),
        facts=_facts(record, notes),
        notes=notes,
    )


def _said(
    record: Record, first: int
) -> tuple[tuple[Said, ...], tuple[Said, ...], tuple[Note, ...]]:
    shown = [s for s in record.get("sentences") or [] if s.get("status") != "removed"]
    citations = {c.get("n"): c for c in record.get("citations") or []}
    order = dict.fromkeys(n for s in shown for n in s.get("citations") or () if n in citations)
    numbers = {n: first + place for place, n in enumerate(order)}
    said = []
    for s in shown:
        own = tuple(sorted({numbers[n] for n in s.get("citations") or () if n in numbers}))
        lead, date = clean(s.get("source")), as_of(s.get("as_of"))
        lead = f"{lead} (as of {date})" if lead and date else lead
        said.append(Said(clean(s.get("text")), own, s.get("status") == "quoted", lead))
    notes = tuple(
        note(
            numbers[n], citations[n], record, [s for s in shown if n in (s.get("citations") or ())]
        )
        for n in order
    )
    return tuple(said), (), notes


def _closest(record: Record, first: int) -> tuple[tuple[Said, ...], tuple[Note, ...]]:
    passages = record.get("closest") or []
    notes = tuple(closest_note(first + n, passage, record) for n, passage in enumerate(passages))
    return tuple(Said(clipped(n.quote, _CLOSEST_CHARS), (n.n,), True) for n in notes), notes


def _notices(record: Record) -> tuple[str, ...]:
    stopped = (
        "Stopped before it was finished; what was not checked yet is left out."
        if record.get("stopped")
        else ""
    )
    notices = str(record.get("notice") or "").splitlines()
    return tuple(n for n in (*map(clean, notices), stopped) if n)


def _facts(record: Record, notes: Sequence[Note]) -> str:
    asked = when(record.get("asked_at"))
    if record.get("declined"):
        return " · ".join(f for f in (f"Asked {asked}" if asked else "", "declined") if f)
    model = model_words(record)
    states = [s.get("status") for s in record.get("sentences") or []]
    checked = [
        f"{n} {state}" for state in ("supported", "quoted", "removed") if (n := states.count(state))
    ]
    dates = dict.fromkeys(n.as_of for n in sorted(notes, key=lambda n: n.as_of_iso) if n.as_of)
    facts = (
        f"Asked {asked}" if asked else "",
        f"language model {model}" if model else "quotations, no model",
        f"sentences checked: {', '.join(checked)}" if checked else "",
        f"as of {' and '.join(dates)}" if dates else "",
    )
    return " · ".join(f for f in facts if f)


def _made(brief: Brief, sections: Sequence[Section]) -> str:
    dates = sorted({(n.as_of_iso, n.as_of) for s in sections for n in s.notes if n.as_of})
    ends = dict.fromkeys(words for _, words in (dates[:1] + dates[-1:]))
    facts = (
        when(brief.made_at.isoformat()),
        count(len(sections), "answer"),
        count(sum(len(s.notes) for s in sections), "source quotation"),
        f"evidence as of {' to '.join(ends)}" if ends else "no as-of date",
    )
    return " · ".join(facts)
