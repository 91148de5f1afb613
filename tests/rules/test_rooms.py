"""Rooms against naive models: seq without holes, nobody told twice, history and gap never wrong, who hears what."""

from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.rules.fields import Since
from labkit.rules.limits import Limits
from labkit.rules.rooms import ROOMS_AT_ONCE, Event, Membership, Missed, Room, Rooms
from tests.clock import Clock

READER = Membership("ann", "rw", 0.0)


def event(seq: int, user: str = "ann", request_id: str = "r", body: bytes = b"{}") -> Event:
    """An event."""
    return Event(seq, user, request_id, body)


def told(room: Room[str], count: int, user: str = "ann", size: int = 2) -> None:
    """So many events, each stored at once."""
    for _ in range(count):
        said = event(room.next_seq(), user, body=b"x" * size)
        room.accept(said, 0.0, remember=False)
        room.deliver(said)


# Random histories


class Remembered(NamedTuple):
    """What the model knows of a requestId."""

    at: float
    key: tuple[str, str]
    event: Event


class Model:
    """What a room must know, in lists that anybody can check by eye."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.epoch = "epoch-1"
        self.delivered: list[Event] = []
        self.kept = 0  # events of `delivered` that this room has seen, or was restored with
        self.pending: list[Event] = []
        self.remembered: list[Remembered] = []

    def remember(self, said: Event, at: float) -> None:
        """The newest last, no more than the limit."""
        key = (said.user_id, said.request_id)
        self.remembered = [old for old in self.remembered if old.key != key] + [Remembered(at, key, said)]
        self.remembered = self.remembered[max(0, len(self.remembered) - self.limits.dedupe_entries) :]

    def find_repeated(self, user: str, request_id: str, now: float) -> Event | None:
        """The first event of this request, while it is recent."""
        for old in self.remembered:
            if old.key == (user, request_id) and now - old.at < self.limits.dedupe_s:
                return old.event
        return None

    def missed(self, since: Since, place: Membership) -> Missed:
        """Everything after `since`, or the admission that it cannot be given."""
        last = len(self.delivered)
        given = min(self.kept, self.limits.history_events)
        if since.epoch != self.epoch or since.seq > last or last - since.seq > given:
            return Missed([], gap=True)
        mine = [said for said in self.delivered[since.seq :] if "r" in place.access or said.user_id == place.user_id]
        return Missed(mine, gap=False)


USERS = st.sampled_from(["ann", "bob"])
REQUESTS = st.none() | st.sampled_from(["r1", "r2", "r3"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), USERS, REQUESTS),
        st.tuples(st.just("stored")),
        st.tuples(st.just("failed")),
        st.tuples(st.just("wait"), st.integers(0, 4)),
        st.tuples(st.just("restart"), st.booleans()),
    ),
    max_size=60,
)
LIMITS = st.builds(
    Limits,
    history_events=st.sampled_from([0, 1, 3, 256]),
    dedupe_entries=st.sampled_from([0, 1, 2, 100]),
    dedupe_s=st.sampled_from([0, 3, 300]),
)


class Life:
    """A room and its model, living through the same steps."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.clock = Clock()
        self.model = Model(limits)
        self.room: Room[str] = Room("room", "epoch-1", limits)
        self.ids = count()

    def publish(self, user: str, request_id: str | None) -> None:
        """Accepted, unless it was said before; not yet stored."""
        room, model, now = self.room, self.model, self.clock.now
        if request_id is not None:
            expected = model.find_repeated(user, request_id, now)
            assert room.find_repeated(user, request_id, now) is expected
            if expected is not None:
                return
        said = event(room.next_seq(), user, request_id or f"generated-{next(self.ids)}")
        assert said.seq == len(model.delivered) + len(model.pending) + 1
        room.accept(said, now, remember=request_id is not None)
        model.pending.append(said)
        if request_id is not None:
            model.remember(said, now)

    def stored(self) -> None:
        """The audit has them: they become known to everybody."""
        for said in self.model.pending:
            self.room.deliver(said)
            self.model.delivered.append(said)
            self.model.kept += 1
            assert self.room.seq == said.seq == len(self.model.delivered)
        self.model.pending.clear()

    def failed(self) -> None:
        """The audit does not have them: they never were."""
        for said in self.model.pending:
            self.room.forget(said)
        self.model.remembered = [old for old in self.model.remembered if old.event not in self.model.pending]
        self.model.pending.clear()

    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.clock.tick(seconds)

    def restart(self, has_audit: bool) -> None:
        """A new process: with the last events out of the audit file, or with a new epoch and nothing."""
        self.failed()
        model = self.model
        fresh: Room[str] = Room("room", f"epoch-{next(self.ids) + 2}", self.limits)
        if has_audit:
            remembered = {old.event.seq: old.at for old in model.remembered}
            kept = model.delivered[max(0, len(model.delivered) - self.limits.history_events) :]
            needed = sorted({said.seq: said for said in [*kept, *(old.event for old in model.remembered)]}.values())
            first = needed[0].seq if needed else len(model.delivered) + 1
            for said in model.delivered[first - 1 :]:
                fresh.restore_event(said, remembered.get(said.seq, 0.0), said.seq in remembered)
            fresh.restore(model.epoch, len(model.delivered))
            model.kept = len(model.delivered) - first + 1
        else:
            self.model = Model(self.limits)
            self.model.epoch = fresh.epoch
        self.room = fresh

    def check(self) -> None:
        """Every place from which somebody may come back gets the right answer."""
        model, last = self.model, len(self.model.delivered)
        for place in (READER, Membership("ann", "w", 0.0), Membership("bob", "w", 0.0)):
            assert self.room.missed(None, place) == Missed([], gap=False)
            assert self.room.missed(Since("elsewhere", last), place) == Missed([], gap=True)
            for seq in range(last + 3):
                since = Since(model.epoch, seq)
                assert self.room.missed(since, place) == model.missed(since, place)


@settings(max_examples=200)
@given(LIMITS, STEPS)
def test_room_any_history_matches_the_model(limits: Limits, steps: list[Any]) -> None:
    """Publish, store, fail, wait and restart in any order: the room always answers as the model does."""
    life = Life(limits)
    for name, *arguments in steps:
        getattr(life, name)(*arguments)
    life.check()
    life.stored()
    life.check()


# Dedupe


def test_a_repeated_request_of_the_same_user_is_recognised() -> None:
    """The first event comes back for the same user and requestId, and for no other."""
    room: Room[str] = Room("room", "e", Limits())
    first = event(1, "ann", "r")
    room.accept(first, 0.0, remember=True)
    assert room.find_repeated("ann", "r", 299.0) is first
    assert room.find_repeated("bob", "r", 299.0) is None
    assert room.find_repeated("ann", "R", 299.0) is None
    assert room.find_repeated("ann", "r", 300.0) is None


def test_the_oldest_request_is_forgotten_first() -> None:
    """At most `dedupe_entries` are remembered."""
    room: Room[str] = Room("room", "e", Limits(dedupe_entries=2))
    for seq in (1, 2, 3):
        room.accept(event(seq, request_id=f"r{seq}"), 0.0, remember=True)
    assert [room.find_repeated("ann", f"r{seq}", 0.0) is None for seq in (1, 2, 3)] == [True, False, False]


def test_a_clock_that_is_set_back_does_not_lengthen_the_memory() -> None:
    """Requests of one room may be remembered out of the order of their times; each counts its own age."""
    room: Room[str] = Room("room", "e", Limits(dedupe_s=300))
    room.accept(event(1, request_id="before"), 10_000.0, remember=True)
    room.accept(event(2, request_id="after"), 1_000.0, remember=True)
    assert room.find_repeated("ann", "after", 1_299.0) is not None
    assert room.find_repeated("ann", "after", 1_300.0) is None


def test_room_restored_repeat_is_remembered_by_its_last_time() -> None:
    """The audit may hold one requestId twice, minutes apart; memory is counted from the second."""
    room: Room[str] = Room("room", "e", Limits(dedupe_s=300, dedupe_entries=2))
    for seq, (request_id, at) in enumerate([("r1", 0.0), ("r2", 100.0), ("r1", 400.0), ("r3", 401.0)], 1):
        room.restore_event(event(seq, request_id=request_id), at, remember=True)
    again = room.find_repeated("ann", "r1", 500.0)
    assert again is not None
    assert again.seq == 3


def test_rooms_that_fell_silent_give_back_what_they_remember() -> None:
    """In turn, whether anybody is in them or not; what is young enough stays, and a forgotten room harms nobody."""
    rooms = Rooms[str](Limits(dedupe_s=300), lambda: "e", idle_rooms=2 * ROOMS_AT_ONCE)
    for number in range(2 * ROOMS_AT_ONCE):
        room = rooms.room(f"r{number}")
        room.accept(event(1, request_id="old"), 0.0, remember=True)
        room.accept(event(2, request_id="young"), 200.0, remember=True)
    rooms.forget_old(299.0)
    assert {room.remembered for room in rooms} == {2}
    rooms.room("one more")  # and the room idle longest is forgotten
    for _ in range(3):
        rooms.forget_old(300.0)
    assert {room.remembered for room in rooms} == {0, 1}
    assert rooms.room("r1").find_repeated("ann", "young", 300.0) is not None


def test_restored_events_do_not_move_the_seq() -> None:
    """The seq is the one the audit names, in whichever order past and seq are given."""
    room: Room[str] = Room("room", "new", Limits())
    room.restore("old", 7)
    room.restore_event(event(6), 0.0, remember=True)
    assert (room.epoch, room.seq, room.next_seq()) == ("old", 7, 8)


# What is given again


def test_more_than_a_member_can_be_sent_is_a_gap() -> None:
    """Missed events that would overflow the member's outbox are not given: it would be closed, again and again."""
    room: Room[str] = Room("room", "e", Limits())
    told(room, 10, size=100)
    assert len(room.missed(Since("e", 0), READER, max_bytes=1000).events) == 10
    assert room.missed(Since("e", 0), READER, max_bytes=999) == Missed([], gap=True)
    assert len(room.missed(Since("e", 5), READER, max_bytes=999).events) == 5


def test_a_write_only_member_is_given_its_own_events() -> None:
    """It misses nothing of its own; what the others said is neither given nor a gap; a lost past still is one."""
    room: Room[str] = Room("room", "e", Limits(history_events=4))
    for user in ("ann", "bob", "ann", "bob", "bob"):
        told(room, 1, user)
    mute = Membership("ann", "w", 0.0)
    assert [said.seq for said in room.missed(Since("e", 1), mute).events] == [3]
    assert room.missed(Since("e", 3), mute) == Missed([], gap=False)
    assert room.missed(Since("e", 0), mute) == Missed([], gap=True)


# Who is there, and who hears


class Guest(NamedTuple):
    """A member of the model."""

    member: int
    place: Membership


PLACES = st.builds(Membership, USERS | st.just("cid"), st.sampled_from(["r", "w", "rw"]), st.floats(0, 9))
COMINGS = st.lists(st.tuples(st.booleans(), st.integers(0, 5), PLACES), max_size=40)


@settings(max_examples=200)
@given(COMINGS)
def test_room_any_membership_changes_match_the_model(comings: list[tuple[bool, int, Membership]]) -> None:
    """First and last connection of a user, who is present, and who hears an event: as a plain list says."""
    room: Room[int] = Room("room", "e", Limits())
    guests: list[Guest] = []
    for comes, member, place in comings:
        here = next((guest for guest in guests if guest.member == member), None)
        if comes and here is None:
            first = all(guest.place.user_id != place.user_id for guest in guests)
            assert room.enter(member, place) is first
            room.watchers.add(member)
            guests.append(Guest(member, place))
        elif not comes:
            guests = [guest for guest in guests if guest is not here]
            is_last = here is not None and all(guest.place.user_id != here.place.user_id for guest in guests)
            assert room.leave(member) == (here.place.user_id if here is not None and is_last else None)
        check_room(room, guests)


def check_room(room: Room[int], guests: list[Guest]) -> None:
    """The room says what the list says."""
    since: dict[str, float] = {}
    for guest in guests:
        since.setdefault(guest.place.user_id, guest.place.since)
    assert room.present() == list(since.items())
    assert room.watchers == {guest.member for guest in guests}
    for user in ("ann", "bob", "cid"):
        hears = [guest.member for guest in guests if "r" in guest.place.access or guest.place.user_id == user]
        assert room.deliver(event(room.seq + 1, user)) == hears


# Many rooms


def epochs() -> Iterator[str]:
    """e1, e2, ..."""
    return (f"e{number}" for number in count(1))


def new_rooms(idle_rooms: int | None) -> Rooms[str]:
    """Rooms whose epochs are e1, e2, ..."""
    names = epochs()
    return Rooms(Limits(), lambda: next(names), idle_rooms)


def test_a_room_is_made_once_and_found_again() -> None:
    """Asking for a room makes it; looking for it does not."""
    rooms = new_rooms(10)
    assert rooms.find("a") is None
    assert len(rooms) == 0
    room = rooms.room("a")
    assert rooms.room("a") is room is rooms.find("a")
    assert (room.room_id, room.epoch, list(rooms)) == ("a", "e1", [room])


def test_an_empty_room_is_kept_for_its_members_to_come_back() -> None:
    """A restart of all members leaves no gap: the room, its seq and its history are still there."""
    rooms = new_rooms(10)
    room = rooms.room("a")
    room.enter("x", READER)
    rooms.tidy(room)
    told(room, 3)
    room.leave("x")
    rooms.tidy(room)
    assert [said.seq for said in rooms.room("a").missed(Since("e1", 1), READER).events] == [2, 3]


def test_rooms_of_one_epoch_keep_those_with_a_seq_only() -> None:
    """A room that is made before anybody enters stays until somebody has left."""
    rooms = new_rooms(None)
    for name in "abc":
        room = rooms.room(name)
        assert rooms.room(name) is room
        room.enter("x", READER)
        rooms.tidy(room)
        if name == "b":
            told(room, 1)
        assert rooms.find(name) is room
        room.leave("x")
        rooms.tidy(room)
    assert [room.room_id for room in rooms] == ["b"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=60))
def test_the_room_idle_longest_is_forgotten(steps: list[tuple[str, bool]]) -> None:
    """At most three empty rooms are kept, the latest three; one with a member is never forgotten."""
    rooms = new_rooms(3)
    empty: list[str] = []
    full: dict[str, Room[str]] = {}
    for name, enters in steps:
        room = rooms.room(name)
        if name not in full and name not in empty:
            empty = [*empty, name][-3:]
        if name not in full and enters:
            room.enter("x", READER)
            rooms.tidy(room)
            empty.remove(name)
            full[name] = room
        elif name in full and not enters:
            room.leave("x")
            rooms.tidy(full.pop(name))
            empty = [*empty, name][-3:]
        assert {kept.room_id for kept in rooms} == set(full) | set(empty)
        assert all(rooms.find(name) is room for name, room in full.items())


def test_join_does_not_touch_existing_members() -> None:
    """Entering and leaving cost the same in a room of any size: no other member is looked at."""

    class Place(Membership):
        """A place that counts how often it is looked at."""

        looks = 0

        def __getattribute__(self, name: str) -> Any:
            Place.looks += name in Membership._fields
            return super().__getattribute__(name)

    room: Room[int] = Room("room", "e", Limits())
    for member in range(100):
        room.enter(member, Place(f"user-{member}", "rw", 0.0))
    looks = Place.looks
    assert room.enter(-1, Membership("ann", "rw", 0.0)) is True
    assert room.leave(-1) == "ann"
    assert Place.looks == looks
