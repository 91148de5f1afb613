"""From a publication through the log to an event: the same seq, the same text and the same audit row on every server.

    publish   written to the log, and its connection's turn waits
    read      the log brings it, ours or another server's: said before? else a seq, the audit, our members

What the log brings is judged by the log alone (its order, its clock), so that every server comes to the same result,
whatever its own clock says. A message that does not come back within WAIT_S is answered `unavailable`; should it come
later, it counts all the same, and its sender's repetition is recognised.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import monotonic

import msgspec

from labkit.rules import actions, answers
from labkit.rules.messages import Publication, judge
from labkit.rules.rooms import Event, Room
from labkit.wire.audit.writer import Entry
from labkit.wire.member import Member
from labkit.wire.server_state import ServerState
from labkit.wire.sharing import bus_messages
from labkit.wire.sharing.action_queue import ActionQueue
from labkit.wire.sharing.broker import Broker
from labkit.wire.sharing.bus_messages import Said

WAIT_S = 3.0
AGAIN_S = 1.0  # after the audit refused an event


@dataclass
class _Travelling:
    connection: Member
    request_id: str | None
    room_id: str
    late_at: float


class SharedPublishing:
    """Performs `Publish` for one of several servers."""

    def __init__(
        self,
        state: ServerState,
        broker: Broker,
        turns: ActionQueue,
        refuse: Callable[[Member, actions.Refuse], None],
        delivered: Callable[[Room[Member]], None],
    ) -> None:
        """`delivered` is told of each room that has a newer event."""
        self._state = state
        self._broker = broker
        self._actions = turns
        self._refuse_now = refuse
        self._delivered = delivered
        self._travelling: dict[str, _Travelling] = {}
        self._failed_place: int | None = None

    @property
    def is_deaf(self) -> bool:
        """The audit refused an event: nothing behind it may be taken before it is."""
        return self._failed_place is not None

    def publish(self, connection: Member, action: actions.Publish) -> None:
        """Write a publication to the log, or refuse it."""
        message, identity = action.message, connection.session.identity
        assert identity is not None  # the table publishes only in OPEN
        said = Said(
            id=self._state.new_id(),
            room=message.room_id,
            user=identity.user_id,
            request=message.request_id,
            message=msgspec.to_builtins(message),
        )
        if not bus_messages.append(self._broker, said):
            self._refuse(connection, message.request_id, message.room_id)
            return
        self._actions.started(connection)
        late_at = monotonic() + WAIT_S
        self._travelling[said.id] = _Travelling(connection, message.request_id, message.room_id, late_at)

    def read(self, said: Said, place: int, at: float) -> None:
        """A publication came out of the log."""
        room = self._state.rooms.room(said.room)
        ours = self._travelling.pop(said.id, None)
        before = None if said.request is None else room.said_before(said.user, said.request, at)
        if before is not None:
            self._state.counts.duplicates += 1
            if ours is not None:
                self._state.queue.then(None, partial(self._say_again, ours, room, before))
            return
        answer, event, entry = self._make_event(room, said, place, at)
        room.accept(event, at, remember=said.request is not None)
        deliver = partial(self._deliver, room, event, answer, ours)
        self._state.queue.then(entry, deliver, partial(self._not_stored, room, event, place, ours))

    def expire(self, now: float) -> None:
        """Answer for what does not come back."""
        for said_id, one in list(self._travelling.items()):
            if now < one.late_at:
                return  # they are in the order of their times
            del self._travelling[said_id]
            self._give_up(one)

    def give_up_all(self) -> None:
        """The broker is away: whoever waits for it hears so."""
        travelling, self._travelling = self._travelling, {}
        for one in travelling.values():
            self._give_up(one)

    def _make_event(self, room: Room[Member], said: Said, place: int, at: float) -> tuple[answers.Answer, Event, Entry]:
        message = judge(said.message)
        assert isinstance(message, Publication)
        request_id, seq = said.id if said.request is None else said.request, room.next_seq()
        answer = answers.event(message, event_id=said.id, request_id=request_id, user_id=said.user, now=at, seq=seq)
        body = answers.encode(answer)
        entry = Entry(
            at,
            "event",
            room=room.room_id,
            epoch=room.epoch,
            seq=seq,
            id=said.id,
            user=said.user,
            connection=str(place),
            body=body.decode(),
        )
        return answer, Event(seq, said.user, request_id, body), entry

    def _deliver(self, room: Room[Member], event: Event, answer: answers.Answer, ours: _Travelling | None) -> None:
        members = room.deliver(event)
        self._state.counts.events += 1
        self._state.counts.delivered += len(members)
        self._state.path.tell(members, answer, event.body)
        if ours is not None:
            self._actions.ended(ours.connection)
        self._delivered(room)

    def _say_again(self, ours: _Travelling, room: Room[Member], said: Event) -> None:
        if said.seq <= room.seq:
            ours.connection.send(answers.duplicate(said.body))
        else:
            self._refuse(ours.connection, said.request_id, room.room_id)
        self._actions.ended(ours.connection)

    def _give_up(self, one: _Travelling) -> None:
        self._refuse(one.connection, one.request_id, one.room_id)
        self._actions.ended(one.connection)

    def _refuse(self, connection: Member, request_id: str | None, room_id: str) -> None:
        self._refuse_now(connection, actions.Refuse("unavailable", request_id, room_id))

    def _not_stored(self, room: Room[Member], event: Event, place: int, ours: _Travelling | None) -> None:
        """Here it cannot be told yet; elsewhere it is. So the log is read again from there, once the audit may work."""
        room.forget(event)
        if self._failed_place is None:
            self._failed_place = place
            asyncio.get_running_loop().call_later(AGAIN_S, self._read_again)
        if ours is not None:
            self._give_up(ours)

    def _read_again(self) -> None:
        assert self._failed_place is not None
        place, self._failed_place = self._failed_place - 1, None
        self._broker.rewind(place)
