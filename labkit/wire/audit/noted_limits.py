"""The limits that say how much a starting server needs. A server notes them in its audit file for whoever seals it."""

import sqlite3

from labkit.rules.limits import Limits

NOTED = ("history_events", "dedupe_s")
_NOTE = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
_READ = "SELECT value FROM meta WHERE name = ?"


def note_limits(connection: sqlite3.Connection, limits: Limits | None) -> None:
    """Note a server's limits."""
    if limits is not None:
        connection.executemany(_NOTE, [(name, getattr(limits, name)) for name in NOTED])


def noted(connection: sqlite3.Connection, name: str) -> float:
    """Return a limit as the last server had it, or its default."""
    found = connection.execute(_READ, (name,)).fetchone()
    return float(found[0]) if found else float(getattr(Limits(), name))
