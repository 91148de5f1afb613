"""Restore a server's state from its audit file: rooms, sessions, spent tickets, revocations and close codes.

After a restart, members reconnect with their `resume` and `since`, and miss nothing.
"""

from labkit.rules.answers import closed_before
from labkit.rules.rooms import Rooms
from labkit.wire.audit.recovery import RecoveredRevocation, RecoveredState
from labkit.wire.member import Member
from labkit.wire.sessions import Sessions


def restore(
    past: RecoveredState, rooms: Rooms[Member], sessions: Sessions, now: float, newest_at: float | None = None
) -> None:
    """Restore the recovered state into a server that is not listening yet.

    `newest_at` is the time of the newest row on the clock that the rooms will use. Pass None if the rows already use
    that clock.
    """
    shift = None if newest_at is None else newest_at - past.newest_at
    for past_room in past.rooms:
        room = rooms.room(past_room.room_id)
        for event, at, remember in past_room.events:
            room.restore_event(event, at if shift is None else at + shift, remember)
        room.restore(past_room.epoch, past_room.seq)
        rooms.tidy(room)
    for ticket_id, expires_at in past.spent_tickets:
        sessions.remember_spent(ticket_id, expires_at, now)
    for revoked in past.revoked:
        sessions.remember_revoked(revoked.user_id, _order(revoked, sessions), revoked.revocation_id, revoked.at)
    for session_id, known in past.sessions.items():
        sessions.remember(session_id, known)
    for close in past.closes:
        sessions.remember_close(close.connection_id, closed_before(close.code, close.reason, close.at))


def _order(revoked: RecoveredRevocation, sessions: Sessions) -> float:
    """Return a revocation's order: 0 if it belongs to another epoch, or the newest order if it has no number."""
    if revoked.epoch != sessions.epoch:
        return 0
    return sessions.order if revoked.order is None else revoked.order
