"""Codes that were renewed or taken back, in a class's file, until what they had opened is ended.

The verbs note a renewal, and the class's server ends what the old code opened with a `revoke` row. The rows of the log
say which came first; a clock may be set in between.
"""

import sqlite3

SCHEMA = """
CREATE TABLE IF NOT EXISTS renewals (number INTEGER PRIMARY KEY AUTOINCREMENT, name NOT NULL, after NOT NULL);
"""
# An older labkit kept times, in a table that this one replaces.
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
    """The table, with what an older labkit kept."""
    file.executescript(SCHEMA)
    if ("renewed",) in file.execute(_TABLES).fetchall():
        file.executescript(_FROM_TIMES)


def note(file: sqlite3.Connection, name: str) -> None:
    """The code of a name opens nothing from now on."""
    file.execute(_NOTE, (name,))


def under_way(file: sqlite3.Connection) -> dict[str, int]:
    """The names for which no `revoke` row lies behind the newest renewal, and the number of that renewal."""
    return dict(file.execute(_UNDER_WAY).fetchall())


def removed(file: sqlite3.Connection) -> set[str]:
    """The names without a seat. Reads the file of an older labkit too."""
    found = set[str]()
    for (table,) in file.execute(_TABLES).fetchall():
        found |= {name for (name,) in file.execute(f"SELECT name FROM {table} EXCEPT SELECT name FROM seats")}
    return found
