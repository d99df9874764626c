"""A brief as JSON: what is printed, with every hash whole, and the answers as they were stored."""

import json
from dataclasses import asdict
from typing import Any

from web.brief.content import Brief, Content, Item, Section
from web.brief.notes import Note
from web.brief.words import model_words
from web.records import Record


def as_json(brief: Brief, content: Content) -> str:
    """Return one object: `title, made_at, items, notes`.

    An item has `title, comment, question, declined, sentences` (with the numbers of their `notes`)
    and the stored `record`. A note has `n, item` (counted from 1) and its provenance.
    """
    items = [
        {
            "title": section.title,
            "comment": section.comment,
            **_said(section, item),
            "record": _stored(item),
        }
        for item, section in zip(brief.items, content.sections, strict=True)
    ]
    notes = [
        _note(note, item, brief.items[item - 1].record)
        for item, section in enumerate(content.sections, 1)
        for note in section.notes
    ]
    whole = {
        "title": content.title,
        "made_at": content.made_at.isoformat(timespec="seconds"),
        "items": items,
        "notes": notes,
    }
    # Halves of pairs, which UTF-8 has none of, are left out.
    return json.dumps(whole, ensure_ascii=False, indent=2).encode("utf-8", "ignore").decode() + "\n"


def _said(section: Section, item: Item) -> dict[str, Any]:
    return {
        "question": item.record.get("question", ""),
        "declined": bool(section.reason),
        "reason": section.reason,
        "sentences": [asdict(said) for said in section.answer],
        "closest": [asdict(said) for said in section.closest],
        "removed": list(section.removed),
        "notices": list(section.notices),
    }


def _stored(item: Item) -> Record:
    return {**item.record, "model": model_words(item.record)}


def _note(note: Note, item: int, record: Record) -> dict[str, Any]:
    return {
        "n": note.n,
        "item": item,
        "quotation": note.source.get("quote", ""),
        "speaker": note.speaker,
        "document": note.source.get("document", ""),
        "author": note.source.get("author", ""),
        "source": note.source.get("source", ""),
        "place": note.place,
        "start": note.source.get("start"),
        "end": note.source.get("end"),
        "as_of": note.as_of_iso,
        "as_of_words": note.as_of,
        "document_id": note.source.get("document_id", ""),
        "document_sha256": note.sha256,
        "model": "" if "no model" in note.model else model_words(record),
        "asked_at": record.get("asked_at", ""),
        "check": note.check,
    }
