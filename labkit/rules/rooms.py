"""Rooms: who is in them, the seq of their events, what can be given again, and what was said before.

    accept   a publication gets the next seq, or is recognised as said before (same user, same requestId)
    deliver  once stored, it enters the history and is due to every member that may read
    missed   what a returning member has not seen, or the admission that it cannot all be given (a gap)

Between accept and deliver lies the audit commit: nobody hears of what is not stored. Taught in notebook 03 (rooms).
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from math import inf
from typing import Generic, NamedTuple, TypeVar

from labkit.rules.fields import Since
from labkit.rules.limits import Limits

Member = TypeVar("Member", bound=Hashable)  # whatever stands for a connection outside
ROOMS_AT_ONCE = 1_000  # looked after by one `forget_old`, so that no look takes long
IDLE_ROOMS = 10_000  # empty rooms kept, so that a restart of all their members leaves no gap


class Event(NamedTuple):
    """An event of a room: its place, its sender, and the JSON text that every member gets."""

    seq: int
    user_id: str
    request_id: str
    body: bytes


class Membership(NamedTuple):
    """One connection in one room. `since` is seconds since 1970."""

    user_id: str
    access: str
    since: float

    @property
    def may_read(self) -> bool:
        """Whether it hears everybody; a member that may only write hears itself."""
        return "r" in self.access


class Missed(NamedTuple):
    """What a joining member is given: everything after its `since`, or a gap and nothing."""

    events: list[Event]
    gap: bool


class Room(Generic[Member]):
    """One room."""

    def __init__(self, room_id: str, epoch: str, limits: Limits) -> None:
        self.room_id = room_id
        self.epoch = epoch
        self.accepted_seq = 0
        self.seq = 0  # of the newest delivered event
        self.members: dict[Member, Membership] = {}
        self.watchers: set[Member] = set()  # those who asked for presence
        self.presence_body: bytes | None = None  # the answer they get, as long as it is the same
        self._connections: Counter[str] = Counter()  # of each user
        self._write_only = 0  # members who hear only what they say themselves
        self._history: deque[Event] = deque(maxlen=limits.history_events)
        self._requests: OrderedDict[tuple[str, str], tuple[float, Event]] = OrderedDict()
        self._limits = limits
        self._readers: list[Member] | None = None  # made when it is asked for, and never changed

    # Events

    def find_repeated(self, user_id: str, request_id: str, now: float) -> Event | None:
        """The event that this user's request became already, if that was not too long ago."""
        self.forget_old(now)
        too_old = now - self._limits.dedupe_s
        at, event = self._requests.get((user_id, request_id), (too_old, None))
        return event if at > too_old else None

    def forget_old(self, now: float) -> None:
        """Give back what has been remembered for long enough."""
        too_old = now - self._limits.dedupe_s
        while self._requests and next(iter(self._requests.values()))[0] <= too_old:
            self._requests.popitem(last=False)

    @property
    def remembered(self) -> int:
        """How many requests would be recognised, if they are not too old by now."""
        return len(self._requests)

    def next_seq(self) -> int:
        """The seq of the event about to be accepted."""
        return self.accepted_seq + 1

    def accept(self, event: Event, now: float, remember: bool) -> None:
        """Take the event with `next_seq`. `remember` its requestId, when the sender chose one."""
        self.accepted_seq = event.seq
        if remember:
            self._remember(event, now)

    def forget(self, event: Event) -> None:
        """An accepted event could not be stored: it never was, and neither is any accepted after it."""
        self.accepted_seq = min(self.accepted_seq, event.seq - 1)
        self._requests.pop((event.user_id, event.request_id), None)

    def deliver(self, event: Event) -> list[Member]:
        """Put a stored event into the history; the members due to hear it, in the order they came.

        The list is the same one for as long as the members are: look, and do not change it.
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
        """What a member that stopped reading at `since` has not seen; a gap when that is more than it can be sent."""
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
        self._requests.pop(key, None)  # so that the newest is last, also when the past says the same thing twice
        self._requests[key] = (at, event)
        if len(self._requests) > self._limits.dedupe_entries:
            self._requests.popitem(last=False)

    # Members

    def enter(self, member: Member, place: Membership) -> bool:
        """Add a member; whether it is the first connection of its user here."""
        self._readers = self.presence_body = None
        self.members[member] = place
        self._connections[place.user_id] += 1
        self._write_only += not place.may_read
        return self._connections[place.user_id] == 1

    def change(self, member: Member, access: str) -> None:
        """A member may do something else from now on."""
        place = self.members[member]
        newer = self.members[member] = place._replace(access=access)
        self._readers = None
        self._write_only += place.may_read - newer.may_read
        if not newer.may_read:
            self.watchers.discard(member)

    def leave(self, member: Member) -> str | None:
        """Remove a member; the user's name when that was its last connection here."""
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
        """Whether a user has a connection here."""
        return user_id in self._connections

    def present(self) -> list[tuple[str, float]]:
        """Each user in the room, and since when."""
        first_seen: dict[str, float] = {}
        for place in self.members.values():
            first_seen.setdefault(place.user_id, place.since)
        return list(first_seen.items())

    # The past

    def restore(self, epoch: str, seq: int) -> None:
        """Continue where the audit file ends."""
        self.epoch, self.seq, self.accepted_seq = epoch, seq, seq

    def restore_event(self, event: Event, at: float, remember: bool) -> None:
        """An event of the past, oldest first, for the history and for recognising repetitions."""
        self._history.append(event)
        if remember:
            self._remember(event, at)


class Rooms(Generic[Member]):
    """Every room of a server, and a bounded memory of those nobody is in."""

    def __init__(self, limits: Limits, new_epoch: Callable[[], str], idle_rooms: int | None = IDLE_ROOMS) -> None:
        """`idle_rooms` None: all are of one epoch and each that something was said in is kept, and no other."""
        self._limits = limits
        self._new_epoch = new_epoch
        self._idle_rooms = idle_rooms
        self._rooms: dict[str, Room[Member]] = {}
        self._idle: OrderedDict[str, None] = OrderedDict()
        self._in_turn: list[str] = []  # rooms that `forget_old` looks after next

    def room(self, room_id: str) -> Room[Member]:
        """The room of that name, new if need be: a new room begins a new epoch."""
        room = self._rooms.get(room_id)
        if room is None:
            room = self._rooms[room_id] = Room(room_id, self._new_epoch(), self._limits)
            if self._idle_rooms is not None:
                self.tidy(room)
        return room

    def find(self, room_id: str) -> Room[Member] | None:
        """The room of that name, if there is one."""
        return self._rooms.get(room_id)

    def tidy(self, room: Room[Member]) -> None:
        """Call when a room's members changed: too many empty rooms, and the one idle longest is forgotten."""
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
        """Call every second or so: where nobody speaks any more, nothing else gives back what was said before."""
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
