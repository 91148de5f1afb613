"""Who comes back to many rooms is let into the next one when it has taken what it missed in the last.

    join r1 .. r3   what they missed fits into the outbox       given at once
    join r4         it would not                                waits until it does, and what is said behind it as well

An outbox has room for what a few rooms hold, and whoever was sent more would be closed as slow; told of a gap instead,
it would miss events that are there. While nobody waits this costs a message nothing: only then does the hub show each
of them to `keep` first. Taught in notebook 03 (rooms).
"""

import asyncio
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from labkit.rules.actions import Enter
from labkit.rules.rooms import Membership

if TYPE_CHECKING:
    from labkit.wire.connection import Connection
    from labkit.wire.hub import Hub

LOOK_S = 0.02
PATIENCE_S = 5.0  # a busy room may leave no space for ever; then a gap is told
MOST_KEPT = 64  # messages of one connection; beyond it a gap is told


@dataclass
class _Waiting:
    action: Enter
    late_at: float
    kept: list[bytes] = field(default_factory=list)


class Backlog:
    """The joins of one server that wait for room in their member's outbox."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._owed: dict[Connection, dict[str, int]] = {}  # bytes of each room, let in and not told yet
        self._waiting: dict[Connection, _Waiting] = {}

    def holds(self, connection: "Connection", action: Enter) -> bool:
        """Whether a join waits; then the hub is asked to perform it later, and what comes behind it is kept."""
        size = self._size(connection, action)
        if not size:
            return False
        if connection not in self._waiting and not self._fits(connection, size):
            if not self._waiting:
                self._answers, self._hub.answers = self._hub.answers, self.keep
            self._waiting[connection] = _Waiting(action, monotonic() + PATIENCE_S)
            self._look_later(connection)
            return True
        self._owed.setdefault(connection, {})[action.room_id] = size
        return False

    def keep(self, connection: "Connection", raw: bytes) -> bool:
        """In place of the hub's `answers`, while anybody waits."""
        waiting = self._waiting.get(connection)
        if waiting is None:
            return self._answers(connection, raw)
        waiting.kept.append(raw)
        self._hub.counts.received -= 1  # it is counted when its turn comes
        return True

    def told(self, connection: "Connection", room_id: str) -> None:
        """A join was answered."""
        owed = self._owed.get(connection)
        if owed is not None:
            owed.pop(room_id, None)
            if not owed:
                del self._owed[connection]

    def gone(self, connection: "Connection") -> None:
        """A connection is ending."""
        self._owed.pop(connection, None)
        if self._waiting.pop(connection, None) is not None:
            self._stop_keeping()

    def _size(self, connection: "Connection", action: Enter) -> int:
        """What a join would give; 0 for a gap, also when no outbox could hold it."""
        room, identity = self._hub.rooms.find(action.room_id), connection.session.identity
        if action.since is None or room is None or identity is None:
            return 0
        place = Membership(identity.user_id, action.access, 0.0)
        events, _ = room.missed(action.since, place, self._hub.limits.outbox_bytes // 2)
        return sum(len(event.body) for event in events)

    def _fits(self, connection: "Connection", size: int) -> bool:
        free = connection.outbox.free_bytes - sum(map(len, connection.due))
        return size + sum(self._owed.get(connection, {}).values()) <= free // 2

    def _look_later(self, connection: "Connection") -> None:
        asyncio.get_running_loop().call_later(LOOK_S, self._look, connection)

    def __len__(self) -> int:
        return len(self._owed) + len(self._waiting)

    def _look(self, connection: "Connection") -> None:
        waiting = self._waiting.get(connection)
        if waiting is None:
            return
        if not connection.session.listens:
            self.gone(connection)
            return
        is_late = monotonic() >= waiting.late_at or len(waiting.kept) > MOST_KEPT
        if not is_late and not self._fits(connection, self._size(connection, waiting.action)):
            self._look_later(connection)
            return
        self._hub.perform(connection, waiting.action)  # it is in `_waiting` still, so it is not held again
        if self._waiting.pop(connection, None) is not None:
            self._stop_keeping()
        for raw in waiting.kept:
            if connection.session.listens:
                self._hub.receive(connection, raw)

    def _stop_keeping(self) -> None:
        if not self._waiting:
            self._hub.answers = self._answers
