"""The brief that each visitor has, kept: a title and answers in order, each as it was when added.

Each change takes the database's lock with its first statement, so that two tabs that change the
brief at once lose nothing: the later one wins, field by field.
"""

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from index.types import BriefError
from web.brief.rows import BriefRow, ItemRow, Kept, items_of, read_brief
from web.brief.words import clean
from web.database import Sessions
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

    def get(self, visitor: str) -> Kept:
        """Return a visitor's brief, an empty one where nothing was added yet."""
        with self._sessions() as session:
            return read_brief(session, visitor)

    def rename(self, visitor: str, title: str) -> Kept:
        """Give the brief a title."""
        with self._changing(visitor) as session:
            session.execute(update(BriefRow).filter_by(visitor=visitor).values(title=title))
            return read_brief(session, visitor)

    def add(self, visitor: str, record: Record) -> tuple[Kept, bool]:
        """Add an answer at the end and return the brief; False where it was in it already.

        Raises:
            BriefError: the answer is not finished, or the brief is full.
        """
        if record.get("state") != "done":
            raise BriefError("This answer is not finished. Add it when it is.")
        with self._changing(visitor) as session:
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

    def edit(self, visitor: str, item_id: str, **facts: Any) -> Kept:
        """Change an item's `title`, `comment` or `position` (from 0; beyond the end is last).

        Raises:
            UnknownItem: the visitor's brief has no such item.
        """
        with self._changing(visitor) as session:
            item = _item(session, visitor, item_id)
            if (position := facts.pop("position", None)) is not None:
                others = [other for other in items_of(session, visitor) if other is not item]
                _place(item, position, others)
            for name, value in facts.items():
                setattr(item, name, value)
            session.flush()
            return read_brief(session, visitor)

    def remove(self, visitor: str, item_id: str) -> Kept:
        """Take an item out; it can be put back for a while. Raises `UnknownItem`."""
        with self._changing(visitor) as session:
            item = _item(session, visitor, item_id)
            item.removed_at = time.time()
            session.flush()
            _number(items_of(session, visitor))
            session.flush()
            return read_brief(session, visitor)

    def restore(self, visitor: str, item_id: str) -> Kept:
        """Put a removed item back where it was.

        Raises:
            UnknownItem: it was removed too long ago, or was never there.
            BriefError: its answer was added again since, or the brief is full.
        """
        with self._changing(visitor) as session:
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

    @contextmanager
    def _changing(self, visitor: str) -> Iterator[Session]:
        counted = update(BriefRow).filter_by(visitor=visitor).values(version=BriefRow.version + 1)
        with self._sessions.begin() as session:
            if not session.execute(counted).rowcount:  # type: ignore[attr-defined]
                # No other tab can have begun it since: SQLite has the lock even of no row.
                session.add(BriefRow(visitor=visitor, title="", version=1))
                session.flush()
            old = time.time() - KEPT_S
            session.execute(delete(ItemRow).where(ItemRow.removed_at < old))
            yield session


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
