"""No two turns of a conversation have the same number: two processes could give it out at once."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TURNS = sa.table(
    "turns",
    sa.column("id", sa.String),
    sa.column("conversation_id", sa.String),
    sa.column("number", sa.Integer),
    sa.column("record", sa.JSON),
)


def upgrade() -> None:
    """Give the turns of such conversations numbers anew, then forbid it."""
    database, conversation, number = op.get_bind(), _TURNS.c.conversation_id, _TURNS.c.number
    doubled = sa.select(conversation).group_by(conversation, number).having(sa.func.count() > 1)
    for conversation_id in database.scalars(doubled.distinct()).all():
        turns = database.execute(sa.select(_TURNS).where(conversation == conversation_id)).all()
        turns = sorted(turns, key=lambda t: (t.number, t.record.get("asked_at", ""), t.id))
        for place, turn in enumerate(turns, start=1):
            own = _TURNS.c.id == turn.id
            database.execute(_TURNS.update().where(own).values(number=place))
    op.create_index("ix_turns_place", "turns", ["conversation_id", "number"], unique=True)
