"""The tables of briefs, and a brief as it is read from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from web.database import Base
from web.records import Record


class BriefRow(Base):
    """`version` counts changes, so that a tab knows which of two answers is the newer."""

    __tablename__ = "briefs"
    visitor: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=0)


class ItemRow(Base):
    """`removed_at` is when it was removed, in seconds since 1970, and None while it is there."""

    __tablename__ = "brief_items"
    id: Mapped[str] = mapped_column(primary_key=True)
    visitor: Mapped[str] = mapped_column(
        ForeignKey("briefs.visitor", ondelete="CASCADE"), index=True
    )
    record_id: Mapped[str]
    position: Mapped[int]
    title: Mapped[str] = mapped_column(default="")
    comment: Mapped[str] = mapped_column(default="")
    record: Mapped[dict[str, Any]]
    removed_at: Mapped[float | None]


@dataclass(frozen=True, slots=True)
class KeptItem:
    """One answer of a brief. `record` is as it was when added."""

    id: str
    title: str
    comment: str
    record: Record


@dataclass(frozen=True, slots=True)
class Kept:
    """A visitor's brief. `version` grows with every change."""

    title: str = ""
    version: int = 0
    items: tuple[KeptItem, ...] = ()


def items_of(session: Session, visitor: str) -> Sequence[ItemRow]:
    """Return what is in a visitor's brief, in order."""
    rows = select(ItemRow).filter_by(visitor=visitor, removed_at=None).order_by(ItemRow.position)
    return session.scalars(rows).all()


def read_brief(session: Session, visitor: str) -> Kept:
    """Return a visitor's brief, an empty one where nothing was added yet."""
    found = session.get(BriefRow, visitor, populate_existing=True)
    if found is None:
        return Kept()
    items = (KeptItem(i.id, i.title, i.comment, i.record) for i in items_of(session, visitor))
    return Kept(found.title, found.version, tuple(items))
