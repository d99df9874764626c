"""What visitors have asked, kept: conversations of turns, each with its record and its thumbs.

Everything but a shared link is the visitor's alone: whoever asks with another name finds nothing.
"""

import secrets
import uuid
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from index.types import BriefError
from web.conversation_rows import (
    ConversationRow,
    TurnRow,
    cut_turns,
    new_conversation,
    owned,
    owned_turn,
    put_turn,
    put_words,
    records_of,
    unknown,
    with_thumb,
    with_words,
)
from web.database import Sessions, changes, reads
from web.records import Record

Thumb = Literal["up", "down", ""]
_TITLE_CHARS = 80
_LISTED = 500


class Conversations:
    """All of them. Methods that change something have committed when they return."""

    def __init__(self, sessions: Sessions) -> None:
        """Take where they are kept."""
        self._sessions = sessions

    @changes
    def put(self, session: Session, visitor: str, conversation_id: str, record: Record) -> None:
        """Keep a record at the end of a conversation, or in place of what it was before."""
        # Whoever puts another one at the same time waits here, or finds the row and begins again.
        found = session.get(ConversationRow, conversation_id, with_for_update=True)
        if found is None:
            title = _title(record["question"])
            found = new_conversation(session, conversation_id, visitor, title, _now())
        if found.visitor != visitor:
            raise unknown()
        found.changed_at = _now()
        last = select(func.max(TurnRow.number)).filter_by(conversation_id=conversation_id)
        put_turn(session, conversation_id, (session.scalar(last) or 0) + 1, record)

    @changes
    def cut(self, session: Session, visitor: str, record_id: str) -> None:
        """Forget a turn and those after it, because it is asked again."""
        cut_turns(session, owned_turn(session, visitor, record_id, changing=True))

    @reads
    def all(self, session: Session, visitor: str, words: str = "") -> list[dict[str, Any]]:
        """Return a visitor's conversations, last first: those that have all of the words.

        Capitals and accents do not count; a part of a word will do.
        """
        mine = select(ConversationRow).filter_by(visitor=visitor)
        latest = (ConversationRow.changed_at.desc(), ConversationRow.id)
        rows = session.scalars(with_words(mine, words).order_by(*latest).limit(_LISTED))
        return [
            {"id": c.id, "title": c.title, "changed_at": c.changed_at, "shared": c.shared}
            for c in rows
        ]

    @reads
    def records(self, session: Session, visitor: str, conversation_id: str) -> list[Record]:
        """Return the records of a conversation in order, each with its `thumb`.

        Raises:
            BriefError: the visitor has no such conversation.
        """
        owned(session, visitor, conversation_id)
        return records_of(session, conversation_id)

    @reads
    def title(self, session: Session, visitor: str, conversation_id: str) -> str:
        """Return a conversation's title. Raises `BriefError` where the visitor has none such."""
        return owned(session, visitor, conversation_id).title

    @reads
    def find(self, session: Session, visitor: str, record_id: str) -> Record:
        """Return one record. Raises `BriefError` where the visitor has none of that id."""
        return with_thumb(owned_turn(session, visitor, record_id))

    @changes
    def rename(self, session: Session, visitor: str, conversation_id: str, title: str) -> None:
        """Give a conversation another title. Raises `BriefError` where there is none."""
        owned(session, visitor, conversation_id, changing=True).title = title
        put_words(session, conversation_id, conversation_id, title)

    @changes
    def remove(self, session: Session, visitor: str, conversation_id: str) -> None:
        """Delete a conversation for good. Raises `BriefError` where there is none."""
        session.delete(owned(session, visitor, conversation_id, changing=True))

    @changes
    def share(
        self, session: Session, visitor: str, conversation_id: str, *, shared: bool
    ) -> str | None:
        """Return the secret of a link that shows a conversation to whoever has it, or end it.

        Raises:
            BriefError: the visitor has no such conversation.
        """
        found = owned(session, visitor, conversation_id, changing=True)
        found.shared = (found.shared or secrets.token_urlsafe(24)) if shared else None
        return found.shared

    @changes
    def take_shared(self, session: Session, visitor: str, secret: str) -> str:
        """Copy a shared conversation to a visitor and return its id; one's own is not copied.

        Raises:
            BriefError: there is none, or it is shared no more.
        """
        found = session.scalar(select(ConversationRow).filter_by(shared=secret or None))
        if not secret or found is None:
            raise BriefError(
                "This conversation is not shared any more. Ask for another link to it."
            )
        if found.visitor == visitor:
            return found.id
        copy = new_conversation(session, uuid.uuid4().hex, visitor, found.title, _now())
        for number, record in enumerate(records_of(session, found.id), start=1):
            own = {k: v for k, v in record.items() if k not in ("thumb", "thumb_reason")}
            own |= {"id": uuid.uuid4().hex, "conversation": copy.id}
            put_turn(session, copy.id, number, own)
        return copy.id

    @changes
    def judge(
        self, session: Session, visitor: str, record_id: str, thumb: Thumb, reason: str
    ) -> None:
        """Keep what a visitor thinks of an answer. Raises `BriefError` where there is none."""
        turn = owned_turn(session, visitor, record_id, changing=True)
        turn.thumb, turn.reason = thumb, reason

    @reads
    def judged(self, session: Session, visitor: str) -> list[Record]:
        """Return the visitor's records that have a thumb, oldest first."""
        rows = session.scalars(
            select(TurnRow)
            .join(ConversationRow)
            .where(ConversationRow.visitor == visitor, TurnRow.thumb != "")
            .order_by(ConversationRow.changed_at, ConversationRow.id, TurnRow.number)
        )
        return [with_thumb(turn) for turn in rows]


def _title(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= _TITLE_CHARS else f"{line[: _TITLE_CHARS - 1].rstrip()}…"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
