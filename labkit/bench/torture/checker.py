"""The checker: what must hold of recorded histories, whatever was killed meanwhile. Pure; no clock, no socket.

    lost         a hole in a room, an end that a member never heard, an answer that never came
    duplicated   an event twice on one connection, or one request stored twice
    reordered    two orders for one room: on a connection, between two clients, between two audit files
    leaked       heard in a room one is not in, across rooms, after a close; or acted on after the peer's close frame
    audit_missing  acked or heard by anybody, and not in the audit file

What a server *tells* it cannot give (`gap: true`) is no loss: the client knows. Taught in notebook 10.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from labkit.bench.torture.history import Record, Stored
from labkit.bench.torture.verdict import Verdict

History = Sequence[Record]
Place = tuple[str, str, int]  # room, epoch, seq


class Fault(NamedTuple):
    """One breach: which figure it adds to, by how much, and a sentence."""

    kind: str
    sentence: str
    times: int = 1


def check(
    histories: Mapping[str, History],
    audits: Mapping[str, Sequence[Stored]],
    kills: int = 0,
    broken: Sequence[str] = (),
) -> Verdict:
    """The verdict on what clients lived through and what servers stored. Keys are names for the sentences.

    `broken` says of each audit file whose hash chain does not hold what is wrong with it.
    """
    ends = _ends(audits)
    faults = [Fault("audit_missing", why) for why in broken]
    faults += [*_check_audits(audits), *_check_ghosts(histories, audits), *_check_identity(histories, audits)]
    for name, history in histories.items():
        faults += _Follower(name, history, ends).faults()
        faults += _check_said(name, history)
    acked = {record.request for history in histories.values() for record in history if record.what == "acked"}
    return Verdict.of(faults, acked=len(acked), kills=kills)


def _ends(audits: Mapping[str, Sequence[Stored]]) -> dict[str, tuple[str, int]]:
    """Each room's newest epoch and its last seq, as the longest audit has it."""
    ends: dict[str, tuple[str, int]] = {}
    for stored in sorted(audits.values(), key=len):
        for event in stored:
            ends[event.room] = event.epoch, event.seq
    return ends


class _Room:
    """What a connection in a room must hear next."""

    def __init__(self, epoch: str, seq: int) -> None:
        self.epoch = epoch
        self.next = seq + 1
        self.heard: dict[int, str] = {}


class _Follower:
    """Walks through one client's history, connection by connection."""

    def __init__(self, name: str, history: History, ends: Mapping[str, tuple[str, int]]) -> None:
        self._name = name
        self._history = history
        self._ends = ends
        self._rooms: dict[str, _Room] = {}
        self._is_open = False

    def faults(self) -> Iterator[Fault]:
        for record in self._history:
            match record.what:
                case "opened" | "closed":
                    self._rooms, self._is_open = {}, record.what == "opened"
                case "joined":
                    yield from self._joined(record)
                case "left":
                    self._rooms.pop(record.room, None)
                case "event":
                    yield from self._event(record)
        for room_id, room in self._rooms.items():
            epoch, last = self._ends.get(room_id, (room.epoch, room.next - 1))
            if epoch != room.epoch:
                yield Fault("lost", f"{self._name} ended in an old epoch of {room_id}")
            elif last >= room.next:
                missing = last - room.next + 1
                yield Fault("lost", f"{self._name} never heard {room_id} {room.next} to {last}, the end", missing)

    def _joined(self, record: Record) -> Iterator[Fault]:
        since = record.since
        if since is None or record.gap:
            self._rooms[record.room] = _Room(record.epoch, record.seq)
            return
        if since.epoch != record.epoch:
            yield Fault("lost", f"{self._name} came back to another epoch of {record.room} and was told of no gap")
        elif since.seq > record.seq:
            yield Fault("lost", f"{self._name} had heard {record.room} {since.seq}, and it now ends at {record.seq}")
        self._rooms[record.room] = _Room(record.epoch, since.seq if since.epoch == record.epoch else record.seq)

    def _event(self, record: Record) -> Iterator[Fault]:
        room = self._rooms.get(record.room)
        if not self._is_open:
            yield Fault("leaked", f"{self._name} heard {record.room} {record.seq} after the close")
        elif room is None:
            yield Fault("leaked", f"{self._name} heard {record.room} {record.seq} without being in that room")
        elif not record.repeat:
            yield from self._in_order(room, record)

    def _in_order(self, room: _Room, record: Record) -> Iterator[Fault]:
        if record.seq > room.next:
            missing = record.seq - room.next
            yield Fault("lost", f"{self._name} heard {record.room} {record.seq} where {room.next} was due", missing)
        elif record.seq < room.next:
            twice = room.heard.get(record.seq) == record.id
            how = "twice" if twice else f"after {room.next - 1}"
            yield Fault("duplicated" if twice else "reordered", f"{self._name} heard {record.room} {record.seq} {how}")
        room.heard[record.seq] = record.id
        room.next = max(room.next, record.seq + 1)


def _check_said(name: str, history: History) -> Iterator[Fault]:
    """Whatever was said is answered in the end."""
    acked = {record.request for record in history if record.what == "acked"}
    for record in history:
        if record.what == "said" and record.request not in acked:
            yield Fault("lost", f"{name} said {record.request} in {record.room} and was never answered")


def _check_audits(audits: Mapping[str, Sequence[Stored]]) -> Iterator[Fault]:
    """Each file: every seq once, in order, every request once. All files: the same."""
    for name, stored in audits.items():
        newest: dict[tuple[str, str], int] = {}
        requests: set[tuple[str, str]] = set()
        for event in stored:
            expected = newest.get((event.room, event.epoch), event.seq - 1) + 1
            if event.seq != expected:
                kind = "lost" if event.seq > expected else "reordered"
                yield Fault(kind, f"{name} stores {event.room} {event.seq} where {expected} was due")
            newest[event.room, event.epoch] = event.seq
            if (event.room, event.request) in requests:
                yield Fault("duplicated", f"{name} stores {event.request} in {event.room} twice")
            requests.add((event.room, event.request))
    known = {name: {_place(event) for event in stored} for name, stored in audits.items()}
    everything = set().union(*known.values()) if known else set()
    for name, places in known.items():
        missing = len(everything - places)
        if missing:
            yield Fault("audit_missing", f"{name} lacks {missing} events that another file has", missing)


def _check_ghosts(histories: Mapping[str, History], audits: Mapping[str, Sequence[Stored]]) -> Iterator[Fault]:
    """Nothing that was said after a close frame is acted on."""
    said = [record for history in histories.values() for record in history]
    ghosts = {record.request for record in said if record.what == "ghost"}
    seen = {event.request for stored in audits.values() for event in stored}
    seen |= {record.request for record in said if record.what == "event"}
    for request in sorted(ghosts & seen):
        yield Fault("leaked", f"{request} was said after a close frame, and the server took it")


def _check_identity(histories: Mapping[str, History], audits: Mapping[str, Sequence[Stored]]) -> Iterator[Fault]:
    """One place in a room is one event, for everybody; and a room's event is what was said in that room."""
    places: dict[Place, str] = {}
    rooms = {r.request: r.room for history in histories.values() for r in history if r.what == "said"}
    for name, stored in audits.items():
        for event in stored:
            if places.setdefault(_place(event), event.id) != event.id:
                yield Fault("reordered", f"{name} stores another event as {event.room} {event.seq}")
            if rooms.get(event.request, event.room) != event.room:
                yield Fault("leaked", f"{name} stores {event.request} in {event.room}, where nobody said it")
    for name, history in histories.items():
        yield from _check_heard(name, history, places, rooms)


def _check_heard(name: str, history: History, places: dict[Place, str], rooms: Mapping[str, str]) -> Iterator[Fault]:
    epochs: dict[str, str] = {}
    stored_ids = set(places.values())
    missing: set[str] = set()
    for record in history:
        if record.what == "joined":
            epochs[record.room] = record.epoch
        if record.what not in ("event", "acked"):
            continue
        place = record.room, epochs.get(record.room, ""), record.seq
        if record.id not in stored_ids:
            if record.id not in missing:
                yield Fault("audit_missing", f"{name} heard {record.room} {record.seq}, and it is in no audit file")
            missing.add(record.id)
        elif places.get(place, record.id) != record.id and record.what == "event":
            yield Fault("reordered", f"{name} heard another event as {record.room} {record.seq}")
        if rooms.get(record.request, record.room) != record.room:
            yield Fault("leaked", f"{name} heard {record.request} in {record.room}; it was said elsewhere")


def _place(event: Stored) -> Place:
    return event.room, event.epoch, event.seq
