"""The database of what visitors keep, and of users: SQLite in the data folder, PostgreSQL by URL.

Every change is committed before it is acknowledged. Documents are not in here (`index/store.py`).
"""

from web.database.address import DATABASE, Where, add_database_argument, chosen_database
from web.database.opening import open_database
from web.database.sessions import Sessions, Unreachable, changes, reads
from web.database.tables import Base

__all__ = [
    "DATABASE",
    "Base",
    "Sessions",
    "Unreachable",
    "Where",
    "add_database_argument",
    "changes",
    "chosen_database",
    "open_database",
    "reads",
]
