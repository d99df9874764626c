"""The tables as they were before there were versions, whichever of them there were already.

Only in SQLite can there be any. At first there were only conversations and turns; briefs came,
then the words that conversations are found by, then users.
"""

import sqlalchemy as sa
from alembic import op

from index.text import fold
from index.types import BriefError

revision = "0001"
down_revision = None

_AT_ONCE = 100  # records that are read at once
_TABLES = sa.MetaData()
_CONVERSATIONS = sa.Table(
    "conversations",
    _TABLES,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("visitor", sa.String, nullable=False, index=True),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("changed_at", sa.String, nullable=False, index=True),
    sa.Column("shared", sa.String, unique=True),
)
_TURNS = sa.Table(
    "turns",
    _TABLES,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column(
        "conversation_id",
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("record", sa.JSON, nullable=False),
    sa.Column("thumb", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
)
_WORDS = sa.Table(
    "conversation_words",
    _TABLES,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column(
        "conversation_id",
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("words", sa.String, nullable=False),
)
sa.Table(
    "briefs",
    _TABLES,
    sa.Column("visitor", sa.String, primary_key=True),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)
sa.Table(
    "brief_items",
    _TABLES,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column(
        "visitor", sa.ForeignKey("briefs.visitor", ondelete="CASCADE"), nullable=False, index=True
    ),
    sa.Column("record_id", sa.String, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("comment", sa.String, nullable=False),
    sa.Column("record", sa.JSON, nullable=False),
    sa.Column("removed_at", sa.Double),
)
sa.Table(
    "users",
    _TABLES,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("name", sa.String, nullable=False, unique=True),
    sa.Column("role", sa.String, nullable=False),
    sa.Column("password", sa.String, nullable=False),
)
sa.Table(
    "signed_in",
    _TABLES,
    sa.Column("digest", sa.String, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("since", sa.Double, nullable=False),
    sa.Column("used", sa.Double, nullable=False),
)
sa.Table(
    "tokens",
    _TABLES,
    sa.Column("digest", sa.String, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
)


def upgrade() -> None:
    """Make the tables that are not there, and words of what was kept before there were any."""
    database = op.get_bind()
    found = sa.inspect(database)
    there = set(found.get_table_names())
    for table in _TABLES.sorted_tables:
        if table.name not in there:
            table.create(database)
            continue
        has = {column["name"] for column in found.get_columns(table.name)}
        if database.dialect.name != "sqlite" or has != set(table.columns.keys()):
            raise BriefError(
                f"There is a table {table.name} of another program. Give this one a database of "
                "its own: --database."
            )
    _fill_words(database)


def _fill_words(database: sa.Connection) -> None:
    lacking = sa.select(_TURNS).where(~sa.exists().where(_WORDS.c.id == _TURNS.c.id))
    while turns := database.execute(lacking.limit(_AT_ONCE)).all():
        for turn in turns:
            said = f"{turn.record['question']} {turn.record['answer']}"
            _put_words(database, turn.id, turn.conversation_id, said)
    untitled = sa.select(_CONVERSATIONS).where(
        ~sa.exists().where(_WORDS.c.id == _CONVERSATIONS.c.id)
    )
    for found in database.execute(untitled).all():
        _put_words(database, found.id, found.id, found.title)


def _put_words(database: sa.Connection, row_id: str, conversation_id: str, text: str) -> None:
    row = {"id": row_id, "conversation_id": conversation_id, "words": fold(text)}
    database.execute(_WORDS.insert().values(row))
