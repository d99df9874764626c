"""All tables that there are, of whatever keeps something."""

import web.brief.rows
import web.conversation_rows
import web.users.rows  # noqa: F401 - each adds its own
from web.database.tables import Base

TABLES = Base.metadata
