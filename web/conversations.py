"""What visitors have asked, kept: conversations of turns, each with its record and its thumbs.

Everything but a shared link is the visitor's alone: whoever asks with another name finds nothing.
"""

import secrets
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ForeignKey, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from index.types import BriefError
from web.database import Base, Sessions
from web.records import Record

Thumb = Literal["up", "down", ""]
_TITLE_CHARS = 80
_LISTED = 500


class ConversationRow(Base):
    """`shared` is the secret of its link, None while it has none. Times are ISO, UTC."""

    __tablename__ = "conversations"
    id: Mapped[str] = mapped_column(primary_key=True)
    visitor: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    changed_at: Mapped[str] = mapped_column(index=True)
    shared: Mapped[str | None] = mapped_column(unique=True)


class TurnRow(Base):
    """One question with all that is known of its answer. `id` is that of its record."""

    __tablename__ = "turns"
    id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    number: Mapped[int]
    record: Mapped[dict[str, Any]]
    thumb: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")


class Conversations:
    """All of them. Methods that change something have committed when they return."""

    def __init__(self, sessions: Sessions) -> None:
        """Take where they are kept."""
        self._sessions = sessions

    def put(self, visitor: str, conversation_id: str, record: Record) -> None:
        """Keep a record at the end of a conversation, or in place of what it was before."""
        with self._sessions.begin() as session:
            found = session.get(ConversationRow, conversation_id)
            if found is None:
                found = ConversationRow(
                    id=conversation_id, visitor=visitor, title=_title(record["question"])
                )
                session.add(found)
            if found.visitor != visitor:
                raise _unknown()
            found.changed_at = datetime.now(UTC).isoformat(timespec="milliseconds")
            session.flush()
            turn = session.get(TurnRow, record["id"])
            if turn is None:
                last = select(func.max(TurnRow.number)).filter_by(conversation_id=conversation_id)
                number = (session.scalar(last) or 0) + 1
                turn = TurnRow(id=record["id"], conversation_id=conversation_id, number=number)
                session.add(turn)
            turn.record = record

    def cut(self, visitor: str, record_id: str) -> None:
        """Forget a turn and those after it, because it is asked again."""
        with self._sessions.begin() as session:
            turn = _turn(session, visitor, record_id)
            session.execute(
                delete(TurnRow).where(
                    TurnRow.conversation_id == turn.conversation_id, TurnRow.number >= turn.number
                )
            )

    def all(self, visitor: str, words: str = "") -> list[dict[str, Any]]:
        """Return a visitor's conversations, last first: those whose text has all of the words."""
        with self._sessions() as session:
            rows = session.scalars(
                select(ConversationRow)
                .filter_by(visitor=visitor)
                .order_by(ConversationRow.changed_at.desc())
                .limit(_LISTED)
            ).all()
            wanted = words.casefold().split()
            return [
                {"id": c.id, "title": c.title, "changed_at": c.changed_at, "shared": c.shared}
                for c in rows
                if not wanted or _has(wanted, c.title, _records(session, c.id))
            ]

    def records(self, visitor: str, conversation_id: str) -> list[Record]:
        """Return the records of a conversation in order, each with its `thumb`.

        Raises:
            BriefError: the visitor has no such conversation.
        """
        with self._sessions() as session:
            _owned(session, visitor, conversation_id)
            return _records(session, conversation_id)

    def title(self, visitor: str, conversation_id: str) -> str:
        """Return a conversation's title. Raises `BriefError` where the visitor has none such."""
        with self._sessions() as session:
            return _owned(session, visitor, conversation_id).title

    def find(self, visitor: str, record_id: str) -> Record:
        """Return one record. Raises `BriefError` where the visitor has none of that id."""
        with self._sessions() as session:
            return _with_thumb(_turn(session, visitor, record_id))

    def rename(self, visitor: str, conversation_id: str, title: str) -> None:
        """Give a conversation another title. Raises `BriefError` where there is none."""
        with self._sessions.begin() as session:
            _owned(session, visitor, conversation_id).title = title

    def remove(self, visitor: str, conversation_id: str) -> None:
        """Delete a conversation for good. Raises `BriefError` where there is none."""
        with self._sessions.begin() as session:
            session.delete(_owned(session, visitor, conversation_id))

    def share(self, visitor: str, conversation_id: str, *, shared: bool) -> str | None:
        """Return the secret of a link that shows a conversation to whoever has it, or end it.

        Raises:
            BriefError: the visitor has no such conversation.
        """
        with self._sessions.begin() as session:
            found = _owned(session, visitor, conversation_id)
            found.shared = (found.shared or secrets.token_urlsafe(24)) if shared else None
            return found.shared

    def take_shared(self, visitor: str, secret: str) -> str:
        """Copy a shared conversation to a visitor and return its id; one's own is not copied.

        Raises:
            BriefError: there is none, or it is shared no more.
        """
        with self._sessions.begin() as session:
            found = session.scalar(select(ConversationRow).filter_by(shared=secret or None))
            if not secret or found is None:
                raise BriefError(
                    "This conversation is not shared any more. Ask for another link to it."
                )
            if found.visitor == visitor:
                return found.id
            copy = ConversationRow(
                id=uuid.uuid4().hex,
                visitor=visitor,
                title=found.title,
                changed_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            )
            session.add(copy)
            session.flush()
            for number, record in enumerate(_records(session, found.id), start=1):
                own = {k: v for k, v in record.items() if k not in ("thumb", "thumb_reason")}
                own |= {"id": uuid.uuid4().hex, "conversation": copy.id}
                session.add(
                    TurnRow(id=own["id"], conversation_id=copy.id, number=number, record=own)
                )
            return copy.id

    def judge(self, visitor: str, record_id: str, thumb: Thumb, reason: str) -> None:
        """Keep what a visitor thinks of an answer. Raises `BriefError` where there is none."""
        with self._sessions.begin() as session:
            turn = _turn(session, visitor, record_id)
            turn.thumb, turn.reason = thumb, reason

    def judged(self, visitor: str) -> list[Record]:
        """Return the visitor's records that have a thumb, oldest first."""
        with self._sessions() as session:
            rows = session.scalars(
                select(TurnRow)
                .join(ConversationRow)
                .where(ConversationRow.visitor == visitor, TurnRow.thumb != "")
                .order_by(ConversationRow.changed_at, TurnRow.number)
            )
            return [_with_thumb(turn) for turn in rows]


def _owned(session: Session, visitor: str, conversation_id: str) -> ConversationRow:
    found = session.get(ConversationRow, conversation_id)
    if found is None or found.visitor != visitor:
        raise _unknown()
    return found


def _turn(session: Session, visitor: str, record_id: str) -> TurnRow:
    if turn := session.get(TurnRow, record_id):
        _owned(session, visitor, turn.conversation_id)
        return turn
    raise _unknown()


def _records(session: Session, conversation_id: str) -> list[Record]:
    rows = select(TurnRow).filter_by(conversation_id=conversation_id).order_by(TurnRow.number)
    return [_with_thumb(turn) for turn in session.scalars(rows)]


def _with_thumb(turn: TurnRow) -> Record:
    return {**turn.record, "thumb": turn.thumb, "thumb_reason": turn.reason}


def _has(wanted: Sequence[str], title: str, records: Sequence[Record]) -> bool:
    said = " ".join([title, *(f"{r['question']} {r['answer']}" for r in records)]).casefold()
    return all(word in said for word in wanted)


def _title(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= _TITLE_CHARS else f"{line[: _TITLE_CHARS - 1].rstrip()}…"


def _unknown() -> BriefError:
    return BriefError("There is no such conversation here. It may have been deleted.")
