"""The brief that each visitor has, kept: a title and answers in order, each as it was when added.

Each change takes the brief's row (SQLite: the database) with its first statement, so that two tabs
that change it at once lose nothing: the later one wins, field by field.
"""

import time
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from index.types import BriefError
from web.brief.rows import BriefRow, ItemRow, Kept, items_of, read_brief
from web.brief.words import clean
from web.database import Sessions, changes, reads
from web.records import Record
from web.removed import KEPT_S

MOST = 100  # answers in a brief: more is no brief, and takes long to print


class UnknownItem(BriefError):
    """The visitor's brief has no such item."""


class Briefs:
    """All of them. Methods that change something have committed when they return the brief."""

    def __init__(self, sessions: Sessions) -> None:
        """Take where they are kept."""
        self._sessions = sessions

    @reads
    def get(self, session: Session, visitor: str) -> Kept:
        """Return a visitor's brief, an empty one where nothing was added yet."""
        return read_brief(session, visitor)

    @changes
    def rename(self, session: Session, visitor: str, title: str) -> Kept:
        """Give the brief a title."""
        _begin(session, visitor)
        session.execute(update(BriefRow).filter_by(visitor=visitor).values(title=title))
        return read_brief(session, visitor)

    @changes
    def add(self, session: Session, visitor: str, record: Record) -> tuple[Kept, bool]:
        """Add an answer at the end and return the brief; False where it was in it already.

        Raises:
            BriefError: the answer is not finished, or the brief is full.
        """
        if record.get("state") != "done":
            raise BriefError("This answer is not finished. Add it when it is.")
        _begin(session, visitor)
        items = items_of(session, visitor)
        if any(item.record_id == record["id"] for item in items):
            return read_brief(session, visitor), False
        _require_room(items)
        session.add(
            ItemRow(
                id=uuid.uuid4().hex,
                visitor=visitor,
                record_id=record["id"],
                position=len(items),
                title=clean(record["question"]),
                comment="",
                record=record,
            )
        )
        session.flush()
        return read_brief(session, visitor), True

    @changes
    def edit(self, session: Session, /, visitor: str, item_id: str, **facts: Any) -> Kept:
        """Change an item's `title`, `comment` or `position` (from 0; beyond the end is last).

        Raises:
            UnknownItem: the visitor's brief has no such item.
        """
        _begin(session, visitor)
        item = _item(session, visitor, item_id)
        if (position := facts.pop("position", None)) is not None:
            others = [other for other in items_of(session, visitor) if other is not item]
            _place(item, position, others)
        for name, value in facts.items():
            setattr(item, name, value)
        session.flush()
        return read_brief(session, visitor)

    @changes
    def remove(self, session: Session, visitor: str, item_id: str) -> Kept:
        """Take an item out; it can be put back for a while. Raises `UnknownItem`."""
        _begin(session, visitor)
        item = _item(session, visitor, item_id)
        item.removed_at = time.time()
        session.flush()
        _number(items_of(session, visitor))
        session.flush()
        return read_brief(session, visitor)

    @changes
    def restore(self, session: Session, visitor: str, item_id: str) -> Kept:
        """Put a removed item back where it was.

        Raises:
            UnknownItem: it was removed too long ago, or was never there.
            BriefError: its answer was added again since, or the brief is full.
        """
        _begin(session, visitor)
        item = session.get(ItemRow, item_id)
        if item is None or item.visitor != visitor:
            raise UnknownItem("This was removed too long ago. Add its answer again.")
        others = [other for other in items_of(session, visitor) if other is not item]
        if any(other.record_id == item.record_id for other in others):
            raise BriefError("This answer is in the brief again already.")
        _require_room(others)
        item.removed_at = None
        _place(item, item.position, others)
        session.flush()
        return read_brief(session, visitor)


def _begin(session: Session, visitor: str) -> None:
    """Take the brief for a change, which is counted."""
    counted = update(BriefRow).filter_by(visitor=visitor).values(version=BriefRow.version + 1)
    if not session.execute(counted).rowcount:  # type: ignore[attr-defined]
        # Where another tab begins it too, one of them finds the row and is done again.
        session.add(BriefRow(visitor=visitor, title="", version=1))
        session.flush()
    old = select(ItemRow.id).where(ItemRow.removed_at < time.time() - KEPT_S)
    # Who has another's item at this moment sees to it the next time.
    old = old.with_for_update(skip_locked=True)
    session.execute(delete(ItemRow).where(ItemRow.id.in_(old)))


def _item(session: Session, visitor: str, item_id: str) -> ItemRow:
    item = session.get(ItemRow, item_id)
    if item is None or item.visitor != visitor or item.removed_at is not None:
        raise UnknownItem("This is not in the brief any more. It was removed in another tab.")
    return item


def _place(item: ItemRow, position: int, others: Sequence[ItemRow]) -> None:
    _number([*others[:position], item, *others[position:]])


def _number(items: Sequence[ItemRow]) -> None:
    for position, item in enumerate(items):
        item.position = position


def _require_room(items: Sequence[ItemRow]) -> None:
    if len(items) >= MOST:
        raise BriefError(f"A brief holds {MOST} answers at most. Remove some, or export it first.")
