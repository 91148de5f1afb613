"""Publish through the log, so that every server gives an event the same seq, the same JSON and the same audit row.

    publish   append a message to the log; the connection's later actions wait
    read      handle a message from the log, ours or another server's: a duplicate or a new event

Only the log's order and clock count, so every server arrives at the same result. If the log does not deliver a message
within WAIT_S, its sender gets `unavailable`. If it arrives later, it still becomes an event, and the sender's retry is
recognized as a duplicate.
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
from labkit.wire.cluster import bus_messages
from labkit.wire.cluster.action_queue import ActionQueue
from labkit.wire.cluster.broker import Broker
from labkit.wire.cluster.bus_messages import SharedPublication
from labkit.wire.member import Member
from labkit.wire.server_state import ServerState

WAIT_S = 3.0
RETRY_S = 1.0  # the pause after the audit file refuses an event


@dataclass
class _InFlight:
    connection: Member
    request_id: str | None
    room_id: str
    deadline: float


class SharedPublishing:
    """Performs the action `Publish` on a server that shares its rooms."""

    def __init__(
        self,
        state: ServerState,
        broker: Broker,
        queue: ActionQueue,
        refuse: Callable[[Member, actions.Refuse], None],
        delivered: Callable[[Room[Member]], None],
    ) -> None:
        """`delivered` is called with each room that has received an event."""
        self._state = state
        self._broker = broker
        self._actions = queue
        self._refuse_now = refuse
        self._delivered = delivered
        self._in_flight: dict[str, _InFlight] = {}
        self._failed_place: int | None = None

    @property
    def is_stalled(self) -> bool:
        """Whether the audit file has refused an event. It must be stored before any later log entry is handled."""
        return self._failed_place is not None

    def publish(self, connection: Member, action: actions.Publish) -> None:
        """Append a message to the log, or refuse it if the log is unavailable."""
        message, identity = action.message, connection.session.identity
        assert identity is not None  # the session's table allows publishing only in OPEN
        publication = SharedPublication(
            id=self._state.new_id(),
            room=message.room_id,
            user=identity.user_id,
            request=message.request_id,
            message=msgspec.to_builtins(message),
        )
        if not bus_messages.append(self._broker, publication):
            self._refuse(connection, message.request_id, message.room_id)
            return
        self._actions.started(connection)
        deadline = monotonic() + WAIT_S
        self._in_flight[publication.id] = _InFlight(connection, message.request_id, message.room_id, deadline)

    def read(self, publication: SharedPublication, place: int, at: float) -> None:
        """Turn a publication from the log into an event."""
        room = self._state.rooms.room(publication.room)
        ours = self._in_flight.pop(publication.id, None)
        before = None if publication.request is None else room.find_repeated(publication.user, publication.request, at)
        if before is not None:
            self._state.counts.duplicates += 1
            if ours is not None:
                self._state.queue.then(None, partial(self._send_duplicate, ours, room, before))
            return
        answer, event, entry = self._make_event(room, publication, place, at)
        room.accept(event, at, remember=publication.request is not None)
        deliver = partial(self._deliver, room, event, answer, ours)
        self._state.queue.then(entry, deliver, partial(self._not_stored, room, event, place, ours))

    def expire(self, now: float) -> None:
        """Answer messages that the log did not deliver in time with `unavailable`."""
        for publication_id, one in list(self._in_flight.items()):
            if now < one.deadline:
                return  # the rest have later deadlines
            del self._in_flight[publication_id]
            self._give_up(one)

    def give_up_all(self) -> None:
        """Answer all messages in flight with `unavailable`."""
        in_flight, self._in_flight = self._in_flight, {}
        for one in in_flight.values():
            self._give_up(one)

    def _make_event(
        self, room: Room[Member], publication: SharedPublication, place: int, at: float
    ) -> tuple[answers.Answer, Event, Entry]:
        message = judge(publication.message)
        assert isinstance(message, Publication)
        request_id, seq = publication.id if publication.request is None else publication.request, room.next_seq()
        answer = answers.event(
            message, event_id=publication.id, request_id=request_id, user_id=publication.user, now=at, seq=seq
        )
        body = answers.encode(answer)
        entry = Entry(
            at,
            "event",
            room=room.room_id,
            epoch=room.epoch,
            seq=seq,
            id=publication.id,
            user=publication.user,
            connection=str(place),
            body=body.decode(),
        )
        return answer, Event(seq, publication.user, request_id, body), entry

    def _deliver(self, room: Room[Member], event: Event, answer: answers.Answer, ours: _InFlight | None) -> None:
        members = room.deliver(event)
        self._state.counts.events += 1
        self._state.counts.delivered += len(members)
        self._state.path.broadcast(members, answer, event.body)
        if ours is not None:
            self._actions.ended(ours.connection)
        self._delivered(room)

    def _send_duplicate(self, ours: _InFlight, room: Room[Member], publication: Event) -> None:
        if publication.seq <= room.seq:
            ours.connection.send(answers.duplicate(publication.body))
        else:
            self._refuse(ours.connection, publication.request_id, room.room_id)
        self._actions.ended(ours.connection)

    def _give_up(self, one: _InFlight) -> None:
        self._refuse(one.connection, one.request_id, one.room_id)
        self._actions.ended(one.connection)

    def _refuse(self, connection: Member, request_id: str | None, room_id: str) -> None:
        self._refuse_now(connection, actions.Refuse("unavailable", request_id, room_id))

    def _not_stored(self, room: Room[Member], event: Event, place: int, ours: _InFlight | None) -> None:
        """Rewind the log to an event that could not be stored here, because other servers have delivered it."""
        room.forget(event)
        if self._failed_place is None:
            self._failed_place = place
            asyncio.get_running_loop().call_later(RETRY_S, self._rewind)
        if ours is not None:
            self._give_up(ours)

    def _rewind(self) -> None:
        assert self._failed_place is not None
        place, self._failed_place = self._failed_place - 1, None
        self._broker.rewind(place)
