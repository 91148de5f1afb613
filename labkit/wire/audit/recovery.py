"""What an audit file tells a server that starts: rooms, sessions, spent tickets, endings. Lesson: notebook 08 (audit).

Quick on a long file: every question goes through an index, and costs what it answers, not what the file holds.
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
from labkit.wire.audit.reading import newest, reading
from labkit.wire.audit.schema import AuditError

REVOCATIONS_KEPT = 10_000
# An event, when it was accepted (seconds since 1970), and whether its sender chose the requestId.
RecoveredEvent = tuple[Event, float, bool]


class RecoveredRoom(NamedTuple):
    """A room in its newest epoch: the seq of its newest event (0 for none) and its recent events, oldest first."""

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
    """A user that was revoked; in which numbering; its number, None for one that the shared log had not numbered."""

    user_id: str
    epoch: str | None
    order: int | None
    revocation_id: str | None = None


class RecoveredState(NamedTuple):
    """What a server takes over. Sessions and tickets are those not expired; rooms and closes the newest, oldest first.

    A session is revoked when its user was revoked after the session's last `auth` row. Of revocations and spent tickets
    the newest are known even when they have expired by our clock, as it may be wrong just now. `newest_at`: when the
    newest row was written, by the clock that wrote all of them.
    """

    rooms: list[RecoveredRoom]
    spent_tickets: list[tuple[str, float]]
    sessions: dict[str, Known]
    closes: list[RecoveredClose]
    revoked: list[RecoveredRevocation]
    newest_at: float = 0.0


class _EventText(msgspec.Struct, rename="camel"):
    """What an event's text holds and no column does."""

    request_id: str


class _Ending(msgspec.Struct):
    code: int
    reason: str


_EVENT_TEXT = msgspec.json.Decoder(_EventText)
_ENDING = msgspec.json.Decoder(_Ending)
# From each room straight to the next one: counting them all would read the whole index.
_ROOMS = """
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
_EPOCH = "SELECT epoch FROM log WHERE n = max(ifnull(:event, 0), ifnull(:joined, 0))"
_SEQ = "SELECT seq FROM log WHERE n = :event AND epoch = :epoch"
_HISTORY = "SELECT n FROM room_index WHERE room = ? AND kind = 'event' ORDER BY n DESC LIMIT ?"
_YOUNG_AFTER = "SELECT ifnull((SELECT n FROM log WHERE at <= ? ORDER BY n DESC LIMIT 1), 0)"
_NEWEST_AT = "SELECT at FROM log ORDER BY n DESC LIMIT 1"
# In the order of the file, so that each page is read once, however many rooms share it.
_EVENT = "SELECT room, epoch, at, seq, id, user, body FROM"
_OLD_EVENTS = f"{_EVENT} (SELECT value AS wanted FROM json_each(?)) CROSS JOIN log ON n = wanted"
_YOUNG_EVENTS = f"{_EVENT} log WHERE n > ? AND kind = 'event' ORDER BY n"
_REVOKED_AT = "ifnull((SELECT max(n) FROM log AS r WHERE kind = 'revoke' AND r.user = a.user), 0)"
_SESSIONS = f"""
SELECT id, user, max(expires_at), max(n) < {_REVOKED_AT}
FROM log AS a WHERE kind = 'auth' AND expires_at > ? GROUP BY id
"""
# Those that have not expired by our clock, and at least so many of the newest: the clock may have been wrong, or be.
_NEWEST = """
SELECT * FROM log WHERE kind = :kind AND expires_at IS NOT NULL ORDER BY expires_at DESC
LIMIT max(:kept, (SELECT count(*) FROM log WHERE kind = :kind AND expires_at > :now))
"""
_REVOKED = f"SELECT user, epoch, seq, id FROM ({_NEWEST}) ORDER BY n"
_TICKETS = f"SELECT id, expires_at FROM ({_NEWEST}) ORDER BY expires_at"
# Those of strangers are passed over, as `Sessions.ended` does it; a flood of them must not make the start slow.
_NEWEST_CLOSES = "SELECT n, user, connection, body, at FROM log WHERE kind = 'close' ORDER BY n DESC LIMIT 10 * :most"
_CLOSES = f"SELECT connection, body, at FROM ({_NEWEST_CLOSES}) WHERE user IS NOT NULL ORDER BY n DESC LIMIT :most"


def recover(
    path: Path, limits: Limits, now: float, most_rooms: int | None = None, newest_at: float | None = None
) -> RecoveredState:
    """The past of a file that an `Audit` has opened and not written to yet. Raises AuditError.

    `newest_at`: by which the age of events is told, where other rows have another clock than they.
    """
    with reading(path) as connection:
        (indexed,) = connection.execute("SELECT value FROM meta WHERE name = 'indexed'").fetchone()
        if indexed != newest(connection)[0]:
            raise AuditError(f"audit file {path} is being written; its past can be read when a server opens it")
        sessions = connection.execute(_SESSIONS, (now,))
        of_revocations = {"kind": "revoke", "kept": REVOCATIONS_KEPT, "now": now}
        if newest_at is None:
            (newest_at,) = connection.execute(_NEWEST_AT).fetchone() or (now,)
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
    """Events: enough for the history, and for recognising what is said again.

    How old an event is, the newest row says: both have the clock of one server. While no server runs, nothing is said,
    and a client that waits for one repeats what it last said, however long that takes.
    """
    (young_after,) = connection.execute(_YOUNG_AFTER, (newest_at - limits.dedupe_s,)).fetchone()
    rooms: dict[str, RecoveredRoom] = {}
    old: list[int] = []
    for room_id, event, joined in reversed(connection.execute(_ROOMS, (most,)).fetchall()):
        (epoch,) = connection.execute(_EPOCH, {"event": event, "joined": joined}).fetchone()
        seq = connection.execute(_SEQ, {"event": event, "epoch": epoch}).fetchone()
        rooms[room_id] = RecoveredRoom(room_id, epoch, seq[0] if seq else 0, [])
        history = connection.execute(_HISTORY, (room_id, limits.history_events))
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
    chosen = request_id != event_id  # the server's own choice is nothing that could be said again
    room.events.append((Event(seq, user, request_id, body.encode()), at, chosen))


def _closes(connection: sqlite3.Connection) -> Iterator[RecoveredClose]:
    found = connection.execute(_CLOSES, {"most": CLOSES_KEPT}).fetchall()
    for connection_id, body, at in reversed(found):
        ending = _ENDING.decode(body)
        yield RecoveredClose(connection_id, ending.code, ending.reason, at)
