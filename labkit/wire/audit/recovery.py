"""Recover a server's state from its audit file: rooms, sessions, spent tickets, revocations and close codes.

Every query uses an index, so its duration depends on the size of the result, not of the file.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from labkit.rules.credentials import SPENT_KEPT
from labkit.rules.limits import Limits
from labkit.rules.rooms import IDLE_ROOMS, Event
from labkit.rules.session import CLOSES_KEPT, Known
from labkit.wire.audit.reading import reading
from labkit.wire.audit.schema import MAINTENANCE, AuditError

REVOCATIONS_KEPT = 10_000
# The event, the time it was accepted (seconds since 1970), and whether its sender chose the requestId.
RecoveredEvent = tuple[Event, float, bool]


class RecoveredRoom(NamedTuple):
    """A room's newest epoch, its newest seq (0 if there are no events), and its recent events, oldest first."""

    room_id: str
    epoch: str
    seq: int
    events: list[RecoveredEvent]


class RecoveredClose(NamedTuple):
    """How a connection ended."""

    connection_id: str
    code: int
    reason: str
    at: float


class RecoveredRevocation(NamedTuple):
    """A revoked user, with the revocation's epoch and number (None if the shared log had not numbered it yet)."""

    user_id: str
    epoch: str | None
    order: int | None
    revocation_id: str | None = None
    at: float = 0.0


class RecoveredState(NamedTuple):
    """The recovered state: unexpired sessions and spent tickets, and the newest rooms and closes, oldest first.

    A session counts as revoked if its user was revoked after the session's last `auth` row. The newest revocations and
    spent tickets are included even if they have expired, because the clock may be wrong. `newest_at` is the time of
    the newest row, on the clock that wrote the rows.
    """

    rooms: list[RecoveredRoom]
    spent_tickets: list[tuple[str, float]]
    sessions: dict[str, Known]
    closes: list[RecoveredClose]
    revoked: list[RecoveredRevocation]
    newest_at: float = 0.0


class _EventText(msgspec.Struct, rename="camel"):
    """The part of an event's JSON that no column holds."""

    request_id: str


class _Ending(msgspec.Struct):
    code: int
    reason: str


_EVENT_TEXT = msgspec.json.Decoder(_EventText)
_ENDING = msgspec.json.Decoder(_Ending)
# Jumps from each room to the next. A GROUP BY would read the whole index.
ROOMS = """
WITH RECURSIVE known (room) AS (
    SELECT min(room) FROM room_index
    UNION ALL
    SELECT (SELECT min(room) FROM room_index WHERE room > known.room) FROM known WHERE known.room IS NOT NULL
)
SELECT room,
    (SELECT max(n) FROM room_index WHERE room = known.room AND kind = 'event') AS event,
    (SELECT max(n) FROM room_index WHERE room = known.room AND kind = 'join') AS joined
FROM known WHERE room IS NOT NULL ORDER BY max(ifnull(event, 0), ifnull(joined, 0)) DESC LIMIT ?
"""
_UNINDEXED = f"""
SELECT 1 FROM log WHERE n > (SELECT value FROM meta WHERE name = 'indexed') AND kind NOT IN {MAINTENANCE} LIMIT 1
"""
_EPOCH = "SELECT epoch FROM log WHERE n = max(ifnull(:event, 0), ifnull(:joined, 0))"
_SEQ = "SELECT seq FROM log WHERE n = :event AND epoch = :epoch"
HISTORY = "SELECT n FROM room_index WHERE room = ? AND kind = 'event' ORDER BY n DESC LIMIT ?"
YOUNG_AFTER = "SELECT ifnull((SELECT n FROM log WHERE at <= ? ORDER BY n DESC LIMIT 1), 0)"
# A change by an operator is no sign that the server was up.
_BY_SERVER = f"FROM log WHERE kind NOT IN {MAINTENANCE} ORDER BY n DESC LIMIT 1"
NEWEST_AT, NEWEST_ROW = f"SELECT at {_BY_SERVER}", f"SELECT n {_BY_SERVER}"
# In file order, so that each page is read only once, even if many rooms share it.
_EVENT = "SELECT room, epoch, at, seq, id, user, body FROM"
_OLD_EVENTS = f"{_EVENT} (SELECT value AS wanted FROM json_each(?)) CROSS JOIN log ON n = wanted"
_YOUNG_EVENTS = f"{_EVENT} log WHERE n > ? AND kind = 'event' ORDER BY n"
_REVOKED_AT = "ifnull((SELECT max(n) FROM log AS r WHERE kind = 'revoke' AND r.user = a.user), 0)"
_SESSIONS = f"""
SELECT id, user, max(expires_at), max(n) < {_REVOKED_AT}
FROM log AS a WHERE kind = 'auth' AND expires_at > ? GROUP BY id
"""
# All unexpired rows, and at least the newest `kept`, because the clock may be wrong or may have been wrong.
NEWEST = """
SELECT * FROM log WHERE kind = :kind AND expires_at IS NOT NULL ORDER BY expires_at DESC
LIMIT max(:kept, (SELECT count(*) FROM log WHERE kind = :kind AND expires_at > :now))
"""
_REVOKED = f"SELECT user, epoch, seq, id, at FROM ({NEWEST}) ORDER BY n"
_TICKETS = f"SELECT id, expires_at FROM ({NEWEST}) ORDER BY expires_at"
# Skips closes without a user, as `Sessions.ended` does. A flood of them must not slow down the start.
NEWEST_CLOSES = "SELECT n, user, connection, body, at FROM log WHERE kind = 'close' ORDER BY n DESC LIMIT 10 * :most"
_CLOSES = f"SELECT connection, body, at FROM ({NEWEST_CLOSES}) WHERE user IS NOT NULL ORDER BY n DESC LIMIT :most"


def recover(
    path: Path, limits: Limits, now: float, most_rooms: int | None = None, newest_at: float | None = None
) -> RecoveredState:
    """Recover the state from a file that an `Audit` has opened but not yet written to. Raises AuditError.

    Events are aged relative to `newest_at`. Pass it if events use a different clock from other rows.
    """
    with reading(path) as connection:
        connection.execute("BEGIN")  # one view of the file, even if it is sealed meanwhile
        if connection.execute(_UNINDEXED).fetchone():
            raise AuditError(f"audit file {path} is already being written to; a server must recover before it writes")
        sessions = connection.execute(_SESSIONS, (now,))
        of_revocations = {"kind": "revoke", "kept": REVOCATIONS_KEPT, "now": now}
        if newest_at is None:
            (newest_at,) = connection.execute(NEWEST_AT).fetchone() or (now,)
        try:
            return RecoveredState(
                _rooms(connection, limits, newest_at, IDLE_ROOMS if most_rooms is None else most_rooms),
                connection.execute(_TICKETS, {"kind": "ticket", "kept": SPENT_KEPT, "now": now}).fetchall(),
                {key: Known(user, until, bool(gone)) for key, user, until, gone in sessions},
                list(_closes(connection)),
                [RecoveredRevocation(*row) for row in connection.execute(_REVOKED, of_revocations)],
                newest_at,
            )
        except (msgspec.DecodeError, ValueError, TypeError, AttributeError) as error:
            raise AuditError(f"audit file {path} is damaged ({error}); see `labkit audit {path} --verify`") from None


def _rooms(connection: sqlite3.Connection, limits: Limits, newest_at: float, most: int) -> list[RecoveredRoom]:
    """Return the rooms, with the events needed for the history and for detecting repeated requests.

    An event's age is measured up to the newest row. Downtime does not count, because a waiting client repeats its last
    requests no matter how long the server was down.
    """
    (young_after,) = connection.execute(YOUNG_AFTER, (newest_at - limits.dedupe_s,)).fetchone()
    rooms: dict[str, RecoveredRoom] = {}
    old: list[int] = []
    for room_id, event, joined in reversed(connection.execute(ROOMS, (most,)).fetchall()):
        (epoch,) = connection.execute(_EPOCH, {"event": event, "joined": joined}).fetchone()
        seq = connection.execute(_SEQ, {"event": event, "epoch": epoch}).fetchone()
        rooms[room_id] = RecoveredRoom(room_id, epoch, seq[0] if seq else 0, [])
        history = connection.execute(HISTORY, (room_id, limits.history_events))
        old += [n for (n,) in history if n <= young_after]
    for row in connection.execute(_OLD_EVENTS, (json.dumps(sorted(old)),)):
        _put(rooms, row)
    for row in connection.execute(_YOUNG_EVENTS, (young_after,)):
        _put(rooms, row)
    return list(rooms.values())


def _put(rooms: dict[str, RecoveredRoom], row: tuple[Any, ...]) -> None:
    room_id, epoch, at, seq, event_id, user, body = row
    room = rooms.get(room_id)
    if room is None or room.epoch != epoch:
        return
    request_id = _EVENT_TEXT.decode(body).request_id
    chosen = request_id != event_id  # a client cannot repeat an id that the server chose
    room.events.append((Event(seq, user, request_id, body.encode()), at, chosen))


def _closes(connection: sqlite3.Connection) -> Iterator[RecoveredClose]:
    found = connection.execute(_CLOSES, {"most": CLOSES_KEPT}).fetchall()
    for connection_id, body, at in reversed(found):
        ending = _ENDING.decode(body)
        yield RecoveredClose(connection_id, ending.code, ending.reason, at)
