"""Check the invariants that must hold for the recorded histories, whatever was killed. Uses no clock or socket.

    lost         a hole in a room, an end that a member never received, an answer that never came
    duplicated   an event twice on one connection, or one request stored twice
    reordered    two orders for one room: on a connection, between two clients, between two audit files
    leaked       received without being in the room, across rooms, or after a close; or acted on after a close frame
    audit_missing  acked or received, but not in the audit file

An event that a server *reports* as unavailable (`gap: true`) is not lost: the client knows.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from labkit.bench.torture.history import Observation, Stored

MUST_BE_0 = ("lost", "duplicated", "reordered", "leaked", "audit_missing")
SENTENCES_KEPT = 50

History = Sequence[Observation]
Place = tuple[str, str, int]  # room, epoch, seq


class Violation(NamedTuple):
    """A broken invariant: the figure it adds to, a sentence that describes it, and how often it happened."""

    kind: str
    sentence: str
    times: int = 1


@dataclass(frozen=True)
class TortureResult:
    """The figures of a torture run. `violations` holds sentences about the first ones."""

    acked: int
    lost: int
    duplicated: int
    reordered: int
    leaked: int
    kills: int
    audit_missing: int
    violations: tuple[str, ...] = ()

    @classmethod
    def of(cls, violations: Iterable[Violation], *, acked: int, kills: int) -> "TortureResult":
        """Total the violations into a result."""
        found = list(violations)
        counts: Counter[str] = Counter()
        for violation in found:
            counts[violation.kind] += violation.times
        sentences = tuple(f"{violation.kind}: {violation.sentence}" for violation in found[:SENTENCES_KEPT])
        return cls(acked=acked, kills=kills, violations=sentences, **{name: counts[name] for name in MUST_BE_0})

    @property
    def holds(self) -> bool:
        """Whether every invariant held, and at least one message was acked."""
        return self.acked > 0 and not any(getattr(self, name) for name in MUST_BE_0)

    def json(self) -> dict[str, Any]:
        """Return what `labkit torture --json` prints."""
        names = ("acked", "lost", "duplicated", "reordered", "leaked", "kills", "audit_missing")
        return {name: getattr(self, name) for name in names}


def check(
    histories: Mapping[str, History],
    audits: Mapping[str, Sequence[Stored]],
    kills: int = 0,
    broken: Sequence[str] = (),
) -> TortureResult:
    """Compare what clients received with what servers stored. The keys are the names used in the sentences.

    `broken`: one sentence for each audit file whose hash chain is broken.
    """
    ends = _ends(audits)
    found = [Violation("audit_missing", why) for why in broken]
    found += [*_check_audits(audits), *_check_ghosts(histories, audits), *_check_identity(histories, audits)]
    for name, history in histories.items():
        found += _ClientChecker(name, history, ends).violations()
        found += _check_answers(name, history)
    acked = {entry.request for history in histories.values() for entry in history if entry.what == "acked"}
    return TortureResult.of(found, acked=len(acked), kills=kills)


def _ends(audits: Mapping[str, Sequence[Stored]]) -> dict[str, tuple[str, int]]:
    """Return each room's newest epoch and its last seq, from the longest audit file."""
    ends: dict[str, tuple[str, int]] = {}
    for stored in sorted(audits.values(), key=len):
        for event in stored:
            ends[event.room] = event.epoch, event.seq
    return ends


class _JoinedRoom:
    """Tracks which event a connection must receive next in one room."""

    def __init__(self, epoch: str, seq: int) -> None:
        self.epoch = epoch
        self.next = seq + 1
        self.received: dict[int, str] = {}  # ids by seq


class _ClientChecker:
    """Checks one client's history, connection by connection."""

    def __init__(self, name: str, history: History, ends: Mapping[str, tuple[str, int]]) -> None:
        self._name = name
        self._history = history
        self._ends = ends
        self._rooms: dict[str, _JoinedRoom] = {}
        self._is_open = False

    def violations(self) -> Iterator[Violation]:
        for entry in self._history:
            match entry.what:
                case "opened" | "closed":
                    self._rooms, self._is_open = {}, entry.what == "opened"
                case "joined":
                    yield from self._joined(entry)
                case "left":
                    self._rooms.pop(entry.room, None)
                case "event":
                    yield from self._event(entry)
        for room_id, room in self._rooms.items():
            epoch, last = self._ends.get(room_id, (room.epoch, room.next - 1))
            if epoch != room.epoch:
                yield Violation("lost", f"{self._name} ended in an old epoch of {room_id}")
            elif last >= room.next:
                missing = last - room.next + 1
                sentence = f"{self._name} never received {room_id} {room.next} to {last}, the end"
                yield Violation("lost", sentence, missing)

    def _joined(self, entry: Observation) -> Iterator[Violation]:
        since = entry.since
        if since is None or entry.gap:
            self._rooms[entry.room] = _JoinedRoom(entry.epoch, entry.seq)
            return
        if since.epoch != entry.epoch:
            yield Violation("lost", f"{self._name} rejoined {entry.room} in another epoch without a gap")
        elif since.seq > entry.seq:
            yield Violation(
                "lost", f"{self._name} had received {entry.room} {since.seq}, which now ends at {entry.seq}"
            )
        self._rooms[entry.room] = _JoinedRoom(entry.epoch, since.seq if since.epoch == entry.epoch else entry.seq)

    def _event(self, entry: Observation) -> Iterator[Violation]:
        room = self._rooms.get(entry.room)
        if not self._is_open:
            yield Violation("leaked", f"{self._name} received {entry.room} {entry.seq} after the close")
        elif room is None:
            yield Violation("leaked", f"{self._name} received {entry.room} {entry.seq} without being in that room")
        elif not entry.repeat:
            yield from self._in_order(room, entry)

    def _in_order(self, room: _JoinedRoom, entry: Observation) -> Iterator[Violation]:
        received = f"{self._name} received {entry.room} {entry.seq}"
        if entry.seq > room.next:
            yield Violation("lost", f"{received} instead of {room.next}", entry.seq - room.next)
        elif room.received.get(entry.seq) == entry.id and entry.seq < room.next:
            yield Violation("duplicated", f"{received} twice")
        elif entry.seq < room.next:
            yield Violation("reordered", f"{received} after {room.next - 1}")
        room.received[entry.seq] = entry.id
        room.next = max(room.next, entry.seq + 1)


def _check_answers(name: str, history: History) -> Iterator[Violation]:
    """Check that every message was eventually answered."""
    acked = {entry.request for entry in history if entry.what == "acked"}
    for entry in history:
        if entry.what == "sent" and entry.request not in acked:
            yield Violation("lost", f"{name} sent {entry.request} to {entry.room} and got no answer")


def _check_audits(audits: Mapping[str, Sequence[Stored]]) -> Iterator[Violation]:
    """Check that each file has every seq once and in order, and every request once; and that all files agree."""
    for name, stored in audits.items():
        newest: dict[tuple[str, str], int] = {}
        requests: set[tuple[str, str]] = set()
        for event in stored:
            expected = newest.get((event.room, event.epoch), event.seq - 1) + 1
            if event.seq != expected:
                kind = "lost" if event.seq > expected else "reordered"
                yield Violation(kind, f"{name} stores {event.room} {event.seq} instead of {expected}")
            newest[event.room, event.epoch] = event.seq
            if (event.room, event.request) in requests:
                yield Violation("duplicated", f"{name} stores {event.request} in {event.room} twice")
            requests.add((event.room, event.request))
    known = {name: {_place(event) for event in stored} for name, stored in audits.items()}
    everything = set().union(*known.values()) if known else set()
    for name, places in known.items():
        missing = len(everything - places)
        if missing:
            yield Violation("audit_missing", f"{name} lacks {missing} events that another file has", missing)


def _check_ghosts(histories: Mapping[str, History], audits: Mapping[str, Sequence[Stored]]) -> Iterator[Violation]:
    """Check that no message sent after a close frame had an effect."""
    entries = [entry for history in histories.values() for entry in history]
    ghosts = {entry.request for entry in entries if entry.what == "ghost"}
    seen = {event.request for stored in audits.values() for event in stored}
    seen |= {entry.request for entry in entries if entry.what == "event"}
    for request in sorted(ghosts & seen):
        yield Violation("leaked", f"{request} was sent after a close frame, and the server accepted it")


def _check_identity(histories: Mapping[str, History], audits: Mapping[str, Sequence[Stored]]) -> Iterator[Violation]:
    """Check that each position in a room holds the same event for everybody, and that no event changed its room."""
    places: dict[Place, str] = {}
    rooms = {entry.request: entry.room for history in histories.values() for entry in history if entry.what == "sent"}
    for name, stored in audits.items():
        for event in stored:
            if places.setdefault(_place(event), event.id) != event.id:
                yield Violation("reordered", f"{name} stores another event as {event.room} {event.seq}")
            if rooms.get(event.request, event.room) != event.room:
                yield Violation("leaked", f"{name} stores {event.request} in {event.room}, but it was sent elsewhere")
    for name, history in histories.items():
        yield from _check_received(name, history, places, rooms)


def _check_received(
    name: str, history: History, places: dict[Place, str], rooms: Mapping[str, str]
) -> Iterator[Violation]:
    epochs: dict[str, str] = {}
    stored_ids = set(places.values())
    missing: set[str] = set()
    for entry in history:
        if entry.what == "joined":
            epochs[entry.room] = entry.epoch
        if entry.what not in ("event", "acked"):
            continue
        place = entry.room, epochs.get(entry.room, ""), entry.seq
        if entry.id not in stored_ids:
            if entry.id not in missing:
                sentence = f"{name} received {entry.room} {entry.seq}, which is in no audit file"
                yield Violation("audit_missing", sentence)
            missing.add(entry.id)
        elif places.get(place, entry.id) != entry.id and entry.what == "event":
            yield Violation("reordered", f"{name} received another event as {entry.room} {entry.seq}")
        if rooms.get(entry.request, entry.room) != entry.room:
            yield Violation("leaked", f"{name} received {entry.request} in {entry.room}, but it was sent elsewhere")


def _place(event: Stored) -> Place:
    return event.room, event.epoch, event.seq
