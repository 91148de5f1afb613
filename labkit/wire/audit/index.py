"""The index of rooms, which is derived from the log and brought up to date in batches."""

import sqlite3

_INDEX = """
INSERT INTO room_index SELECT room, kind, n FROM log
WHERE n > (SELECT value FROM meta WHERE name = 'indexed') AND n <= ? AND kind IN ('event', 'join')
AND room IS NOT NULL AND epoch IS NOT NULL ORDER BY room, kind, n
"""
_INDEXED = "UPDATE meta SET value = ? WHERE name = 'indexed'"
_IS_INDEXED = "SELECT value >= ? FROM meta WHERE name = 'indexed'"


def index_rooms(connection: sqlite3.Connection, through: int) -> None:
    """Index the rows up to `through`, the newest one. Raises sqlite3.Error."""
    connection.execute("BEGIN IMMEDIATE")
    _index(connection, through)
    connection.execute("COMMIT")


def index_beside_server(connection: sqlite3.Connection, through: int) -> None:
    """Index the rows up to `through`, unless a server has already indexed more."""
    connection.execute("BEGIN IMMEDIATE")
    if not connection.execute(_IS_INDEXED, (through,)).fetchone()[0]:
        _index(connection, through)
    connection.execute("COMMIT")


def _index(connection: sqlite3.Connection, through: int) -> None:
    connection.execute(_INDEX, (through,))
    connection.execute(_INDEXED, (through,))
