"""Rooms: members, numbered events, a history, and the detection of repeated requests.

    accept   give a message the next seq, unless it repeats an earlier one (same user, same requestId)
    deliver  add the stored event to the history, and return every member that may read it
    missed   return the events that a returning member missed, or a gap if some are no longer available

The audit commit happens between accept and deliver, so no member receives an event that is not stored.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from math import inf
from typing import Generic, NamedTuple, TypeVar

from labkit.rules.fields import Since
from labkit.rules.limits import Limits

Member = TypeVar("Member", bound=Hashable)  # the caller's type for a connection
ROOMS_AT_ONCE = 1_000  # rooms per call of `forget_old`, so that no call takes long
IDLE_ROOMS = 10_000  # empty rooms to keep, so that there is no gap if every member reconnects


class Event(NamedTuple):
    """A room event: its seq, its sender, and the JSON that every member receives."""

    seq: int
    user_id: str
    request_id: str
    body: bytes


class Membership(NamedTuple):
    """One connection in one room. `since` is the time of joining, in seconds since 1970."""

    user_id: str
    access: str
    since: float

    @property
    def may_read(self) -> bool:
        """Whether the member receives everybody's events. A write-only member receives only its own."""
        return "r" in self.access


class Missed(NamedTuple):
    """The missed events for a joining member: all events after its `since`, or none, with `gap` set."""

    events: list[Event]
    gap: bool


class Room(Generic[Member]):
    """One room."""

    def __init__(self, room_id: str, epoch: str, limits: Limits) -> None:
        self.room_id = room_id
        self.epoch = epoch
        self.accepted_seq = 0
        self.seq = 0  # the newest delivered event's
        self.members: dict[Member, Membership] = {}
        self.watchers: set[Member] = set()  # members that asked for presence
        self.presence_body: bytes | None = None  # the cached answer to `presence`
        self._connections: Counter[str] = Counter()  # per user
        self._write_only = 0  # members that receive only their own events
        self._history: deque[Event] = deque(maxlen=limits.history_events)
        self._requests: OrderedDict[tuple[str, str], tuple[float, Event]] = OrderedDict()
        self._limits = limits
        self._readers: list[Member] | None = None  # built on demand, never modified

    # Events

    def find_repeated(self, user_id: str, request_id: str, now: float) -> Event | None:
        """Return the event of this user's earlier request with the same id, while it is remembered."""
        self.forget_old(now)
        too_old = now - self._limits.dedupe_s
        at, event = self._requests.get((user_id, request_id), (too_old, None))
        return event if at > too_old else None

    def forget_old(self, now: float) -> None:
        """Forget requests older than `dedupe_s`."""
        too_old = now - self._limits.dedupe_s
        while self._requests and next(iter(self._requests.values()))[0] <= too_old:
            self._requests.popitem(last=False)

    @property
    def remembered(self) -> int:
        """The number of remembered requests. Some may already be due for removal."""
        return len(self._requests)

    def next_seq(self) -> int:
        """Return the seq of the next event."""
        return self.accepted_seq + 1

    def accept(self, event: Event, now: float, remember: bool) -> None:
        """Accept an event that has `next_seq`. Pass `remember` if its sender chose the requestId."""
        self.accepted_seq = event.seq
        if remember:
            self._remember(event, now)

    def forget(self, event: Event) -> None:
        """Undo `accept` for an event that could not be stored, and for every later event."""
        self.accepted_seq = min(self.accepted_seq, event.seq - 1)
        self._requests.pop((event.user_id, event.request_id), None)

    def deliver(self, event: Event) -> list[Member]:
        """Add a stored event to the history. Return the members that receive it, in the order they joined.

        While the membership is unchanged, this returns the same list object. Do not modify it.
        """
        self.seq = event.seq
        self._history.append(event)
        if not self._write_only:
            if self._readers is None:
                self._readers = list(self.members)
            return self._readers
        user = event.user_id
        return [member for member, place in self.members.items() if place.may_read or place.user_id == user]

    def missed(self, since: Since | None, place: Membership, max_bytes: float = inf) -> Missed:
        """Return the events after `since` that this member may read.

        A gap when they are not all in the history, or are more than `max_bytes`.
        """
        if since is None:
            return Missed([], gap=False)
        oldest_known = self._history[0].seq if self._history else self.seq + 1
        if since.epoch != self.epoch or not oldest_known - 1 <= since.seq <= self.seq:
            return Missed([], gap=True)
        later = (event for event in self._history if event.seq > since.seq)
        events = [event for event in later if place.may_read or event.user_id == place.user_id]
        if sum(len(event.body) for event in events) > max_bytes:
            return Missed([], gap=True)
        return Missed(events, gap=False)

    def _remember(self, event: Event, at: float) -> None:
        key = event.user_id, event.request_id
        self._requests.pop(key, None)  # keeps the newest last, even if the audit file holds a request twice
        self._requests[key] = (at, event)
        if len(self._requests) > self._limits.dedupe_entries:
            self._requests.popitem(last=False)

    # Members

    def enter(self, member: Member, place: Membership) -> bool:
        """Add a member. Return whether it is its user's first connection in this room."""
        self._readers = self.presence_body = None
        self.members[member] = place
        self._connections[place.user_id] += 1
        self._write_only += not place.may_read
        return self._connections[place.user_id] == 1

    def change(self, member: Member, access: str) -> None:
        """Change what a member may do."""
        place = self.members[member]
        newer = self.members[member] = place._replace(access=access)
        self._readers = None
        self._write_only += place.may_read - newer.may_read
        if not newer.may_read:
            self.watchers.discard(member)

    def leave(self, member: Member) -> str | None:
        """Remove a member. Return the user's id if this was the user's last connection in the room."""
        self.watchers.discard(member)
        self._readers = self.presence_body = None
        place = self.members.pop(member, None)
        if place is None:
            return None
        self._write_only -= not place.may_read
        self._connections[place.user_id] -= 1
        if self._connections[place.user_id]:
            return None
        del self._connections[place.user_id]
        return place.user_id

    def has_user(self, user_id: str) -> bool:
        """Return whether a user has a connection in this room."""
        return user_id in self._connections

    def present(self) -> list[tuple[str, float]]:
        """Return each user in the room and the time of joining."""
        first_seen: dict[str, float] = {}
        for place in self.members.values():
            first_seen.setdefault(place.user_id, place.since)
        return list(first_seen.items())

    # Recovery

    def restore(self, epoch: str, seq: int) -> None:
        """Continue the room's numbering after the last event in the audit file."""
        self.epoch, self.seq, self.accepted_seq = epoch, seq, seq

    def restore_event(self, event: Event, at: float, remember: bool) -> None:
        """Add an event from the audit file to the history and the remembered requests. Call oldest first."""
        self._history.append(event)
        if remember:
            self._remember(event, at)


class Rooms(Generic[Member]):
    """All rooms of a server. Keeps only a limited number of empty rooms."""

    def __init__(self, limits: Limits, new_epoch: Callable[[], str], idle_rooms: int | None = IDLE_ROOMS) -> None:
        """If `idle_rooms` is None, keep every empty room that has ever had an event, and no others."""
        self.new_room: Callable[[str, str, Limits], Room[Member]] = Room  # labkit.broken and own_history replace it
        self._limits = limits
        self._new_epoch = new_epoch
        self._idle_rooms = idle_rooms
        self._rooms: dict[str, Room[Member]] = {}
        self._idle: OrderedDict[str, None] = OrderedDict()
        self._in_turn: list[str] = []  # the rooms that `forget_old` visits next

    def room(self, room_id: str) -> Room[Member]:
        """Return the room with this id. A new room starts a new epoch."""
        room = self._rooms.get(room_id)
        if room is None:
            room = self._rooms[room_id] = self.new_room(room_id, self._new_epoch(), self._limits)
            if self._idle_rooms is not None:
                self.tidy(room)
        return room

    def find(self, room_id: str) -> Room[Member] | None:
        """Return the room with this id, or None."""
        return self._rooms.get(room_id)

    def tidy(self, room: Room[Member]) -> None:
        """Drop the longest-empty room if there are too many. Call this after a room's members change."""
        self._idle.pop(room.room_id, None)
        if room.members:
            return
        if self._idle_rooms is None:
            if not room.accepted_seq:
                self._rooms.pop(room.room_id, None)
            return
        self._idle[room.room_id] = None
        if len(self._idle) > self._idle_rooms:
            del self._rooms[self._idle.popitem(last=False)[0]]

    def forget_old(self, now: float) -> None:
        """Forget old requests in idle rooms, where no new message does it. Call about once per second."""
        if not self._in_turn:
            self._in_turn = list(self._rooms)
        for room_id in self._in_turn[-ROOMS_AT_ONCE:]:
            room = self._rooms.get(room_id)
            if room is not None:
                room.forget_old(now)
        del self._in_turn[-ROOMS_AT_ONCE:]

    def __iter__(self) -> Iterator[Room[Member]]:
        return iter(self._rooms.values())

    def __len__(self) -> int:
        return len(self._rooms)
