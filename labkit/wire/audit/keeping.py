"""Which sealed rows an audit file keeps a copy of, because a starting server needs them (`wire.audit.recovery`)."""

import sqlite3
from hashlib import sha256
from time import time

from labkit.rules.credentials import SPENT_KEPT
from labkit.rules.rooms import IDLE_ROOMS
from labkit.rules.session import CLOSES_KEPT
from labkit.wire.audit import recovery
from labkit.wire.audit.noted_limits import noted
from labkit.wire.audit.reading import rows_at
from labkit.wire.audit.schema import digest

_IS_SHARED = "SELECT connection IS NOT NULL FROM log WHERE kind = 'event' ORDER BY n DESC LIMIT 1"
_SESSIONS = "SELECT n FROM log WHERE kind = 'auth' AND expires_at > ?"
_YOUNG = "SELECT n FROM log WHERE n > ? AND kind = 'event'"
_CREDENTIALS = f"SELECT n FROM ({recovery.NEWEST})"
_CLOSES = f"SELECT n FROM ({recovery.NEWEST_CLOSES})"


def needed(connection: sqlite3.Connection, through: int) -> list[int]:
    """Return the numbers of the rows up to `through` that a server would recover, in order."""
    (at,) = connection.execute(recovery.NEWEST_AT).fetchone() or (time(),)
    found = _events(connection, at) | {n for (n,) in connection.execute(recovery.NEWEST_ROW)}
    found |= {n for (n,) in connection.execute(_SESSIONS, (min(at, time()),))}
    for kind, kept in (("revoke", recovery.REVOCATIONS_KEPT), ("ticket", SPENT_KEPT)):
        found |= {n for (n,) in connection.execute(_CREDENTIALS, {"kind": kind, "kept": kept, "now": min(at, time())})}
    found |= {n for (n, *_) in connection.execute(_CLOSES, {"most": CLOSES_KEPT})}
    return sorted(n for n in found if n <= through)


def _events(connection: sqlite3.Connection, newest_at: float) -> set[int]:
    """Return the numbers of each room's newest rows, and of the events that a client may still repeat."""
    (young_after,) = connection.execute(recovery.YOUNG_AFTER, (newest_at - noted(connection, "dedupe_s"),)).fetchone()
    found = {n for (n,) in connection.execute(_YOUNG, (young_after,))}
    history = noted(connection, "history_events")
    is_shared = any(flag for (flag,) in connection.execute(_IS_SHARED))
    for room, event, joined in connection.execute(recovery.ROOMS, (-1 if is_shared else IDLE_ROOMS,)).fetchall():
        found |= {n for n in (event, joined) if n is not None}
        found |= {n for (n,) in connection.execute(recovery.HISTORY, (room, history))}
    return found


def digest_of(connection: sqlite3.Connection, numbers: list[int]) -> str:
    """Return a digest of these rows, whose chain is in the sealed files."""
    return digest_of_rows([(n, digest(entry)) for n, entry, _ in rows_at(connection, numbers)])


def digest_of_rows(found: list[tuple[int, bytes]]) -> str:
    """Return a digest of row numbers and their rows' digests."""
    return sha256(b"".join(n.to_bytes(8, "big") + one for n, one in found)).hexdigest()
