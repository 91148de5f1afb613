"""Run your own class as the history of a server's rooms, for lessons and experiments: `Server(history=MyHistory)`.

    class MyHistory:
        def __init__(self, epoch, keeps): ...   # the room's epoch, and the server's history_events
        def add(self, seq, event): ...          # an event was stored; call after call, `seq` rises by 1
        def since(self, epoch, seq): ...        # a member is back: return the pair (events, gap)

`since` decides alone what a returning member receives: the `events`, as `add` got them, and the `gap` in its `joined`.
The server checks only what protects others: a member that may not read gets its own events alone, and events that fill
over half of the outbox's free space become a gap. If the class raises something, its room answers with a gap from then
on, and the server reports the fault.
"""

from collections.abc import Callable, Iterable
from math import inf
from typing import Any, Protocol

from labkit.rules.fields import Since
from labkit.rules.limits import Limits
from labkit.rules.rooms import Event, Member, Membership, Missed, Room
from labkit.wire.seams.learners_class import OwnClass

NOTHING_KNOWN: Missed = Missed([], gap=True)


class Remembering(Protocol):
    """What your class has to offer."""

    def add(self, seq: int, event: Event) -> object:
        """Remember an event."""
        ...

    def since(self, epoch: str, seq: int) -> tuple[Iterable[Event], bool]:
        """Return the events after `seq`, oldest first, and whether some are missing."""
        ...


NewHistory = Callable[[str, int], Remembering]


class OwnRoom(Room[Member]):
    """A room whose history is an object of yours."""

    def __init__(self, room_id: str, epoch: str, limits: Limits, own: OwnClass) -> None:
        super().__init__(room_id, epoch, limits)
        self._keeps = limits.history_events
        self._own = own
        self._remembering = own.made(epoch, self._keeps)

    def deliver(self, event: Event) -> list[Member]:
        """Give a stored event to your object, and return the members that receive it."""
        self._call("add", event.seq, event)
        return super().deliver(event)

    def restore(self, epoch: str, seq: int) -> None:
        """Continue after the last event in the audit file, with a new object for that epoch."""
        super().restore(epoch, seq)
        self._remembering = self._own.made(epoch, self._keeps)

    def restore_event(self, event: Event, at: float, remember: bool) -> None:
        """Give an event from the audit file to your object."""
        self._call("add", event.seq, event)
        super().restore_event(event, at, remember)

    def missed(self, since: Since | None, place: Membership, max_bytes: float = inf) -> Missed:
        """Ask your object what a returning member missed."""
        if since is None:
            return Missed([], gap=False)
        answer = self._checked(self._call("since", since.epoch, since.seq))
        events = [event for event in answer.events if place.may_read or event.user_id == place.user_id]
        if sum(len(event.body) for event in events) > max_bytes:
            return NOTHING_KNOWN
        return Missed(events, answer.gap)

    def _checked(self, answer: Any) -> Missed:
        if self._remembering is None:
            return NOTHING_KNOWN
        try:
            events, gap = answer
            found = Missed(list(events), bool(gap))
        except Exception:
            self._failed("since must return a pair, (events, gap)")
            return NOTHING_KNOWN
        if not all(isinstance(event, Event) for event in found.events):
            self._failed("since returned something that is no event; return events as `add` got them")
            return NOTHING_KNOWN
        return found

    def _call(self, method: str, *given: Any) -> Any:
        try:
            return None if self._remembering is None else getattr(self._remembering, method)(*given)
        except Exception as error:
            self._failed(f"{method} raised {type(error).__name__}: {error}")
            return None

    def _failed(self, what: str) -> None:
        self._own.add(f"{type(self._remembering).__name__}.{what}")
        self._remembering = None


class RoomMaker(OwnClass):
    """Creates a server's rooms. `faults` holds what your class raised."""

    def __call__(self, room_id: str, epoch: str, limits: Limits) -> Room[Any]:
        """Create one room. It always answers with a gap if your class cannot be created."""
        return OwnRoom(room_id, epoch, limits, self)
