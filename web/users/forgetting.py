"""What somebody has kept is deleted for good: conversations with their answers, and the brief."""

from sqlalchemy import delete

from web.brief.rows import BriefRow
from web.conversation_rows import ConversationRow
from web.database import Sessions


def forget(sessions: Sessions, visitor: str) -> None:
    """Delete all that a visitor has kept."""
    with sessions.begin() as session:
        session.execute(delete(ConversationRow).filter_by(visitor=visitor))
        session.execute(delete(BriefRow).filter_by(visitor=visitor))
