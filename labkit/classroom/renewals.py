"""Codes that were renewed or withdrawn, kept in the class file until their sessions are revoked.

A verb notes a renewal, and the class server revokes the old code's sessions, which writes a `revoke` row. Row numbers
decide which came first, because the clock may be set in between.
"""

import sqlite3

SCHEMA = """
CREATE TABLE IF NOT EXISTS renewals (number INTEGER PRIMARY KEY AUTOINCREMENT, name NOT NULL, after NOT NULL);
"""
# Migrates the table of an older labkit, which stored times.
_FROM_TIMES = """
BEGIN IMMEDIATE;
INSERT INTO renewals (name, after) SELECT name, CASE
    WHEN at > ifnull((SELECT max(at) FROM log WHERE kind = 'revoke' AND user = renewed.name), 0)
    THEN (SELECT ifnull(max(n), 0) FROM log) ELSE 0 END FROM renewed;
DROP TABLE renewed;
COMMIT;
"""
_TABLES = "SELECT name FROM sqlite_master WHERE name IN ('renewals', 'renewed')"
_NOTE = "INSERT INTO renewals (name, after) SELECT ?, ifnull(max(n), 0) FROM log"
_UNDER_WAY = """
SELECT name, max(number) FROM renewals GROUP BY name
HAVING max(after) >= ifnull((SELECT max(n) FROM log WHERE kind = 'revoke' AND user = renewals.name), 0)
"""


def make(file: sqlite3.Connection) -> None:
    """Create the table and migrate the rows of an older labkit."""
    file.executescript(SCHEMA)
    if ("renewed",) in file.execute(_TABLES).fetchall():
        file.executescript(_FROM_TIMES)


def note(file: sqlite3.Connection, name: str) -> None:
    """Note that the current code of a name is no longer valid."""
    file.execute(_NOTE, (name,))


def under_way(file: sqlite3.Connection) -> dict[str, int]:
    """Return names with no `revoke` row after their newest renewal, with the number of that renewal."""
    return dict(file.execute(_UNDER_WAY).fetchall())


def removed(file: sqlite3.Connection) -> set[str]:
    """Return names that are no longer enrolled. Also reads files of an older labkit."""
    found = set[str]()
    for (table,) in file.execute(_TABLES).fetchall():
        found |= {name for (name,) in file.execute(f"SELECT name FROM {table} EXCEPT SELECT name FROM seats")}
    return found
