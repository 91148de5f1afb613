"""Delay a client's joins while the missed events do not fit into its outbox.

    join r1 .. r3   the missed events fit                       sent at once
    join r4         they do not fit yet                         waits, as do the client's later messages

An outbox has space for the history of only a few rooms. Without the delay, a client that rejoins many rooms would be
closed as slow, or would get a gap although the events are available.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from labkit.rules.actions import Action, Enter
from labkit.rules.rooms import Membership
from labkit.wire.held_input import HeldInput
from labkit.wire.member import Member
from labkit.wire.server_state import ServerState

CHECK_S = 0.02
PATIENCE_S = 5.0  # then the join reports a gap, because a busy room may never leave enough space
MAX_KEPT = 64  # messages per connection; beyond this, the join reports a gap


@dataclass(slots=True)
class _Waiting:
    action: Enter
    deadline: float


class DelayedJoins:
    """One server's joins that are waiting for space in an outbox. `perform` performs a join after its wait."""

    def __init__(self, state: ServerState, held: HeldInput, perform: Callable[[Member, Action], None]) -> None:
        self._state = state
        self._held = held
        self._perform = perform
        self._owed: dict[Member, dict[str, int]] = {}  # bytes per room, for joins that are not answered yet
        self._waiting: dict[Member, _Waiting] = {}

    def holds(self, member: Member, action: Enter) -> bool:
        """Return whether a join must wait. If so, it runs later, and the client's messages are held until then."""
        size = self._size(member, action)
        if not size:
            return False
        if member not in self._waiting and not self._fits(member, size):
            self._held.hold(member)
            self._waiting[member] = _Waiting(action, monotonic() + PATIENCE_S)
            self._check_later(member)
            return True
        self._owed.setdefault(member, {})[action.room_id] = size
        return False

    def answered(self, member: Member, room_id: str) -> None:
        """Record that a join was answered."""
        owed = self._owed.get(member)
        if owed is not None:
            owed.pop(room_id, None)
            if not owed:
                del self._owed[member]

    def drop(self, member: Member) -> None:
        """Forget a connection that is closing."""
        self._owed.pop(member, None)
        self._waiting.pop(member, None)
        self._held.drop(member)

    def _size(self, member: Member, action: Enter) -> int:
        """Return the size of the missed events that a join would send, or 0 if it would report a gap anyway."""
        room, identity = self._state.rooms.find(action.room_id), member.session.identity
        if action.since is None or room is None or identity is None:
            return 0
        place = Membership(identity.user_id, action.access, 0.0)
        events, _ = room.missed(action.since, place, self._state.limits.outbox_bytes // 2)
        return sum(len(event.body) for event in events)

    def _fits(self, member: Member, size: int) -> bool:
        free = member.outbox.free_bytes - sum(map(len, member.due))
        return size + sum(self._owed.get(member, {}).values()) <= free // 2

    def _check_later(self, member: Member) -> None:
        asyncio.get_running_loop().call_later(CHECK_S, self._check, member)

    def __len__(self) -> int:
        return len(self._owed) + len(self._waiting)

    def _check(self, member: Member) -> None:
        waiting = self._waiting.get(member)
        if waiting is None:
            return
        if not member.session.listens:
            self.drop(member)
            return
        is_late = monotonic() >= waiting.deadline or self._held.kept(member) > MAX_KEPT
        if not is_late and not self._fits(member, self._size(member, waiting.action)):
            self._check_later(member)
            return
        self._perform(member, waiting.action)  # still in `_waiting`, so `holds` lets it pass
        if self._waiting.pop(member, None) is not None:
            self._held.release(member)
