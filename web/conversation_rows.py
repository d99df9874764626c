"""The tables of conversations: what was asked, what came of it, and the words to find it by."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, delete, exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from index.text import fold
from index.types import BriefError
from web.database import Base
from web.records import Record


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
    __table_args__ = (Index("ix_turns_place", "conversation_id", "number", unique=True),)
    id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    number: Mapped[int]
    record: Mapped[dict[str, Any]]
    thumb: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")


class WordsRow(Base):
    """What a turn says, without capitals and accents, or a title: `id` is the turn's or its own.

    In a table of its own because a record is some 10 kB, which a search would have to read past.
    """

    __tablename__ = "conversation_words"
    id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    words: Mapped[str]


def new_conversation(
    session: Session, conversation_id: str, visitor: str, title: str, now: str
) -> ConversationRow:
    """Begin a conversation, which can be found by its title from now on."""
    begun = ConversationRow(id=conversation_id, visitor=visitor, title=title, changed_at=now)
    session.add(begun)
    session.flush()
    put_words(session, begun.id, begun.id, title)
    return begun


def put_turn(session: Session, conversation_id: str, number: int, record: Record) -> TurnRow:
    """Keep a record at a place of a conversation, or in place of what it was before."""
    turn = session.get(TurnRow, record["id"])
    if turn is None:
        turn = TurnRow(id=record["id"], conversation_id=conversation_id, number=number)
        session.add(turn)
    turn.record = record
    put_words(session, record["id"], conversation_id, _said(record))
    return turn


def put_words(session: Session, row_id: str, conversation_id: str, text: str) -> None:
    """Let a conversation be found by the words of a text."""
    session.merge(WordsRow(id=row_id, conversation_id=conversation_id, words=fold(text)))


def cut_turns(session: Session, first: TurnRow) -> None:
    """Delete a turn and those after it."""
    gone: ColumnElement[bool] = (TurnRow.conversation_id == first.conversation_id) & (
        TurnRow.number >= first.number
    )
    session.execute(delete(WordsRow).where(WordsRow.id.in_(select(TurnRow.id).where(gone))))
    session.execute(delete(TurnRow).where(gone))


def with_words(rows: Select[ConversationRow], words: str) -> Select[ConversationRow]:
    """Restrict a query to conversations that have all of the words, or parts of words."""
    for word in fold(words).split():
        has = WordsRow.words.contains(word, autoescape=True)
        rows = rows.where(exists().where(WordsRow.conversation_id == ConversationRow.id, has))
    return rows


def owned(
    session: Session, visitor: str, conversation_id: str, *, changing: bool = False
) -> ConversationRow:
    """Return a visitor's conversation. Raises `BriefError` where they have none of that id.

    With `changing` nobody else changes it or its turns until the transaction ends.
    """
    found = session.get(ConversationRow, conversation_id, with_for_update=changing)
    if found is None or found.visitor != visitor:
        raise unknown()
    return found


def owned_turn(
    session: Session, visitor: str, record_id: str, *, changing: bool = False
) -> TurnRow:
    """Return a visitor's turn. Raises `BriefError` where they have none of that id."""
    turn = session.get(TurnRow, record_id)
    if turn:
        owned(session, visitor, turn.conversation_id, changing=changing)
        if changing:  # it may have been cut while that was waited for
            turn = session.get(TurnRow, record_id, populate_existing=True)
    if turn is None:
        raise unknown()
    return turn


def records_of(session: Session, conversation_id: str) -> list[Record]:
    """Return the records of a conversation in order, each with its thumb."""
    rows: Sequence[TurnRow] = session.scalars(
        select(TurnRow).filter_by(conversation_id=conversation_id).order_by(TurnRow.number)
    ).all()
    return [with_thumb(turn) for turn in rows]


def with_thumb(turn: TurnRow) -> Record:
    """Return a turn's record with what was thought of it."""
    return {**turn.record, "thumb": turn.thumb, "thumb_reason": turn.reason}


def unknown() -> BriefError:
    """Return what is said of a conversation that is not there, or another's."""
    return BriefError("There is no such conversation here. It may have been deleted.")


def _said(record: Record) -> str:
    return f"{record['question']} {record['answer']}"
